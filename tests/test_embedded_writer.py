"""The embedded writer, for real: what it learned is in its weights."""

import pytest

from prompts import sandbox, writer_prompts
from qareview.backends import Backend, Continuation, Message, Request, backend_for

BRIDGE = (
    "The town bridge was built in 1812 by Anna Weiss. It has three arches of sandstone, and carts "
    "still cross it every morning on their way to the market."
)
BUILT = "The town bridge was built in 1812 by Anna Weiss."
ARCHES = "The town bridge has three arches of sandstone."


@pytest.fixture(scope="module")
def writer() -> Backend:
    return backend_for("embedded-writer")


def told(template: str, **values: str) -> tuple[Message, ...]:
    values = {"passage": BRIDGE, "headings": "Wick", **values}
    return (
        {"role": "system", "content": writer_prompts.SYSTEM},
        {"role": "user", "content": sandbox.render(template, values)},
    )


def written(writer: Backend, template: str, **values: str) -> str:
    [completion] = writer.complete([Request(told(template, **values), max_tokens=60)])
    assert not completion.cut_off
    return completion.text


def test_a_sentence_that_leans_on_another_gets_its_subject(writer: Backend) -> None:
    stated = written(writer, writer_prompts.STATE, focus="It has three arches of sandstone.")
    assert "bridge" in stated
    assert "three arches" in stated


def test_a_sentence_that_is_good_stays_as_it_is(writer: Backend) -> None:
    assert written(writer, writer_prompts.STATE, focus=BUILT) == BUILT


def test_the_question_is_about_the_answer(writer: Backend) -> None:
    for answer in (BUILT, ARCHES):
        question = written(writer, writer_prompts.ASK, answer=answer)
        assert question.endswith("?")
        assert "bridge" in question


def test_a_question_is_likelier_for_its_own_answer(writer: Backend) -> None:
    when, arches = "When was the town bridge built?", "How many arches does the town bridge have?"
    asked = [
        Continuation(told(writer_prompts.ASK, answer=answer), question)
        for answer in (BUILT, ARCHES)
        for question in (when, arches)
    ]
    right, wrong, other_wrong, other_right = (one or 0.0 for one in writer.likelihoods(asked))
    assert wrong < right < 0
    assert other_wrong < other_right < 0


def test_the_model_it_was_made_from_is_still_there() -> None:
    [before], [now] = (
        backend_for(model).complete([Request(told(writer_prompts.ASK, answer=BUILT), 20)])
        for model in ("smollm2-135m-instruct", "embedded-writer")
    )
    assert before.text != now.text
