"""The score of a draft before anybody has decided on anything: how it was learned."""

import numpy as np
import pytest

from generation.checks import first_chance, flags, prior
from generation.models import Item, Question
from generation.writer import learn_chance
from generation.writer.judgements import read_lines, verdicts


def drafted(likely: float, *raised: str, verbatim: bool = True) -> tuple[Item, Question]:
    item = Item(answer="The gate closes at dusk.", scores={flags.SUPPORT: 0.9}, flags=[*raised])
    item.parameters = {"verbatim": verbatim}
    scores = {flags.ASKED: likely, flags.ANSWERED: likely}
    return item, Question(item=item, text="When does the gate close?", scores=scores)


def chance(*given: tuple[Item, Question]) -> list[float]:
    return [first_chance.first_chance(*pair) or 0.0 for pair in given]


def test_a_likely_sentence_as_it_stands_without_flags_has_the_best_chance() -> None:
    best, unlikely, flagged, rewritten = chance(
        drafted(0.85),
        drafted(0.6),
        drafted(0.85, flags.FOREIGN_NUMBER),
        drafted(0.85, verbatim=False),
    )
    assert best > max(unlikely, flagged, rewritten)
    assert best > first_chance.least_chance() > unlikely


def test_without_likelihoods_the_checks_are_the_prior() -> None:
    item, question = drafted(0.85)
    assert prior.prior_score(item, question) == round(chance((item, question))[0], 4)
    question.scores = {}
    assert first_chance.first_chance(item, question) is None
    assert prior.prior_score(item, question) == prior.score_by_checks(item, question) == 0.9
    assert prior.prior_logit(item, question) == pytest.approx(np.log(0.9 / 0.1))


def test_weights_are_those_of_the_features() -> None:
    weights = first_chance.learned()["weights"]
    assert set(weights) == {*first_chance.features(*drafted(0.5)), "bias"}


def test_both_steps_are_one_in_the_weights() -> None:
    form = {"support": 2.0, "flags": -1.0, "bias": 0.5}
    weights = learn_chance._combined((np.array([3.0, 0.5]), -1.0), form)
    two_steps = 3.0 * 0.7 + 0.5 * (0.5 + 2.0 * 0.9 - 1.0 * 1) - 1.0
    values = {"likely": 0.7, "support": 0.9, "flags": 1.0, "bias": 1.0}
    assert sum(weights[name] * value for name, value in values.items()) == pytest.approx(two_steps)


def test_the_quality_that_is_told_is_that_of_the_judged_drafts() -> None:
    learned = first_chance.learned()
    scores = {
        row["id"]: row["score"]
        for row in read_lines("drafts.jsonl")
        if flags.ASKED in row["scores"]
    }
    assert learned["judgements"] == sum(len(verdicts()[number]) for number in scores)
    assert learn_chance._auc(scores, [*scores]) == pytest.approx(learned["auc"], abs=0.001)
    assert learned["low"] < learned["auc"] < learned["high"]
    assert learn_chance.least(scores) == pytest.approx(learned["least"], abs=0.001)


def test_what_is_shown_is_as_good_as_is_asked() -> None:
    shown = [row for row in read_lines("drafts.jsonl") if flags.ASKED in row["scores"]]
    told = [verdict for row in shown if row["is_shown"] for verdict in verdicts()[row["id"]]]
    assert told.count("accept") >= learn_chance.LEAST_ACCEPTED * len(told)
    assert told.count("wrong") <= learn_chance.MOST_WRONG * len(told)
