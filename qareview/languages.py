"""Names of languages, and which language a text is in."""

import functools
from collections import defaultdict
from operator import itemgetter
from typing import Any

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext_noop

_NAMES = {code: info["name"] for code, info in LANG_INFO.items() if "name" in info}
LANGUAGES: dict[str, str] = dict(  # by ISO 639-1 code, in the order of their English names
    sorted(
        {
            "zh": gettext_noop("Chinese"),
            **{code: name for code, name in _NAMES.items() if len(code) == 2},
        }.items(),
        key=lambda entry: entry[1],
    )
)
_CHINESE = {"wuu": "zh", "yue": "zh"}  # differ by their sound, and hardly when they are written
# All chosen; nobody measured.
FEWEST_LETTERS = 24  # a text with fewer letters gets no language
LEAST_PROBABILITY = 0.9  # of the detected language
READ_CHARACTERS = 4000  # at the beginning of a text, which the stretches are taken from
QUICK, THOROUGH = (2, 75), (4, 300)  # number of stretches, and characters in each


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of a text; empty if it is not clear.

    Two short stretches are enough for most texts. Longer stretches are read only for the others.
    """
    return _language(_stretches(text, *QUICK)) or _language(_stretches(text, *THOROUGH))


def _stretches(text: str, count: int, length: int) -> str:
    if len(text) <= READ_CHARACTERS:
        return text
    starts = range(0, READ_CHARACTERS, READ_CHARACTERS // count)
    return " ".join(text[start : start + length] for start in starts)


def _language(prose: str) -> str:
    if sum(map(str.isalpha, prose)) < FEWEST_LETTERS:
        return ""
    shares: dict[str, float] = defaultdict(float)
    for code, share in _identifier().rank(prose):
        shares[_CHINESE.get(code, code)] += share
    code, probability = max(shares.items(), key=itemgetter(1))
    return code if code in LANGUAGES and probability >= LEAST_PROBABILITY else ""


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
