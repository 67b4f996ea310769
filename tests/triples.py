"""Read the triples of a table as a person gets them who takes the guessed columns."""

from pathlib import Path

from generation.reading import readers, readings

AWKWARD = Path(__file__).parent / "awkward"
Triple = tuple[str, str, str]  # context, question and answer

EAST_QUAY = "The east quay opens at seven and closes at nine."
QUAY: Triple = (EAST_QUAY, "When does it open?", "At seven.")
TUGS: Triple = ("Two tugs are needed for a tanker.", "How many tugs?", "Two.")


def triples_of(path: Path, name: str = "", **more: str) -> tuple[list[Triple], str]:
    """Return the triples that the guessed columns give, and the note."""
    name = name or path.name
    guess = readers.read_file(path, name).survey["guess"]
    reading = readers.read_file(path, name, readings.Choices({**guess, **more}))
    triples = [
        (reading.text[row["start"] : row["end"]], row["question"], row["answer"])
        for row in reading.rows
    ]
    return triples, reading.note
