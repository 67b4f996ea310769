"""Each flag is raised for the problem that it names, and for no other."""

import pytest

from generation.checks import flags

PASSAGE = "The gates of the basin close by themselves. They open when the tide rises again."
ANSWER = "The gates close without help."
QUESTION = "How do the gates of the basin close?"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ANSWER, []),
        (f"  {ANSWER}\n", []),
        ("Do the gates close without help?", []),
        ("They “close without help”", []),
        ("", [flags.EMPTY_ANSWER]),
        (" \n\t", [flags.EMPTY_ANSWER]),
        ("The gates close without", [flags.CUT_OFF_ANSWER]),
        ("The gates close, and", [flags.CUT_OFF_ANSWER]),
        # a sentence or two of the passage are a fact about it, and a few words are a name
        ("The gates of the basin close by themselves.", []),
        ("the gates, of the Basin: close by themselves!", []),
        (PASSAGE, []),
        ("gates of the basin", []),
        (
            "gates of the basin close by themselves. They open when the tide",
            [flags.CUT_OFF_ANSWER, flags.COPY_OF_PASSAGE],
        ),
        ("The gate.", []),  # the passage has “gates”: words are compared, not letters
        ("Gates close basin.", []),
    ],
)
def test_flags_of_an_answer(answer, expected):
    assert flags.flags_of_answer(answer, PASSAGE) == expected


DATES = "In 1784 Margaret Pellow paid 12,000 pounds for the quay; by 1868, 41 000 tons crossed it."


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("She paid 12000 pounds in 1784.", []),
        ("By 1868 41,000 tons had crossed it.", []),
        ("It was paid in 1785.", [flags.FOREIGN_NUMBER]),
        ("Forty ships came, 3 a day.", [flags.FOREIGN_NUMBER]),
        ("The quay was paid by Margaret Pellow.", []),
        ("The quay was paid by Pellows.", []),
        ("The quay was paid by Josiah Pellow.", [flags.FOREIGN_NAME]),
        ("Yesterday the quay was paid. Tomorrow it opens.", []),
        ("In 1911, Harrow paid.", [flags.FOREIGN_NUMBER, flags.FOREIGN_NAME]),
    ],
)
def test_numbers_and_names_that_the_passage_lacks(answer, expected):
    assert flags.flags_of_answer(answer, DATES) == expected


@pytest.mark.parametrize(
    "question",
    ["What does the passage say of gates?", "What is shown in This Figure here?"],
)
def test_a_question_must_stand_without_its_text(question):
    assert flags.flags_of_question(question, ANSWER) == [flags.SPEAKS_OF_TEXT]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (QUESTION, []),
        (f"\n{QUESTION} ", []),
        ("Who closes the gates?", []),
        ("", [flags.EMPTY_QUESTION]),
        ("  \n", [flags.EMPTY_QUESTION]),
        ("The gates of the basin close.", [flags.NOT_A_QUESTION]),
        ("How do the gates of the basin close", [flags.NOT_A_QUESTION]),
        ("Why gates close?", [flags.NOT_A_QUESTION]),
        ("Is it so that the gates close without help?", [flags.COPY_OF_ANSWER]),
        (ANSWER, [flags.NOT_A_QUESTION, flags.COPY_OF_ANSWER]),
    ],
)
def test_flags_of_a_question(question, expected):
    assert flags.flags_of_question(question, ANSWER) == expected


def test_a_question_does_not_repeat_an_answer_that_is_empty():
    assert flags.flags_of_question(QUESTION, "") == []


def test_every_flag_and_score_is_explained():
    names = {
        value
        for name, value in vars(flags).items()
        if name.isupper() and isinstance(value, str) and not name.startswith("_")
    }
    told = [*flags.EXPLANATIONS.values(), *flags.SCORES.values()]
    assert {*flags.EXPLANATIONS, *flags.SCORES} == names
    assert len(set(told)) == len(told) == len(names)
    assert all(sentence.endswith(".") for sentence in flags.EXPLANATIONS.values())


def test_a_flag_fits_into_its_column():
    from generation.models import Item, Question

    longest = max(map(len, flags.EXPLANATIONS))
    for model in (Item, Question):
        assert longest <= model._meta.get_field("flags").base_field.max_length


HARBOUR = "渡轮每天早上七点从东码头出发，冬天改为八点。乘客必须提前二十分钟到达候船室。"


@pytest.mark.parametrize(
    ("answer", "passage", "expected"),
    [
        ("渡轮在冬天八点出发。", HARBOUR, []),
        ("渡轮每天早上七点从东码头出发。", HARBOUR, []),
        ("渡轮在冬天八点", HARBOUR, [flags.CUT_OFF_ANSWER]),
        ("渡轮在冬天10点出发。", HARBOUR, [flags.FOREIGN_NUMBER]),
        ("يدفع 35 درهما؟", "الرسوم ٣٥ درهما كل يوم.", []),
        ("يدفع ٣٦ درهما۔", "الرسوم ٣٥ درهما كل يوم.", [flags.FOREIGN_NUMBER]),
        ("เรือออกตอนเช้า", "เรือข้ามฟากออกจากท่าเรือทุกเช้า", []),
    ],
)
def test_flags_of_an_answer_in_any_script(answer, passage, expected):
    assert flags.flags_of_answer(answer, passage) == expected


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("渡轮冬天几点出发？", "渡轮在八点离开码头。", []),
        ("渡轮冬天几点出发", "渡轮在八点离开码头。", [flags.NOT_A_QUESTION]),
        ("几点？", "渡轮在八点离开码头。", [flags.NOT_A_QUESTION]),
        ("フェリーは何時に出発しますか。", "八時です。", []),
        ("متى تغادر العبّارة الرصيف الشرقي؟", "في السابعة.", []),
        ("Τι ώρα φεύγει το πλοίο;", "Στις οκτώ.", []),
        ("เรือข้ามฟากออกจากท่าเรือกี่โมง", "เจ็ดนาฬิกา", []),
        ("渡轮冬天是不是八点离开东码头？", "八点离开东码头。", [flags.COPY_OF_ANSWER]),
    ],
)
def test_flags_of_a_question_in_any_script(question, answer, expected):
    assert flags.flags_of_question(question, answer) == expected


def test_many_sentences_of_the_passage_are_a_copy_of_it():
    passage = "The dam was built in 1921. It is 40 m high. Nobody lives below it."
    assert flags.flags_of_answer(passage, passage) == [flags.COPY_OF_PASSAGE]


@pytest.mark.parametrize(
    ("question", "answer", "is_given_away"),
    [
        ("What is the atomic number of Zinc?", "The atomic number of Zinc is 30.", False),
        ("What is the capital city of France?", "The capital city of France is Paris.", False),
        ("Must honorary posts be reported?", "Honorary posts need not be reported.", False),
        ("Do smart watches count as phones?", "Smart watches count as phones.", True),
        ("When are fees of £310 due in May due?", "Fees of £310 in May are due.", True),
        ("What makes soft cucumbers soft?", "Iodised salt makes soft cucumbers soft.", False),
    ],
)
def test_an_answer_that_tells_more_than_its_question_is_not_given_away(
    question, answer, is_given_away
):
    raised = {*flags.flags_of_question(question, answer)}
    assert bool(raised & {flags.ANSWER_LEAKED, flags.COPY_OF_ANSWER}) is is_given_away
