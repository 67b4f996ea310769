"""Templates cannot reach what they should not, run forever, or grow without limit."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompts.sandbox import TemplateRefused, render, variables_in
from prompts.templates import MOST_CHARACTERS

VALUES = {"passage": "The tide rises.", "rows": ["one", "two"]}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Say it: {{ passage }}", "Say it: The tide rises."),
        ("{{ passage|upper }} {{ passage.split()|first }}", "THE TIDE RISES. The"),
        ("{% for row in rows %}{{ loop.index }}. {{ row }}\n{% endfor %}", "1. one\n2. two\n"),
        ("{% if rows|length > 1 %}many{% else %}few{% endif %}", "many"),
        ("{% set first = rows[0] %}{{ first + '!' }}", "one!"),
        ("{{ passage|replace('tide', 'moon') }} {{ rows|join(', ') }}", "The moon rises. one, two"),
        (
            "{% for row in rows %}{{ loop.cycle('a', 'b') }}{{ loop.last }}{% endfor %}",
            "aFalsebTrue",
        ),
        ("{{ 2.567|round(1) }} {{ 2.5|round(method='floor')|int }} {{ {'a': 1}.a }}", "2.6 2 1"),
        ("{{ 15 * 15 / 5 }} {{ '-' * 3 }} {{ true }}", "45.0 --- True"),
        ("{{ passage|truncate(8) }}", "The..."),
        (r"{{ 'a\ud83db\x00c' }}", "a?bc"),  # what nobody can send or store
        ("{{ passage" + "|upper" * 150 + " }}", "THE TIDE RISES."),  # soon, not in 7 seconds
    ],
)
def test_what_prompts_need(template: str, expected: str) -> None:
    assert render(template, VALUES) == expected


NESTED = "{% set a = [passage, passage] %}" + "{% set a = [a, a] %}" * 40
DOUBLING = "{% set x = passage %}" + "{% set x = x + x %}" * 40 + "{{ x }}"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ ''.__class__ }}", "unsafe"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "unsafe"),
        ("{{ passage.format(passage) }}", "unsafe"),
        ("{{ passage.__init__.__globals__ }}", "unsafe"),
        ("{{ range.__globals__ }}", "unsafe"),
        ("{{ range.__name__ }}", "unsafe"),
        ("{{ (5).to_bytes(2000000000, 'big') }}", "unsafe"),
        ("{{ rows.copy() }}", "unsafe"),
        ("{{ {'a': 1}.items() }}", "unsafe"),
        ("{% for row in rows %}{{ loop.changed(row) }}{% endfor %}", "unsafe"),
        ("{{ 1.5|round(100000000, 'ceil') }}", "rounds to too many digits"),
        ("{{ passage|round }}", "cannot be filled in"),
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "loops"),
        ("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}", "loops"),
        ("{% for a in range(10**9) %}x{% endfor %}", "Pow"),
        ("{% for a in range(999999999) %}x{% endfor %}", "Range too big"),
        ("{{ 'x' * 10000000 }}", "1,000,000 characters"),
        ("{{ 10000000 * 'x' }}", "1,000,000 characters"),
        ("{{ '%10000000s' % passage }}", "formatted"),
        ("{{ passage|center(10000000) }}", "center"),
        ("{{ passage.ljust(10000000) }}", "unsafe"),
        ("{% set y = 'x' * 9999 %}{{ y|replace('x', y) }}", "1,000,000 characters"),
        ("{{ ([passage * 9000] * 99)|join }}", "a list where text"),
        ("{% set a = passage * 9000 %}{{ [a, a, a, a, a, a, a, a]|join }}", "1,000,000 characters"),
        ("{% set x = 99999999 %}" + "{% set x = x * x %}" * 40, "too large"),
        (NESTED + "{{ a }}", "a list where text"),
        (NESTED + "{{ a|upper }}", "a list where text"),
        (NESTED + "{{ a|join }}", "a list where text"),
        ("{% for a in range(999) %}{{ passage * 999 }}{% endfor %}", "1,000,000 characters"),
        (DOUBLING, "1,000,000 characters"),
        ("{% set x = passage %}{% set x = x ~ x %}{{ x }}", "Concat"),
        ("{% set x %}{{ passage }}{{ passage }}{% endset %}{{ x }}", "AssignBlock"),
        ("{% macro m(n) %}{{ m(n) }}{{ m(n) }}{% endmacro %}{{ m(1) }}", "Macro"),
        ("{{ " + "(" * 200 + "1" + ")" * 200 + " }}", "not valid"),
        ("{{ " + "9" * 5000 + " }}", "not valid"),
        ("{% for a in rows %}" * 30 + "{% endfor %}" * 30, "not valid"),
        ("{{ passage" + ".x" * 9000 + " }}", "not valid"),
        ("{{ passage" + "|upper" * 9000 + " }}", "not valid"),
        ("{{ passage" + " + passage" * 9000 + " }}", "not valid"),
        ("{{ 1" + "+1" * 9000 + " }}", "not valid"),
        ("{% for a in [[1]] recursive %}{{ loop(a) }}{% endfor %}", "For"),
        ("{% include 'settings.py' %}", "Include"),
        ("{{ lipsum(n=100000) }}", "lipsum"),
        ("{{ passage", "not valid"),
        ("{{ passage|nonsense }}", "nonsense"),
        ("{{ passage / 2 }}", "cannot be filled in"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("x" * 100_001, "longer than 100,000"),
    ],
)
def test_what_is_refused_is_refused_soon_and_in_words(template: str, message: str) -> None:
    with pytest.raises(TemplateRefused, match=message):
        render(template, VALUES)


PIECES = [
    "{{", "}}", "{%", "%}", "{#", "#}", "-", " a ", " b ", " if ", " elif a ", " else ", " for ",
    " in ", " endif ", " endfor ", " set ", "=", "(", ")", "[", "]", "{", "}", "|", "upper",
    "sort", "join", "truncate", "round", "int", " is ", " not ", " and ", " recursive", " loop ",
    " range ", " self ", ".", ",", ":", "'", '"', "1", "1e999", "~", "**", "//", "%", "*", "+",
    "<", "\\", "\n", "\0", "\ud800",
]  # fmt: skip
MIXED = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)
TEMPLATES = st.one_of(
    st.text(),
    MIXED,
    MIXED.map(lambda text: f"{{{{ {text} }}}}"),
    MIXED.map(lambda text: f"{{% for a in {text} %}}{{{{ a }}}}{{% endfor %}}"),
)


@settings(max_examples=300, deadline=None)
@given(TEMPLATES)
def test_nothing_but_refusals_is_raised(template: str) -> None:
    with suppress(TemplateRefused):
        render(template, dict.fromkeys(variables_in(template), "1"))


def test_ten_megabytes_are_refused() -> None:
    with pytest.raises(TemplateRefused, match="1,000,000 characters"):
        render("{{ passage }}", {"passage": "x" * 10 * MOST_CHARACTERS})


def test_variables_are_named_before_anything_runs() -> None:
    assert variables_in(
        "{% for row in rows %}{{ row }}{{ passage }}{% endfor %}{{ range(2)|list }}"
    ) == {
        "rows",
        "passage",
    }
    with pytest.raises(
        TemplateRefused, match="variables that have no value here: answer, language"
    ):
        render("{{ 1 / 0 }}{{ language }}{{ answer }}", VALUES)
