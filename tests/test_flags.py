"""A flag is raised for what it names, and for nothing else."""

import pytest

from generation import checks

PASSAGE = "The gates of the basin close by themselves. They open when the tide rises again."
ANSWER = "The gates close without help."
QUESTION = "How do the gates of the basin close?"


@pytest.mark.parametrize(
    ("answer", "flags"),
    [
        (ANSWER, []),
        (f"  {ANSWER}\n", []),
        ("Do the gates close without help?", []),
        ("They “close without help”", []),
        ("", [checks.EMPTY_ANSWER]),
        (" \n\t", [checks.EMPTY_ANSWER]),
        ("The gates close without", [checks.CUT_OFF_ANSWER]),
        ("The gates close, and", [checks.CUT_OFF_ANSWER]),
        ("The gates of the basin close by themselves.", [checks.COPY_OF_PASSAGE]),
        ("the gates, of the Basin: close by themselves!", [checks.COPY_OF_PASSAGE]),
        (PASSAGE, [checks.COPY_OF_PASSAGE]),
        ("gates of the basin", [checks.CUT_OFF_ANSWER, checks.COPY_OF_PASSAGE]),
        ("The gate.", []),  # the passage has “gates”: words are compared, not letters
        ("Gates close basin.", []),
    ],
)
def test_flags_of_an_answer(answer, flags):
    assert checks.flags_of_answer(answer, PASSAGE) == flags


DATES = "In 1784 Margaret Pellow paid 12,000 pounds for the quay; by 1868, 41 000 tons crossed it."


@pytest.mark.parametrize(
    ("answer", "flags"),
    [
        ("She paid 12000 pounds in 1784.", []),
        ("By 1868 41,000 tons had crossed it.", []),
        ("It was paid in 1785.", [checks.FOREIGN_NUMBER]),
        ("Forty ships came, 3 a day.", [checks.FOREIGN_NUMBER]),
        ("The quay was paid by Margaret Pellow.", []),
        ("The quay was paid by Pellows.", []),
        ("The quay was paid by Josiah Pellow.", [checks.FOREIGN_NAME]),
        ("Yesterday the quay was paid. Tomorrow it opens.", []),
        ("In 1911, Harrow paid.", [checks.FOREIGN_NUMBER, checks.FOREIGN_NAME]),
    ],
)
def test_numbers_and_names_that_the_passage_lacks(answer, flags):
    assert checks.flags_of_answer(answer, DATES) == flags


@pytest.mark.parametrize(
    "question",
    ["What does the passage say of gates?", "What is shown in This Figure here?"],
)
def test_a_question_must_stand_without_its_text(question):
    assert checks.flags_of_question(question, ANSWER) == [checks.SPEAKS_OF_TEXT]


@pytest.mark.parametrize(
    ("question", "flags"),
    [
        (QUESTION, []),
        (f"\n{QUESTION} ", []),
        ("Who closes the gates?", []),
        ("", [checks.EMPTY_QUESTION]),
        ("  \n", [checks.EMPTY_QUESTION]),
        ("The gates of the basin close.", [checks.NOT_A_QUESTION]),
        ("How do the gates of the basin close", [checks.NOT_A_QUESTION]),
        ("Why gates close?", [checks.NOT_A_QUESTION]),
        ("Is it so that the gates close without help?", [checks.COPY_OF_ANSWER]),
        (ANSWER, [checks.NOT_A_QUESTION, checks.COPY_OF_ANSWER]),
    ],
)
def test_flags_of_a_question(question, flags):
    assert checks.flags_of_question(question, ANSWER) == flags


def test_a_question_does_not_repeat_an_answer_that_is_empty():
    assert checks.flags_of_question(QUESTION, "") == []


def test_every_flag_and_score_is_explained():
    names = {
        value
        for name, value in vars(checks).items()
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
    }
    told = [*checks.EXPLANATIONS.values(), *checks.SCORES.values()]
    assert {*checks.EXPLANATIONS, *checks.SCORES} == names
    assert len(set(told)) == len(told) == len(names)
    assert all(sentence.endswith(".") for sentence in checks.EXPLANATIONS.values())


def test_a_flag_fits_into_its_column():
    from generation.models import Item, Question

    longest = max(map(len, checks.EXPLANATIONS))
    for model in (Item, Question):
        assert longest <= model._meta.get_field("flags").base_field.max_length
