"""Who is called clearly off the line: never without lasting differences, and by the level alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from statsmodels.stats.multitest import multipletests

from salutogen.models.false_discovery import discoveries
from salutogen.norm import fit_norm
from salutogen.norm.norm_file import write_norm
from salutogen.resilience import Resilience, score_resilience
from salutogen.resilience.claims import p_values
from salutogen.scores import Scores
from tests.norm.cohorts import simulated


def scored(scores: Scores, **given: Any) -> Resilience:
    return score_resilience(scores, fit_norm(scores), bootstrap=given.pop("bootstrap", 0))


def codes(result: Resilience) -> list[str]:
    return [one.code for one in result.findings]


@pytest.fixture(scope="module")
def result() -> Resilience:
    return scored(simulated(150, 6))


def noise(seed: int, *, occasions: int = 4, **parts: Any) -> Scores:
    """A cohort in which nobody differs lastingly: problems are exposure and chance."""
    scores = simulated(120, occasions, seed=seed, **parts)
    rng = np.random.default_rng(seed + 5000)
    P = 6 + 0.1 * scores.table["E"].to_numpy() + rng.normal(0, 3, scores.table.height)
    return replace(scores, table=scores.table.with_columns(P=pl.Series(P)), measures={})


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_discoveries_are_those_of_statsmodels(share: float) -> None:
    rng = np.random.default_rng(4)
    p = rng.random(500)
    p[: int(share * 500)] **= 6
    expected = multipletests(p, 0.05, method="fdr_bh")[0]
    assert discoveries(p).tolist() == expected.tolist()
    assert discoveries(np.append(p, np.nan)).tolist() == [*expected.tolist(), False]


def test_nobody_is_called_where_nobody_differs() -> None:
    called = []
    for seed in range(12):
        result = scored(noise(seed))
        found = result.claims
        assert found.clear_below is not None
        assert found.clear_above is not None
        called.append(found.clear_below + found.clear_above > 0)
        if found.between_variance_low == 0:
            assert "levels-not-told-to-differ" in codes(result)
            assert set(result.persons["clear"].to_list()) == {""}
        assert found.outside is not None
        assert found.outside < 0.15 * found.n, "about one in twenty by chance"
    assert sum(called) <= 1


def test_persons_are_called_by_the_level_with_its_error(result: Resilience) -> None:
    table, found = result.persons, result.claims
    assert found.n == 150
    SR, se = table["SR"].to_numpy(), table["SR_se"].to_numpy()
    reach = (table["SR_high"] - table["SR"]).to_numpy() / se
    assert (reach > 1.959).all(), "Student's quantiles"
    p = p_values(SR, se, np.full(SR.size, 1e6))
    called = table["clear"].to_numpy() != ""
    agreed = discoveries(p) == called
    assert agreed.mean() > 0.98
    assert found.clear_below == ((table["clear"] == "below") & (table["SR"] < 0)).sum() > 5
    assert found.clear_above == ((table["clear"] == "above") & (table["SR"] > 0)).sum() > 5
    assert found.expected_by_chance == pytest.approx(0.05 * called.sum())
    assert found.outside == ((table["SR_low"] > 0) | (table["SR_high"] < 0)).sum()
    assert found.outside_by_chance == pytest.approx(7.5)


def test_nobody_is_called_from_one_or_two_visits_where_others_have_more() -> None:
    """Whatever their SR: they are no part of the discoveries either."""
    scores = simulated(150, 6)
    table = scores.table
    few = table["person"].is_in([0, 1]) & (table["occasion_index"] >= 2)
    far = pl.when(pl.col("person") < 2).then(pl.lit(36.0)).otherwise("P")
    moved = table.filter(~few).with_columns(P=far)
    result = scored(replace(scores, table=moved))
    persons = result.persons
    assert persons.filter(pl.col("n_valid") <= 2)["clear"].to_list() == ["", ""]
    assert persons.filter(pl.col("n_valid") > 2)["clear"].is_in(["below", "above"]).any()
    assert persons.filter(pl.col("n_valid") <= 2)["SR"].min() > persons["SR"].median() + 8


def test_the_error_of_a_level_is_line_and_variance_over_occasions(result: Resilience) -> None:
    table, found = result.persons, result.claims
    full = table.filter(pl.col("n_valid") == 6)
    rho, k = found.autocorrelation, np.arange(1, 6)
    assert rho is not None
    assert found.within_variance is not None
    assert found.between_variance is not None
    c = 1 + 2 * float(np.sum((1 - k / 6) * rho**k))
    of_mean = found.within_variance * c / 6
    line = full["SR_se"].to_numpy() ** 2 - of_mean
    assert (line > 0).all(), "what is left is the line's"
    assert line.mean() < 0.2 * of_mean
    share = found.between_variance / (found.between_variance + of_mean)
    assert full["reliability"].to_numpy() == pytest.approx(share)
    assert found.median_occasions == float(np.median(table["n_valid"]))


def test_levels_and_these_days_have_errors_of_their_own(result: Resilience) -> None:
    table = result.persons
    assert (table["SR_se"] > table["SR_se_days"]).all()
    sem = result.summary.sem
    assert sem is not None
    floor = sem / np.sqrt(table["n_valid"].to_numpy())
    assert (table["SR_se_days"].to_numpy() > floor).all()
    known = table["SR_shrunken"].abs() < table["SR"].abs() + 0.5
    assert known.mean() > 0.95, "drawn to the mean"
    assert (table["SR_shrunken_low"] < table["SR_shrunken"]).all()


def test_true_levels_lie_in_their_intervals() -> None:
    held = []
    for seed in range(8):
        scores = simulated(200, 5, seed=seed, between=0.1, within=0.1, missing=0.3)
        rng = np.random.default_rng(seed + 5000)
        level = rng.normal(0, 2, 200)
        person = scores.table["person"].to_numpy()
        P = 10 + 0.1 * scores.table["E"].to_numpy() + level[person] + rng.normal(0, 3, person.size)
        result = scored(
            replace(scores, table=scores.table.with_columns(P=pl.Series(P)), measures={})
        )
        own = level[result.persons["person"].to_numpy()]
        low, high = (result.persons[name].to_numpy() for name in ("SR_low", "SR_high"))
        held.append(((low < own) & (own < high)).mean())
    assert 0.93 < np.mean(held) < 0.97


def test_one_occasion_cannot_tell_state_from_trait() -> None:
    result = scored(simulated(80, 1))
    assert "level-needs-occasions" in codes(result)
    found = result.claims.to_dict()
    assert found["n"] == 0
    assert {found[name] for name in found if name not in ("estimand", "n")} == {None}
    assert result.persons["SR_se"].null_count() == 80
    assert result.persons["clear"].null_count() == 80
    assert result.persons["SR_se_days"].null_count() == 0


def test_a_given_stability_stands_in_for_further_occasions() -> None:
    result = scored(simulated(80, 1, resilience={"stability": 0.6}))
    assert "stability-assumed" in codes(result)
    found, SR = result.claims, result.persons["SR"].to_numpy()
    variance = float(np.var(SR, ddof=1))
    assert found.between_variance == pytest.approx(0.6 * variance)
    assert found.within_variance == pytest.approx(0.4 * variance)
    assert found.reliability == pytest.approx(0.6)
    assert found.between_variance_low is None
    assert (result.persons["SR_se"].to_numpy() > np.sqrt(0.4 * variance)).all()
    assert result.persons["SR_shrunken"].to_numpy() == pytest.approx(0.6 * SR, abs=1e-9)


def test_two_occasions_need_an_autocorrelation_from_elsewhere() -> None:
    plain = scored(simulated(120, 2, missing=0.0))
    assert "autocorrelation-unknown" in codes(plain)
    assert plain.claims.autocorrelation is None
    assert plain.claims.clear_below == plain.claims.clear_above == 0
    assert plain.persons["SR_se"].null_count() == 0
    told = scored(simulated(120, 2, missing=0.0, resilience={"autocorrelation": 0.2}))
    assert "autocorrelation-unknown" not in codes(told)
    assert told.claims.autocorrelation == 0.2
    assert (told.persons["SR_se"] > plain.persons["SR_se"]).all()


def test_what_is_given_and_not_needed_is_said() -> None:
    given = {"stability": 0.5, "autocorrelation": 0.3}
    result = scored(simulated(80, 4, resilience=given))
    assert codes(result).count("assumption-not-used") == 2
    plain = scored(simulated(80, 4))
    assert result.persons["SR_se"].equals(plain.persons["SR_se"])


@pytest.mark.parametrize(
    "parts",
    [
        {"combine": "composite"},
        {"combine": "separate"},
        {"norm": {"covariates": ["age", "site"]}},
        {"norm": {"shape": "quadratic"}},
        {"norm": {"reference": {"arm": "control"}}},
        {"resilience": {"windows": None}},
    ],
    ids=["composite", "separate", "covariates", "curve", "arm", "no windows"],
)
def test_every_line_has_levels_around_its_own_scores(parts: dict[str, Any]) -> None:
    result = scored(simulated(100, 5, **parts), bootstrap=20)
    table, found = result.persons, result.claims
    assert table["SR_se"].null_count() == 0
    assert found.between_variance is not None
    assert found.within_variance == pytest.approx(6.25, rel=0.35)
    assert found.between_variance == pytest.approx(9.0, rel=0.5)
    np.testing.assert_allclose(
        (table["SR_high"] + table["SR_low"]) / 2, table["SR"], atol=1e-9, rtol=0
    )


def test_a_line_from_elsewhere_has_levels_around_their_own_mean(tmp_path: Path) -> None:
    other, scores = simulated(120, 5, seed=3), simulated(100, 5)
    path = write_norm(fit_norm(other), tmp_path / "norm.json")
    settings = scores.study.plan.norm.model_copy(update={"file": str(path)})
    result = score_resilience(scores, fit_norm(scores, settings=settings), bootstrap=0)
    own = scored(scores)
    assert result.claims.between_variance == pytest.approx(own.claims.between_variance, rel=0.1)
    assert result.persons["SR_se"].null_count() == 0
    mean = result.persons["SR"].mean()
    assert result.persons["SR_shrunken"].mean() == pytest.approx(mean, abs=0.2)


def test_persons_with_one_occasion_among_others_have_the_whole_variance() -> None:
    result = scored(simulated(150, 4, missing=0.55))
    one = result.persons.filter(pl.col("n_valid") == 1)
    assert one.height > 10
    found = result.claims
    assert found.within_variance is not None
    assert found.between_variance is not None
    assert (one["SR_se"].to_numpy() ** 2 > found.within_variance).all()
    share = found.between_variance / (found.between_variance + found.within_variance)
    assert one["reliability"].to_numpy() == pytest.approx(share)


def test_reliability_of_mean_problems_against_simulated_retest() -> None:
    scores = simulated(400, 3, missing=0.2, seed=3)
    rng = np.random.default_rng(5)
    true = scores.table["P"].to_numpy()
    means = []
    for _ in range(2):
        P = true + rng.normal(0, 3, true.size)
        again = replace(scores, table=scores.table.with_columns(P=pl.Series(P)), measures={})
        again = replace(again, reliability_p=1 - 9 / float(np.var(P, ddof=1)))
        result = scored(again)
        means.append(result.persons["P"].to_numpy())
        assert result.summary.reliability_P is not None
        assert result.summary.reliability_P_persons > result.summary.reliability_P
    retest = np.corrcoef(*means)[0, 1]
    assert result.summary.reliability_P_persons == pytest.approx(retest, abs=0.03)


def test_the_correlation_with_problems_is_the_line_s_own(result: Resilience) -> None:
    r2 = result.norm.lines.person.r_squared
    assert result.summary.r_SR_P.person == pytest.approx(np.sqrt(1 - r2))
