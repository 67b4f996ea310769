"""What is said to a model."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from prompts.builtin import BUILTIN
from prompts.models import Prompt, Task, Variant
from prompts.rendering import RenderingFailed, render, request_for
from tests.conftest import Team
from tests.web import page


def test_the_page_shows_what_is_in_production(
    team: Team, browse: Callable[[User], Client], django_assert_num_queries: Any
) -> None:
    client = browse(team.reviewer)
    with django_assert_num_queries(4):
        text = page(client.get(f"{team.url}/prompts/"))
    for wording in BUILTIN.values():
        assert wording["system"] in text
        assert wording["template"] in text
    assert text.count("3 examples") == len(Task)


def test_both_built_in_prompts_have_a_variant_in_production(team: Team) -> None:
    prompts = Prompt.objects.filter(project=team.project).select_related("production")
    produced = {prompt.task: prompt.production for prompt in prompts}
    assert set(produced) == set(Task.values)
    assert {(variant.number, variant.model) for variant in produced.values()} == {(1, "")}


def test_examples_are_told_as_earlier_turns() -> None:
    variant = Variant(
        system="Be brief.",
        template="Sum {{ a }} and {{ b }}.",
        examples=[{"a": "1", "b": "2", "output": "3"}],
        max_tokens=5,
    )
    request = request_for(variant, {"a": "4", "b": "5"})
    assert [(turn["role"], turn["content"]) for turn in request.messages] == [
        ("system", "Be brief."),
        ("user", "Sum 1 and 2."),
        ("assistant", "3"),
        ("user", "Sum 4 and 5."),
    ]
    assert request.max_tokens == 5


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ("{{ colour }}", "'colour' is undefined"),
        ("{{ passage", "unexpected end of template"),
        ("{{ passage.__class__.__mro__ }}", "unsafe"),
        ("{{ cycler.__init__.__globals__ }}", "unsafe"),
        ("{% for n in range(999999999) %}x{% endfor %}", "Range too big"),
    ],
)
def test_bad_templates_say_what_is_wrong(template: str, reason: str) -> None:
    with pytest.raises(RenderingFailed, match=reason):
        render(template, {"passage": "Water."})


def test_text_is_not_escaped_and_its_braces_are_no_template() -> None:
    assert render("{{ passage }}!", {"passage": "<b> {{ x }} & y"}) == "<b> {{ x }} & y!"


CHANGED = {
    "model": "scripted",
    "system": "Be brief.",
    "template": "Passage: {{ passage }}\n\nSay it in {{ language }}.",
    "max_tokens": "60",
    "temperature": "0.5",
}


def test_a_change_makes_a_new_variant_for_what_is_drafted_from_now_on(
    team: Team, browse: Callable[[User], Client]
) -> None:
    prompt = Prompt.objects.get(project=team.project, task=Task.SUMMARISE)
    before = prompt.production
    assert before is not None
    url = f"{team.url}/prompts/{prompt.pk}/"
    client = browse(team.engineer)
    assert before.system in page(client.get(url))
    assert client.post(url, CHANGED).status_code == 302
    prompt.refresh_from_db()
    new = prompt.production
    assert new is not None
    assert (new.number, new.origin, new.examples) == (2, "changed by eve", before.examples)
    assert (new.model, new.max_tokens, new.temperature) == ("scripted", 60, 0.5)
    assert new.template == CHANGED["template"]
    before.refresh_from_db()
    assert (before.number, before.model) == (1, "")
    assert "Variant 2, changed by eve, on scripted" in page(client.get(f"{team.url}/prompts/"))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"template": "{{ passage }} {{ colour }}"}, "&#x27;colour&#x27; is undefined"),
        ({"template": "{{ passage"}, "cannot be filled in"),
        ({"template": "{{ passage.__class__.__mro__ }}"}, "cannot be filled in"),
        ({"template": ""}, "This field is required."),
        ({"model": "unheard-of"}, "unheard-of is not one of the available choices"),
        ({"max_tokens": "0"}, "greater than or equal to 1"),
        ({"temperature": "9"}, "less than or equal to 2"),
    ],
)
def test_a_change_that_would_not_work_is_refused(
    team: Team, browse: Callable[[User], Client], values: dict[str, str], sentence: str
) -> None:
    prompt = Prompt.objects.get(project=team.project, task=Task.SUMMARISE)
    url = f"{team.url}/prompts/{prompt.pk}/"
    assert sentence in page(browse(team.engineer).post(url, CHANGED | values), 422)
    assert prompt.variants.count() == 1
