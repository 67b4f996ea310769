"""Notices in people's inboxes."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from generation.models import BINNED, Item, Notice, NoticeKind, NoticeQuerySet
from qareview.models import Project

MOST_COUNTED = 100  # unread notices; from here on the count is “99+”: chosen; nobody measured
LONGEST_EXCERPT = 300  # characters of a comment in a notice: chosen; nobody measured


def notify(item: Item, users: Iterable[int], kind: NoticeKind, text: str) -> None:
    """Put a notice about an item into the inboxes of ``users``, which are ids."""
    Notice.objects.bulk_create(
        Notice(user_id=user, project_id=item.project_id, item=item, kind=kind, text=text)
        for user in sorted(set(users))
    )


def remove_notices(item: Item, *kinds: NoticeKind) -> None:
    """Remove unread notices about an item that no longer apply."""
    Notice.objects.unread().filter(item=item, kind__in=kinds).delete()


def notices_of(project: Project, user: Any) -> NoticeQuerySet:
    """Return a user's notices in a project, the newest first.

    ``is_there`` is False if the notice's item is in the bin.
    """
    own = Notice.objects.filter(project=project, user=user)
    return own.annotate(is_there=~Q(item__state=BINNED))


def unread_count(project: Project, user: Any) -> int:
    """Return how many notices are unread, :data:`MOST_COUNTED` at most."""
    return notices_of(project, user).unread()[:MOST_COUNTED].count()


def shorten(text: str) -> str:
    """Return the beginning of a text, at most :data:`LONGEST_EXCERPT` characters."""
    is_long = len(text) > LONGEST_EXCERPT
    return text[: LONGEST_EXCERPT - 1].rstrip() + "…" if is_long else text
