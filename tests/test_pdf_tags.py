"""PDF files with the tags that browsers write: each piece of a text is in an element of its own."""

from pathlib import Path

from tests import pdfs


def piece(text: str) -> pdfs.Tags:
    return "NonStruct", [text]


def test_the_pieces_of_a_paragraph_and_of_a_heading_are_one(tmp_path: Path) -> None:
    link: pdfs.Tags = ("Link", [piece("the norm")])
    data = pdfs.tagged(
        ("H1", [piece("\nRules of "), piece("the harbour")]),
        ("P", [piece("\nSee "), link, piece(" and "), piece("the bold"), piece(" rule.")]),
        ("P", [piece("\nNo "), ("NonStruct", [piece("boat")]), piece(" waits.")]),
    )
    text = pdfs.read(tmp_path, data).text
    assert text == "# Rules of the harbour\n\nSee the norm and the bold rule.\n\nNo boat waits."


def test_items_and_cells_keep_their_pieces_in_order(tmp_path: Path) -> None:
    inner: pdfs.Tags = ("L", [("LI", [piece("\nTurn it "), piece("left"), piece(".")])])
    cell: pdfs.Tags = ("TD", [piece(" Five "), ("Link", [piece("knots")]), piece(" at most")])
    data = pdfs.tagged(
        ("L", [("LI", [piece("\nOpen the "), piece("blue"), piece(" valve."), inner])]),
        ("Table", [("TR", [("TD", [piece("\nSpeed")]), cell])]),
        ("Table", [("TR", [("TD", [piece("\nDraught")]), ("TD", [piece(" Two metres")])])]),
    )
    text = pdfs.read(tmp_path, data).text
    assert text.startswith("- Open the blue valve.\n\n    - Turn it left.\n\n")
    assert "Speed | Five knots at most |" in text


def test_boxes_are_paragraphs_of_their_own(tmp_path: Path) -> None:
    before, middle, after = map(piece, ("\nFirst words.", "\nSecond words.", "\nThird words."))
    data = pdfs.tagged(("NonStruct", [before, ("NonStruct", [middle]), after]))
    text = pdfs.read(tmp_path, data).text
    assert text == "First words.\n\nSecond words.\n\nThird words."
