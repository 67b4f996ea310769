"""What the name of a font says: whether it is fixed-width, as code is, and whether it is bold."""

import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

_FIXED = re.compile(
    r"mono(?!type)|courier|consol|menlo|typewriter|inconsolata|andale|terminal|lettergothic|hack-|"
    r"code(?!x)|cascadia|(?:cm|sf|ec|lm|tx|t1x)(?:sl|it|vt)?tt|beramono|fixed",
    re.IGNORECASE,
)
_BOLD = re.compile(r"bold|black|heavy|semibold|demi|-bd|medi(?!um)|bx\d|ssbx", re.IGNORECASE)
_FIXED_PITCH, _FORCE_BOLD = 1 << 0, 1 << 18  # flags of a font descriptor, ISO 32000-1, table 123
_BOLD_WEIGHTS = range(600, 901)  # as in CSS; fonts without a weight have 0 or a stem width above


NAMELESS = "nameless "  # before the address of a font that has no name: its glyphs are drawings
FEWEST_LETTERS = 4  # that show whether a font is a fixed-width one; chosen
_NARROW, _BROAD = set("fijlrtI.,:;!'1()[]{}"), set("mwMWABCDEGHKNOQRSUVXYabdeghknopqu")
_ALIKE = 0.02  # of the width of a letter, by which those of a fixed-width font differ; chosen


class Font(NamedTuple):
    """A font of a file."""

    name: str
    is_fixed: bool
    is_bold: bool


@functools.lru_cache(maxsize=1000)
def font_of(name: str, flags: int, weight: int) -> Font:
    """Return the font that has a name, the flags of its descriptor, and a weight."""
    is_fixed = bool(_FIXED.search(name)) or bool(flags & _FIXED_PITCH)
    is_heavy = weight in _BOLD_WEIGHTS and "Regular" not in name
    return Font(name, is_fixed, bool(_BOLD.search(name)) or bool(flags & _FORCE_BOLD) or is_heavy)


def has_one_width(widths: Mapping[str, float]) -> bool:
    """Whether letters, narrow and wide ones among them, have nearly the same width."""
    if len(widths) < FEWEST_LETTERS or not (_NARROW & set(widths)) or not (_BROAD & set(widths)):
        return False
    return max(widths.values()) - min(widths.values()) < _ALIKE * max(widths.values())
