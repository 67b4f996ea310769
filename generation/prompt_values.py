"""The values of a prompt's variables."""

from generation.models import Document, Passage
from qareview.languages import LANGUAGES
from qareview.models import Project


def language_of(project: Project, document: Document) -> str:
    """Return the English name of the language to write in, or a phrase if it is not known."""
    return LANGUAGES.get(project.language or document.language, "the language of the passage")


def values_of(project: Project, passage: Passage) -> dict[str, str]:
    """Return the values of the variables that any prompt about a passage may use, by name.

    The sentence to state is not among them: drafting chooses it.
    """
    return {
        "passage": passage.wording,
        "headings": " › ".join(map(passage.document.as_said, passage.headings)),
        "document": passage.document.name,
        "language": language_of(project, passage.document),
    }
