"""Factors: both ways of asking against plain regressions, time order, and what may be claimed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import FactorsResult, compute
from salutogen.analyses.factors.records import FactorFound
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.factors.words import claims, turning_words, why_the_ratio
from salutogen.analyses.sensitivity.analysis import _factors
from salutogen.errors import AnalysisError
from salutogen.findings import Finding
from salutogen.models.regression.stacked import shared_with
from tests.analyses.inputs import inputs_of, shown
from tests.analyses.small_cohort import results_of
from tests.norm.cohorts import dynacore, simulated


def settings(**given: Any) -> FactorsSettings:
    return FactorsSettings.model_validate({"draws": 300, **given})


def with_factors(
    n: int = 150, occasions: int = 5, *, seed: int = 7, repeated: bool = False, **more: Any
) -> AnalysisInputs:
    """The simulated cohort with further factors, of persons or of their occasions."""
    scores = simulated(n, occasions, seed=seed, **more)
    rng = np.random.default_rng([seed, 3])
    level = scores.table.group_by("person").agg(pl.col("E").mean()).sort("person")["E"].to_numpy()
    persons = scores.persons.with_columns(
        pl.Series("burdened", level + rng.normal(0, 8, n)),
        pl.Series("chance", rng.normal(size=n)),
        pl.lit(3.0).alias("flat"),
    )
    names = ("optimism", "burdened", "chance", "flat")
    table = scores.table
    if repeated:
        noise = rng.normal(0, 1, table.height)
        values = persons["optimism"].gather(table["person"]) + noise
        late = table["occasion_index"].cast(pl.Int64).to_numpy() >= 2
        table = table.with_columns(
            pl.Series("factor:mastery", values),
            pl.Series("factor:coping", np.where(late, values, np.nan)).fill_nan(None),
        )
    return inputs_of(
        replace(
            scores, persons=persons, table=table, factors_baseline=names,
            factors_repeated=("mastery", "coping") if repeated else (),
        )
    )  # fmt: skip


def by_name(result: FactorsResult) -> dict[str, FactorFound]:
    return {item.name: item for item in result.factors}


def codes(found: tuple[Finding, ...] | Any) -> list[str]:
    return [item.code for item in found]


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return with_factors()


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> FactorsResult:
    return compute(inputs, settings())


def later_means(inputs: AnalysisInputs, first: int = 1) -> dict[str, np.ndarray]:
    views = inputs.views
    SR = views.wide("SR").values[:, first:]
    found = {"SR": SR}
    for name in ("P", "E"):
        found[name] = np.where(np.isfinite(SR), views.wide(name).values[:, first:], np.nan)
    some = np.isfinite(SR).any(axis=1)
    return {
        name: np.array([np.nanmean(row) if np.isfinite(row).any() else np.nan for row in values])
        for name, values in found.items()
    } | {"some": some}


@pytest.mark.parametrize(("others", "related"), [(1, False), (4, False), (5, True)])
def test_a_factor_that_few_have_is_related_to_nothing(
    inputs: AnalysisInputs, others: int, related: bool
) -> None:
    flag = pl.Series("chance", (np.arange(150) < others).astype(float))
    scores = replace(inputs.scores, persons=inputs.scores.persons.with_columns(flag))
    asked = replace(inputs, scores=scores)
    result = compute(asked, settings())
    assert ("chance" in by_name(result)) is related
    told = [item.text for item in result.findings if item.code == "values-of-few"]
    assert bool(told) is not related
    assert all(text.startswith("chance: of those in this analysis all but ") for text in told)
    seen = _factors(scores, scores.persons.select("person"))
    assert np.isfinite(seen["chance"]).any() == related
    assert np.isfinite(seen["optimism"]).all()


@pytest.mark.parametrize("name", ["optimism", "burdened"])
def test_both_steps_are_plain_regressions_over_the_same_persons(
    inputs: AnalysisInputs, result: FactorsResult, name: str
) -> None:
    means, found = later_means(inputs), by_name(result)[name]
    F = inputs.scores.persons[name].to_numpy()
    kept = means["some"]
    SR, P, E, F = means["SR"][kept], means["P"][kept], means["E"][kept], F[kept]
    two = sm.OLS(SR, sm.add_constant(F)).fit(cov_type="HC3")
    one = sm.OLS(P, sm.add_constant(np.column_stack([E, F]))).fit(cov_type="HC3")
    assert found.n == kept.sum()
    assert found.two_step.b == pytest.approx(two.params[1])
    assert found.two_step.se_line_as_known == pytest.approx(two.bse[1])
    assert found.one_step.b == pytest.approx(one.params[2])
    assert found.one_step.se == pytest.approx(one.bse[2])
    assert found.ratio == pytest.approx(two.params[1] / one.params[2])
    assert found.two_step.standardised == pytest.approx(np.corrcoef(SR, F)[0, 1])
    assert found.r_SR == pytest.approx(np.corrcoef(SR, F)[0, 1])
    # By a line over these very means, the ratio is one less what the factor shares with exposure.
    line = sm.OLS(P, sm.add_constant(E)).fit()
    same = sm.OLS(line.resid, sm.add_constant(F)).fit().params[1]
    assert found.shared_with_exposure is not None
    assert same / one.params[2] == pytest.approx(1 - found.shared_with_exposure)


def test_what_was_fitted_is_told_of_the_right_factors(result: FactorsResult) -> None:
    found = by_name(result)
    fewer, more = claims(result)
    assert [item.name for item in fewer] == ["optimism"]
    # Exposure of the other days is left in SR: the claim of a factor that follows it is not safe.
    assert all(item.name == "burdened" and item.within_error for item in more)
    assert not found["chance"].claimed
    assert "flat" not in found
    assert "factor-without-variance" in codes(result.findings)
    assert "optimism" in str(result.answer())
    assert result.occasions == ("T1", "T2", "T3", "T4")


def test_a_factor_of_exposure_shares_its_variance_with_it(result: FactorsResult) -> None:
    shared = by_name(result)["burdened"].shared_with_exposure
    assert shared is not None
    assert shared > 0.4
    assert (by_name(result)["chance"].shared_with_exposure or 0) < 0.05


def test_adjusted_p_are_never_below_those_of_one_test(result: FactorsResult) -> None:
    for item in result.factors:
        for step in (item.two_step, item.one_step):
            assert step.p is not None
            assert step.p_adjusted is not None
            assert step.p_adjusted >= step.p
            assert step.p_familywise is not None
        assert item.p_adjusted == item.two_step.p_adjusted


def test_what_is_selected_is_what_was_put_in(result: FactorsResult) -> None:
    found = by_name(result)
    assert found["optimism"].selected
    assert not found["chance"].selected
    assert result.selection is not None
    assert result.selection.expected_false <= 1.0
    r = found["optimism"].r_SR
    assert r is not None
    ahead = result.selection.held_out_r_squared
    assert ahead == pytest.approx(r**2, abs=0.1)


def test_the_reason_of_the_ratio_is_exact(inputs: AnalysisInputs) -> None:
    """Two steps differ from (1 - R²) times one by the slopes' difference times that of E on F."""
    result = compute(inputs, settings(factors=["burdened"], covariates=["age"]))
    (found,) = result.factors
    means = later_means(inputs)
    kept, persons = means["some"], inputs.scores.persons
    F, age = (persons[name].to_numpy()[kept] for name in ("burdened", "age"))
    E_on_F = sm.OLS(means["E"][kept], sm.add_constant(np.column_stack([age, F]))).fit().params[2]
    assert found.shared_with_exposure is not None
    assert result.slope_of_occasions is not None
    assert result.slope_of_persons is not None
    rest = (result.slope_of_persons - result.slope_of_occasions) * E_on_F
    same = (1 - found.shared_with_exposure) * found.one_step.b
    assert found.two_step.b == pytest.approx(same + rest)
    told = why_the_ratio(result, found)
    assert "flatter" in told


def test_covariates_stand_in_both_steps(inputs: AnalysisInputs) -> None:
    result = compute(inputs, settings(factors=["optimism"], covariates=["age", "site"]))
    means = later_means(inputs)
    kept, persons = means["some"], inputs.scores.persons
    site = persons["site"].to_numpy()
    C = np.column_stack([persons["age"], site == "B", site == "C"]).astype(float)[kept]
    F, E = persons["optimism"].to_numpy()[kept], means["E"][kept]
    two = sm.OLS(means["SR"][kept], sm.add_constant(np.column_stack([C, F]))).fit()
    one = sm.OLS(means["P"][kept], sm.add_constant(np.column_stack([E, C, F]))).fit()
    (found,) = result.factors
    assert found.two_step.b == pytest.approx(two.params[-1])
    assert found.one_step.b == pytest.approx(one.params[-1])
    given = sm.add_constant(C)
    assert found.shared_with_exposure == pytest.approx(shared_with(F, given, E[:, None]))


def test_joint_coefficients_are_those_of_one_model(
    inputs: AnalysisInputs, result: FactorsResult
) -> None:
    means, persons = later_means(inputs), inputs.scores.persons
    kept, names = means["some"], ("optimism", "burdened", "chance")
    own = persons.select(names).to_numpy()[kept]
    two = sm.OLS(means["SR"][kept], sm.add_constant(own)).fit(cov_type="HC3")
    for place, name in enumerate(names):
        joint = by_name(result)[name].joint
        assert joint is not None
        assert joint.two_step.b == pytest.approx(two.params[place + 1])
        assert by_name(result)[name].joint_without_disguised is None


def test_a_repeated_factor_is_taken_where_it_was_measured() -> None:
    inputs = with_factors(repeated=True)
    result = compute(inputs, settings(factors=["mastery", "coping"]))
    (mastery,) = result.factors
    means = later_means(inputs)
    F = inputs.views.wide("mastery").values[:, 0]
    kept = means["some"] & np.isfinite(F)
    assert mastery.r_SR == pytest.approx(np.corrcoef(means["SR"][kept], F[kept])[0, 1])
    # Not asked at the first occasion: no predictor, but shown.
    (coping,) = result.correlates
    assert coping.name == "coping"
    assert coping.r is not None
    assert coping.r < 0
    assert "factor-not-before" in codes(result.findings)


def test_a_factor_measured_within_later_SR_is_no_predictor() -> None:
    inputs = with_factors(repeated=True)
    measured = {"mastery": "T2", "optimism": "T0"}
    asked = settings(factors=["mastery", "optimism"], measured=measured)
    result = compute(inputs, asked)
    assert [item.name for item in result.factors] == ["optimism"]
    assert [item.name for item in result.correlates] == ["mastery"]
    later = compute(inputs, settings(factors=["mastery"], measured=measured, **{"from": "T3"}))
    assert [item.name for item in later.factors] == ["mastery"]
    assert later.occasions == ("T3", "T4")


def test_a_turn_is_told_where_it_is_asked() -> None:
    scores = simulated(300, 4, missing=0.0)
    rng = np.random.default_rng(8)
    adversity = rng.uniform(0, 12, 300)
    more = 0.15 * (adversity - 5) ** 2
    person = scores.table["person"].to_numpy()
    table = scores.table.with_columns(pl.col("P") + pl.Series(more)[person])
    persons = scores.persons.with_columns(pl.Series("adversity", adversity))
    names = ("adversity", "optimism")
    inputs = inputs_of(replace(scores, table=table, persons=persons, factors_baseline=names))
    result = compute(inputs, settings(turning=["adversity"]))
    found = by_name(result)
    assert found["optimism"].turning is None
    assert found["adversity"].turning is not None
    assert found["adversity"].turning.turns == "U"
    assert found["adversity"].turning.two_step.at == pytest.approx(5, abs=1.5)
    assert "turns (U)" in turning_words(found["adversity"])
    straight = by_name(compute(inputs, settings(turning=["optimism"])))["optimism"].turning
    assert straight is not None
    assert straight.turns == "no"


def test_the_clock_decides_what_is_later() -> None:
    scores = simulated(60, 4, missing=0.0)
    # Five persons filled in the second form on the day of the first.
    early = (scores.table["person"] < 5) & (scores.table["occasion_index"] == 1)
    time = pl.when(early).then(0.0).otherwise(pl.col("time")).alias("time")
    inputs = inputs_of(replace(scores, table=scores.table.with_columns(time)))
    result = compute(inputs, settings())
    told = next(item for item in result.findings if item.code == "scores-not-after-factors")
    assert told.evidence.numbers["n"] == 5
    SR = inputs.views.wide("SR").values[:, 1:].copy()
    SR[:5, 0] = np.nan
    F = inputs.scores.persons["optimism"].to_numpy()
    (found,) = result.factors
    assert found.r_SR == pytest.approx(np.corrcoef(np.nanmean(SR, axis=1), F)[0, 1])


def test_problems_in_disguise_are_named_and_left_out_beside() -> None:
    scores = simulated(120, 4)
    renamed = scores.persons.rename({"optimism": "neuroticism"}).with_columns(
        hope=pl.Series(np.random.default_rng(2).normal(size=120))
    )
    inputs = inputs_of(replace(scores, persons=renamed, factors_baseline=("neuroticism", "hope")))
    result = compute(inputs, settings())
    found = by_name(result)
    assert found["neuroticism"].problems_in_disguise == "neuroticism"
    assert "factor-is-problems" in codes(result.findings)
    assert found["neuroticism"].joint_without_disguised is None
    # One factor is left: beside no other, it stands alone.
    assert found["hope"].joint is not None
    assert found["hope"].joint_without_disguised is None
    assert "under another name" in str(result.answer())


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"factors": ["optimsm"]}, "factor-unknown"),
        ({"measured": "T9"}, "factor-occasion-unknown"),
        ({"measured": "T4"}, "nothing-after-the-factors"),
        ({"covariates": ["agee"]}, "factor-covariate-unknown"),
        ({"factors": ["flat"]}, "no-factor-left"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    inputs: AnalysisInputs, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(AnalysisError) as refused:
        compute(inputs, settings(**given))
    assert code in codes(refused.value.findings)


def test_too_many_factors_for_one_model_are_told() -> None:
    scores = simulated(30, 3)
    rng = np.random.default_rng(4)
    names = tuple(f"f{place}" for place in range(12))
    persons = scores.persons.with_columns(pl.Series(name, rng.normal(size=30)) for name in names)
    result = compute(
        inputs_of(replace(scores, persons=persons, factors_baseline=names)), settings()
    )
    assert len(result.factors) == 12
    assert result.n_joint is None
    assert result.r_SR_P is not None
    assert {"factors-not-jointly", "factors-not-selected"} <= set(codes(result.findings))
    assert result.factors[0].selected is None


def test_the_page_holds_no_person_and_every_figure(
    inputs: AnalysisInputs, result: FactorsResult
) -> None:
    (section, *_), withheld = shown(result, inputs, individuals=False)
    assert [figure.name for figure in section.figures][:1] == ["factors-forest"]
    tables = {table.name: table for table in section.tables}
    assert {"factors-alone", "factors-joint"} <= set(tables)
    assert withheld == ()
    assert result.to_dict()["factors"][0]["two_step"]["interval"] is not None


def test_what_a_claim_rests_on_has_a_table_of_its_own(
    inputs: AnalysisInputs, result: FactorsResult
) -> None:
    """On a narrow page it would be hidden behind the estimates."""
    (section, *_), _ = shown(result, inputs, individuals=True)
    frame = next(item for item in section.tables if item.name == "factors-robustness").frame
    for row, item in zip(frame.rows(named=True), result.factors, strict=True):
        given = item.given_earlier_problems
        assert given is not None
        assert row["factor"] == item.title
        assert row["ratio"] == pytest.approx(item.ratio)
        assert row["given_before"] == pytest.approx(given.two_step.b)
        assert row["given_before_one_p"] == pytest.approx(given.one_step.p)


def test_a_study_file_can_ask_for_it(tmp_path: Path) -> None:
    results = results_of(tmp_path, analyses="[{step: factors}]")
    assert "no-factors-to-relate" in codes(results.findings)


def test_the_real_cohort_gives_the_published_associations(shared_data: Path) -> None:
    scores = dynacore(shared_data)
    raw = pl.read_csv(
        shared_data / "dynacore-l" / "dynacore_l.csv", infer_schema_length=None
    ).with_columns(pl.col("subject.ID").cast(pl.String).alias("subject"))
    baseline = raw.group_by("subject").agg(
        pl.col("OPT_T0", "BRS_T0", "NEU_T0").first().cast(pl.Float64)
    )
    persons = scores.persons.join(baseline, on="subject", how="left", maintain_order="left")
    inputs = inputs_of(
        replace(scores, persons=persons, factors_baseline=("OPT_T0", "BRS_T0", "NEU_T0"))
    )
    found = by_name(compute(inputs, settings()))
    assert found["OPT_T0"].r_SR == pytest.approx(-0.32, abs=0.005)
    assert found["BRS_T0"].r_SR == pytest.approx(-0.35, abs=0.005)
    assert found["NEU_T0"].r_SR == pytest.approx(0.31, abs=0.005)
