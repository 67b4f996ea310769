"""Results of comparisons, promoting the winner, and exporting experiments."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from prompts import experiments, exports, promotions, ranking, results, runs, sandbox
from prompts.models import Choice, Comparison, Experiment, Run, Snapshot
from tests import arena, make
from tests.conftest import Team
from tests.web import page, told

Browse = Callable[[User], Client]


def say(
    experiment: Experiment, by: User, position: int, choice: Choice, **values: Any
) -> Comparison:
    """A comparison of the first two variants on a case; the first stands left."""
    first, second = experiment.variants.order_by("number")[:2]
    runs = experiment.runs.filter(case__position=position, number=1)
    case = experiment.cases.get(position=position)
    return Comparison.objects.create(
        experiment=experiment,
        case=case,
        runs=[runs.get(variant=first).pk, runs.get(variant=second).pk],
        variants=[first.pk, second.pk],
        reviewer=by,
        choice=choice,
        decided_at=timezone.now(),
        **values,
    )


@pytest.fixture
def won(team: Team) -> Experiment:
    """An experiment in which the second variant wins 27 of 32 on 32 cases."""
    experiment = arena.experiment(team.project, cases=32)
    for position in range(32):
        choice = Choice.LEFT if position < 3 else Choice.RIGHT
        choice = Choice.BAD if position in (3, 4) else choice
        say(experiment, team.reviewer, position, choice)
    return experiment


def test_a_winner_is_named_with_what_it_rests_on(team: Team, won: Experiment) -> None:
    result = results.result_of(won)
    assert result["verdict"] == "winner"
    assert result["method"] == ranking.METHOD
    leader, other = result["rows"]
    assert (leader["variant"], other["variant"]) == (2, 1)
    assert (leader["wins"], leader["ties"], leader["losses"], leader["bad"]) == (27, 2, 3, 2)
    assert (other["wins"], other["ties"], other["losses"]) == (3, 2, 27)
    assert (leader["gap"], leader["low"], leader["high"]) == (0, 0, 0)
    assert other["low"] < other["gap"] < other["high"] < 0
    assert (result["comparisons"], result["cases"], result["people"]) == (32, 32, 1)
    assert result["left"]["share"] == pytest.approx(3 / 30)
    assert (leader["tokens"], leader["milliseconds"]) == (30, 5)


def test_the_page_says_it_in_a_sentence(team: Team, browse: Browse, won: Experiment) -> None:
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{won.pk}/result/"))
    assert "Variant 2 wins." in text
    assert "after 32 comparisons by 1 person on 32 cases" in text
    assert "The left output won 10 %" in text
    assert "Promote" in text
    assert "27 · 2 · 3" in text


def test_before_thirty_comparisons_more_are_asked_for(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=5)
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{experiment.pk}/result/"))
    assert "Not comparable yet." in text
    for position in range(5):
        say(experiment, team.reviewer, position, Choice.LEFT)
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{experiment.pk}/result/"))
    assert "No winner yet." in text
    assert "A clear result needs 20 cases, but this experiment has only 5 cases" in text


def test_the_best_of_bad_ones_is_called_that(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=5)
    for position in range(5):
        say(experiment, team.reviewer, position, Choice.BAD if position else Choice.LEFT)
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{experiment.pk}/result/"))
    assert "But both outputs were rated bad in 80 % of its comparisons" in text


def test_many_ties_are_a_tie_and_no_call_for_more(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=25)
    for person in (team.reviewer, team.admin):
        for position in range(25):
            say(experiment, person, position, Choice.BAD)
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{experiment.pk}/result/"))
    assert "are equally good." in text
    assert "Still needed" not in text
    assert "both outputs were rated bad in 100 %" in text


def test_a_safe_choice_is_promoted_without_a_warning(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=55)
    for person in (team.reviewer, team.admin):
        for position in range(55):
            is_first = (position * 7 + (person == team.admin)) % 5 > 2
            say(experiment, person, position, Choice.LEFT if is_first else Choice.RIGHT)
    url = f"{team.url}/experiments/{experiment.pk}/result/"
    text = page(browse(team.engineer).get(url))
    assert "Variant 2 is a safe choice." in text
    assert "costs at most 5 points of win rate" in text
    assert "Variant 2 has not won." not in text
    exported = json.loads(download(team, browse, experiment, "json"))
    assert (exported["winner"], exported["safe_choice"]) == (None, 2)


def test_a_result_of_the_earlier_method_is_still_shown(
    team: Team, browse: Browse, won: Experiment
) -> None:
    result = results.result_of(won)
    del result["missing_safe"]
    for row in result["rows"]:
        del row["name"], row["risk"]
    snapshot = Snapshot.objects.create(experiment=won, method="bradley-terry/1", result=result)
    url = f"{team.url}/experiments/{won.pk}/result/?snapshot={snapshot.pk}"
    assert "Variant 2 wins." in page(browse(team.engineer).get(url))


def test_who_takes_one_side_only_is_flagged(team: Team, browse: Browse, won: Experiment) -> None:
    for position in range(12):
        say(won, team.admin, position, Choice.LEFT)
        say(won, team.engineer, position, Choice.LEFT if position % 2 else Choice.RIGHT)
    by_name = {each["name"]: each for each in results.result_of(won)["reviewers"]}
    assert by_name["ada"]["left"]["is_biased"]
    assert not by_name["eve"]["left"]["is_biased"]
    client, url = browse(team.engineer), f"{team.url}/experiments/{won.pk}/result/"
    text = page(client.get(url))
    assert "For ada, the left output won 100 % of 12 decisions." in text
    assert "For eve" not in text
    client.post(f"{url}votes/", {"reviewer": team.admin.pk})
    assert "For ada" not in page(client.get(url))


def test_an_archived_variant_is_not_offered_for_production(
    team: Team, browse: Browse, won: Experiment
) -> None:
    won.variants.filter(number=2).update(archived_at=timezone.now())
    text = page(browse(team.engineer).get(f"{team.url}/experiments/{won.pk}/result/"))
    assert "Variant 2 wins." in text
    assert 'name="variant" value="2"' not in text
    assert "archived" in text


def test_charts_and_rows_call_variants_by_what_is_noted(
    team: Team, browse: Browse, won: Experiment
) -> None:
    won.variants.filter(number=2).update(notes="Shorter\nand plain")
    response = browse(team.engineer).get(f"{team.url}/experiments/{won.pk}/result/")
    labels = [[row.label for row in chart.rows] for chart in response.context["charts"]]
    assert labels == [["Variant 2: Shorter and plain", "Variant 1"]] * 2
    assert page(response).count("Shorter and plain") > 2


def test_agreement_is_that_of_pairs_several_judged_with_sides_undone(team: Team) -> None:
    experiment = arena.experiment(team.project, cases=30)
    for position in range(30):
        choice = Choice.LEFT if position % 2 else Choice.RIGHT
        say(experiment, team.reviewer, position, choice)
        again = say(experiment, team.engineer, position, choice)
        again.runs, again.variants = again.runs[::-1], again.variants[::-1]
        again.choice = {Choice.LEFT: Choice.RIGHT, Choice.RIGHT: Choice.LEFT}[choice]
        again.save()
    result = results.result_of(experiment)["agreement"]
    assert (result["alpha"], result["items"], result["pairs"]) == (pytest.approx(1), 30, 30)


def test_repeats_tell_whether_people_agree_with_themselves(team: Team) -> None:
    experiment = arena.experiment(team.project)
    for position, second in enumerate((Choice.RIGHT, Choice.LEFT, Choice.GOOD)):
        first = say(experiment, team.reviewer, position, Choice.LEFT)
        again = say(experiment, team.reviewer, position, second, is_repeat=True)
        again.runs, again.variants = first.runs[::-1], first.variants[::-1]
        again.save()
    result = results.result_of(experiment)
    assert result["repeats"] == {"count": 3, "alike": 1}
    assert result["comparisons"] == 3


def test_votes_are_taken_out_and_counted_again(team: Team, browse: Browse, won: Experiment) -> None:
    for position in range(10):
        say(won, team.admin, position, Choice.LEFT)
    client, url = browse(team.engineer), f"{team.url}/experiments/{won.pk}/result/"
    text = page(client.get(url))
    assert "by 2 people" in text
    client.post(f"{url}votes/", {"reviewer": team.admin.pk})
    text = page(client.get(url))
    assert "after 32 comparisons by 1 person" in text
    assert "not counted" in text
    snapshot = Snapshot.objects.get()
    assert (snapshot.result["comparisons"], snapshot.method) == (42, ranking.METHOD)
    then = page(client.get(f"{url}?snapshot={snapshot.pk}"))
    assert "This is the result as of" in then
    assert "42 comparisons" in then
    client.post(f"{url}votes/", {"reviewer": team.admin.pk, "back": "1"})
    assert "42 comparisons" in page(client.get(url))
    assert client.post(f"{url}votes/", {"reviewer": team.stranger.pk}).status_code == 404


def test_the_winner_goes_into_production_with_its_evidence(
    team: Team, browse: Browse, won: Experiment
) -> None:
    client, url = browse(team.engineer), f"{team.url}/experiments/{won.pk}/result/"
    response = client.post(f"{url}promote/", {"variant": "2"})
    assert told(response) == ["Variant 2 is now in production. Existing drafts stay as they are."]
    prompt = arena.prompt(team.project)
    assert prompt.production
    assert prompt.production.number == 2
    promotion = prompt.promotions.all()[0]
    assert promotion.snapshot
    assert promotion.snapshot.result["verdict"] == "winner"
    text = page(client.get(response.url))
    assert f"/result/?snapshot={promotion.snapshot.pk}" in text
    assert told(client.post(f"{url}promote/", {"variant": "2"})) == [
        "Nothing changed: variant 2 is already in production, or it is archived."
    ]
    assert Snapshot.objects.count() == 1
    assert client.post(f"{url}promote/", {"variant": "9"}).status_code == 404


def test_what_people_wrote_is_shown_to_engineers(
    team: Team, browse: Browse, won: Experiment
) -> None:
    Comparison.objects.filter(case__position=7).update(comment="Names the gate.")
    url = f"{team.url}/experiments/{won.pk}"
    text = page(browse(team.engineer).get(f"{url}/result/"))
    assert "Names the gate." in text
    assert "variants 1, 2 from left to right, case 8, rob" in text
    browse(team.engineer).post(f"{url}/end/")
    assert "Names the gate." not in page(browse(team.reviewer).get(f"{url}/result/"))


def test_members_see_the_result_once_it_has_ended(
    team: Team, browse: Browse, won: Experiment
) -> None:
    url = f"{team.url}/experiments/{won.pk}"
    client = browse(team.reviewer)
    assert "until the experiment ends" in page(client.get(f"{url}/result/"), 403)
    engineer = browse(team.engineer)
    assert engineer.post(f"{url}/end/").url == f"{url}/result/"
    text = page(client.get(f"{url}/result/"))
    assert "Variant 2 wins." in text
    assert "Promote" not in text
    assert "Do not count" not in text
    assert Snapshot.objects.get().because == "the experiment ended"
    engineer.post(f"{url}/end/")  # a double click
    assert Snapshot.objects.count() == 1
    engineer.post(f"{url}/end/", {"again": "1"})
    assert client.get(f"{url}/result/").status_code == 403


def test_the_prompt_page_tells_what_a_promotion_changed_at_the_desk(
    team: Team, browse: Browse
) -> None:
    of = arena.prompt(team.project)
    before, after = make.items(team.project, 4), make.items(team.project, 2)
    second = arena.variant(of)
    for item in after:
        item.variant = second
        item.save(update_fields=["variant"])
    for item in (*before[:2], *after):
        make.accept(item, team.reviewer)
    for item in before[2:]:
        make.accept(item, team.reviewer, verdict="rejected", reason="Dull", question="", answer="")
    text = " ".join(page(browse(team.engineer).get(f"{team.url}/prompts/{of.pk}/")).split())
    assert '<td>2</td><td class="n">2</td><td class="n">100 %</td>' in text
    assert '<td>1</td><td class="n">4</td><td class="n">50 %</td>' in text


# Exports


def download(team: Team, browse: Browse, experiment: Experiment, name: str) -> str:
    url = f"{team.url}/experiments/{experiment.pk}/result/{name}/"
    response = browse(team.engineer).get(url)
    assert 'attachment; filename="harbour-' in response["Content-Disposition"]
    return page(response)


def test_json_and_yaml_have_all_variants_with_their_ratings(
    team: Team, browse: Browse, won: Experiment
) -> None:
    exported = json.loads(download(team, browse, won, "json"))
    assert (exported["verdict"], exported["winner"], exported["comparisons"]) == ("winner", 2, 32)
    assert [variant["variant"] for variant in exported["variants"]] == [1, 2]
    assert exported["variants"][1]["rating"]["wins"] == 27
    assert exported["variants"][1]["template"] == won.variants.get(number=2).template
    assert yaml.safe_load(download(team, browse, won, "yaml")) == exported


def test_the_winner_leaves_as_a_template(team: Team, browse: Browse, won: Experiment) -> None:
    text = download(team, browse, won, "jinja")
    assert text == won.variants.get(number=2).template + "\n"
    assert sandbox.render(text, {"passage": "The tide."}) == "Passage: The tide.\n\nWording 2."


def test_promptfoo_gets_prompts_and_cases(team: Team, browse: Browse, won: Experiment) -> None:
    won.cases.filter(position=0).update(reference="It rises.")
    configuration = yaml.safe_load(download(team, browse, won, "promptfoo"))
    assert set(configuration) == {"description", "providers", "prompts", "tests"}
    assert len(configuration["tests"]) == 32
    assert configuration["tests"][0]["vars"] == {"passage": "Passage 0: tides."}
    assert configuration["tests"][0]["assert"] == [
        {"type": "rouge-n", "value": "It rises.", "threshold": 0}
    ]
    chat = json.loads(configuration["prompts"][1]["raw"])
    assert chat[-1] == {"role": "user", "content": "Passage: {{ passage }}\n\nWording 2."}
    assert chat[0]["role"] == "system"


def test_comparisons_leave_as_a_table(team: Team, browse: Browse, won: Experiment) -> None:
    Comparison.objects.filter(case__position=0).update(comment="=1+1")
    rows = list(csv.DictReader(io.StringIO(download(team, browse, won, "comparisons"))))
    assert len(rows) == 32
    assert tuple(rows[0]) == exports.COLUMNS
    assert (rows[0]["case"], rows[0]["left_variant"], rows[0]["outcome"]) == ("1", "1", "1")
    assert rows[0]["comment"] == "'=1+1"
    assert rows[0]["reviewer"] == "rob"
    assert (rows[3]["choice"], rows[3]["outcome"]) == ("both bad", "0.5")


def test_preferences_are_pairs_for_training(team: Team, browse: Browse, won: Experiment) -> None:
    lines = download(team, browse, won, "preference").splitlines()
    rows = [json.loads(line) for line in lines]
    assert len(rows) == 30
    assert set(rows[0]) == {"prompt", "chosen", "rejected"}
    outputs = {
        (run.case.position, run.variant.number): [{"role": "assistant", "content": run.output}]
        for run in Run.objects.select_related("case", "variant")
    }
    assert (rows[0]["chosen"], rows[0]["rejected"]) == (outputs[0, 1], outputs[0, 2])
    assert (rows[5]["chosen"], rows[5]["rejected"]) == (outputs[7, 2], outputs[7, 1])


def test_the_prompt_of_a_preference_is_what_the_model_was_sent(team: Team, browse: Browse) -> None:
    experiment = arena.experiment(team.project, cases=1, is_run=False)
    experiment.variants.update(model="scripted", system="Be brief.")
    experiments.start_experiment(experiment)
    runs.work_off_runs()
    experiment.variants.update(system="Changed since.")
    say(experiment, team.reviewer, 0, Choice.RIGHT)
    first = download(team, browse, experiment, "preference")
    [row] = map(json.loads, first.splitlines())
    sent = experiment.runs.get(variant__number=2).exchange
    assert sent
    assert row["prompt"] == sent.messages
    assert row["prompt"][0] == {"role": "system", "content": "Be brief."}
    assert row["prompt"][-1]["content"].endswith("Wording 2.")
    promotions.promote_variant(experiment.variants.get(number=2), team.engineer)
    assert download(team, browse, experiment, "preference") == first


def test_the_prompt_of_an_old_preference_is_what_its_variant_makes(
    team: Team, browse: Browse, won: Experiment
) -> None:
    rows = list(map(json.loads, download(team, browse, won, "preference").splitlines()))
    prompt = rows[5]["prompt"]
    assert prompt[0]["role"] == "system"
    assert prompt[-1] == {"role": "user", "content": "Passage: Passage 7: tides.\n\nWording 2."}
    assert {message["role"] for message in prompt[1:]} == {"user", "assistant"}


def test_there_is_no_other_format(team: Team, browse: Browse, won: Experiment) -> None:
    url = f"{team.url}/experiments/{won.pk}/result/exe/"
    assert browse(team.engineer).get(url).status_code == 404
