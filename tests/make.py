"""Makes what tests need, with no more than a test has to say about it."""

import hashlib
import itertools
import uuid
from typing import Any

from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from generation import search
from generation.models import (
    Document,
    Item,
    Notice,
    NoticeKind,
    Passage,
    Question,
    Review,
    Verdict,
)
from generation.passages import cutting
from generation.review import decisions
from prompts.models import Variant
from qareview import projects
from qareview.models import JobState, Membership, Project, Role

_numbers = itertools.count(1)

TEXT = (
    "# Tides\n\nThe gates of the basin close by themselves when the tide falls below the sill.\n\n"
    "## Lock\n\nA small vessel may pass through the side lock while the gates are shut for boats.\n"
)


def user(name: str = "", **values: Any) -> User:
    return User.objects.create_user(name or f"user{next(_numbers)}", password="secret-1", **values)


def project(admin: User | None = None, name: str = "Harbour") -> Project:
    return projects.create_project(name, admin or user())


def member(of: Project, role: Role = Role.REVIEWER, name: str = "") -> User:
    who = user(name)
    Membership.objects.create(project=of, user=who, role=role)
    return who


def document(of: Project, text: str = TEXT, name: str = "tides.md", **values: Any) -> Document:
    """A document that was read and cut, its passages still to be drafted."""
    data = f"{text}{next(_numbers)}".encode()
    made = Document(
        project=of,
        name=name,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        text=text,
        **{"state": JobState.DONE, "media_type": "text/markdown", **values},
    )
    made.original.save(name, ContentFile(data), save=False)
    cuts, left_out = cutting.cut(text, 90)
    made.left_out = [part.as_json() for part in left_out]
    made.save()
    Passage.objects.bulk_create(
        Passage(
            document=made,
            position=position,
            start=cut.start,
            end=cut.end,
            text=text[cut.start : cut.end],
            headings=cut.headings,
        )
        for position, cut in enumerate(cuts)
    )
    return made


def items(of: Project, count: int, at: Document | None = None, **values: Any) -> list[Item]:
    """So many pending items, each with a passage and a question of its own."""
    at = at or document(of, text="")
    summarise = Variant.objects.get(prompt__project=of, prompt__task="summarise")
    ask = Variant.objects.get(prompt__project=of, prompt__task="ask")
    first = at.passages.count()
    made = []
    for number in range(first, first + count):
        passage = Passage.objects.create(
            document=at,
            position=number,
            start=number,
            end=number + 1,
            text=f"Passage {number} of document {at.pk} tells of the tide.",
            headings=["Tides"],
            state=JobState.DONE,
        )
        item = Item.objects.create(
            **{"answer": f"Answer {number}.", "model": "scripted", **values},
            project=of,
            document=at,
            passage=passage,
            variant=summarise,
        )
        Question.objects.create(
            item=item, variant=ask, model="scripted", text=f"What is question {number}?"
        )
        made.append(item)
    search.index_items(item.pk for item in made)
    return made


def item(of: Project, **values: Any) -> Item:
    return items(of, 1, **values)[0]


def submission(
    of: Item, verdict: Verdict = Verdict.ACCEPTED, **values: Any
) -> decisions.Submission:
    """What a reviewer sends of an item, as it was drafted unless said otherwise."""
    given = {"question": of.question.text, "answer": of.answer, **values}
    return decisions.Submission(key=given.pop("key", uuid.uuid4()), verdict=verdict, **given)


def accept(of: Item, by: User, **values: Any) -> Review:
    own = Review.objects.of_reviewers().filter(item=of, reviewer=by).first()
    given = {"replaces": own.pk if own else 0, **values}
    return decisions.submit(of.project, of.pk, by, submission(of, **given))


def notice(of: Item, to: User, text: str = "eve: “Look.”") -> Notice:
    """An unread notice about an item in somebody's inbox."""
    return Notice.objects.create(
        item=of, project=of.project, user=to, kind=NoticeKind.MENTIONED, text=text
    )


def disputed(of: Project, *reviewers: User, **values: Any) -> Item:
    """An item on which reviewers differ: the last rejects it, each other writes an own answer."""
    of.reviews_per_item = len(reviewers)
    of.save(update_fields=["reviews_per_item"])
    made = item(of, **values)
    for reviewer in reviewers[:-1]:
        accept(made, reviewer, answer=f"The answer of {reviewer}.")
    rejection = submission(
        made, Verdict.REJECTED, question="", answer="", reason="Not worth asking", comment="Dull."
    )
    decisions.submit(of, made.pk, reviewers[-1], rejection)
    made.refresh_from_db()
    return made


def review_data(of: Item, **values: Any) -> dict[str, Any]:
    """What the desk's form sends to accept an item as it is."""
    return {
        "key": str(uuid.uuid4()),
        "replaces": 0,
        "verdict": "accepted",
        "question": of.question.text,
        "answer": of.answer,
        "seconds": 5,
        **values,
    }
