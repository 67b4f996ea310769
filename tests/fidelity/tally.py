"""The figures of a document, counted so that documents can be added up."""

from collections.abc import Iterable

SHOWN = 90  # characters of a block that is lost; chosen


class Tally(dict[str, tuple[float, float]]):
    """For each figure how much is right, and of how much; ``lost`` tells what is not."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: list[str] = []

    def count(self, name: str, right: float, of: float = 1, what: str = "") -> None:
        """Add to a figure; ``what`` is named as lost if not all of it is right."""
        before, whole = self.get(name, (0, 0))
        self[name] = (before + right, whole + of)
        if what and right < of:
            self.tell(name, [what])

    def tell(self, name: str, texts: Iterable[str]) -> None:
        """Name texts that are not right."""
        self.lost += [f"{name}: {' '.join(text.split())[:SHOWN]}" for text in texts if text]

    def leave_out(self, name: str) -> None:
        """Forget a figure that is not asked for."""
        self.pop(name, None)
        self.lost = [line for line in self.lost if not line.startswith(f"{name}: ")]

    def add(self, other: "Tally") -> None:
        for name, (right, of) in other.items():
            self.count(name, right, of)

    def per_cent(self, name: str) -> float | None:
        """Return a figure in per cent, rounded down to a tenth; None if there was nothing."""
        right, of = self.get(name, (0, 0))
        return int(1000 * right / of + 1e-9) / 10 if of else None
