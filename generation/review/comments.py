"""Comments on items, whom they mention, and the question that one colleague asks another."""

import re
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from generation.models import (
    AsideReason,
    Assignment,
    Comment,
    CommentQuerySet,
    Hold,
    Item,
    ItemState,
    NoticeKind,
    Passage,
)
from generation.review import aside, decisions, inbox, queue
from qareview.models import Project
from qareview.stored import stored

_MENTION = re.compile(r"(?<![\w@.+-])@([\w@.+-]+)")
_ENDS = ".-+@"  # may be part of a name, but end a sentence more often


class NotAsked(Exception):
    """The question was not put, and the item stays as it is; the message says why."""


def members(project: Project) -> QuerySet[User]:
    """Return who can be mentioned and asked."""
    return User.objects.filter(memberships__project=project, is_active=True).order_by("username")


def visible(item: Item, user: Any) -> CommentQuerySet:
    """Return the comments on an item that a user may read, the oldest first."""
    return item.comments.all().visible_to(user, item.shows_reviews_to(user))


def open_question(item: Item) -> Comment | None:
    """Return the question that the item waits for, if it does."""
    return item.comments.all().unanswered().select_related("author", "asks").first()


@transaction.atomic
def comment(item: Item, author: Any, text: str) -> Comment:
    """Append a comment and tell whom it mentions; it answers a question its author was asked.

    What is sent a second time, such as by a double click, counts once.
    """
    item = _locked(item)
    if earlier := _sent_before(item, author, text):
        return earlier
    question = item.comments.all().unanswered().filter(asks=author).first()
    mentioned = _mentioned(item.project, text) - {author.pk}
    asker = {question.author_id} if question else set()
    made = Comment.objects.create(
        item=item, author=author, text=text, mentioned=sorted(mentioned | asker)
    )
    said = f"{author}: “{inbox.excerpt(text)}”"
    inbox.tell(item, mentioned - asker, NoticeKind.MENTIONED, said)
    if question:
        _close(item, question)
        inbox.tell(item, asker, NoticeKind.ANSWERED, said)
    return made


@transaction.atomic
def ask(item: Item, author: Any, colleague: User, text: str) -> Comment:
    """Ask a colleague about an item, which is put aside until the answer. Raises NotAsked.

    What is sent a second time counts once.
    """
    item = _locked(item)
    if earlier := _sent_before(item, author, text, colleague):
        return earlier
    holders = set(queue.live().filter(item=item).values_list("reviewer", flat=True))
    if holders and author.pk not in holders:
        raise NotAsked(
            stored("Somebody else has this item on the desk just now. Write a comment, or wait.")
        )
    if not item.is_open or author.pk in item.reviewers:
        raise NotAsked(
            stored("Only an item that waits for you can wait for an answer. Write a comment.")
        )
    mentioned = _mentioned(item.project, text) - {author.pk, colleague.pk}
    # a question whose item was given back to the desk by hand waits for nothing any more
    item.comments.all().unanswered().update(answered_at=timezone.now())
    made = Comment.objects.create(
        item=item, author=author, text=text, asks=colleague, mentioned=sorted(mentioned)
    )
    Item.objects.filter(pk=item.pk).update(
        state=ItemState.ASIDE,
        aside_reason=AsideReason.ASKED,
        aside=stored("%(colleague)s was asked.", colleague=colleague),
    )
    Hold.objects.filter(item=item, reviewer=author).delete()
    said = f"{author}: “{inbox.excerpt(text)}”"
    inbox.tell(item, [colleague.pk], NoticeKind.ASKED, said)
    inbox.tell(item, mentioned, NoticeKind.MENTIONED, said)
    return made


@transaction.atomic
def take_back(item: Item, author: Any, is_admin: bool = False) -> bool:
    """Take a question back before it is answered; return False if there is none to take back.

    An admin may take back anybody's, such as one to a colleague who has left.
    """
    item = _locked(item)
    question = item.comments.all().unanswered().first()
    if question is None or not (is_admin or question.author_id == author.pk):
        return False
    _close(item, question)
    inbox.take_back(item, NoticeKind.ASKED)
    return True


def _locked(item: Item) -> Item:
    return Item.objects.select_for_update(of=("self",)).select_related("project").get(pk=item.pk)


def _sent_before(item: Item, author: Any, text: str, asks: User | None = None) -> Comment | None:
    """Return the last comment on an item if it is this very one."""
    last = item.comments.last()
    if last is None or last.answered_at:
        return None
    said = (last.author_id, last.text, last.asks_id)
    return last if said == (author.pk, text, asks and asks.pk) else None


def _close(item: Item, question: Comment) -> None:
    """Give the item of a question back to the asker's desk, unless it has gone on since."""
    question.answered_at = timezone.now()
    question.save(update_fields=["answered_at"])
    items = Item.objects.filter(pk=item.pk)
    reason = _reason_aside(item.passage)
    if not items.filter(aside_reason=AsideReason.ASKED).update(
        aside_reason=reason or "", aside=aside.SENTENCES[reason] if reason else ""
    ):
        return
    decisions.settle([item.pk])
    Assignment.objects.get_or_create(
        item=item, reviewer=question.author, defaults={"assigned_by": question.asks}
    )


def _reason_aside(passage: Passage) -> AsideReason | None:
    """Return why items of a passage are set aside; nothing if they are not."""
    if passage.superseded_at:
        return AsideReason.CUT_AGAIN
    return AsideReason.EXCLUDED if passage.excluded_at else None


def _mentioned(project: Project, text: str) -> set[int]:
    """Return the ids of the members whose names follow an @ in a text."""
    known = dict(members(project).values_list("username", "pk")) if "@" in text else {}
    found = (_known(match[1], known) for match in _MENTION.finditer(text))
    return {known[name] for name in found if name}


def _known(name: str, known: Any) -> str:
    """Return the longest beginning of a name that is known, without what may end a sentence."""
    while name not in known and name and name[-1] in _ENDS:
        name = name[:-1]
    return name if name in known else ""


def with_mentions(text: str, names: set[str]) -> SafeString:
    """Return a text as HTML, with the known names that it mentions in <strong>."""
    parts, end = [], 0
    for match in _MENTION.finditer(text):
        if name := _known(match[1], names):
            parts.append(format_html("{}<strong>@{}</strong>", text[end : match.start()], name))
            end = match.start() + 1 + len(name)
    return format_html_join("", "{}", ((part,) for part in [*parts, text[end:]]))
