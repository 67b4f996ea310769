"""Which part of a web page is its text: all of it but menus, or the article among the rest."""

import bisect
import re
from typing import TYPE_CHECKING

from generation.passages.left_out import MENU, SIDE_CONTENT
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
_FEWEST = 3  # paragraphs by which it is looked for; chosen; nobody measured
_MANY_LINKS = 0.6  # share of the letters of a list of links within an article; chosen
_MUCH_PROSE = 500  # letters of a further container of an article; chosen; measured on news pages
_FEW_LINKS = 0.1  # share of the letters of such a container; chosen; measured on news pages
_CONTAINERS = ("div", "section", "table", "tbody", "tr", "td", "center", "form", "article", "main")
_LEAVES = ("p", "li", "div", "td", "dd", "dt", "pre", "blockquote", *html_trees.HEADINGS)
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
    html_trees.remove(block)
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
    letters = _letters(area)
    in_area = {piece for piece in paragraphs if piece in letters}
    container = _with_like(_container(area, in_area), area, parts)
    return container, _take_around(container, in_area, parts)


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
    pieces = (re.sub(r"\W", "", line) for line in (text or "").split("\n"))
    return {piece for piece in pieces if len(piece) > _SHORT}


def _letters(element: "HtmlElement") -> str:
    return re.sub(r"\W", "", "".join(element.itertext()))


def _container(area: "HtmlElement", paragraphs: set[str]) -> "HtmlElement":
    """Return the smallest container within an area that has nearly all of some paragraphs."""
    size = sum(map(len, paragraphs))
    chosen = area
    while size:
        for child in chosen.iterchildren(*_CONTAINERS):
            letters = _letters(child)
            if sum(len(piece) for piece in paragraphs if piece in letters) >= _MOST * size:
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


def _take_around(container: "HtmlElement", paragraphs: set[str], parts: "Parts") -> "list[Piece]":
    """Take out of a container what is around and between the article; return it."""
    hits = [
        part.start
        for element, part in page_parts.within(container, parts)
        if _is_leaf(element) and _is_in(element, paragraphs)
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


def _is_in(element: "HtmlElement", paragraphs: set[str]) -> bool:
    letters = _letters(element)
    return len(letters) > _SHORT_LEAF and any(
        letters in piece or piece in letters for piece in paragraphs
    )
