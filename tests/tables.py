"""Tables as people upload them, imported the way a user does it."""

import csv
import io
from typing import Any

from generation.drafting import drafting
from generation.models import Document
from generation.reading import pipeline
from qareview.models import JobState, Project
from tests.web import upload

CONTEXTS = [
    "The gates of the basin close by themselves when the tide falls below the sill.",
    "A small vessel may pass through the side lock while the gates are shut for boats.",
]
TRIPLES = [
    (CONTEXTS[0], "When do the gates of the basin close?", "When the tide falls below the sill."),
    (CONTEXTS[1], "Which vessels may pass the lock?", "Small vessels may pass."),
    (CONTEXTS[0], "How do the gates of the basin close?", "They close by themselves."),
]
CHOSEN = {"context": "text", "question": "question", "answer": "answer"}


def table(rows: Any = TRIPLES) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file).writerows([("text", "question", "answer"), *rows])
    return file.getvalue().encode()


def work() -> None:
    pipeline.work_off_documents()
    drafting.work_off_passages()


def place(team: Any, document: Document, verb: str = "") -> str:
    return f"{team.url}/documents/{document.pk}/{verb}"


def choose(team: Any, browse: Any, document: Document, **chosen: str) -> Any:
    return browse(team.engineer).post(place(team, document, "columns/"), chosen)


def triples_of(project: Project) -> list[tuple[str, str, str]]:
    items = project.items.select_related("passage").prefetch_related("questions")
    return [(item.passage.text, item.question.text, item.answer) for item in items]


def add_waiting(team: Any, browse: Any) -> Document:
    """Upload a table and read it; it waits for its columns."""
    upload(browse(team.engineer), team, ("rows.csv", table()))
    work()
    found: Document = team.project.documents.get()
    assert (found.state, found.text, found.error) == (JobState.HELD, "", "")
    return found


def add_imported(team: Any, browse: Any) -> Document:
    """Upload the same table, and import it as triples."""
    found = add_waiting(team, browse)
    assert choose(team, browse, found, **CHOSEN).url == f"{team.url}/"
    work()
    found.refresh_from_db()
    assert (found.state, found.error) == (JobState.DONE, "")
    return found
