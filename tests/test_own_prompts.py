"""Prompts of the team's own: their variables grow, and nothing is stored twice."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from prompts import default_values, variants
from prompts.models import Prompt, Variant
from prompts.rendering import variables_of
from qareview.models import Role
from tests import make
from tests.conftest import Team
from tests.web import page, told

Browse = Callable[[User], Client]
FORM = {"model": "scripted", "max_tokens": "60", "temperature": "0.5", "pick_count": "3"}
TONED = "Translate in a {{ tone }} tone: {{ text }}"


@pytest.fixture
def own(team: Team) -> Prompt:
    values = {"template": "Translate: {{ text }}", "model": "scripted"}
    return variants.begin_prompt(team.project, "translate", values, team.engineer)


def change(team: Team, client: Client, of: Prompt, **values: str) -> Any:
    return client.post(f"{team.url}/prompts/{of.pk}/change/", {**FORM, **values})


def test_a_variable_is_added_with_its_default(team: Team, browse: Browse, own: Prompt) -> None:
    client = browse(team.engineer)
    assert ">text</textarea>" in page(client.get(f"{team.url}/prompts/{own.pk}/change/")).replace(
        "\n", ""
    )
    refused = page(change(team, client, own, template=TONED, variables="text"), 422)
    assert "variables that the prompt does not have yet: tone." in refused
    examples = json.dumps({"text": "Ebbe", "output": "Low tide"})
    values = {"template": TONED, "variables": "text\ntone = friendly", "examples": examples}
    assert change(team, client, own, **values).status_code == 302
    own.refresh_from_db()
    assert (variables_of(own), own.defaults) == (("text", "tone"), {"tone": "friendly"})
    [example] = own.variants.get(number=2).examples
    assert example == {"text": "Ebbe", "tone": "friendly", "output": "Low tide"}
    assert "tone = friendly" in page(client.get(f"{team.url}/prompts/{own.pk}/change/"))


def test_an_example_without_a_value_or_default_is_named(
    team: Team, browse: Browse, own: Prompt
) -> None:
    examples = json.dumps({"text": "Ebbe", "output": "Low tide"})
    values = {"template": TONED, "variables": "tone", "examples": examples}
    text = page(change(team, browse(team.engineer), own, **values), 422)
    assert "Example 1 has no value for tone." in text


def test_the_variables_of_built_in_prompts_stay(team: Team, browse: Browse) -> None:
    built_in = Prompt.objects.get(project=team.project, task="summarise")
    client = browse(team.engineer)
    assert "tone = friendly" not in page(client.get(f"{team.url}/prompts/{built_in.pk}/change/"))
    values = {"template": "{{ passage }} {{ tone }}", "variables": "tone"}
    assert "no value here: tone" in page(change(team, client, built_in, **values), 422)


@pytest.mark.parametrize("line", ["two words", "= friendly", "range", "1st"])
def test_a_line_that_names_no_variable_is_refused(line: str) -> None:
    with pytest.raises(default_values.BadLine, match="Line 2 does not begin with the name"):
        default_values.from_lines(f"text\n{line}")


def test_defaults_are_read_as_they_are_shown() -> None:
    lines = "text\ntone = friendly = kind"
    named = default_values.from_lines(lines)
    assert named == {"text": None, "tone": "friendly = kind"}
    assert default_values.as_lines(named, default_values.only_defaults(named)) == lines


def test_what_a_promotion_means_is_not_told_of_drafts(
    team: Team, browse: Browse, own: Prompt
) -> None:
    response = change(
        team, browse(team.engineer), own, template="Say: {{ text }}", variables="", promote="1"
    )
    assert told(response) == ["Variant 2 is now in production."]


def test_a_name_is_taken_once(team: Team, own: Prompt) -> None:
    with pytest.raises(variants.NameTaken):
        variants.begin_prompt(team.project, own.task, {"template": "{{ text }}"}, team.admin)


def test_a_variant_is_saved_once(team: Team, own: Prompt) -> None:
    assert own.production
    values = {"template": "Say: {{ text }}"}
    saved = variants.save_variant(own.production, values, team.engineer)
    with pytest.raises(variants.SameVariant) as twin:
        variants.save_variant(own.production, values, team.engineer)
    assert twin.value.variant == saved


@pytest.mark.django_db(transaction=True)
def test_forms_sent_at_once_store_one_prompt_and_one_variant(browse: Browse) -> None:
    project = make.project()
    engineer = make.member(project, Role.ENGINEER)
    data = {**FORM, "task": "translate", "template": "Translate: {{ text }}"}
    assert at_once(browse, engineer, f"/projects/{project.slug}/prompts/new/", data) == [302, 422]
    own = Prompt.objects.get(task="translate")
    data = {**FORM, "template": "Say: {{ text }}"}
    url = f"/projects/{project.slug}/prompts/{own.pk}/change/"
    assert at_once(browse, engineer, url, data) == [302, 422]
    assert Variant.objects.filter(prompt=own).count() == 2


def at_once(browse: Browse, user: User, url: str, data: dict[str, str]) -> list[int]:
    """Return the sorted statuses of two requests that are sent at the same moment."""
    together, statuses = threading.Barrier(2), []
    clients = [browse(user), browse(user)]

    def send(client: Client) -> None:
        try:
            together.wait()
            statuses.append(client.post(url, data).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)
