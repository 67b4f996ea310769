"""Keep what is Markdown already, such as formulas and code, while the text around it is written."""

import re

# Between characters for private use, which no font shows.
_HELD = re.compile("(?m)^(.*?)\ue000(\\d{1,9})\ue001")


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
        self._texts.append(self.restore(text))  # or a text might hold itself, without end
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
        while _HELD.search(markdown):  # several may stand on a line
            markdown = _HELD.sub(self._restored, markdown)
        return markdown

    def _restored(self, match: "re.Match[str]") -> str:
        number = int(match[2])
        text = self._texts[number] if number < len(self._texts) else ""
        indent = re.sub(r"[^>\s]", " ", match[1])
        return match[1] + text.replace("\n", f"\n{indent}")
