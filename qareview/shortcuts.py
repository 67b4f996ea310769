"""Keyboard shortcuts. A key presses the button that shows it. Users can choose their own keys."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from qareview.models import KeyMap


@dataclass(frozen=True)
class Action:
    """An action at the desk: its key, and a description for the list of shortcuts."""

    key: str
    description: StrOrPromise


ACTIONS = {
    "accept": Action("a", _("accept, including any changes you made")),
    "edit": Action("e", _("edit; Tab moves to the next field")),
    "reject": Action("r", _("reject; then press a digit for the reason")),
    "skip": Action("s", _("skip; the item comes back at the end")),
    "undo": Action("u", _("undo your last decision or skip; press again to undo more")),
    "next": Action("j", _("next item you reviewed")),
    "previous": Action("k", _("previous item you reviewed")),
    "context": Action("x", _("choose another excerpt from the document as the context")),
    "neighbours": Action("n", _("show the text before and after the passage")),
    "changes": Action("d", _("show your changes")),
    "comment": Action("c", _("show the comments on the item")),
    "ask": Action("q", _("ask a colleague; the item is set aside until they answer")),
    "write": Action("w", _("write an item about this passage yourself")),
    "guidelines": Action("g", _("show the guidelines")),
    "search": Action("/", _("search items")),
    "keys": Action("?", _("show the shortcuts")),
}
FIXED_KEYS = {  # which users cannot change, with descriptions
    _("Shift + the key for editing"): _("edit the answer"),
    _("1 to 9"): _("choose the candidate question with that number"),
    _("Shift + 1 to 9"): _(
        "give that candidate question the next place; press again to take it back"
    ),
    _("Ctrl + Enter"): _("accept while editing"),
    "Esc": _("leave the text field, or close what is open"),
}


def keys_of(keymap: KeyMap | None) -> dict[str, str]:
    """Return the user's key for each action.

    An action that is newer than their choice has no key if they chose its key for another action.
    """
    chosen = keymap.keys if keymap else {}
    taken = set(chosen.values())
    return {
        name: chosen.get(name, "" if action.key in taken else action.key)
        for name, action in ACTIONS.items()
    }


def actions_for(keymap: KeyMap | None) -> list[Action]:
    """Return the actions with the user's keys for them."""
    keys = keys_of(keymap)
    return [Action(keys[name], action.description) for name, action in ACTIONS.items()]


def problem_with(keys: Mapping[str, str]) -> str:
    """Return what is wrong with a user's choice of keys; empty if nothing is."""
    for name, key in keys.items():
        if len(key) != 1 or key.isspace() or key.isdecimal():
            return gettext("“%(does)s” needs a single letter or symbol, not a digit.") % {
                "does": ACTIONS[name].description
            }
    doubled = [key for key in keys.values() if list(keys.values()).count(key) > 1]
    return (
        gettext("“%(doubled)s” is used for two actions. Choose different keys.")
        % {"doubled": doubled[0]}
        if doubled
        else ""
    )
