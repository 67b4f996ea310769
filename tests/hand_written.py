"""Items written by hand, and the data of the form that they are written in."""

import uuid
from typing import Any

from django.contrib.auth.models import User

from generation.items import writing
from generation.models import Item, Passage
from tests.conftest import Team

QUESTION = "When do the gates of the basin close?"
ANSWER = "They close by themselves when the tide falls below the sill."


def write(passage: Passage, author: User, **values: Any) -> Item:
    fields = {"key": uuid.uuid4(), "question": QUESTION, "answer": ANSWER, **values}
    return writing.write_item(passage, author, **fields)


def sent(**values: Any) -> dict[str, Any]:
    return {"key": str(uuid.uuid4()), "question": QUESTION, "answer": ANSWER, **values}


def address(team: Team, passage: Passage, end: str = "write") -> str:
    return f"{team.url}/passages/{passage.pk}/{end}/"
