"""Large web pages are extracted in pieces, without losing or repeating anything."""

import re

import pytest

from generation.reading import webpages

MENU = "<nav><ul><li>Home of everything</li></ul></nav>"
SENTENCE = "The gates of basin {} close by themselves as soon as the tide falls below the sill."


def page(content: str) -> str:
    return f"<!doctype html><html><body>{MENU}{content}<footer><p>Nobody</p></footer></body></html>"


def basins(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"basin (\d+)", text)]


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webpages, "LARGE", 20_000)
    monkeypatch.setattr(webpages, "PIECE", 5_000)


def test_pieces_hold_all_paragraphs_in_order_and_no_menu(small_pieces: None) -> None:
    paragraphs = "".join(f"<p>{SENTENCE.format(n)}</p>" for n in range(400))
    for content in (
        f"<main>{paragraphs}</main>",
        f"<div><div>{paragraphs}</div></div>",
        paragraphs,
    ):
        html = page(content)
        assert len(html) > webpages.LARGE
        text = webpages.main_content(html)
        assert basins(text) == list(range(400))
        assert "Home" not in text
        assert "Nobody" not in text


def test_headings_lists_and_tables_are_kept(small_pieces: None) -> None:
    rows = "".join(f"<tr><td>basin {n}</td><td>{n} metres</td></tr>" for n in range(3))
    part = f"<h2>Harbour</h2><p>{SENTENCE.format(7)}</p><ul><li>One gate shut</li></ul>"
    text = webpages.main_content(page(f"<article>{part * 200}<table>{rows}</table></article>"))
    assert text.count("## Harbour") == 200
    assert text.count("- One gate shut") == 200
    assert "| basin 2 | 2 metres |" in text


def test_a_short_page_keeps_its_structure_and_no_menu() -> None:
    content = (
        "<h1>Quay rules</h1><h2>Speed</h2><p>Three knots at most.</p><ul><li>No anchoring</li></ul>"
        "<table><tr><th>Boat</th><th>Fee</th></tr><tr><td>Small</td><td>10</td></tr></table>"
    )
    text = webpages.main_content(page(f"<main>{content}</main>"))
    assert text.startswith("# Quay rules\n\n## Speed\n\nThree knots at most.\n\n- No anchoring")
    assert "| Small | 10 |" in text
    assert "Home" not in text


def test_a_list_larger_than_a_piece_stays_a_list(small_pieces: None) -> None:
    entries = "".join(f"<li>{SENTENCE.format(n)}</li>" for n in range(300))
    text = webpages.main_content(page(f"<main><ul>{entries}</ul></main>"))
    lines = [line for line in text.splitlines() if line.strip()]
    assert [line.startswith("- The gates of basin") for line in lines] == [True] * 300
    assert basins(text) == list(range(300))


def test_text_between_elements_is_kept(small_pieces: None) -> None:
    loose = "".join(f"{SENTENCE.format(n)}<br><b>bold</b>" for n in range(300))
    assert basins(webpages.main_content(page(f"<div>{loose}</div>"))) == list(range(300))


def test_one_element_larger_than_a_piece_is_read_whole(small_pieces: None) -> None:
    words = " ".join(SENTENCE.format(n) for n in range(300))
    assert basins(webpages.main_content(page(f"<p>{words}</p>"))) == list(range(300))


def test_a_large_page_without_content_has_none(small_pieces: None) -> None:
    assert webpages.main_content(f"<html><head></head>{' ' * 30_000}</html>").strip() == ""
    script = f"<script>{'let x = 1;' * 4000}</script>"
    assert webpages.main_content(page(script)).strip() in ("", "Nobody")
