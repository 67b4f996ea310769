"""What a model is worth, by what people accepted of its drafts.

``settings.MODEL_WORTH`` names :func:`worth_of_models`.
"""

import functools
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Count, Q
from django.utils.formats import date_format
from django.utils.translation import gettext

from generation.models import OUTCOME, Item, ItemState
from qareview.confidence_intervals import wilson
from qareview.process_cache import cached
from qareview.translations import counted, percent

# The measured share of the embedded model's drafts that are acceptable as they are.
MEASURED = settings.BASE_DIR / "generation" / "writer" / "measured.json"


def worth_of_models(names: Sequence[str]) -> dict[str, str]:
    """Return a sentence on each model, by its name, in the current language.

    It says what reviewers of all projects here accepted of the model's items, with the interval by
    Wilson, and for the embedded model what was measured before.
    """
    decided = cached(_decided, _decided).value
    return {name: _sentence(name, *decided.get(name, (0, 0))) for name in names}


def _decided() -> dict[str, tuple[int, int]]:
    """Return how many items of each model were decided on, and how many of them accepted."""
    items = Item.objects.filter(OUTCOME).exclude(state=ItemState.DISPUTED).order_by()
    rows = items.values_list("model").annotate(
        decided=Count("pk"), accepted=Count("pk", filter=Q(state=ItemState.ACCEPTED))
    )
    return {model: (decided, accepted) for model, decided, accepted in rows}


def _sentence(name: str, decided: int, accepted: int) -> str:
    measured = _measured_sentence() if name == settings.EMBEDDED_MODEL else ""
    if not decided:
        return measured or gettext("Nobody here has reviewed its items yet.")
    low, high = wilson(accepted, decided)
    own = gettext(
        "Reviewers here accepted %(share)s of its %(items)s so far (95 %% interval: %(low)s to "
        "%(high)s)."
    ) % {
        "share": percent(accepted / decided),
        "items": counted(decided, "reviewed item"),
        "low": percent(low),
        "high": percent(high),
    }
    return f"{measured} {own}".strip()


def _measured_sentence() -> str:
    measured = _measured()
    return gettext(
        "Of 100 drafts about %(count)s are accepted as they are (measured on %(day)s)."
    ) % {
        "count": round(100 * measured["acceptable"] / measured["drafts"]),
        "day": date_format(date.fromisoformat(measured["measured_on"])),
    }


@functools.cache
def _measured() -> dict[str, Any]:
    values: dict[str, Any] = json.loads(MEASURED.read_text())
    return values
