"""Who left beside who stayed, and the distribution of problems, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.quality.analysis import compute
from salutogen.analyses.quality.floor import (
    ProblemDistribution,
    floored_sd,
    problem_distribution,
)
from salutogen.analyses.quality.leavers import hedges_g, leavers_beside_stayers
from salutogen.analyses.quality.leavers_section import leaver_words, leaving_in_words
from salutogen.analyses.quality.settings import QualitySettings
from salutogen.counts import Forms
from salutogen.page.words import Share
from salutogen.resilience.between_within import OccasionArrays, scored_arrays
from tests.analyses.inputs import inputs_of, shown
from tests.norm.cohorts import simulated


def arrays_of(P: np.ndarray, E: np.ndarray, person: np.ndarray, occasion: np.ndarray):
    slope, intercept = np.polyfit(E, P, 1)
    SR = P - intercept - slope * E
    return OccasionArrays(
        person=person, occasion=occasion, P=P, E=E, SR=SR, n_persons=int(person.max()) + 1
    )


def test_leavers_are_those_not_seen_at_the_end(cohort: AnalysisInputs) -> None:
    arrays = scored_arrays(cohort.resilience.occasions, 150)
    table = leavers_beside_stayers(arrays)
    rows = cohort.resilience.occasions.filter(pl.col("SR").is_not_null())
    first = rows.group_by("person", maintain_order=True).agg(
        pl.col("P", "E", "SR").first(), last=pl.col("occasion_index").max()
    )
    left = first["last"] < rows["occasion_index"].unique().sort()[-2]
    assert table["score"].to_list() == ["P", "E", "SR"]
    assert set(table["n_left"]) == {int(left.sum())}
    assert set(table["n_stayed"]) == {150 - int(left.sum())}
    for row in table.iter_rows(named=True):
        gone, here = first.filter(left)[row["score"]], first.filter(~left)[row["score"]]
        assert row["mean_left"] == pytest.approx(gone.mean())
        assert row["mean_stayed"] == pytest.approx(here.mean())
        expected, low, high = hedges_g(gone.to_numpy(), here.to_numpy())
        assert (row["difference"], row["low"], row["high"]) == (expected, low, high)


@pytest.mark.parametrize(("occasions", "left"), [(5, 6), (4, 6), (3, 10)])
def test_who_missed_only_the_last_of_many_occasions_has_not_left(occasions: int, left: int) -> None:
    person, occasion = np.repeat(np.arange(30), occasions), np.tile(np.arange(occasions), 30)
    missed_last = (person < 10) & (occasion == occasions - 1)
    missed_both = (person < 6) & (occasion >= occasions - 2)
    keep = ~(missed_last | missed_both)
    P, E = np.random.default_rng(3).normal(size=(2, keep.sum()))
    table = leavers_beside_stayers(arrays_of(P, E, person[keep], occasion[keep]))
    assert set(table["n_left"]) == {left}
    assert set(table["n_stayed"]) == {30 - left}


def leaving(effect: float, seed: int, n: int = 250, base: float = -4.0) -> OccasionArrays:
    """Ten occasions; who has higher P leaves after it with log odds of `effect` per SD."""
    rng = np.random.default_rng(seed)
    P = np.sqrt(0.5) * (rng.normal(size=(n, 1)) + rng.normal(size=(n, 10)))
    seen = np.ones((n, 10), dtype=bool)
    for t in range(8):
        goes = rng.random(n) < 1 / (1 + np.exp(-(base + effect * P[:, t])))
        seen[goes, t + 1 :] = False
    person, occasion = np.nonzero(seen)
    E = rng.normal(size=person.size)
    return arrays_of(P[person, occasion], E, person, occasion)


def test_odds_of_leaving_are_those_of_statsmodels() -> None:
    statsmodels = pytest.importorskip("statsmodels.api")
    arrays = leaving(0.5, 1)
    row = leavers_beside_stayers(arrays).row(0, named=True)
    rows = pl.DataFrame({"person": arrays.person, "t": arrays.occasion, "P": arrays.P})
    rows = rows.with_columns(last=pl.col("t") == pl.col("t").max().over("person"))
    rows = rows.filter(pl.col("t") < 8)
    P, gone = rows["P"].to_numpy(), rows["last"].to_numpy()
    X = np.column_stack([np.ones(P.size), (P - P.mean()) / P.std(ddof=1), rows["t"].to_numpy()])
    fit = statsmodels.Logit(gone.astype(float), X).fit(
        disp=False, cov_type="cluster", cov_kwds={"groups": rows["person"].to_numpy()}
    )
    quantile = stats.t.ppf(0.975, gone.sum() - 2)
    assert int(gone.sum()) == row["n_left"]
    assert row["odds_ratio"] == pytest.approx(np.exp(fit.params[1]), rel=1e-6)
    assert row["odds_low"] == pytest.approx(np.exp(fit.params[1] - quantile * fit.bse[1]), rel=2e-3)
    assert row["mean_before_leaving"] == pytest.approx(P[gone].mean())
    assert row["mean_before_staying"] == pytest.approx(P[~gone].mean())


@pytest.mark.parametrize("effect", [0.0, 0.6])
def test_intervals_of_the_odds_of_leaving_hold_the_truth(effect: float) -> None:
    held = told = 0
    for seed in range(60):
        table = leavers_beside_stayers(leaving(effect, seed))
        row = table.row(0, named=True)
        held += row["odds_low"] < np.exp(effect) < row["odds_high"]
        told += "Leaving goes with more problems" in leaver_words(table, 2)
    assert held >= 53  # 57 expected of 60
    assert told >= 50 if effect else told <= 5


def test_what_leaving_goes_with_is_said_as_far_as_it_is_known() -> None:
    told = leavers_beside_stayers(leaving(1.0, 3))
    words = leaver_words(told, 2)
    alone = (
        "Leaving goes with more problems and higher SR at the occasion before it, each looked at"
    )
    assert f"{alone} alone (odds" in words
    assert "as SR is made of problems and exposure: which of them it is, was not asked" in words
    opening = leaving_in_words(told)
    assert opening.startswith(alone), "none of those that hang together is credited alone"
    assert "which of them it is, was not asked" in opening
    assert "at the occasion that was missed cannot be seen" in opening
    only_SR = told.filter(pl.col("score") == "SR")
    assert leaving_in_words(only_SR).startswith("Leaving goes with higher SR at")
    assert "alone" not in leaver_words(only_SR, 2)
    unsettled = leavers_beside_stayers(leaving(0.0, 3))
    assert "is not settled" in leaver_words(unsettled, 2)
    assert leaving_in_words(unsettled) == ""
    few = leavers_beside_stayers(leaving(0.0, 3, n=100, base=-5.0))
    assert few["odds_ratio"].null_count() == 3
    assert few["mean_before_leaving"].null_count() == 0
    assert "is not estimated" in leaver_words(few, 2)
    assert leaving_in_words(told.clear()) == ""


def test_hedges_g_goes_with_the_t_test() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(0.5, 1, 30), rng.normal(0, 1, 50)
    g, low, high = hedges_g(one, other)
    t = float(stats.ttest_ind(one, other).statistic)
    assert g == pytest.approx((1 - 3 / (4 * 78 - 1)) * t * np.sqrt(80 / 1500), rel=1e-12)
    assert low is not None
    assert high is not None
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(80 / 1500 + g**2 / 160), rel=1e-4)
    assert hedges_g(np.ones(4), np.ones(5)) == (None, None, None)


def test_intervals_of_differences_hold_the_truth() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(400):
        _, low, high = hedges_g(rng.normal(0.4, 1, 25), rng.normal(0, 1, 60))
        held += low is not None and high is not None and low < 0.4 < high
    assert 370 <= held <= 390


@pytest.mark.parametrize("few", [0, 2])
def test_nobody_to_compare(few: int) -> None:
    person = np.repeat(np.arange(20), 3)
    occasion = np.tile(np.arange(3), 20)
    keep = ~((person < few) & (occasion == 2))
    rng = np.random.default_rng(3)
    P, E = rng.normal(size=(2, keep.sum()))
    assert leavers_beside_stayers(arrays_of(P, E, person[keep], occasion[keep])).height == 0
    once = occasion == 0
    arrays = arrays_of(P[: once.sum()], E[: once.sum()], person[once], occasion[once])
    assert leavers_beside_stayers(arrays).height == 0


def floored(n: int = 400) -> tuple[OccasionArrays, np.ndarray]:
    rng = np.random.default_rng(4)
    person, occasion = np.repeat(np.arange(n // 4), 4), np.tile(np.arange(4), n // 4)
    E = rng.uniform(0, 10, n)
    P = np.clip(np.round(0.8 * E + rng.normal(0, 3, n)), 0, 20)
    P[person == 0] = 0
    arrays = arrays_of(P, E, person, occasion)
    return arrays, P - arrays.SR


def test_distribution_by_hand() -> None:
    arrays, expected = floored()
    one = problem_distribution(arrays, expected, 0.0, 20.0)
    at_floor = arrays.P == 0
    assert one.floor_share == pytest.approx(at_floor.mean())
    assert one.ceiling_share == pytest.approx((arrays.P == 20).mean())
    means = pl.DataFrame({"person": arrays.person, "P": arrays.P}).group_by("person").mean()
    assert one.persons_at_floor == int((means["P"] == 0).sum()) >= 1
    assert one.skewness == pytest.approx(stats.skew(arrays.P))
    ordered = np.sort(arrays.P)
    places = [int(np.ceil(share * arrays.P.size)) - 1 for share in (0.05, 0.25, 0.5, 0.75, 0.95)]
    assert one.quantiles == pytest.approx(ordered[places])
    assert one.lowest_SR_low_exposure == pytest.approx(-np.quantile(expected, 0.1))
    assert one.lowest_SR_high_exposure == pytest.approx(-np.quantile(expected, 0.9))
    assert one.slope_all == pytest.approx(np.polyfit(arrays.E, arrays.P, 1)[0])
    above = ~at_floor
    slope = np.polyfit(arrays.E[above], arrays.P[above], 1)[0]
    assert one.slope_above_floor == pytest.approx(slope)
    assert one.residual_sd_low is not None
    assert one.residual_sd_high is not None
    assert one.residual_sd_low < one.residual_sd_high, "the floor presses scores together"


def test_an_unknown_scale_and_a_handful_of_occasions() -> None:
    arrays, expected = floored()
    one = problem_distribution(arrays, expected, None, None)
    assert one.floor_share is one.persons_at_floor is one.lowest_SR_low_exposure is None
    assert one.slope_above_floor is None
    few = slice(0, 8)
    part = arrays_of(arrays.P[few] + np.arange(8), arrays.E[few], arrays.person[few],
                     arrays.occasion[few])  # fmt: skip
    small = problem_distribution(part, expected[few], 0.0, 20.0)
    assert small.skewness is small.residual_sd_low is small.lowest_SR_low_exposure is None


def words(one: ProblemDistribution, cohort: AnalysisInputs, *, individuals: bool) -> str:
    result = replace(compute(cohort, QualitySettings()), problems=one)
    sections, _ = shown(result, cohort, individuals=individuals)
    (section,) = (part for part in sections if "floor" in part.title)
    return " ".join(str(paragraph) for paragraph in section.paragraphs)


def test_few_at_the_floor_are_told_to_nobody_else(cohort: AnalysisInputs) -> None:
    arrays, expected = floored()
    one = problem_distribution(arrays, expected, 0.0, 20.0, rises=True)
    assert one.persons_at_floor is not None
    assert one.persons_at_floor < 5
    all_told = words(one, cohort, individuals=True)
    assert f"{one.persons_at_floor} person" in all_told
    assert "the same distance from 0 is less unusual" in all_told
    assert "both are nearer 0 than the slope would be" in all_told
    hidden = words(one, cohort, individuals=False)
    assert "fewer than 5 persons are there at each of their occasions" in hidden
    few, many = (
        Share(40 / one.n, of=one.n, part=Forms(40, persons=persons, others=90))
        for persons in (4, 5)
    )
    rare = words(replace(one, floor_share=few), cohort, individuals=False)
    assert "(0) in few of the valid occasions" in rare
    often = words(replace(one, floor_share=many), cohort, individuals=False)
    assert f"(0) in {40 / one.n:.0%}".replace("%", " %") in often


def test_the_floor_is_worded_by_the_direction_of_the_line(cohort: AnalysisInputs) -> None:
    arrays, expected = floored()
    one = problem_distribution(arrays, expected, 0.0, 20.0, rises=True)
    rising = words(one, cohort, individuals=True)
    assert "low exposure leaves less room below 0 than high exposure" in rising
    assert "less unusual at high exposure" in rising
    falling = words(replace(one, rises=False), cohort, individuals=True)
    assert "high exposure leaves less room below 0 than low exposure" in falling
    assert "less unusual at low exposure" in falling
    untold = words(replace(one, rises=None), cohort, individuals=True)
    assert "leaves" not in untold
    assert "less unusual where many problems are expected" in untold
    assert "The slope of problems on exposure is" in untold
    assert "flattens" not in untold


def followed(seed: int, *, floor: float, more_spread: float) -> ProblemDistribution:
    """Problems that rise by 0.8 a point of exposure and spread by 3 points, or more with it."""
    rng = np.random.default_rng(seed)
    person, occasion = np.repeat(np.arange(2000), 4), np.tile(np.arange(4), 2000)
    E = rng.uniform(0, 10, 8000)
    P = np.maximum(0.8 * E + rng.normal(size=8000) * (3 + more_spread * E), floor)
    arrays = arrays_of(P, E, person, occasion)
    return problem_distribution(arrays, P - arrays.SR, floor, 40.0, rises=True)


def test_the_floor_is_a_reason_only_where_a_normal_spread_would_be_equal_without_it(
    cohort: AnalysisInputs,
) -> None:
    """With equal spread in truth the floor is why; where spread itself rises it is not."""
    by_floor = followed(1, floor=1.0, more_spread=0.0)
    by_spread = followed(2, floor=-4.0, more_spread=0.15)
    assert (by_floor.residual_sd_high or 0) / (by_floor.residual_sd_low or 1) > 1.25
    for third in (by_floor.few_expected, by_floor.most_expected):
        assert third is not None
        assert third.sd_without_floor == pytest.approx(3.0, rel=0.1)
    assert "The floor may be why" in words(by_floor, cohort, individuals=True)
    told = words(by_spread, cohort, individuals=True)
    assert "The floor is not shown to be why: " in told
    assert "of the first are at it and " in told
    assert " why" not in words(followed(3, floor=-30.0, more_spread=0.0), cohort, individuals=True)
    assert by_spread.few_expected is not None
    rare = replace(by_spread, few_expected=replace(by_spread.few_expected, at_floor=3))
    hidden = words(rare, cohort, individuals=False)
    assert "few of the first are at it" in hidden
    assert "without it" not in hidden.split("The slope")[0], "the SD would tell the share"
    assert "few of the first" not in told
    for one in (by_floor, by_spread):
        assert one.slope_above_floor is not None
        assert one.slope_all is not None
        assert 0 < one.slope_above_floor < 0.8, "leaving out by problems flattens"
        assert 0 < one.slope_all < 0.8, "a floor flattens"


@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 0.45])
def test_the_sd_above_a_floor_is_that_of_a_censored_normal_variable(share: float) -> None:
    z = stats.norm.ppf((np.arange(2_000_000) + 0.5) / 2_000_000)
    floor = -np.inf if share == 0 else stats.norm.ppf(share)
    assert floored_sd(share) == pytest.approx(np.maximum(z, floor).std(), abs=1e-5)


@pytest.mark.parametrize(("slope", "rises"), [(0.8, True), (-0.8, False), (0.0, None)])
def test_the_direction_is_that_of_the_line_where_it_is_told(
    slope: float, rises: bool | None
) -> None:
    scores = simulated(60, 4, seed=3)
    noise = np.random.default_rng(4).normal(0, 2, scores.table.height)
    P = (18 + slope * (pl.col("E") - pl.col("E").mean()) / 2 + pl.Series(noise)).clip(0, 36)
    inputs = inputs_of(replace(scores, table=scores.table.with_columns(P=P)))
    found = compute(inputs, QualitySettings()).problems
    assert found is not None
    assert found.rises is rises


def test_methods_tell_only_what_was_done(cohort: AnalysisInputs) -> None:
    result = compute(cohort, QualitySettings())
    told = str(result.methods())
    assert "resamples of persons" in told
    assert "seen at neither of the last two occasions were compared" in told
    none = replace(
        result,
        leavers=result.leavers.clear(),
        draws=0,
        between_within=result.between_within.clear(),
    )
    assert "Hedges" not in str(none.methods())
    assert "resamples" not in str(none.methods())


def test_a_scale_without_known_ends_is_said(cohort: AnalysisInputs) -> None:
    arrays, expected = floored()
    one = problem_distribution(arrays, expected, None, None)
    assert words(one, cohort, individuals=True).startswith("The ends of the scale")


def test_who_left_is_said_with_its_error(cohort: AnalysisInputs) -> None:
    result = compute(cohort, QualitySettings())
    same = result.leavers.with_columns(difference=0.1, low=-0.2, high=0.4)
    differs = result.leavers.with_columns(difference=-0.5, low=-0.8, high=-0.2)
    texts = []
    for table in (same, differs):
        sections, _ = shown(replace(result, leavers=table), cohort, individuals=True)
        (section,) = (part for part in sections if part.title.startswith("Who left"))
        texts.append(str(section.paragraphs[0]))
    assert texts[0].startswith(
        "Persons seen at neither of the last two occasions count as having left. At their first "
        "occasion they did not differ from those who stayed by more than the error, in problems, "
        "exposure or SR; differences of up to 0.40 SDs cannot be ruled out."
    )
    assert (
        "had fewer problems, less exposure and lower SR than those who stayed (problems, exposure "
        "and SR looked at one by one, their intervals not adjusted)" in texts[1]
    )


@pytest.mark.parametrize("variance", [-1e-9, 0.0, 900.0, float("nan")])
def test_odds_without_an_error_are_not_told(
    monkeypatch: pytest.MonkeyPatch, variance: float
) -> None:
    """A score that nearly parts those who left from the others has no interval of its odds."""
    from salutogen.analyses.quality import leavers

    fit = leavers.logistic_fit

    def without(*given: object) -> object:
        made = fit(*given)  # type: ignore[arg-type]
        assert made is not None
        covariance = made.covariance.copy()
        covariance[1, 1] = variance
        return replace(made, covariance=covariance)

    monkeypatch.setattr(leavers, "logistic_fit", without)
    row = leavers_beside_stayers(leaving(0.5, 1)).row(0, named=True)
    assert row["odds_ratio"] is None
    assert row["odds_high"] is None
    assert row["mean_before_leaving"] is not None
