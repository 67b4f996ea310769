"""PDF files that attack the reader: nothing is fetched or run, and limits hold."""

import os
import re
import zlib
from pathlib import Path

import pytest

from generation.reading import reader_process
from generation.reading.readings import CannotRead
from tests import pdfs
from tests.pdfs import by_hand, one_page, stream

SECONDS, MEGABYTES = 30, 2000
TEXT = b"BT /F 12 Tf 72 700 Td (The tide rises twice a day in the harbour.) Tj ET"


def isolated(path: Path, data: bytes) -> str:
    """Read a file in the reader's process; return its text, or why there is none."""
    path.write_bytes(data)
    try:
        reading = reader_process.read_isolated(path, "a", seconds=SECONDS, megabytes=MEGABYTES)
    except CannotRead as reason:
        return str(reason)
    return reading.text


def test_nothing_outside_of_a_file_is_fetched(
    tmp_path: Path, listening: tuple[str, list[bytes]]
) -> None:
    address, heard = listening
    url = address.encode()
    actions = [
        b"<</S/URI/URI(%s/open)>>" % url,
        b"<</S/GoToR/F<</FS/URL/F(%s/other.pdf)>>/D[0/Fit]>>" % url,
        b"<</S/SubmitForm/F<</FS/URL/F(%s/form)>>>>" % url,
        b"<</S/Launch/F(/bin/touch)/Win<</F(touch)/P(%s)>>>>" % os.fsencode(tmp_path / "made"),
        b"<</S/JavaScript/JS(app.launchURL\\('%s/script'\\); this.submitForm\\('%s/js'\\);)>>"
        % (url, url),
    ]
    for action in actions:
        data = one_page(
            TEXT,
            b"/XObject<</X 6 0 R>>",
            stream(b"", b"/Type/XObject/Subtype/Image/F<</FS/URL/F(%s/image)>>" % url),
            catalog=b"/OpenAction%s/AA<</WC%s>>/AcroForm<</XFA 7 0 R/Fields[]>>" % (action, action),
        )
        assert isolated(tmp_path / "a", data) == "The tide rises twice a day in the harbour."
    assert heard == []
    assert not (tmp_path / "made").exists()


def test_no_other_file_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("BT /F 12 Tf 72 600 Td (the key is under the stone) Tj ET")
    place = os.fsencode(secret)
    data = by_hand(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents[4 0 R 6 0 R]"
        b"/Resources<</Font<</F 5 0 R>>>>>>",
        stream(TEXT),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        stream(b"", b"/F(%s)/FFilter[]" % place),
    )
    assert isolated(tmp_path / "a", data) == "The tide rises twice a day in the harbour."


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(
            by_hand(
                b"<</Type/Catalog/Pages 2 0 R>>",
                b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99999999>>",
            ),
            id="pages that hold themselves",
        ),
        pytest.param(one_page(b"[" * 500_000 + TEXT), id="deep arrays"),
        pytest.param(one_page(b"q " * 500_000 + TEXT), id="deep states"),
        pytest.param(one_page(TEXT, b"/X" + b"[" * 100_000), id="deep objects"),
        pytest.param(
            one_page(
                b"/X Do",
                b"/XObject<</X 6 0 R>>",
                stream(
                    b"/X Do /X Do",
                    b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>",
                ),
            ),
            id="a form that draws itself",
        ),
        pytest.param(
            one_page(
                b"",
                b"",
                catalog=b"/Outlines 6 0 R",
            ).replace(b"xref", b"6 0 obj\n<</First 6 0 R/Next 6 0 R/Title(a)>>\nendobj\nxref", 1),
            id="an outline that holds itself",
        ),
        pytest.param(b"%PDF-1.7\n" + b"1 0 obj\n<<" * 50_000, id="objects without end"),
    ],
)
def test_a_file_that_has_no_end_is_given_up_or_read_in_time(tmp_path: Path, data: bytes) -> None:
    answer = isolated(tmp_path / "a", data)
    assert re.match(
        r"$|The tide rises|No text was found|The PDF file is damaged|The file could not be read",
        answer,
    )


def test_a_stream_that_unpacks_to_gigabytes_stays_within_the_limits(tmp_path: Path) -> None:
    packer = zlib.compressobj()
    packed = b"".join(packer.compress(b" " * 1_000_000) for _ in range(3_000)) + packer.flush()
    data = by_hand(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R>>",
        stream(packed, b"/Filter/FlateDecode"),
    )
    answer = isolated(tmp_path / "a", data)
    assert re.match(
        r"No text was found|Reading needed more|Reading took longer|The file could not be read",
        answer,
    )


def test_words_on_one_spot_and_a_plot_of_many_lines_are_read_in_time(tmp_path: Path) -> None:
    words = b"".join(b"BT /F 8 Tf 72 %d Td (word %d) Tj ET " % (n % 700, n) for n in range(30_000))
    plot = b"".join(b"%d %d m %d %d l S " % (n % 500, 0, n % 500, 800) for n in range(30_000))
    text = isolated(tmp_path / "a", one_page(words + plot))
    assert "word 29999" in text


def test_a_file_that_is_no_pdf_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(CannotRead, match="is damaged and cannot be read"):
        pdfs.read(tmp_path, b"PK\x03\x04 not what its name says")
