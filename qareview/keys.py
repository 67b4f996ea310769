"""Which key does what. Everybody may choose their own; a key presses the button that shows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from qareview.models import KeyMap


@dataclass(frozen=True)
class Action:
    """What a key does, in words for the list of keys, and the key it has at first."""

    key: str
    does: str


ACTIONS = {
    "accept": Action("a", "accept, with your changes if there are any"),
    "edit": Action("e", "edit; Tab goes on to the next field"),
    "reject": Action("r", "reject, then a digit for the reason"),
    "skip": Action("s", "skip; the item comes back at the end"),
    "undo": Action("u", "undo the last one, as often as you like"),
    "next": Action("j", "the next one among those you reviewed"),
    "previous": Action("k", "the one before among those you reviewed"),
    "context": Action("x", "choose another excerpt of the document as the context"),
    "neighbours": Action("n", "what stands before and after the passage"),
    "changes": Action("d", "what you changed"),
    "comment": Action("c", "comments on the item"),
    "ask": Action("q", "ask a colleague; the item is put aside until they answer"),
    "guidelines": Action("g", "guidelines"),
    "search": Action("/", "search the items"),
    "keys": Action("?", "these keys"),
}
FIXED = {  # the same for everybody
    "1 to 9": "choose that candidate question",
    "Shift 1 to 9": "give that candidate the next place; once more takes it back",
    "Ctrl Enter": "accept while you edit",
    "Esc": "leave the text, or close what is open",
}


def keys_of(keymap: KeyMap | None) -> dict[str, str]:
    """Return the key of each action, as somebody chose them."""
    chosen = keymap.keys if keymap else {}
    return {name: chosen.get(name, action.key) for name, action in ACTIONS.items()}


def shown(keymap: KeyMap | None) -> list[Action]:
    """Return the actions with the keys somebody has for them."""
    chosen = keys_of(keymap)
    return [Action(chosen[name], action.does) for name, action in ACTIONS.items()]


def objection(keys: Mapping[str, str]) -> str:
    """Say what is wrong with a choice of keys; nothing if it is fine."""
    for name, key in keys.items():
        if len(key) != 1 or key.isspace() or key.isdecimal():
            return f"“{ACTIONS[name].does}” needs one letter or sign, and no digit."
    doubled = [key for key in keys.values() if list(keys.values()).count(key) > 1]
    return f"“{doubled[0]}” is given to two actions." if doubled else ""
