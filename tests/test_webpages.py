"""Of a web page, its text is read; what is left out of it is listed, and nothing else is lost."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import lxml.html
import pytest

from generation.passages.left_out import CONTENTS, HIDDEN, MENU, SIDE_CONTENT
from generation.reading.readings import CONTENT, MAIN_TEXT, WHOLE_PAGE, CannotRead, Choices, Reading
from generation.reading.web import large_pages, webpages

Read = Callable[..., Reading]

MENU_OF_SITE = "<nav><ul><li>Home of everything</li></ul></nav>"
SENTENCE = "The gates of basin {} close by themselves as soon as the tide falls below the sill."
PROSE = f"<p>{SENTENCE.format(1)} {SENTENCE.format(2)}</p>"
ARTICLE = '<meta property="og:type" content="article">'


def page(content: str, head: str = "") -> str:
    footer = "<footer><p>Nobody</p></footer>"
    return f"<!doctype html><html><head>{head}</head><body>{MENU_OF_SITE}{content}{footer}</body>"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a page, with an extent if one is chosen."""

    def read_page(html: str, extent: str = "") -> Reading:
        path = tmp_path / "page.html"
        path.write_text(html)
        return webpages.read_page(path, Choices(extent=extent))

    return read_page


def kept(reading: Reading) -> str:
    """Return the text without what is left out of it."""
    text = reading.text
    for start, end, _ in reversed(reading.left_out):
        text = text[:start] + text[end:]
    return text.strip()


def left_out(reading: Reading) -> list[tuple[str, str]]:
    return [(part.reason, reading.text[part.start : part.end]) for part in reading.left_out]


def basins(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"basin (\d+)", text)]


def visible(html: str) -> str:
    """Return what a browser shows of a page, found without the code under test."""
    unseen = "script, style, template, head, noscript, iframe, title"
    tree = lxml.html.document_fromstring(html)
    for element in tree.iter(*unseen.split(", ")):
        element.text = None
        for child in list(element):
            element.remove(child)
    return str(tree.text_content())


# What is left out


def test_menus_and_what_stands_beside_the_text_are_listed(read: Read) -> None:
    reading = read(page(f"<main><h1>Gates</h1>{PROSE}</main><aside><p>Buy brooms.</p></aside>"))
    assert kept(reading).startswith("# Gates\n\nThe gates of basin 1")
    assert left_out(reading) == [
        (MENU, "- Home of everything"),
        (SIDE_CONTENT, "Buy brooms.\n\nNobody"),
    ]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ("<div class=menu><a href=/a>Alpha</a> <a href=/b>Beta</a></div>", MENU),
        ("<table class=navheader><tr><th>Part IV</th><td><a href=n>Next</a></table>", MENU),
        ("<div><a rel=prev href=p>Prior</a> <a rel=next href=n>Next</a></div>", MENU),
        ("<button>Copy</button>", MENU),
        ("<h2>Sills <button>Copy</button></h2>", MENU),
        ("<div class=toc><a href=#a>One part</a> <a href=#b>Other part</a></div>", CONTENTS),
        ("<div hidden>Not shown</div>", HIDDEN),
        ("<div style='display: none'>Not shown</div>", HIDDEN),
        ("<noscript>Enable scripts</noscript>", HIDDEN),
        ("<svg><title>Not shown</title><text>Sill</text></svg>", SIDE_CONTENT),
    ],
)
def test_each_part_that_is_left_out_has_its_reason(read: Read, part: str, reason: str) -> None:
    reading = read(page(f"<h1>Gates</h1>{PROSE}{part}{PROSE}"))
    listed = "".join(text for why, text in left_out(reading) if why == reason)
    shown = part.replace("<title>Not shown</title>", "").replace("Sills", "")
    for word in re.findall(r"[A-Z]\w+(?=[^>]*<)", shown):
        assert word in listed
    assert len(basins(kept(reading))) == 4


@pytest.mark.parametrize(
    "part",
    [
        f"<div class=sidebar>{PROSE}</div>",
        f"<div class='related menu'>{PROSE}</div>",
        "<h2>See also</h2><ul><li><a href=a>Alpha</a></li><li><a href=b>Beta</a></li></ul>",
        f"<section><aside>{PROSE}</aside></section>",
        f"<div class=panel style='display:none'>{PROSE}</div>",
        f"<h3><button>Fees?</button></h3><div hidden>{PROSE}</div>",
        f"<iframe srcdoc='{PROSE}'></iframe>",
    ],
)
def test_what_has_text_is_kept_whatever_it_is_called(read: Read, part: str) -> None:
    reading = read(page(f"<h1>Gates</h1>{PROSE}{part}"))
    seen = Counter(filter(str.isalpha, visible(f"<div>{part}</div>") or visible(PROSE)))
    others = Counter(filter(str.isalpha, f"Gates{visible(PROSE)}"))
    assert seen + others == Counter(filter(str.isalpha, kept(reading)))


def test_a_title_before_the_main_part_stays_with_it(read: Read) -> None:
    html = f"<div id=header><h1>git-pull(1)</h1><h2>NAME</h2></div><div id=content>{PROSE}</div>"
    assert kept(read(page(html))).startswith("# git-pull(1)\n\n## NAME\n\nThe gates")


# Whole page or main text


STORY = "".join(f"<p>{SENTENCE.format(n)} {SENTENCE.format(n + 1)}</p>" for n in range(4))
PORTAL = page(
    f"<div class=story><h1>Gates</h1>{STORY}</div><div class=more><h2>More</h2><p>Buy brooms.</p>"
    "</div>"
)


def test_both_extents_can_be_chosen(read: Read) -> None:
    whole, main = read(PORTAL, WHOLE_PAGE), read(PORTAL, MAIN_TEXT)
    assert (whole.extent, main.extent) == (WHOLE_PAGE, MAIN_TEXT)
    assert "Buy brooms." in kept(whole)
    assert "Buy brooms." not in kept(main)
    assert (SIDE_CONTENT, "Nobody\n\n## More\n\nBuy brooms.") in left_out(main)
    assert "Nobody" in kept(whole)


@pytest.mark.parametrize("head", ["", ARTICLE])
def test_a_whole_page_that_was_chosen_has_all_but_its_menus(read: Read, head: str) -> None:
    beside = (
        "<div class=teaser><h3><a href=/t>Brooms</a></h3><p>Read more of our brooms inside.</p>"
        f"</div><article><h1>Gates</h1>{STORY}<aside>Buy rope.</aside></article>"
        "<aside><p>Bring your papers.</p></aside>"
        "<section id=comments><h2>Comments</h2><p>Ann: too dear.</p></section>"
        "<section class=related><ul><li><a href=/a>Alpha</a><li><a href=/b>Beta</a></ul></section>"
    )
    reading = read(page(beside, head), WHOLE_PAGE)
    wanted = ["Read more", "basin 4", "Buy rope.", "Bring your papers.", "Ann:", "Nobody"]
    assert [words for words in wanted if words not in kept(reading)] == []
    assert left_out(reading) == [(MENU, "- Home of everything\n\n- Alpha\n- Beta")]


FORM = (
    "<form><label>Ship <input value='Blue Star' placeholder=Nothing></label> <input type=hidden "
    "value=Token> <input type=password value=Secret> <textarea>Two tugs</textarea> <textarea "
    "hidden>Unseen</textarea> <input type=submit value=Send> <input placeholder=Hint> <select>"
    "<option>Tanker</option></select></form>"
)


@pytest.mark.parametrize(
    ("extent", "filled_in"), [("", [(SIDE_CONTENT, "Blue Star\n\nTwo tugs")]), (WHOLE_PAGE, [])]
)
def test_what_fields_show_is_text_or_listed(
    read: Read, extent: str, filled_in: list[tuple[str, str]]
) -> None:
    reading = read(f"<h1>Gates</h1>{PROSE}{FORM}", extent)
    listed = left_out(reading)
    assert [part for part in listed if part[0] == SIDE_CONTENT] == filled_in
    shown = "Ship" if filled_in else "Ship Blue Star Two tugs"
    assert kept(reading).endswith(f"sill.\n\n{shown}")
    assert (MENU, "Send\n\nHint\n\nTanker") in listed
    assert not re.search("Token|Secret|Nothing", reading.text)


@pytest.mark.parametrize(
    ("head", "extent"),
    [
        ("", CONTENT),
        (ARTICLE, MAIN_TEXT),
        ('<script type="application/ld+json">{"@type": "NewsArticle"}</script>', MAIN_TEXT),
        ("<script src=a.js></script>" * 8, MAIN_TEXT),
        (f'{ARTICLE}<meta name="generator" content="MediaWiki 1.43">', CONTENT),
    ],
)
def test_what_a_page_calls_itself_decides(read: Read, head: str, extent: str) -> None:
    assert read(page(f"<h1>Gates</h1>{PROSE * 4}", head)).extent == extent


@pytest.mark.parametrize("head", ["", ARTICLE])
def test_read_again_in_the_way_it_was_read_a_page_is_the_same(read: Read, head: str) -> None:
    html = page(f"<h1>Gates</h1>{PROSE * 4}", head)
    first = read(html)
    assert (SIDE_CONTENT, "Nobody") in left_out(first)
    assert read(html, first.extent) == first


def test_an_article_that_would_lose_code_is_read_whole(read: Read) -> None:
    code = "<div class=extra><pre>open(3)</pre></div>"
    html = page(f"<div class=story><h1>Gates</h1>{STORY}</div>{code}", ARTICLE)
    assert (read(html).extent, "open(3)" in kept(read(html))) == (CONTENT, True)


@pytest.mark.parametrize("extent", [WHOLE_PAGE, CONTENT, MAIN_TEXT])
def test_every_letter_that_a_page_shows_is_in_its_text(read: Read, extent: str) -> None:
    folder = Path(__file__).parent / "awkward"
    pages = [path.read_text() for path in folder.glob("html-*.html") if _is_utf_8(path)]
    assert len(pages) > 10
    for html in [*pages, PORTAL]:
        try:
            text = read(html, extent).text
        except CannotRead:
            continue
        seen = Counter(filter(str.isalpha, visible(html)))
        assert not seen - Counter(filter(str.isalpha, text)), html


def _is_utf_8(path: Path) -> bool:
    try:
        return bool(path.read_bytes().decode())
    except UnicodeDecodeError:
        return False


def test_ranges_left_out_are_in_order_and_at_the_end(read: Read) -> None:
    reading = read(PORTAL, MAIN_TEXT)
    assert len(reading.left_out) > 1
    ends = [0, *(part.end for part in reading.left_out)]
    assert all(
        end <= part.start < part.end for end, part in zip(ends, reading.left_out, strict=False)
    )
    assert ends[-1] == len(reading.text)


# What a page says of itself


def test_metadata_is_read_and_is_no_text(read: Read) -> None:
    head = (
        "<title>Gates | Harbour</title><meta name=author content='A. Larsen'>"
        "<meta property='article:published_time' content='2026-02-01'>"
        "<meta name=description content='Of gates'>"
    )
    reading = read(page(PROSE, head).replace("<html>", "<html lang=en>"))
    assert reading.metadata == {
        "title": "Gates | Harbour",
        "author": "A. Larsen",
        "date": "2026-02-01",
        "description": "Of gates",
        "language": "en",
    }
    assert "Larsen" not in reading.text


def test_a_page_that_scripts_fill_is_refused_with_the_way_out(read: Read) -> None:
    with pytest.raises(CannotRead, match="save it as a complete page or as PDF"):
        read("<html><body><div id=root></div><noscript>Enable scripts.</noscript></body></html>")


# Large pages


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webpages, "LARGE", 20_000)
    monkeypatch.setattr(large_pages, "PIECE", 5_000)


def test_pieces_hold_all_paragraphs_in_order_and_no_menu(read: Read, small_pieces: None) -> None:
    paragraphs = "".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(400))
    for content in (
        f"<main>{paragraphs}</main>",
        f"<div><div>{paragraphs}</div></div>",
        paragraphs,
    ):
        html = page(content)
        assert len(html) > webpages.LARGE
        reading = read(html)
        assert basins(kept(reading)) == list(range(400))
        assert left_out(reading) == [(MENU, "- Home of everything"), (SIDE_CONTENT, "Nobody")]


def test_headings_lists_and_tables_are_kept(read: Read, small_pieces: None) -> None:
    rows = "".join(f"<tr><td>basin {n}</td><td>{n} metres</td></tr>" for n in range(3))
    part = f"<h2>Harbour</h2><p>{SENTENCE.format(7)}</p><ul><li>One gate shut</li></ul>"
    text = kept(read(page(f"<article>{part * 200}<table>{rows}</table></article>")))
    assert text.count("## Harbour") == 200
    assert text.count("- One gate shut") == 200
    assert "| basin 2 | 2 metres |" in text


def test_a_list_larger_than_a_piece_stays_a_list(read: Read, small_pieces: None) -> None:
    entries = "".join(f"<li>{SENTENCE.format(n)}</li>" for n in range(300))
    text = kept(read(page(f"<main><ul>{entries}</ul></main>")))
    lines = [line for line in text.splitlines() if line.strip()]
    assert [line.startswith("- The gates of basin") for line in lines] == [True] * 300
    assert basins(text) == list(range(300))


def test_a_table_larger_than_a_piece_has_one_head(read: Read, small_pieces: None) -> None:
    rows = "".join(f"<tr><td>basin {n}</td><td>{n} metres</td></tr>" for n in range(900))
    lines = kept(read(page(f"<main><table>{rows}</table></main>"))).splitlines()
    assert lines[1] == "| --- | --- |"
    assert lines[0:1] + lines[2:] == [f"| basin {n} | {n} metres |" for n in range(900)]


def test_text_between_elements_is_kept(read: Read, small_pieces: None) -> None:
    loose = "".join(f"{SENTENCE.format(n)}<br><b>bold</b>" for n in range(300))
    assert basins(kept(read(page(f"<div>{loose}</div>")))) == list(range(300))


def test_one_element_larger_than_a_piece_is_read_whole(read: Read, small_pieces: None) -> None:
    words = " ".join(SENTENCE.format(n) for n in range(300))
    assert basins(kept(read(page(f"<p>{words}</p>")))) == list(range(300))


def test_a_large_page_says_that_its_main_text_was_not_looked_for(
    read: Read, small_pieces: None
) -> None:
    reading = read(page(PROSE * 200), MAIN_TEXT)
    assert reading.extent == CONTENT
    assert reading.note.startswith("The web page is too large to tell its main text")


def test_a_large_page_without_content_has_none(read: Read, small_pieces: None) -> None:
    assert read(f"<html><head></head>{' ' * 30_000}</html>").text == ""
    script = f"<script>{'let x = 1;' * 4000}</script>"
    assert kept(read(page(script))) == ""


def test_lines_of_chinese_go_on_without_a_blank(read: Read) -> None:
    reading = read(page("<p>所有船只必须在\n   日落前离开内港，\n并通知 <b>Tom</b>\nnow.</p>"))
    assert kept(reading) == "所有船只必须在日落前离开内港，并通知 **Tom** now."
