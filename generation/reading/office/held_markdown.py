"""Keep what is Markdown already, such as formulas and code, while the text around it is written."""

import re

# Between characters for private use, which no font shows.
_HELD = re.compile("\ue000(\\d{1,9})\ue001")
DEEPEST_INDENT = 200  # characters before a text, which its later lines get; chosen


def fenced(code: str, language: str = "") -> str:
    """Return lines of code as a block of Markdown."""
    fence = "`" * max(3, _longest_ticks(code) + 1)
    return f"{fence}{language}\n{code.strip(chr(10))}\n{fence}"


def _longest_ticks(code: str) -> int:
    return max((len(ticks) for ticks in re.findall("`+", code)), default=0)


class Holder:
    """Holds texts, and returns for each what stands for it until all are restored."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def hold(self, text: str) -> str:
        """Return what stands for a text until it is restored."""
        # What was held within it is held once, or a text might grow without end.
        self._texts.append(_HELD.sub(lambda held: self._take(int(held[1])), text))
        return f"\ue000{len(self._texts) - 1}\ue001"

    def hold_word(self, code: str) -> str:
        """Return what stands for code within a line."""
        longest = _longest_ticks(code)
        ticks, blank = "`" * (longest + 1), " " if longest else ""
        return self.hold(f"{ticks}{blank}{code}{blank}{ticks}")

    def hold_block(self, code: str, language: str = "") -> str:
        """Return what stands for lines of code."""
        return self.hold(fenced(code, language))

    def restore(self, markdown: str) -> str:
        """Return Markdown with the texts that were held; their later lines are indented alike."""
        return "\n".join(map(self._restored, markdown.split("\n")))

    def _restored(self, line: str) -> str:
        written, *parts = _HELD.split(line)
        for number, after in zip(parts[::2], parts[1::2], strict=True):
            text = self._text(int(number))
            if "\n" in text:
                before = written[written.rfind("\n") + 1 :][:DEEPEST_INDENT]
                indent = re.sub(r"[^>\s]", " ", before)
                text = text.replace("\n", f"\n{indent}")
            written += text + after
        return written

    def _text(self, number: int) -> str:
        return self._texts[number] if number < len(self._texts) else ""

    def _take(self, number: int) -> str:
        text = self._text(number)
        if text:
            self._texts[number] = ""
        return text
