"""Restructured prompts are valid, use the same variables, and differ from each other."""

import re
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.sandbox import SandboxedEnvironment

from prompts import sandbox
from prompts.builtin_prompts import BUILTIN
from prompts.restructuring import Restructuring, Wording, crossings_of, restructurings_of


def wording(template: str, system: str = "", examples: Any = ()) -> Wording:
    return Wording(system, template, tuple(examples))


BUILT_IN = [
    wording(each["template"], each["system"], each["examples"]) for each in BUILTIN.values()
]
BROKEN = wording("What is of {{ expression }}?")
SUM = wording("What is {{ a }} plus {{ b }}?")
SUMMARY, OTHER = (
    BUILT_IN[0],
    wording(
        "Say what the passage below tells.\n\nText: {{ passage }}\n\nFact:",
        "You are brief.",
        [{"passage": "The tide rises.", "output": "It rises."}],
    ),
)
TURNED = {"the instruction before the input", "the instruction after the input"}
COMMANDED = "an instruction instead of a question"


def templates(seed: Wording) -> dict[str, str]:
    return {how: candidate.template for how, candidate in restructurings_of(seed)}


def expressions(template: str) -> list[str]:
    """Return what stands in braces, as Jinja itself reads it."""
    parts: list[str] = []
    for _, kind, text in SandboxedEnvironment().lex(template):
        if kind == "variable_begin":
            parts.append("")
        if parts:
            parts[-1] += text
        if kind == "variable_end":
            parts.append("")
    return sorted(text for text in parts if text.startswith("{{"))


def check(seeds: list[Wording], candidates: list[Restructuring]) -> None:
    """Ask of candidates what must hold of all of them."""
    named = sandbox.variables_in(seeds[0].template)
    for how, candidate in candidates:
        assert 5 < len(how) <= 100
        assert sandbox.variables_in(candidate.template) == named
        sandbox.render(candidate.template, dict.fromkeys(named, "7"))
        assert any(expressions(candidate.template) == expressions(seed.template) for seed in seeds)
        assert all(
            any(example in seed.examples for seed in seeds) for example in candidate.examples
        )
    assert len({how for how, _ in candidates}) == len(candidates)
    wordings = [*seeds, *(candidate for _, candidate in candidates)]
    assert all(
        first != second for first, second in combinations(wordings, 2) if second not in seeds
    )


# What holds of all


@pytest.mark.parametrize("seed", [*BUILT_IN, BROKEN, SUM, OTHER])
def test_candidates_of_real_wordings(seed: Wording) -> None:
    candidates = restructurings_of(seed)
    assert len(candidates) >= 5
    check([seed], candidates)


PARTS = [
    "{{ a }}", "{{ b|upper }}", "{{a + '}}'}}", "{{ {'x': a}['x'] }}", "{{- b -}}", "{# note #}",
    "{% if a %}", "{% endif %}", "{%- for c in a %}", "{% endfor %}", "{", "}", "{{", "}}",
    "Passage:", "Answer:",
    "Please ", "What is ", "of ", "Why do ", "Could you please ", "?", "State it.",
    "the following text", "the text above", "Nenne den Wert", "only", "\U000f0000", " ", "\n",
    "\n\n", "\r\n",
    "```", "<text>", "15^2 / 5", ". ", "#",
]  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
EXAMPLES = st.lists(st.fixed_dictionaries({"a": st.text(), "b": st.text(), "output": st.text()}))
WORDINGS = st.builds(wording, TEXTS, TEXTS, EXAMPLES)


@settings(max_examples=300, deadline=None)
@given(WORDINGS)
def test_candidates_of_any_wording(seed: Wording) -> None:
    if candidates := restructurings_of(seed):
        check([seed], candidates)


@settings(max_examples=150, deadline=None)
@given(WORDINGS, WORDINGS)
def test_crossings_of_any_wordings(first: Wording, second: Wording) -> None:
    if candidates := crossings_of(first, second):
        check([first, second], candidates)


@pytest.mark.parametrize(
    "template",
    [
        "{{ a",
        "{% if %}",
        "{{ a|nosuch }}",
        "{% macro m() %}{% endmacro %}",
        "x" * 100_001,
        "{{ " + "(" * 50_000,
        "{{ " + "1" * 5000 + " }}",
        "{% for a in b %}" * 30,
    ],
    ids=lambda template: template[:12],
)
def test_what_cannot_be_filled_in_gives_nothing(template: str) -> None:
    seed = wording(template, "You are brief.", [{"a": "1", "output": "2"}])
    assert restructurings_of(seed) == []
    assert crossings_of(seed, seed) == []
    assert crossings_of(seed, SUMMARY) == []


@pytest.mark.parametrize(
    "part",
    [
        "",
        "x",
        "\n",
        "{{a}}",
        "Passage: {{ a }}\n\n",
        "What is ? ",
        "please ",
        "a:\n\n",
        "{ { ",
        "}",
        "Why ",
        "What is ",
        "the text above ",
        "write a ",
        "'",
    ],
)
def test_long_templates(part: str) -> None:
    seed = wording(part * (100_000 // max(1, len(part))), "You write.")
    check([seed], restructurings_of(seed))


# Instruction and input


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Passage: {{ p }}\n\nState it.", "State it.\n\nPassage: {{ p }}"),
        ("State it.\n\nPassage: {{ p }}", "Passage: {{ p }}\n\nState it."),
        ("State it.\nPassage: {{ p }}", "Passage: {{ p }}\n\nState it."),
        ("Text: {{ p }}\nNenne es.\nAntwort:", "Nenne es.\n\nText: {{ p }}\n\nAntwort:"),
        ("A: {{ a }}\nB: {{ b|upper }}\n\nAdd.", "Add.\n\nA: {{ a }}\nB: {{ b|upper }}"),
        ("Passage:\n\n{{ p }}\n\nState it.", "State it.\n\nPassage:\n\n{{ p }}"),
        (
            "<p>\n{{ p }}\n</p>\n\nRead the text above.",
            "Read the text below.\n\n<p>\n{{ p }}\n</p>",
        ),
        ("Read the following text.\n\n{{ p }}", "{{ p }}\n\nRead the text above."),
        ("{{ p + '\n\n' }}\n\nState it.", "State it.\n\n{{ p + '\n\n' }}"),
    ],
)
def test_the_instruction_goes_to_the_other_side(template: str, expected: str) -> None:
    by_change = dict(item for item in templates(wording(template)).items() if item[0] in TURNED)
    assert list(by_change.values()) == [expected]


@pytest.mark.parametrize(
    "template",
    [
        "",
        "State it.",
        "{{ p }}",
        "State {{ p }}.",
        "Read this and state it:\n\n{{ p }}",
        "<p>\n\n{{ p }}\n\n</p>\n\nState it.",
        "{% if p %}Passage: {{ p }}{% endif %}\n\nState it.",
        "{# the input #}\n\n{{ p }}\n\nState it.",
        "{{ p -}}\n\nState it.",
    ],
)
def test_the_instruction_stays_where_it_cannot_be_told(template: str) -> None:
    assert not TURNED & templates(wording(template)).keys()


# Questions and commands


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is of {{ x }}?", "Calculate the value of {{ x }}."),
        ("What is of 15^2 / 5?", "Calculate the value of 15^2 / 5."),
        ("What is {{ a }} plus {{ b }}?", "Calculate {{ a }} plus {{ b }}."),
        ("What is {{ a }} / {{ b }}?", "Calculate {{ a }} / {{ b }}."),
        ("What is the value of {{ x }}?", "Calculate the value of {{ x }}."),
        ("What is {{ expression }}?", "Calculate {{ expression }}."),
        ("What is the main fact of {{ passage }}?", "State the main fact of {{ passage }}."),
        ("What are its parts?", "State its parts."),
        ("What is of importance?", "Tell me: what is of importance?"),
        ("What is it about?", "Tell me: what is it about?"),
        ("Can you state {{ x }}?", "State {{ x }}."),
        ("Could you please name it?", "Name it."),
        ("Please, would you name it?", "Name it."),
        ("Which planet is the largest?", "Tell which planet is the largest."),
        ("Who wrote {{ x }}?", "Tell who wrote {{ x }}."),
        ("Why do leaves look green?", "Tell me: why do leaves look green?"),
        (
            "Text: {{ x }}\n\nWhat is its point? Be short.",
            "Text: {{ x }}\n\nState its point. Be short.",
        ),
    ],
)
def test_a_question_becomes_a_command(question: str, expected: str) -> None:
    assert templates(wording(question))[COMMANDED] == expected


@pytest.mark.parametrize(
    "text",
    [
        "State it.",
        "Was ist {{ x }}?",
        "Why?",
        "{{ 'What is it?' }}",
        "Question: {{ x }}",
        "Would you like {{ x }}?",
        "{% if x %}What is {{ x }}?{% endif %}",
    ],
)
def test_what_is_no_question_stays(text: str) -> None:
    assert COMMANDED not in templates(wording(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("State {{ x }}.", "Can you state {{ x }}?"),
        ("Text: {{ x }}\n\nPlease write it", "Text: {{ x }}\n\nCan you write it?"),
        ("Write it. Name it.", "Can you write it? Name it."),
    ],
)
def test_a_command_becomes_a_question_last(text: str, expected: str) -> None:
    how, last = restructurings_of(wording(text))[-1]
    assert (how, last.template) == ("a question instead of an instruction", expected)


def test_please_is_left_out() -> None:
    by_change = templates(wording("Please state {{ x }}. Please be short."))
    assert by_change["without “please”"] == "State {{ x }}. Be short."


# The form of the output


def lines(seed: Wording) -> list[str]:
    return [text for how, text in templates(seed).items() if how.startswith("with the instruction")]


def test_lines_end_the_instruction() -> None:
    assert lines(wording("State it.\n\nPassage: {{ p }}\n\nFact:")) == [
        f"State it. {line}\n\nPassage: {{{{ p }}}}\n\nFact:"
        for line in (
            "Write only the answer, with nothing before or after it.",
            "Answer in one sentence.",
            "Be specific: use the names and numbers of the text.",
        )
    ]
    assert lines(wording("{% if p %}{{ p }}{% endif %}"))[1].endswith("\n\nAnswer in one sentence.")
    assert lines(wording("{% if p %}{{ p }}{% endif %} Answer:")) == []


def test_a_question_is_asked_for_as_one() -> None:
    only, sentence, _ = lines(wording("Answer: {{ answer }}\n\nWrite a question."))
    assert only.endswith("Write only the question, with nothing before or after it.")
    assert sentence.endswith("Ask in one sentence.")


@pytest.mark.parametrize("line", ["Write only the answer.", "In one sentence.", "Be specific."])
def test_what_is_said_is_not_said_again(line: str) -> None:
    seed = wording(f"State {{{{ p }}}}. {line}")
    assert len(lines(seed)) == 2
    assert len(lines(wording("State {{ p }}.", line))) == 2


def test_other_languages_get_no_english() -> None:
    seed = wording("Text: {{ p }}\n\nBitte nenne den Inhalt in einem Satz.", "Du bist kurz.")
    assert list(templates(seed)) == [
        "the instruction before the input",
        "the system prompt at the top of the template",
        "without the system prompt",
    ]


# The system text and the worked examples


def test_roles() -> None:
    by_change = dict(restructurings_of(SUMMARY))
    role = "You are a careful expert in this field."
    assert by_change["with a role"].system == f"{role} {SUMMARY.system}"
    at_top = by_change["the system prompt at the top of the template"]
    assert (at_top.system, at_top.template) == ("", f"{SUMMARY.system}\n\n{SUMMARY.template}")
    assert by_change["without the system prompt"] == wording(SUMMARY.template, "", SUMMARY.examples)
    assert dict(restructurings_of(SUM))["with a role"].system == role
    assert "with a role" not in dict(restructurings_of(OTHER))


def test_a_system_text_with_braces_is_no_template() -> None:
    seed = wording("{{ p }}", "You fill in {{ p }} and {% x %}.")
    assert "the system prompt at the top of the template" not in templates(seed)


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, []),
        (1, [[]]),
        (2, [[1, 0], [0], []]),
        (3, [[2, 1, 0], [0], []]),
        (4, [[3, 2, 1, 0], [0], [0, 1], []]),
    ],
)
def test_worked_examples(count: int, expected: list[list[int]]) -> None:
    examples = [{"p": str(number), "output": "x"} for number in range(count)]
    candidates = restructurings_of(wording("{{ p }}", "", examples))
    shown = [
        [*candidate.examples] for how, candidate in candidates if re.search("worked example", how)
    ]
    assert shown == [[examples[number] for number in numbers] for numbers in expected]


# Crossings


def test_crossings() -> None:
    candidates = crossings_of(SUMMARY, OTHER)
    check([SUMMARY, OTHER], candidates)
    mixed = dict(candidates)
    assert len(mixed) == 6
    assert mixed["the first with the instruction of the second"] == wording(
        "Passage: {{ passage }}\n\nSay what the passage above tells.",
        SUMMARY.system,
        SUMMARY.examples,
    )
    assert mixed["the second with the system prompt of the first"] == wording(
        OTHER.template, SUMMARY.system, OTHER.examples
    )
    assert mixed["the first with the worked examples of the second"] == wording(
        SUMMARY.template, SUMMARY.system, OTHER.examples
    )


def test_what_differs_in_one_part_has_no_crossings() -> None:
    assert crossings_of(SUMMARY, SUMMARY) == []
    assert crossings_of(SUMMARY, wording(SUMMARY.template, "Other.", SUMMARY.examples)) == []


def test_wordings_of_other_variables_do_not_cross() -> None:
    assert crossings_of(BUILT_IN[0], BUILT_IN[1]) == []


def test_examples_go_only_where_they_fit() -> None:
    bare = wording("Say it: {{ passage }}", "Short.", [{"output": "It rises."}])
    assert not [how for how, _ in crossings_of(SUMMARY, bare) if "examples" in how]
