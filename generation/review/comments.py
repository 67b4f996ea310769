"""Comments on items, the people they mention, and questions from one colleague to another."""

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
from generation.review import aside, inbox, queue, settling, unsent_comments
from qareview.models import Project
from qareview.stored_sentences import stored

_MENTION = re.compile(r"(?<![\w@.+-])@([\w@.+-]+)")
_PUNCTUATION = ".-+@"  # allowed in usernames, but after a name they are usually punctuation


class NotAsked(Exception):
    """The question was not asked, and the item stays as it is; the message says why."""


def members_to_mention(project: Project) -> QuerySet[User]:
    """Return the members of a project who can be mentioned and asked."""
    return User.objects.filter(memberships__project=project, is_active=True).order_by("username")


def visible_comments(item: Item, user: Any) -> CommentQuerySet:
    """Return the comments on an item that a user may read, the oldest first."""
    return item.comments.all().visible_to(user, item.shows_reviews_to(user))


def open_question(item: Item) -> Comment | None:
    """Return the unanswered question about an item, or None."""
    return item.comments.all().unanswered().select_related("author", "asks").first()


@transaction.atomic
def add_comment(item: Item, author: Any, text: str) -> Comment:
    """Add a comment, notify the members it mentions, and return it.

    If the item's open question is to the author, the comment answers it. A comment that is sent
    twice, such as by a double click, is stored once.
    """
    item = _locked(item)
    unsent_comments.forget(item, author, is_question=False)
    if earlier := _sent_before(item, author, text):
        return earlier
    question = item.comments.all().unanswered().filter(asks=author).first()
    mentioned = _mentioned(item.project, text) - {author.pk}
    asker = {question.author_id} if question else set()
    comment = Comment.objects.create(
        item=item, author=author, text=text, mentioned=sorted(mentioned | asker)
    )
    notice = stored("%(author)s: “%(text)s”", author=author, text=inbox.shorten(text))
    inbox.notify(item, mentioned - asker, NoticeKind.MENTIONED, notice)
    if question:
        _close(item, question)
        inbox.notify(item, asker, NoticeKind.ANSWERED, notice)
    return comment


@transaction.atomic
def ask_colleague(item: Item, author: Any, colleague: User, text: str) -> Comment:
    """Ask a colleague about an item, set it aside until they answer, and return the question.

    A question that is sent twice is stored once. Raises NotAsked.
    """
    item = _locked(item)
    if earlier := _sent_before(item, author, text, colleague):
        return earlier
    _check_may_ask(item, author)
    mentioned = _mentioned(item.project, text) - {author.pk, colleague.pk}
    # An earlier question is still open if somebody restored its item by hand. Close it.
    item.comments.all().unanswered().update(answered_at=timezone.now())
    question = Comment.objects.create(
        item=item, author=author, text=text, asks=colleague, mentioned=sorted(mentioned)
    )
    Item.objects.filter(pk=item.pk).update(
        state=ItemState.ASIDE,
        aside_reason=AsideReason.ASKED,
        aside=stored("%(colleague)s was asked.", colleague=colleague),
    )
    Hold.objects.filter(item=item, reviewer=author).delete()
    unsent_comments.forget(item, author, is_question=True)
    notice = stored("%(author)s: “%(text)s”", author=author, text=inbox.shorten(text))
    inbox.notify(item, [colleague.pk], NoticeKind.ASKED, notice)
    inbox.notify(item, mentioned, NoticeKind.MENTIONED, notice)
    return question


def _check_may_ask(item: Item, author: Any) -> None:
    """Raise NotAsked unless a locked item is open to its author and on nobody else's desk."""
    holders = set(queue.live_holds().filter(item=item).values_list("reviewer", flat=True))
    if holders and author.pk not in holders:
        raise NotAsked(
            stored("Someone else has this item on their desk. Wait, or write a comment instead.")
        )
    if not item.is_open or author.pk in (*item.reviewers, item.author_id):
        raise NotAsked(
            stored(
                "You can only ask about an item that is waiting for your review. Write "
                "a comment instead."
            )
        )


@transaction.atomic
def take_question_back(item: Item, author: Any, is_admin: bool = False) -> bool:
    """Take back the open question about an item; return False if there is none by the author.

    An admin may take back anyone's question, for example if the colleague has left.
    """
    item = _locked(item)
    question = item.comments.all().unanswered().first()
    if question is None or not (is_admin or question.author_id == author.pk):
        return False
    _close(item, question)
    inbox.remove_notices(item, NoticeKind.ASKED)
    return True


def _locked(item: Item) -> Item:
    return Item.objects.select_for_update(of=("self",)).select_related("project").get(pk=item.pk)


def _sent_before(item: Item, author: Any, text: str, asks: User | None = None) -> Comment | None:
    """Return the last comment on an item if it has the same author, text and addressee."""
    last = item.comments.last()
    if last is None or last.answered_at:
        return None
    is_same = (last.author_id, last.text, last.asks_id) == (author.pk, text, asks and asks.pk)
    return last if is_same else None


def _close(item: Item, question: Comment) -> None:
    """Close a question and assign its item to the asker, unless the item was already restored.

    The item stays set aside if its passage was excluded or cut again in the meantime.
    """
    question.answered_at = timezone.now()
    question.save(update_fields=["answered_at"])
    items = Item.objects.filter(pk=item.pk)
    reason = _reason_aside(item.passage)
    if not items.filter(aside_reason=AsideReason.ASKED).update(
        aside_reason=reason or "", aside=aside.SENTENCES[reason] if reason else ""
    ):
        return
    settling.settle([item.pk])
    Assignment.objects.get_or_create(
        item=item, reviewer=question.author, defaults={"assigned_by": question.asks}
    )


def _reason_aside(passage: Passage) -> AsideReason | None:
    """Return why all items of a passage are set aside; None if they are not."""
    if passage.superseded_at:
        return AsideReason.CUT_AGAIN
    return AsideReason.EXCLUDED if passage.excluded_at else None


def _mentioned(project: Project, text: str) -> set[int]:
    """Return the ids of the members that a text mentions by an @ and their username."""
    known = dict(members_to_mention(project).values_list("username", "pk")) if "@" in text else {}
    names = (_longest_known(match[1], known) for match in _MENTION.finditer(text))
    return {known[name] for name in names if name}


def _longest_known(name: str, known: Any) -> str:
    """Strip punctuation from the end of a name until it is known; empty if it never is."""
    while name not in known and name and name[-1] in _PUNCTUATION:
        name = name[:-1]
    return name if name in known else ""


def with_mentions(text: str, names: set[str]) -> SafeString:
    """Return a text as HTML, with the known usernames that it mentions in <strong>."""
    parts, end = [], 0
    for match in _MENTION.finditer(text):
        if name := _longest_known(match[1], names):
            parts.append(format_html("{}<strong>@{}</strong>", text[end : match.start()], name))
            end = match.start() + 1 + len(name)
    return format_html_join("", "{}", ((part,) for part in [*parts, text[end:]]))
