"""Which part of a web page is its text: all of it but menus, or the article among the rest."""

import bisect
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from generation.passages.left_out import MENU, SIDE_CONTENT
from generation.reading import xml_trees
from generation.reading.web import html_trees, page_parts
from generation.reading.web.page_survey import MOSTLY_LINKS, Part

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from generation.reading.web.page_parts import Piece
    from generation.reading.web.page_survey import Parts

_IDS = ("content", "main", "main-content", "bodycontent", "article")
_CLASSES = {"content", "main-content", "article-body"}
_LARGE_SHARE = 0.2  # of the page's letters that its main area has at least; chosen, as the next
_MOST = 0.95  # share of the letters of the article that its container has; chosen
_SHORT = 25  # letters of a paragraph by which the article is looked for; chosen; nobody measured
_SHORT_LEAF = 15  # letters that many paragraphs share by chance; chosen; nobody measured
_MOST_ALIKE = 1_000  # paragraphs that begin alike; chosen; nobody measured
_MOST_PLACES = 20  # of a paragraph on the page, such as in a teaser; chosen
_FEWEST = 3  # paragraphs by which it is looked for; chosen; nobody measured
_MANY_LINKS = 0.6  # share of the letters of a list of links within an article; chosen
_MUCH_PROSE = 500  # letters of a further container of an article; chosen; measured on news pages
_FEW_LINKS = 0.1  # share of the letters of such a container; chosen; measured on news pages
_CONTAINERS = ("div", "section", "table", "tbody", "tr", "td", "center", "form", "article", "main")
_LEAVES = ("p", "li", "div", "td", "dd", "dt", "pre", "blockquote", *html_trees.HEADINGS)
_NO_LETTER = re.compile(r"\W+")
_OF_THE_WEB = re.compile(
    r"""og:type["']?\s+content=["']?article|content=["']?article["']?\s+property=["']?og:type"""
    r"""|"@type"\s*:\s*\[?\s*"(?:\w*Article|BlogPosting|Report\w*)\"""",
    re.IGNORECASE,
)
_GENERATOR = re.compile(r"""<meta[^>]{1,300}name=["']?generator["'\s][^>]{0,300}>""", re.IGNORECASE)
_OF_MANUALS = re.compile(
    r"wiki|sphinx|docusaurus|mkdocs|gitbook|doxygen|javadoc|rustdoc|docbook|asciidoctor|pandoc"
    r"|makeinfo|texinfo|vitepress|vuepress|mdbook|antora|docutils|latex2html|confluence|org.mode",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"<script[^>]{1,300}src=", re.IGNORECASE)
_MANY_SCRIPTS = 8  # that a page of a portal loads; measured on 181 news and 359 manual pages
_HEAD = 200_000  # letters of a page in which it says what it is; chosen; nobody measured


def is_article(page: str) -> bool:
    """Whether a page calls itself an article, or loads as many scripts as a portal does.

    Pages of wikis and documentation, which may do both, are none.
    """
    head = page[:_HEAD]
    if any(_OF_MANUALS.search(tag) for tag in _GENERATOR.findall(head)):
        return False
    return bool(_OF_THE_WEB.search(head)) or len(_SCRIPT.findall(page)) >= _MANY_SCRIPTS


def main_area(body: "HtmlElement", parts: "Parts", *, most_beside: float) -> "HtmlElement":
    """Return the element that a page marks as its main content, or its body.

    At most ``most_beside`` of the prose is outside of the element.
    """
    size, prose = parts[body].letters or 1, parts[body].prose
    for marked in (
        [part for part in parts if part.tag == "main" or part.get("role") == "main"],
        [part for part in parts if part.tag == "article"],
        [part for part in parts if (part.get("id") or "").lower() in _IDS],
        [part for part in parts if _CLASSES & html_trees.classes_of(part)],
    ):
        is_sure = len(marked) == 1 or (marked and marked[0].tag == "main")
        if not is_sure or parts[marked[0]].letters < _LARGE_SHARE * size:
            continue
        if prose - parts[marked[0]].prose <= most_beside * prose:
            return marked[0]
    return body


def add_title(area: "HtmlElement", body: "HtmlElement", parts: "Parts") -> bool:
    """Put into an area without a title what stands before it and has one; say if it was done."""
    title = next(body.iter("h1"), None)
    if title is None or html_trees.has(area, "h1") or parts[title].start > parts[area].start:
        return False
    around = set(area.iterancestors())
    block = title
    for parent in title.iterancestors():
        if parent in around:
            break
        block = parent
    if parts[block].link_share > MOSTLY_LINKS:
        return False
    xml_trees.remove(block)
    area.text, block.tail = None, area.text
    area.insert(0, block)
    return True


def take_article(
    area: "HtmlElement", page: str, parts: "Parts"
) -> "tuple[HtmlElement, list[Piece]]":
    """Return the container of the article in an area, and what of it is not the article.

    trafilatura finds paragraphs of the article; the smallest element that holds nearly all of them
    is taken whole, but for lists of links, and for what is not prose before the first and after the
    last of these paragraphs.
    """
    paragraphs = _article_paragraphs(page)
    if len(paragraphs) < _FEWEST:
        return area, []
    article = _Article(area, paragraphs)
    container = _with_like(_container(area, article), area, parts)
    return container, _take_around(container, article, parts)


def _article_paragraphs(page: str) -> set[str]:
    """Return the letters of each paragraph that trafilatura takes for the article's."""
    import trafilatura

    text = trafilatura.extract(
        page,
        output_format="txt",
        include_tables=True,
        favor_recall=True,
        include_comments=False,
    )
    pieces = (_NO_LETTER.sub("", line) for line in (text or "").split("\n"))
    return {piece for piece in pieces if len(piece) > _SHORT}


class _Article:
    """Where the paragraphs of the article are in an area, by the number of letters before them."""

    def __init__(self, area: "HtmlElement", paragraphs: set[str]) -> None:
        letters, self._spans = _letters_and_spans(area)
        found = set(_ranges(letters, paragraphs))
        self._starts = sorted(start for start, _ in found)
        self._pieces = sorted(found)
        self._texts = [letters[start:end] for start, end in self._pieces]

    def size_in(self, element: "HtmlElement") -> int:
        """Return how many letters the article's paragraphs within an element have."""
        start, end = self._spans.get(element, (0, 0))
        first, last = (bisect.bisect_left(self._starts, place) for place in (start, end))
        inside = {
            text
            for (_, stop), text in zip(
                self._pieces[first:last], self._texts[first:last], strict=True
            )
            if stop <= end
        }
        return sum(map(len, inside))

    def has(self, element: "HtmlElement") -> bool:
        """Whether an element is a part of a paragraph of the article, or has one in it."""
        start, end = self._spans.get(element, (0, 0))
        if end - start <= _SHORT_LEAF:
            return False
        before = bisect.bisect_right(self._starts, start)
        around = self._pieces[max(0, before - 1) : before]
        return any(stop >= end for _, stop in around) or self.size_in(element) > 0


def _letters_and_spans(
    area: "HtmlElement",
) -> "tuple[str, dict[HtmlElement, tuple[int, int]]]":
    """Return the letters of an area, and where among them those of each element are."""
    from lxml import etree

    parts: list[str] = []
    spans: dict[HtmlElement, tuple[int, int]] = {}
    size = 0
    for event, element in etree.iterwalk(area, events=("start", "end")):
        if event == "start":
            spans[element] = size, size
        else:
            spans[element] = spans[element][0], size
        text = element.text if event == "start" else element.tail
        if text and (letters := _NO_LETTER.sub("", text)):
            parts.append(letters)
            size += len(letters)
    return "".join(parts), spans


def _ranges(letters: str, pieces: set[str]) -> Iterator[tuple[int, int]]:
    """Yield where pieces are among the letters; each at most _MOST_PLACES times.

    The letters are gone through once, however many pieces there are.
    """
    by_start: dict[str, list[str]] = defaultdict(list)
    for piece in pieces:
        if len(by_start[piece[:_SHORT]]) < _MOST_ALIKE:
            by_start[piece[:_SHORT]].append(piece)
    places: Counter[str] = Counter()
    for at in range(len(letters) - _SHORT):
        for piece in by_start.get(letters[at : at + _SHORT], ()):
            if places[piece] < _MOST_PLACES and letters.startswith(piece, at):
                places[piece] += 1
                yield at, at + len(piece)


def _container(area: "HtmlElement", article: _Article) -> "HtmlElement":
    """Return the smallest container within an area that has nearly all of the article."""
    size = article.size_in(area)
    chosen = area
    while size:
        for child in chosen.iterchildren(*_CONTAINERS):
            if article.size_in(child) >= _MOST * size:
                chosen = child
                break
        else:
            break
    return chosen


def _with_like(container: "HtmlElement", area: "HtmlElement", parts: "Parts") -> "HtmlElement":
    """Return what is around a container if others beside it look the same and have as much prose.

    Some pages break an article into several containers, with advertising between them.
    """
    for inner in (container, *container.iterancestors()):
        parent = inner.getparent()
        if inner is area or parent is None:
            return container
        alike = [
            child
            for child in parent.iterchildren(str(inner.tag))
            if child is not inner
            and inner.get("class")
            and child.get("class") == inner.get("class")
        ]
        if any(_is_article_part(parts[child]) for child in alike):
            return parent
    return container


def _is_article_part(part: Part) -> bool:
    return part.prose >= _MUCH_PROSE and part.link_share < _FEW_LINKS


def _take_around(container: "HtmlElement", article: _Article, parts: "Parts") -> "list[Piece]":
    """Take out of a container what is around and between the article; return it."""
    hits = [
        part.start
        for element, part in page_parts.within(container, parts)
        if _is_leaf(element) and article.has(element)
    ]
    if not hits:
        return []
    first, last = hits[0], hits[-1]

    def reason(element: "HtmlElement", part: Part) -> str:
        has_hit = bisect.bisect_left(hits, part.start) < bisect.bisect_left(hits, part.end)
        if has_hit or not part.letters:
            return ""
        is_list = element.tag in ("ul", "ol", "div", "section", "table")
        if is_list and part.link_share > _MANY_LINKS and part.links > 1:
            return MENU
        is_title = element.tag in html_trees.HEADINGS or html_trees.has(element, "h1")
        is_outside = (part.end <= first and not is_title) or part.start > last
        if not is_outside or part.prose or part.code or element.tag not in html_trees.BLOCKS:
            return ""
        return MENU if part.link_share > MOSTLY_LINKS else SIDE_CONTENT

    return page_parts.take(container, parts, reason)


def _is_leaf(element: "HtmlElement") -> bool:
    return element.tag in _LEAVES and not any(
        child.tag in ("p", "div", "ul", "ol", "table", "section", "li", "article")
        for child in element
    )
