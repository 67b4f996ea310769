"""Forms in PDF files: what is filled in stays beside its label."""

from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from tests import pdfs
from tests.pdfs import drawn, lines


def test_fields_of_a_form_stay_lines(tmp_path: Path) -> None:
    fields = (
        "Name of the applicant: Tom Heron",
        "Purpose: Counting herons along the lower weir and the ponds behind it, in the",
        "first weeks of spring",
        "Period: 1 May to 3 June",
    )
    prose = (
        "Note: nobody may enter the lock at night, whoever they are.",
        "Exception: the pilot has a key to the gate of the tall tower",
        "and waits there.",
    )

    def draw(canvas: Canvas) -> None:
        lines(canvas, "Application for a permit", *fields)
        lines(canvas, *prose, top=500)

    assert pdfs.read(tmp_path, drawn(draw)).text.split("\n\n") == [
        "Application for a permit",
        fields[0],
        f"{fields[1]} {fields[2]}",
        fields[3],
        " ".join(prose),
    ]
