"""Make the rows that tests need."""

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
    """Make a document that was read and cut, with nothing drafted yet."""
    data = f"{text}{next(_numbers)}".encode()
    row = Document(
        project=of,
        name=name,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        text=text,
        **{"state": JobState.DONE, "media_type": "text/markdown", **values},
    )
    row.original.save(name, ContentFile(data), save=False)
    cuts, left_out = cutting.cut(text, 90)
    row.left_out = [part.as_json() for part in left_out]
    row.save()
    Passage.objects.bulk_create(
        Passage(
            document=row,
            position=position,
            start=cut.start,
            end=cut.end,
            text=text[cut.start : cut.end],
            headings=cut.headings,
        )
        for position, cut in enumerate(cuts)
    )
    return row


def items(of: Project, count: int, at: Document | None = None, **values: Any) -> list[Item]:
    """Make pending items, each with its own passage and question."""
    at = at or document(of, text="")
    summarise = Variant.objects.get(prompt__project=of, prompt__task="summarise")
    ask = Variant.objects.get(prompt__project=of, prompt__task="ask")
    first = at.passages.count()
    created = []
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
        created.append(item)
    search.index_items(item.pk for item in created)
    return created


def item(of: Project, **values: Any) -> Item:
    return items(of, 1, **values)[0]


def submission(
    of: Item, verdict: Verdict = Verdict.ACCEPTED, **values: Any
) -> decisions.Submission:
    """Return a submission for an item, with its drafted texts unless ``values`` has others."""
    fields = {"question": of.question.text, "answer": of.answer, **values}
    return decisions.Submission(key=fields.pop("key", uuid.uuid4()), verdict=verdict, **fields)


def accept(of: Item, by: User, **values: Any) -> Review:
    own = Review.objects.of_reviewers().filter(item=of, reviewer=by).first()
    fields = {"replaces": own.pk if own else 0, **values}
    return decisions.submit(of.project, of.pk, by, submission(of, **fields))


def notice(of: Item, to: User, text: str = "eve: “Look.”") -> Notice:
    """Make an unread notice about an item."""
    return Notice.objects.create(
        item=of, project=of.project, user=to, kind=NoticeKind.MENTIONED, text=text
    )


def disputed(of: Project, *reviewers: User, **values: Any) -> Item:
    """Make a disputed item: the last reviewer rejects it, the others each change the answer."""
    of.reviews_per_item = len(reviewers)
    of.save(update_fields=["reviews_per_item"])
    disputed_item = item(of, **values)
    for reviewer in reviewers[:-1]:
        accept(disputed_item, reviewer, answer=f"The answer of {reviewer}.")
    rejection = submission(
        disputed_item,
        Verdict.REJECTED,
        question="",
        answer="",
        reason="Not worth asking",
        comment="Dull.",
    )
    decisions.submit(of, disputed_item.pk, reviewers[-1], rejection)
    disputed_item.refresh_from_db()
    return disputed_item


def review_data(of: Item, **values: Any) -> dict[str, Any]:
    """Return the data of the desk's form that accepts an item as drafted."""
    return {
        "key": str(uuid.uuid4()),
        "replaces": 0,
        "verdict": "accepted",
        "question": of.question.text,
        "answer": of.answer,
        "seconds": 5,
        **values,
    }
