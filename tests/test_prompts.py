"""Prompts: requests, variants, templates, and their forms."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from prompts import promotions, variants
from prompts.builtin_prompts import BUILTIN
from prompts.models import Prompt, Task, Variant
from prompts.rendering import RenderingFailed, render_template, request_for
from tests.conftest import Team
from tests.web import page, told


def test_the_page_shows_what_is_in_production(
    team: Team, browse: Callable[[User], Client], django_assert_num_queries: Any
) -> None:
    client = browse(team.reviewer)
    with django_assert_num_queries(4):
        text = page(client.get(f"{team.url}/prompts/"))
    for wording in BUILTIN.values():
        assert wording["system"] in text
        assert wording["template"] in text
    assert len(re.findall(r"[23] examples", text)) == len(Task)


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
        ("{{ colour }}", "variables that have no value here: colour"),
        ("{{ passage", "unexpected end of template"),
        ("{{ passage.__class__.__mro__ }}", "unsafe"),
        ("{{ range.__init__.__globals__ }}", "unsafe"),
        ("{% for n in range(999999999) %}x{% endfor %}", "Range too big"),
    ],
)
def test_bad_templates_say_what_is_wrong(template: str, reason: str) -> None:
    with pytest.raises(RenderingFailed, match=reason):
        render_template(template, {"passage": "Water."})


def test_text_is_not_escaped_and_its_braces_are_no_template() -> None:
    assert render_template("{{ passage }}!", {"passage": "<b> {{ x }} & y"}) == "<b> {{ x }} & y!"


CHANGED = {
    "model": "scripted",
    "system": "Be brief.",
    "template": "Passage: {{ passage }}\n\nSay it in {{ language }}.",
    "max_tokens": "60",
    "temperature": "0.5",
    "pick_count": "3",
}


def test_a_change_makes_a_new_variant_for_what_is_drafted_from_now_on(
    team: Team, browse: Callable[[User], Client]
) -> None:
    prompt = Prompt.objects.get(project=team.project, task=Task.SUMMARISE)
    before = prompt.production
    assert before is not None
    url = f"{team.url}/prompts/{prompt.pk}/change/"
    client = browse(team.engineer)
    assert before.system in page(client.get(url))
    examples = [{**example, "language": "English"} for example in before.examples]
    data = CHANGED | {"examples": "\n".join(map(json.dumps, examples)), "promote": "1"}
    assert client.post(url, data).status_code == 302
    prompt.refresh_from_db()
    new = prompt.production
    assert new is not None
    assert (new.number, new.origin, new.examples) == (2, "changed by eve", examples)
    assert (new.model, new.max_tokens, new.temperature) == ("scripted", 60, 0.5)
    assert new.template == CHANGED["template"]
    before.refresh_from_db()
    assert (before.number, before.model) == (1, "")
    assert "Variant 2, changed by eve, with scripted" in page(client.get(f"{team.url}/prompts/"))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"template": "{{ passage }} {{ colour }}"},
            "The template uses variables that have no value here: colour.",
        ),
        ({"template": "{{ passage"}, "The template is not valid: unexpected end of template"),
        ({"template": "{{ passage.__class__.__mro__ }}"}, "The prompt could not be built."),
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
    url = f"{team.url}/prompts/{prompt.pk}/change/"
    assert sentence in page(browse(team.engineer).post(url, CHANGED | values), 422)
    assert prompt.variants.count() == 1


@pytest.mark.parametrize(
    ("examples", "sentence"),
    [
        ("nonsense", "Line 1 is not a JSON object."),
        ('{"passage": "a", "output": "b"}\n["c"]', "Line 2 is not a JSON object."),
        ('{"passage": "a"}', "Example 1 has no text under “output”."),
        ('{"text": "a", "output": "b"}', "Example 1 has no value for language, passage."),
    ],
)
def test_bad_examples_say_which(
    team: Team, browse: Callable[[User], Client], examples: str, sentence: str
) -> None:
    prompt = Prompt.objects.get(project=team.project, task=Task.SUMMARISE)
    url = f"{team.url}/prompts/{prompt.pk}/change/"
    text = page(browse(team.engineer).post(url, CHANGED | {"examples": examples}), 422)
    assert sentence in text


# Variants and their history


@pytest.fixture
def prompt(team: Team) -> Prompt:
    return Prompt.objects.select_related("production").get(project=team.project, task=Task.ASK)


def new_variant(prompt: Prompt, by: User, template: str) -> Variant:
    prompt.refresh_from_db()
    assert prompt.production
    return variants.add_variant(prompt.production, {"template": template}, by)


def history(prompt: Prompt) -> list[tuple[int, str | None, bool]]:
    names = ("variant__number", "by__username", "is_roll_back")
    return list(prompt.promotions.values_list(*names))


def test_saving_only_leaves_production_as_it_is(
    team: Team, browse: Callable[[User], Client], prompt: Prompt
) -> None:
    client = browse(team.engineer)
    data = CHANGED | {"template": "Of {{ answer }}?", "notes": "Shorter.", "tags": "short, terse"}
    client.post(f"{team.url}/prompts/{prompt.pk}/change/", data)
    variant = prompt.variants.get(number=2)
    assert (variant.notes, variant.tags, variant.parent) == (
        "Shorter.",
        ["short", "terse"],
        prompt.production,
    )
    assert variant.created_by == team.engineer
    assert history(prompt) == []
    text = page(client.get(f"{team.url}/prompts/{prompt.pk}/"))
    assert "Shorter." in text
    assert "from variant 1" in text
    again = page(client.get(f"{team.url}/prompts/{prompt.pk}/change/?variant=2"))
    assert "Of {{ answer }}?" in again
    assert "Shorter." not in again  # which was said of that one


def test_what_was_in_production_comes_back(
    team: Team, browse: Callable[[User], Client], prompt: Prompt
) -> None:
    client, url = browse(team.engineer), f"{team.url}/prompts/{prompt.pk}/"
    new_variant(prompt, team.engineer, "Of {{ answer }}?")
    client.post(f"{url}2/promote/")
    prompt.refresh_from_db()
    assert prompt.production == prompt.variants.get(number=2)
    text = page(client.get(url))
    assert "Roll back to variant 1" in text
    client.post(f"{url}roll-back/")
    assert history(prompt) == [(1, "eve", True), (2, "eve", False), (1, None, False)]
    text = page(client.get(url))
    assert "This was a rollback." in text
    assert "Roll back" not in text  # the way to it has no earlier one
    assert told(client.post(f"{url}1/promote/")) == [
        "Nothing changed: variant 1 is already in production, or it is archived."
    ]
    assert len(history(prompt)) == 3


def test_without_a_history_there_is_nothing_to_roll_back(
    team: Team, browse: Callable[[User], Client], prompt: Prompt
) -> None:
    client, url = browse(team.engineer), f"{team.url}/prompts/{prompt.pk}/"
    assert "Roll back" not in page(client.get(url))
    assert told(client.post(f"{url}roll-back/")) == ["There is no earlier variant to roll back to."]


def test_rolling_back_goes_through_the_whole_history(
    team: Team, browse: Callable[[User], Client], prompt: Prompt
) -> None:
    client, url = browse(team.engineer), f"{team.url}/prompts/{prompt.pk}/"
    for number in (2, 3, 4):
        new_variant(prompt, team.engineer, f"Of {{{{ answer }}}}? {number}")
        client.post(f"{url}{number}/promote/")
    client.post(f"{url}3/archive/")
    in_production = []
    while before := promotions.previous_in_production(prompt):
        assert f"Roll back to variant {before.number}" in page(client.get(url))
        client.post(f"{url}roll-back/")
        prompt.refresh_from_db()
        assert prompt.production == before
        in_production.append(before.number)
    assert in_production == [2, 1]
    client.post(f"{url}4/promote/")  # from where it is now
    before = promotions.previous_in_production(prompt)
    assert before
    assert before.number == 1


def test_a_rollback_never_leads_to_what_is_in_production(team: Team, prompt: Prompt) -> None:
    first, second = prompt.production, new_variant(prompt, team.engineer, "2")
    assert first
    promotions.promote_variant(second, team.engineer)
    promotions.promote_variant(first, team.engineer)
    variants.archive_variant(second, True)
    prompt.refresh_from_db()
    assert promotions.previous_in_production(prompt) is None


def test_a_page_that_is_out_of_date_rolls_nothing_back(
    team: Team, browse: Callable[[User], Client], prompt: Prompt
) -> None:
    for number in (2, 3):
        promotions.promote_variant(new_variant(prompt, team.engineer, f"{number}"), team.engineer)
    client, url = browse(team.engineer), f"{team.url}/prompts/{prompt.pk}/"
    seen = re.search(r'name="seen" value="(\d+)"', page(client.get(url)))
    assert seen
    client.post(f"{url}roll-back/", {"seen": seen[1]})
    page(client.get(url))  # where the message is read
    assert told(client.post(f"{url}roll-back/", {"seen": seen[1]})) == [
        "Nothing was changed: eve has put variant 2 into production since."
    ]
    assert [number for number, *_ in history(prompt)] == [2, 3, 2, 1]


def undo_addresses(response: Any) -> list[str]:
    return [message.extra_tags for message in get_messages(response.wsgi_request)]


def test_an_undo_takes_back_its_own_promotion_and_no_later_one(
    team: Team, browse: Callable[[User], Client], prompt: Prompt
) -> None:
    client, url = browse(team.engineer), f"{team.url}/prompts/{prompt.pk}/"
    for number in (2, 3):
        new_variant(prompt, team.engineer, f"Of {{{{ answer }}}}? {number}")
    [first_undo] = undo_addresses(client.post(f"{url}2/promote/"))
    colleague = browse(team.admin)
    [later_undo] = undo_addresses(colleague.post(f"{url}3/promote/"))
    page(client.get(url))
    assert told(client.post(first_undo)) == [
        "Nothing was changed: ada has put variant 3 into production since."
    ]
    page(colleague.get(url))
    assert told(colleague.post(later_undo)) == [
        "Undone: variant 2 is in production again instead of variant 3."
    ]
    assert [number for number, *_ in history(prompt)] == [2, 3, 2, 1]


def test_an_undone_rollback_leaves_the_way_back_as_it_was(team: Team, prompt: Prompt) -> None:
    made = [new_variant(prompt, team.engineer, f"{number}") for number in (2, 3)]
    for variant in made:
        promotions.promote_variant(variant, team.engineer)
    rolled_back = promotions.roll_back(prompt, team.engineer)
    assert promotions.undo_promotion(rolled_back, team.engineer).variant == made[1]
    assert promotions.previous_in_production(prompt) == made[0]


def test_what_was_archived_meanwhile_does_not_come_back_by_an_undo(
    team: Team, prompt: Prompt
) -> None:
    made = [new_variant(prompt, team.engineer, f"{number}") for number in (2, 3)]
    entries = [promotions.promote_variant(variant, team.engineer) for variant in made]
    assert entries[1]
    variants.archive_variant(made[0], is_archived=True)
    with pytest.raises(promotions.NotChanged, match="Variant 2, which was in production before"):
        promotions.undo_promotion(entries[1], team.engineer)


def test_an_archived_variant_is_out_of_the_way_and_comes_back(
    team: Team, browse: Callable[[User], Client], prompt: Prompt
) -> None:
    client, url = browse(team.engineer), f"{team.url}/prompts/{prompt.pk}/"
    assert told(client.post(f"{url}1/archive/")) == [
        "You cannot archive the variant in production. Promote another variant first."
    ]
    page(client.get(url))  # where that is read
    variant = new_variant(prompt, team.engineer, "Of {{ answer }}?")
    client.post(f"{url}2/archive/")
    assert told(client.post(f"{url}2/promote/")) == [
        "Nothing changed: variant 2 is already in production, or it is archived."
    ]
    client.post(f"{url}2/archive/", {"back": "1"})
    variant.refresh_from_db()
    assert variant.archived_at is None
    assert promotions.promote_variant(variant, team.engineer)


def test_any_two_variants_are_compared_word_by_word(
    team: Team, browse: Callable[[User], Client], prompt: Prompt
) -> None:
    assert prompt.production
    variant = variants.add_variant(
        prompt.production,
        {"template": prompt.production.template + " Be specific.", "max_tokens": 99},
        team.engineer,
    )
    url = f"{team.url}/prompts/{prompt.pk}/"
    promotions.promote_variant(variant, team.engineer)
    proposed = page(browse(team.reviewer).get(url))
    assert re.findall(r'<option value="(\d)" selected', proposed) == ["2", "1"]
    text = page(browse(team.reviewer).get(f"{url}?first=1&second={variant.number}"))
    assert re.search(r"<ins>[^<]*Be[^<]*</ins>", text)
    assert re.search(r"<del>\d+</del>\s*<ins>99</ins>", text)
    same = page(browse(team.reviewer).get(f"{url}?first=1&second=1"))
    assert "This is one and the same variant." in same
    assert "no differences" not in page(browse(team.reviewer).get(f"{url}?first=x&second=99"))


def test_the_page_proposes_two_different_variants_to_compare(
    team: Team, browse: Callable[[User], Client], prompt: Prompt
) -> None:
    assert prompt.production
    client, url = browse(team.engineer), f"{team.url}/prompts/{prompt.pk}/"

    def proposed() -> list[str]:
        form = page(client.get(url)).partition("From variant")[2].partition("</form>")[0]
        return re.findall(r'value="(\d+)" selected', form)

    newer = variants.add_variant(prompt.production, {"max_tokens": 99}, team.engineer)
    assert proposed() == ["1", str(newer.number)]
    promotions.promote_variant(newer, team.engineer)
    assert proposed() == [str(newer.number), "1"]
