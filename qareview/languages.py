"""Languages: what they are called, and which one a text is in."""

import functools
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
FEWEST_LETTERS = 24  # of less, nobody can tell
LEAST_SURE = 0.9
READ_CHARACTERS = 4000  # of which a part is looked at, far more than is needed to be sure
GLANCE, LOOK = (2, 75), (4, 300)  # so many stretches of so many characters


def detect(text: str) -> str:
    """Return the ISO 639-1 code of the language of a text; nothing if it cannot be told.

    Most texts can be told at a glance; only others are looked at more closely.
    """
    return _sure(_stretches(text, *GLANCE)) or _sure(_stretches(text, *LOOK))


def _stretches(text: str, count: int, length: int) -> str:
    if len(text) <= READ_CHARACTERS:
        return text
    starts = range(0, READ_CHARACTERS, READ_CHARACTERS // count)
    return " ".join(text[start : start + length] for start in starts)


def _sure(prose: str) -> str:
    if sum(map(str.isalpha, prose)) < FEWEST_LETTERS:
        return ""
    code, probability = _identifier().classify(prose)
    return code if code in LANGUAGES and probability >= LEAST_SURE else ""


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
