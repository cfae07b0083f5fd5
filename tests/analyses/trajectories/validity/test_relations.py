"""Validity: a factor that goes with stress only, one that protects, labels that foretell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import salutogen as sg
from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories import Lock, Trajectories, TrajectorySettings, compute
from salutogen.analyses.trajectories.courses.clustered_means import mean_of
from salutogen.analyses.trajectories.validity.correlations import correlate
from salutogen.analyses.trajectories.validity.explained import ExplainedByChance
from salutogen.analyses.trajectories.validity.outcome_words import foretold_words, group_words
from salutogen.analyses.trajectories.validity.outcomes import _findings, outcome_of
from salutogen.analyses.trajectories.validity.relations import (
    GroupOutcome,
    Groups,
    Outcome,
    Validity,
    assess_validity,
    locked_measures,
)
from salutogen.analyses.trajectories.validity.section import _factor_words
from salutogen.errors import AnalysisError
from salutogen.page.audience import Audience
from salutogen.page.words import Sentence
from tests.analyses.trajectories.cohort import cohort_frame, inputs_of, write_study

N = 1500


def simulated(seed: int = 4) -> tuple[Lock, dict[str, np.ndarray], np.ndarray]:
    """Persons with an event: P = .5 E + response + error, SR by least squares over all rows.

    `calm` goes with less background stress E and with nothing else; `cope` lowers the response.
    """
    generator = np.random.default_rng(seed)
    calm, cope = generator.standard_normal((2, N))
    stress = -0.6 * calm + 0.8 * generator.standard_normal(N)
    E = 10.0 + 3.0 * (stress[:, None] + 0.6 * generator.standard_normal((N, 4)))
    response = np.asarray([0.0, 4.0, 3.0, 2.0]) * (1.0 - 0.25 * cope[:, None])
    P = 5.0 + 0.5 * E + response + generator.normal(0.0, 1.5, (N, 4))
    design = np.column_stack([np.ones(E.size), E.ravel()])
    SR = (P.ravel() - design @ np.linalg.lstsq(design, P.ravel(), rcond=None)[0]).reshape(N, 4)
    lock = Lock(occasion=np.zeros((N, 4), dtype=np.int64), SR=SR, P=P, SR_z=SR / SR.std())
    return lock, {"calm": calm, "cope": cope}, response[:, 3]


def test_the_lock_of_P_is_biased_by_background_stress_and_that_of_SR_is_not() -> None:
    lock, factors, _ = simulated()
    found = assess_validity(
        lock, np.arange(N), outcome=None, groups=(), factors=factors, draws=200, seed=1
    )
    calm, cope = found.factors["calm"], found.factors["cope"]
    sr, p = calm.r["SR level"], calm.r["P level"]
    assert sr.value is not None
    assert p.value is not None
    assert abs(sr.value) < 0.06, "no effect on the response, none claimed"
    assert p.value < -0.25, "less stress looks like protection"
    assert calm.level_difference.high is not None
    assert calm.level_difference.high < -0.2
    assert cope.r["SR level"].high is not None
    assert cope.r["SR level"].high < -0.2, "real protection is found"
    stronger = cope.r["SR level"].value
    weaker = cope.r["P level"].value
    assert stronger is not None
    assert weaker is not None
    assert stronger < weaker, "background stress is noise in P"


def test_correlations_are_those_of_numpy_and_intervals_of_a_plain_bootstrap() -> None:
    generator = np.random.default_rng(2)
    x = generator.standard_normal(120)
    y = 0.5 * x + generator.standard_normal(120) + 1e6
    y[:10] = np.nan
    z = 0.3 * x + generator.standard_normal(120)
    there = np.isfinite(y)
    shared = [np.where(there, column, np.nan) for column in (x, y, z)]
    pairs = [(shared[0], shared[1]), (shared[0], shared[2]), (shared[1], shared[2])]
    found = correlate(pairs, np.arange(120), draws=2000, seed=3)
    rows = np.column_stack([x, y, z])[there]
    r = np.corrcoef(rows.T)
    np.testing.assert_allclose(found.value, [r[0, 1], r[0, 2], r[1, 2]], atol=1e-9)
    precision = np.linalg.inv(r)
    partial = -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])
    assert found.partial(0, 1, 2).value == pytest.approx(partial, abs=1e-9)
    plain = []
    for _ in range(2000):
        chosen = generator.integers(0, len(rows), len(rows))
        plain.append(np.corrcoef(rows[chosen, 0], rows[chosen, 1])[0, 1])
    low, high = np.percentile(plain, [2.5, 97.5])
    interval = found.estimate(0)
    assert interval.n == 110
    assert interval.low == pytest.approx(low, abs=0.03)
    assert interval.high == pytest.approx(high, abs=0.03)


def test_interval_and_p_of_a_correlation_agree_and_hold_the_truth() -> None:
    """Normal pairs of r = .4 and of 0, 40 rows; whether 0 is left out is one question."""
    generator = np.random.default_rng(6)
    held = []
    for truth in (0.4, 0.0):
        for _ in range(150):
            x = generator.standard_normal(40)
            y = truth * x + np.sqrt(1 - truth**2) * generator.standard_normal(40)
            z = x + y + generator.standard_normal(40)
            found = correlate([(x, y), (x, z), (y, z)], np.arange(40), draws=100, seed=1)
            one = found.estimate(0)
            assert one.low is not None
            assert one.high is not None
            held.append(one.low < truth < one.high)
            for each in (one, found.difference(0, 1), found.partial(0, 1, 2)):
                assert each.p is not None
                assert (side_of_zero(each.low, each.high) != 0) == (each.p < 0.05)
    assert 0.93 <= np.mean(held) <= 0.99


def test_p_of_a_correlation_does_not_tell_how_many_there_are() -> None:
    generator = np.random.default_rng(5)
    x = generator.standard_normal(57)
    y = 0.4 * x + generator.standard_normal(57)
    audience = Audience(individuals=False, n_persons=60, seed=1)
    told = [
        correlate([(x[:n], y[:n])], np.arange(n), draws=60, seed=1, told_size=size)
        for n, size in ((57, audience.told_size), (57, int))
    ]
    r = float(told[0].value[0])
    hidden, plain = (one.estimate(0).p for one in told)
    assert hidden is not None
    assert plain is not None
    of_z = {n: 2 * stats.t.sf(abs(np.arctanh(r)) * np.sqrt(n - 3), n - 2) for n in (55, 57)}
    assert hidden >= of_z[55] * (1 - 1e-9)
    assert plain >= of_z[57] * (1 - 1e-9)
    assert hidden != plain


def test_courses_of_one_person_are_drawn_together() -> None:
    """Copies of each person leave the spread of the bootstrap as it is."""
    generator = np.random.default_rng(5)
    x = generator.standard_normal(80)
    y = x + generator.standard_normal(80)
    once = correlate([(x, y)], np.arange(80), draws=1500, seed=1)
    many = correlate(
        [(np.repeat(x, 3), np.repeat(y, 3))], np.repeat(np.arange(80), 3), draws=1500, seed=2
    )
    assert many.drawn.std() == pytest.approx(once.drawn.std(), rel=0.08)


def test_few_courses_give_no_figure() -> None:
    x = np.arange(10.0)
    assert correlate([(x, x)], np.arange(10), draws=60, seed=1).estimate(0).value is None
    constant = correlate([(np.ones(30), np.arange(30.0))], np.arange(30), draws=60, seed=1)
    assert constant.estimate(0).value is None


def test_labels_that_foretell_and_labels_by_chance() -> None:
    lock, _, response = simulated()
    generator = np.random.default_rng(7)
    outcome = Outcome(
        name="later", values=response + generator.normal(0, 1, N), binary=False, from_P=False
    )
    telling = Groups(kind="label", names=("low", "high"), codes=(response > 2).astype(np.int64))
    chance = Groups(kind="class", names=("a", "b"), codes=generator.integers(0, 2, N))
    found = assess_validity(
        lock,
        np.arange(N),
        outcome=outcome,
        groups=(telling, chance),
        factors={},
        draws=100,
        seed=1,
    )
    first, second = found.groups
    values, codes = outcome.values, telling.codes
    within = sum(((values[codes == k] - values[codes == k].mean()) ** 2).sum() for k in (0, 1))
    epsilon = 1 - (within / (N - 2)) / values.var(ddof=1)
    assert first.explained == pytest.approx(epsilon)
    assert first.explained > 0.1
    assert second.explained is not None
    assert abs(second.explained) < 0.01
    sr, p = found.foretold["SR level"].r, found.foretold["P level"].r
    assert sr.value is not None
    assert p.value is not None
    assert sr.value > p.value > 0.05
    said, other = (text.worded(str) for text in group_words(found, N) if isinstance(text, Sentence))
    assert "is not said" in said  # no comparator
    assert "%" not in said
    assert other.startswith("Class alone goes with")


def test_factors_of_the_change_are_named_before_those_of_the_level() -> None:
    """One factor goes with how high persons stand, another with how far the event moves them."""
    generator = np.random.default_rng(3)
    level, moved = generator.normal(0, 3, (N, 1)), generator.normal(0, 3, (N, 1))
    SR = level + generator.normal(0, 1, (N, 4)) + moved * np.array([0.0, 1.0, 1.0, 1.0])
    lock = Lock(occasion=np.tile(np.arange(4), (N, 1)), SR=SR, P=SR + 10.0, SR_z=SR / 5.0)

    def words(**factors: np.ndarray) -> str:
        found = assess_validity(
            lock, np.arange(N), outcome=None, groups=(), factors=factors, draws=100, seed=1
        )
        (text,) = _factor_words(found)
        return text

    both = words(stable=level[:, 0], moving=moved[:, 0])
    assert 0 < both.index("moving") < both.index("with the level of SR") < both.index("stable")
    alone = words(stable=level[:, 0])
    assert "none with the change of SR" in alone
    assert "No factor is distinguished by relating otherwise to the level of P" in alone
    neither = words(noise=generator.normal(0, 1, N))
    assert "none differs from 0" in neither
    assert "neither with SR nor with P" in neither
    # P is SR and a constant here: whatever goes with the one goes with the other, and is named.
    assert alone.count("stable") == 2
    assert "with the level of P after the event, stable" in alone
    assert "would be a reaction" not in alone


def test_values_of_P_count_only_where_SR_is_there() -> None:
    SR = np.asarray([[0.0, 1, np.nan, 3], [0, 1, 2, np.nan]])
    lock = Lock(occasion=np.zeros((2, 4), dtype=np.int64), SR=SR, P=SR * 0 + 9, SR_z=SR)
    lock = Lock(
        occasion=lock.occasion, SR=SR, P=np.asarray([[9.0, 9, 1, 5], [9, 9, 7, 1]]), SR_z=SR,
    )  # fmt: skip
    measures = locked_measures(lock)
    assert measures["SR level"].tolist() == [3.0, 2.0]
    assert measures["P level"].tolist() == [5.0, 7.0]
    assert measures["P change"].tolist() == [-4.0, -2.0]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> sg.Results:
    folder = tmp_path_factory.mktemp("validity")
    return sg.run(write_study(folder, "classes: off"), data={"answers": cohort_frame()})


def rerun(results: sg.Results, **validity: Any) -> Trajectories:
    settings = {
        "events": {"instruments": ["events"], "threshold": 4},
        "classes": "off",
        "validity": {"draws": 60, **validity},
    }
    return compute(inputs_of(results), TrajectorySettings.model_validate(settings))


def test_the_default_outcome_is_later_P(results: sg.Results) -> None:
    result = rerun(results)
    assert result.validity.outcome is not None
    outcome = outcome_of(inputs_of(results), result.anchored.anchors, result.settings.validity)
    assert result.validity.outcome.n == np.isfinite(outcome.values).sum()
    scores = results.scores.select("subject", "occasion", "P")
    for row in range(result.anchored.anchors.n):
        subject = result.anchored.subjects[result.anchored.anchors.person[row]]
        after = [
            p
            for who, occasion, p in scores.iter_rows()
            if who == subject and int(occasion) - 1 > result.anchored.anchors.occasion[row] + 2
        ]
        np.testing.assert_allclose(outcome.values[row], np.mean(after) if after else np.nan)
    assert "validity-criterion-overlap" in {item.code for item in result.findings}
    titles = [section.title for section in result.sections(results.context.audience)]
    assert "Trajectories: later problems, and what relates to the courses" in titles
    assert not any("foretell" in title for title in titles)
    assert result.to_dict()["validity"]["outcome"]["overlaps_with_P"] is True


@pytest.mark.parametrize("related", [True, False])
def test_of_an_outcome_from_the_same_scale_no_more_is_said_than_is_there(*, related: bool) -> None:
    """Later problems that follow the response, and ones that follow nothing."""
    lock, _, later = simulated()
    generator = np.random.default_rng(5)
    values = (later if related else 0.0) + generator.standard_normal(N)
    outcome = Outcome(name="mean P after post2", values=values, binary=False, from_P=True)
    found = assess_validity(
        lock, np.arange(N), outcome=outcome, groups=(), factors={}, draws=200, seed=1
    )
    assert found.tells_outcome == related
    (words,) = foretold_words(found, N)
    assert isinstance(words, Sentence)
    said = words.worded(str)
    assert "any relation may be the person's stable level" in said
    assert ("No relation is told." in said) != related
    assert "made of" not in said
    (told,) = _findings(found, outcome)
    assert ("here none is told" in told.text) != related
    assert "go with it" not in told.text


@pytest.mark.parametrize("kind", ["label", "class"])
def test_of_groups_that_tell_nothing_no_share_is_said(kind: str) -> None:
    """Groups drawn by chance have an adjusted share about 0: below it no relation is told."""
    generator = np.random.default_rng(3)
    for share in (-0.021, 0.13):
        chance = ExplainedByChance(
            n=101,
            observed=share,
            placebo=0.1,
            low=-0.01,
            high=0.2,
            excess=share - 0.1,
            excess_low=-0.4,
            excess_high=0.1,
        )
        group = GroupOutcome(
            kind=kind,
            n=101,
            explained=share,
            means={"a": mean_of(generator.standard_normal(101), np.arange(101))},
            by_chance=chance if kind == "label" else None,
        )
        found = Validity(outcome=None, foretold={}, groups=(group,), factors={})
        (text,) = group_words(found, 120)
        assert isinstance(text, Sentence)
        words = text.worded(str)
        assert (f"No relation of the {kind} with the outcome is told" in words) == (share < 0.0)
        assert ("goes with 13 % of the variance" in words) == (share > 0.0)
        assert "none (" not in words


def test_a_threshold_makes_a_disorder(results: sg.Results) -> None:
    result = rerun(results, threshold=8)
    assert result.validity.outcome is not None
    assert result.validity.outcome.binary
    assert result.validity.outcome.name == "mean P after post2 of 8 or more"


@pytest.mark.parametrize("validity", [{"outcome": "diagnosis"}, {"factors": ["optimism"]}])
def test_unknown_names_are_refused(results: sg.Results, validity: dict[str, Any]) -> None:
    with pytest.raises(AnalysisError) as caught:
        rerun(results, **validity)
    assert [item.code for item in caught.value.findings] == ["unknown-event"]


def test_a_lock_that_ends_the_study_foretells_nothing(results: sg.Results, tmp_path: Path) -> None:
    settings = {
        "events": {"instruments": ["events"], "threshold": 4},
        "anchor_occasions": ["5"],
        "classes": "off",
    }
    result = compute(inputs_of(results), TrajectorySettings.model_validate(settings))
    assert "validity-not-assessed" in {item.code for item in result.findings}
    assert result.to_dict()["validity"]["outcome"] is None
