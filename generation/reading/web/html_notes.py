"""Footnotes of an HTML tree: where they are called, and what they say."""

import re
from typing import TYPE_CHECKING

from generation.reading import xml_trees
from generation.reading.web import html_trees
from generation.reading.web.literal_text import literal

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_MARK = re.compile(
    r"^[\s\[(]*(?:note\s*)?(?:\d{1,4}|[a-z]{1,2}|[ivxlc]{1,6}|[*†‡§¶#]{1,4})[\s\]).:]*$",
    re.IGNORECASE,
)
_SAYS_NOTE = re.compile(
    r"footnote|endnote|noteref|rearnote|cite_note|cite-note|\bfn\b|\breference\b", re.IGNORECASE
)
_BACK_SIGNS = re.compile(r"[\s↩︎↑^⏎\ufe0e\[\]().:,;*†‡§-]+|[\ue000-\uf8ff]")
_SECTIONS = ("section", "div", "aside", "ol", "ul", "dl", "table", "hr")
_LABELS = ("dt", *html_trees.HEADINGS)
_AROUND_MARK = ("sup", "span", "b", "strong", "small", "em", "i")


class _Notes:
    """The notes of a tree by the ids of what they are in, numbered as they are called."""

    def __init__(self, root: "HtmlElement") -> None:
        self.root = root
        self.by_id: dict[str, HtmlElement] = {}
        self.order: dict[HtmlElement, int] = {}
        for position, element in enumerate(root.iter("*")):
            self.order[element] = position
            for name in (element.get("id"), element.get("name")):
                if name:
                    self.by_id.setdefault(name, element)
        self.labels: dict[HtmlElement, str] = {}
        self._taken: set[str] = set()
        self._next = 1
        self._called: dict[HtmlElement, HtmlElement | None] = {}  # by the links that call them
        self._backs: dict[HtmlElement, set[HtmlElement]] = {}
        self._lengths: dict[HtmlElement, int] = {}

    def add(self, note: "HtmlElement", mark: str) -> None:
        """Give a note the number by which the page calls it, or the next if others have it."""
        number = "".join(re.findall(r"[0-9]+", mark))
        if not number or number in self._taken:
            self._next = max(self._next, len(self._taken) + 1)
            while str(self._next) in self._taken:
                self._next += 1
            number = str(self._next)
        self._taken.add(number)
        self.labels[note] = number

    def target_of(self, link: "HtmlElement") -> "HtmlElement | None":
        """Return the element of this page that a link leads to."""
        href = link.get("href") or ""
        return self.by_id.get(href[1:]) if href.startswith("#") else None

    def called_by(self, link: "HtmlElement") -> "HtmlElement | None":
        """Return the footnote that a link calls, or None if it is another link."""
        if link not in self._called:
            target = self.target_of(link)
            self._called[link] = None if target is None else _note_of(link, target, self)
        return self._called[link]

    def length_of(self, note: "HtmlElement") -> int:
        """Return how many characters the words of a note have."""
        if note not in self._lengths:
            self._lengths[note] = len(html_trees.words_of(note))
        return self._lengths[note]

    def targets_in(self, note: "HtmlElement") -> "set[HtmlElement]":
        """Return what the links in a note and in its label lead to."""
        if note not in self._backs:
            targets = map(self.target_of, _links_in(note))
            self._backs[note] = {target for target in targets if target is not None}
        return self._backs[note]


def write_notes(root: "HtmlElement") -> None:
    """Write footnotes as Markdown: a mark where each is called, its text after that block."""
    notes = _Notes(root)
    places: list[tuple[HtmlElement, HtmlElement]] = []
    for link in html_trees.elements(root, "a"):
        note = notes.called_by(link)
        if note is None:
            continue
        if note not in notes.labels:
            notes.add(note, html_trees.words_of(link))
            places.append((_block_of(link), note))
    calls = [
        (link, notes.labels[note])
        for link in html_trees.elements(root, "a")
        if (note := notes.called_by(link)) is not None
    ]
    back = _links_back(notes)
    for link, label in calls:
        if link not in back:
            _write_call(link, label)
    for link in back:
        _remove_mark(link)
    for place, note in reversed(places):
        _move(note, place, notes.labels[note])


def _note_of(link: "HtmlElement", target: "HtmlElement", notes: _Notes) -> "HtmlElement | None":
    """Return the footnote that a link calls, or None if it is another link."""
    link_names = f"{link.get('class')} {html_trees.kind_of(link)} {link.get('href')}"
    mark = html_trees.words_of(link)
    if not _MARK.match(mark) and not re.search(r"noteref|footnote-?ref", link_names, re.IGNORECASE):
        return None
    note = _around(target) if notes.order[target] > notes.order[link] else None
    if note is None or note.tag in html_trees.HEADINGS or note in link.iterancestors():
        return None
    note_names = f"{note.get('class')} {html_trees.kind_of(note)} {target.get('id')}"
    if not (_SAYS_NOTE.search(f"{link_names} {note_names}") or _leads_back(note, link, notes)):
        return None
    return note if notes.length_of(note) > len(mark) + 2 else None


def _around(target: "HtmlElement") -> "HtmlElement | None":
    """Return the block that a target is or is the beginning of, or that it is the label of."""
    label = target if target.tag in _LABELS else next(target.iterancestors(*_LABELS), None)
    if label is not None:
        return label.getnext()
    if target.tag in html_trees.BLOCKS:
        return target
    return next(target.iterancestors("li", "p", "td", "dd", "div", "aside", "section"), None)


def _label_of(note: "HtmlElement") -> "HtmlElement | None":
    """Return the term or heading in front of a note that is only its number."""
    label = note.getprevious()
    is_label = label is not None and label.tag in _LABELS
    return label if is_label and _MARK.match(html_trees.words_of(label)) else None


def _leads_back(note: "HtmlElement", link: "HtmlElement", notes: _Notes) -> bool:
    around = {link, *link.iterancestors("sup", "span")}
    return not around.isdisjoint(notes.targets_in(note))


def _links_in(note: "HtmlElement") -> "list[HtmlElement]":
    """Return the links in a note and in its label."""
    label = _label_of(note)
    return [*note.iter("a"), *(label.iter("a") if label is not None else ())]


def _links_back(notes: _Notes) -> "list[HtmlElement]":
    """Return the links in notes that lead back to where the notes are called."""
    links = []
    for note in notes.labels:
        for link in _links_in(note):
            names = f"{link.get('class')} {html_trees.kind_of(link)} {link.get('rev')}"
            is_back = re.search(r"back", names, re.IGNORECASE) or _MARK.match(
                html_trees.words_of(link)
            )
            text = _BACK_SIGNS.sub("", html_trees.words_of(link))
            if (link.get("href") or "").startswith("#") and (is_back or not text):
                links.append(link)
    return links


def _block_of(link: "HtmlElement") -> "HtmlElement":
    """Return the outermost block around a link that is no mere container."""
    block = link
    for around in link.iterancestors():
        if around.tag in html_trees.BLOCKS and around.tag not in html_trees.CONTAINERS:
            block = around
        elif block is link and around.tag in html_trees.CONTAINERS:
            return around
    return block


def _write_call(link: "HtmlElement", label: str) -> None:
    """Put the mark of a note in the place of a link and of the raised brackets around it."""
    outer = link
    for around in link.iterancestors(*_AROUND_MARK):
        if html_trees.words_of(around) != html_trees.words_of(link):
            break
        outer = around
    html_trees.replace_with_text(outer, literal(f"[^{label}]"))


def _remove_mark(link: "HtmlElement") -> None:
    """Remove a link back, and the signs around it."""
    outer = link
    for around in link.iterancestors(*_AROUND_MARK, "p"):
        if _BACK_SIGNS.sub("", html_trees.words_of(around)) != _BACK_SIGNS.sub(
            "", html_trees.words_of(link)
        ):
            break
        outer = around
    xml_trees.remove(outer)


def _move(note: "HtmlElement", place: "HtmlElement", label: str) -> None:
    """Put a note behind the block that calls it, as paragraphs of which the first has its mark."""
    section = note.getparent()
    paragraphs = _paragraphs(note)
    xml_trees.remove(note)
    if section is not None:
        _remove_empty(section)
    for position, paragraph in enumerate(paragraphs):
        mark = f"[^{label}]: " if position == 0 else "    "
        paragraph.text = literal(mark) + (paragraph.text or "").lstrip()
    if place.getparent() is None:  # a page without a body
        place.extend(paragraphs)
    elif place.tag in html_trees.CONTAINERS:
        for paragraph in paragraphs:
            place.append(paragraph)
    else:
        for paragraph in reversed(paragraphs):
            _put_behind(place, paragraph)


def _put_behind(place: "HtmlElement", paragraph: "HtmlElement") -> None:
    tail, place.tail = place.tail, None
    place.addnext(paragraph)
    paragraph.tail = tail


def _paragraphs(note: "HtmlElement") -> "list[HtmlElement]":
    """Return the blocks of a note; text beside them becomes paragraphs."""
    _remove_label(note)
    paragraphs: list[HtmlElement] = []
    is_open = False
    for part in list(html_trees.contents(note)):
        if not isinstance(part, str) and part.tag in html_trees.BLOCKS:
            part.tail = None
            paragraphs.append(part)
            is_open = False
            continue
        if not is_open:
            if isinstance(part, str) and not part.strip():
                continue
            paragraphs.append(note.makeelement("p", {}))
            is_open = True
        _append(paragraphs[-1], part)
    return paragraphs


def _append(paragraph: "HtmlElement", part: "HtmlElement | str") -> None:
    if not isinstance(part, str):
        part.tail = None
        paragraph.append(part)
    elif len(paragraph):
        paragraph[-1].tail = (paragraph[-1].tail or "") + part
    else:
        paragraph.text = (paragraph.text or "") + part


def _remove_label(note: "HtmlElement") -> None:
    """Remove the number in front of a note, as of a list without numbers."""
    if (label := _label_of(note)) is not None:
        xml_trees.remove(label)
    before = "".join(note.itertext()).lstrip()
    for part in html_trees.elements(note, "span", "sup", "td", "th"):
        text = html_trees.words_of(part)
        if text and _MARK.match(text) and before.startswith(text) and part is not note:
            xml_trees.remove(part)
            break
    html_trees.unwrap(
        html_trees.elements(note, "table", *html_trees.TABLE_PARTS)[note.tag == "table" :]
    )
    first = next((part for part in note.iter() if (part.text or "").strip()), None)
    if first is not None:
        first.text = re.sub(r"^\s*(?:[\[(]\d{1,4}[\])]|\d{1,4}[.)]?)\s+", "", first.text or "")


def _remove_empty(section: "HtmlElement") -> None:
    """Remove what has held notes and is now empty."""
    while section.tag in _SECTIONS and not any(map(str.strip, section.itertext())):
        around = section.getparent()
        if around is None:
            return
        xml_trees.remove(section)
        section = around
