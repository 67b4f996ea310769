"""The ranges of a document that are in no passage, and why.

Some ranges are found while a file is read, such as menus and running heads; the others while its
text is cut, such as blank ones.
"""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

FEWEST_WORDS = 8  # of a passage; chosen; nobody measured

BLANK = "blank"
HEADINGS_ONLY = "headings only"
TOO_SHORT = "too short"
RUNNING_HEAD = "running head"
PAGE_NUMBER = "page number"
CONTENTS = "contents"
CONTINUED = "continuation note"
MENU = "menu"
SIDE_CONTENT = "side content"
HIDDEN = "hidden"
COMMENT = "comment"
TEXT_BOX = "text box"
ABOVE_TABLE = "above table"
OTHER_SHEET = "other sheet"
HIDDEN_SHEET = "hidden sheet"
INCOMPLETE_ROW = "incomplete row"
BAD_ROW = "bad row"
OTHER_COLUMNS = "other columns"

_WHILE_CUTTING = {
    BLANK: _("blank"),
    HEADINGS_ONLY: _("headings without text"),
    TOO_SHORT: _("fewer than %(words)s words"),
}
_WHILE_READING = {
    RUNNING_HEAD: _("running head"),
    PAGE_NUMBER: _("page number"),
    CONTENTS: _("table of contents"),
    CONTINUED: _("continuation note"),
    MENU: _("menu or link list"),
    SIDE_CONTENT: _("outside the main text of the page"),
    HIDDEN: _("hidden on the page"),
    COMMENT: _("comment"),
    TEXT_BOX: _("text box on a sheet"),
    ABOVE_TABLE: _("above the table"),
    OTHER_SHEET: _("on a sheet that was not chosen"),
    HIDDEN_SHEET: _("on a hidden sheet"),
    INCOMPLETE_ROW: _("rows without a value in a chosen column"),
    BAD_ROW: _("rows that cannot be read"),
    OTHER_COLUMNS: _("columns that were not chosen, without their values"),
}
LEFT_OUT_REASONS = {**_WHILE_CUTTING, **_WHILE_READING}


class LeftOut(NamedTuple):
    """A range ``text[start:end]`` of a document that is in no passage, and why."""

    start: int
    end: int
    reason: str  # a key of LEFT_OUT_REASONS

    def as_json(self) -> dict[str, Any]:
        """Return it in the shape of :attr:`Document.left_out`."""
        return self._asdict()

    @property
    def is_from_file(self) -> bool:
        """Whether it was found while the file was read, so that it stays left out in a new cut."""
        return self.reason in _WHILE_READING


def explain_left_out(reason: str) -> str:
    """Return the words of LEFT_OUT_REASONS for a reason, in the reader's language."""
    return str(LEFT_OUT_REASONS[reason]) % {"words": FEWEST_WORDS}
