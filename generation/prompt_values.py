"""The values of a prompt's variables."""

from generation.checks.focuses import focuses_of  # upwards: it knows no prompts
from generation.models import Document, Passage
from qareview.languages import LANGUAGES
from qareview.models import Project


def language_of(project: Project, document: Document) -> str:
    """Return the English name of the language to write in, or a phrase if it is not known."""
    return LANGUAGES.get(project.language or document.language, "the language of the passage")


def values_of(project: Project, passage: Passage) -> dict[str, str]:
    """Return the values of the variables that any prompt about a passage may use, by name."""
    focuses = focuses_of(passage.text, " ".join(passage.headings))
    return {
        "passage": passage.wording,
        "headings": " › ".join(map(passage.document.as_said, passage.headings)),
        "document": passage.document.name,
        "focus": focuses[0].text if focuses else passage.text,  # drafting names other sentences
        "language": language_of(project, passage.document),
    }
