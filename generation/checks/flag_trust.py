"""How far each flag can be trusted: how often an item on which it stood was bad.

It was measured on items that people labelled: ``python -m tests.bench.checks --write`` writes
``flag_trust.json``. Once a project has decided on enough items with a flag, these count, too.
"""

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from generation.checks import flags
from qareview.models import Project
from qareview.process_cache import cached

MEASURED = Path(__file__).with_suffix(".json")
FEWEST = 10  # items with a flag, labelled or decided, that a share is told of; chosen
NEWEST = 5000  # decided items that are counted, so that a desk waits for none; chosen


@dataclass(frozen=True)
class Share:
    """How many items a flag stood on, and how many of these were bad."""

    raised: int
    right: int


@dataclass(frozen=True)
class ExplainedFlag:
    """A flag on a page: what it says, and how far it can be trusted."""

    text: str
    trust: str

    def __str__(self) -> str:
        return self.text


def explained(project: Project, names: Iterable[str]) -> list[ExplainedFlag]:
    """Return what flags of a project's item say, with how often each is right."""
    names = list(names)
    here = decided_shares(project) if names else {}
    return [ExplainedFlag(str(flags.EXPLANATIONS[name]), _trust(name, here)) for name in names]


def choices() -> list[tuple[str, str]]:
    """Return all flags by their names, with how often each is right, to choose from."""
    return [(name, _choice(name, str(label))) for name, label in flags.NAMES.items()]


def _choice(name: str, label: str) -> str:
    share = measured_share(name)
    if share.raised < FEWEST:
        return gettext("%(flag)s (not measured)") % {"flag": label}
    values = {"flag": label, "right": share.right, "raised": share.raised}
    return gettext("%(flag)s (right on %(right)s of %(raised)s)") % values


def _trust(name: str, here: dict[str, Share]) -> str:
    share, own = measured_share(name), here.get(name)
    if share.raised < FEWEST:
        trust = gettext("Not measured: too few labelled items (%(raised)s).")
    else:
        trust = gettext("Right on %(right)s of %(raised)s labelled items.")
    trust %= {"right": share.right, "raised": share.raised}
    if own is None or own.raised < FEWEST:
        return trust
    told = gettext("Here, %(right)s of %(raised)s items with it were rejected or edited.")
    return f"{trust} {told % {'right': own.right, 'raised': own.raised}}"


def measured_share(name: str) -> Share:
    """Return what was measured of a flag, on documents that nothing about it was decided by."""
    found = measured()["flags"].get(name, {})
    return Share(found.get("raised", 0), found.get("right", 0))


@functools.cache
def measured() -> dict[str, Any]:
    """Return ``items``, ``bad`` ones among them, and ``flags`` with ``raised`` and ``right``."""
    read: dict[str, Any] = json.loads(MEASURED.read_text())
    return read


def decided_shares(project: Project) -> dict[str, Share]:
    """Return each flag's share among the items that the project's reviewers decided last.

    An item is bad if it was rejected or edited. Items that people wrote by hand do not count, as
    those that flags were measured on were drafts. The result may be a minute old.
    """
    return cached((decided_shares, project.pk), lambda: _decided_shares(project)).value


_DECIDED = """
    SELECT flag, count(*), count(*) FILTER (WHERE item.state = 'rejected' OR EXISTS (
        SELECT FROM generation_review AS review WHERE review.item_id = item.id
        AND review.verdict = 'edited' AND review.withdrawn_at IS NULL
    ))
    FROM (
        SELECT id, state, flags FROM generation_item
        WHERE project_id = %s AND author_id IS NULL AND purpose = ''
        AND state IN ('accepted', 'rejected')
        ORDER BY id DESC LIMIT %s
    ) AS item
    LEFT JOIN LATERAL (
        SELECT flags FROM generation_question WHERE item_id = item.id ORDER BY rank LIMIT 1
    ) AS first ON true
    CROSS JOIN LATERAL (SELECT DISTINCT unnest(item.flags || first.flags) AS flag) AS raised
    GROUP BY flag
"""


def _decided_shares(project: Project) -> dict[str, Share]:
    with connection.cursor() as cursor:
        cursor.execute(_DECIDED, [project.pk, NEWEST])
        return {flag: Share(raised, right) for flag, raised, right in cursor.fetchall()}
