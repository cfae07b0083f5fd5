"""The bands of a study: its own levels, factors and far points, and what the study file assumes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.outliers.analysis import compute as find_outliers
from salutogen.analyses.outliers.settings import OutliersSettings
from salutogen.analyses.sensitivity.analysis import SensitivityResult, compute
from salutogen.analyses.sensitivity.person_bands import PersonBands, plausible_reliability
from salutogen.analyses.sensitivity.refits import OUTLIER_COLUMNS, missing_table
from salutogen.analyses.sensitivity.settings import SensitivitySettings
from salutogen.norm.told_lines import told_norm
from salutogen.page.audience import Audience
from salutogen.page.section import Table
from salutogen.page.small_counts import as_told
from salutogen.scores import Scores
from tests.analyses.inputs import audience_of, inputs_of, shown
from tests.norm.cohorts import simulated


def with_outliers(scores: Scores) -> AnalysisInputs:
    inputs = inputs_of(scores)
    return replace(inputs, needed={"outliers": find_outliers(inputs, OutliersSettings())})


def bands(scores: Scores, **settings: object) -> SensitivityResult:
    return compute(with_outliers(scores), SensitivitySettings.model_validate(settings))


def test_tables_of_a_study() -> None:
    scores = simulated()
    inputs = with_outliers(scores)
    result = compute(inputs, SensitivitySettings())
    errors = result.exposure_error
    assert set(errors["level"]) == {"occasion", "person"}
    person = errors.filter(pl.col("level") == "person")
    assert person["reliability_E"].to_list() == [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    refused = person.filter("refused")
    observed = person["r_observed"][0]
    reliability_P = result.exposure_bands.reliability_P
    assert refused["reliability_E"].to_list() == [
        value for value in person["reliability_E"] if value <= observed**2 / reliability_P
    ]
    assert refused["r_SR_true_E"].null_count() == refused.height
    occasion = errors.filter(pl.col("level") == "occasion")
    assert occasion.filter("refused")["reliability_E"].to_list() == [
        value
        for value in occasion["reliability_E"]
        if value <= occasion["r_observed"][0] ** 2 / 0.86
    ]
    whole = person.filter(pl.col("reliability_E") == 1.0).row(0, named=True)
    assert whole["r_SR_true_E"] == pytest.approx(0.0, abs=1e-12)
    assert whole["corrected_slope"] == pytest.approx(inputs.norm.lines.person.slope)
    mood = result.mood_reporting.filter(pl.col("g") == 0.0)
    assert mood["corrected_slope"].to_list() == pytest.approx(mood["slope"].to_list())
    factors = result.mood_factors
    at_zero = factors.filter(pl.col("g") == 0.0)["r_factor_SR"][0]
    optimism = scores.persons["optimism"].to_numpy()
    assert at_zero == pytest.approx(np.corrcoef(optimism, inputs.resilience.persons["SR"])[0, 1])


def test_outlier_policies_score_everyone_with_their_own_line() -> None:
    scores = simulated()
    P = pl.when(pl.col("person") == 5).then(36.0).otherwise(pl.col("P"))
    scores = replace(scores, table=scores.table.with_columns(P=P))
    table = bands(scores).outliers
    assert table["policy"].to_list() == ["as they are", "drop", "winsorise", "robust"]
    as_is, drop = table.row(0, named=True), table.row(1, named=True)
    assert as_is["r_with_primary"] == pytest.approx(1.0)
    assert as_is["largest_change"] == pytest.approx(0.0, abs=1e-10)
    assert drop["n"] < as_is["n"]


@pytest.mark.parametrize("far", [1, 4, 8])
def test_a_robust_line_does_not_tell_where_few_far_persons_lie(far: int) -> None:
    """Beside the line of least squares it tells the side that they pull it to, and how far."""
    scores = simulated()
    P = pl.when(pl.col("person") < far).then(36.0).otherwise(0.5 * pl.col("P"))
    inputs = with_outliers(replace(scores, table=scores.table.with_columns(P=P)))
    audience = audience_of(inputs.scores, individuals=False)
    hidden = replace(inputs, run=replace(inputs.run, audience=audience))
    tables = {}
    for name, own in (("shown", inputs), ("hidden", hidden)):
        result = compute(own, SensitivitySettings())
        columns = OUTLIER_COLUMNS
        table = Table(name="t", title="T", frame=result.outliers, columns=columns)
        tables[name] = as_told(table, own.run.audience).frame
    shown_table, told = (
        {row["policy"]: row for row in tables[name].to_dicts()} for name in ("shown", "hidden")
    )
    pulled = shown_table["as they are"]["intercept"] - shown_table["robust"]["intercept"]
    assert abs(pulled) > 0.2, "the attack works"
    gone = told["robust"]["intercept"] is None and told["robust"]["slope"] is None
    assert gone is (far < 5)
    variants = told_norm(hidden.norm, audience).lines.variants
    assert (variants["robust_person"].n_changed == far) is (far < 5)
    assert variants["robust_person"].n_far == far


def test_skipped_answers_are_bounded() -> None:
    scores = simulated()
    table = scores.table.with_columns(
        E_high=pl.col("E") + pl.when(pl.col("person") < 40).then(60.0).otherwise(0.0)
    )
    scores = replace(scores, table=table)
    result = bands(scores)
    cases = {row["case"]: row for row in result.missing.iter_rows(named=True)}
    assert cases["exposure lowest"]["n_changed"] == 0
    assert cases["exposure highest"]["n_changed"] == table.filter(pl.col("person") < 40).height
    assert cases["exposure highest"]["r_with_primary"] < 0.99
    assert "skipped-answers-matter" in [finding.code for finding in result.findings]


def test_the_step_goes_before_the_older_keys() -> None:
    resilience = {"exposure_reliability": [0.5, 0.9], "mood_reporting": [0.3]}
    scores = simulated(60, 4, resilience=resilience)
    older = bands(scores)
    assert set(older.exposure_error["reliability_E"]) == {0.5, 0.9}
    assert set(older.mood_reporting["g"]) == set(older.mood_factors["g"]) == {0.3}
    step = bands(scores, exposure_reliability=[0.7])
    assert set(step.exposure_error["reliability_E"]) == {0.7}
    assert set(step.mood_reporting["g"]) == {0.3}
    assert bands(scores, mood_reporting=[]).mood_reporting.height == 0


def test_impossible_reliabilities_are_named() -> None:
    result = bands(simulated(), exposure_reliability=[0.05, 0.1, 0.9])
    told = next(item for item in result.findings if item.code == "impossible-reliability")
    assert told.text.startswith("Reliabilities of E of 0.05, 0.1 are impossible")
    assert told.evidence.numbers["reliabilities"] == [0.05, 0.1]


def test_the_person_who_changes_most_is_not_told_to_everyone() -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings())
    for individuals in (True, False):
        (section,), withheld = shown(result, inputs, individuals=individuals)
        assert withheld == ()
        assert len(section.figures) == 2
        tables = {table.name: table for table in section.tables}
        assert len(tables) == 6  # nothing was skipped
        assert "No skipped answer could change a score." in section.paragraphs
        assert ("largest_change" in tables["sensitivity-outliers"].frame.columns) == individuals


@pytest.mark.parametrize(("changed", "told"), [(3, None), (57, 55)])
def test_few_changed_rows_are_not_told_to_everyone(changed: int, told: int | None) -> None:
    inputs = with_outliers(simulated(60, 4))
    result = compute(inputs, SensitivitySettings())
    missing = result.missing.with_columns(n_changed=pl.lit(changed))
    (section,), _ = shown(replace(result, missing=missing), inputs, individuals=False)
    assert set(section.tables[-1].frame["n_changed"]) == {told}


def rare_factor(seed: int = 1, persons: int = 200) -> Scores:
    """A study whose factor `optimism` goes with fewer stressors and with nothing else."""
    scores = simulated(persons, 4, seed=seed, within=0.2)
    exposure = scores.table.group_by("person").agg(pl.col("E").mean()).sort("person")["E"]
    away = (exposure - exposure.mean()) / exposure.std()
    noise = np.random.default_rng(seed).normal(size=persons)
    return replace(
        scores, persons=scores.persons.with_columns(optimism=-0.7 * away + 0.7 * pl.Series(noise))
    )


def test_bands_of_a_study_stand_on_persons_means() -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings())
    bands, persons = result.exposure_bands, inputs.resilience.persons
    rows = {row["what"]: row for row in bands.results.iter_rows(named=True)}
    line = rows["slope of P on exposure"]
    assert line["value"] == pytest.approx(inputs.norm.lines.person.slope)
    assert line["error_high"] > 1.9 * line["value"]  # a reliability of .5 doubles it
    factor = rows["r of optimism with SR"]
    at_zero = result.mood_factors.filter(pl.col("g") == 0.0)["r_factor_SR"][0]
    assert factor["value"] == pytest.approx(at_zero)
    assert factor["n"] == line["n"] == persons.height
    assert bands.factors["optimism"].holds_jointly
    assert (bands.reliability_low, bands.reliability_high) == (0.5, 1.0)
    assert (bands.mood_low, bands.mood_high) == (0.0, 0.4)
    assert not bands.reliability_given
    assert 0.86 < bands.reliability_P < 1.0
    places = bands.persons
    assert places.filter((pl.col("g") == 0) & (pl.col("reliability_E") == 1))["rank_r"][0] == (
        pytest.approx(1.0)
    )
    assert places.filter(pl.col("g") == 0)["share_other_side"].is_sorted(descending=True)
    content = result.to_dict()["exposure_bands"]
    assert {"results", "persons", "reliability_low", "mood_high", "reliability_P"} <= set(content)
    assert "slope" not in content


def test_the_plausible_range_may_be_given_or_set() -> None:
    scores = simulated()
    bands = compute(
        with_outliers(scores),
        SensitivitySettings(plausible_reliability=(0.8, 0.9), plausible_mood=(0.1, 0.2)),
    ).exposure_bands
    assert (bands.reliability_low, bands.reliability_high) == (0.8, 0.9)
    assert (bands.mood_low, bands.mood_high) == (0.1, 0.2)
    with pytest.raises(ValueError, match="the lower value first"):
        SensitivitySettings(plausible_reliability=(0.9, 0.8))
    with pytest.raises(ValueError, match="less than or equal to 1"):
        SensitivitySettings(plausible_reliability=(0.9, 1.8))
    assert plausible_reliability(0.7, 0.9, (0.5, 1.0)) == ((0.7, 0.9), True)
    assert plausible_reliability(None, None, (0.5, 1.0)) == ((0.5, 1.0), False)
    narrow = bands.factors["optimism"]
    wide = bands_of(scores).factors["optimism"]
    assert wide.error_low <= narrow.error_low < narrow.error_high <= wide.error_high


def bands_of(scores: Scores) -> PersonBands:
    return compute(with_outliers(scores), SensitivitySettings()).exposure_bands


def test_a_factor_that_goes_with_fewer_stressors_is_named_and_told() -> None:
    """P has no relation with it but through exposure, whose error is taken for granted here."""
    told = []
    for seed in range(8):
        inputs = with_outliers(rare_factor(seed))
        E = pl.col("E") + pl.Series(np.random.default_rng(90 + seed).normal(0, 16, 200))
        noisy = inputs.resilience.persons.with_columns(E)
        inputs = replace(inputs, resilience=replace(inputs.resilience, persons=noisy))
        result = compute(inputs, SensitivitySettings(draws=200))
        codes = [finding.code for finding in result.findings]
        band = result.exposure_bands.factors["optimism"]
        assert ("factor-may-be-exposure" in codes) == (band.claimed and not band.holds_with_error)
        (section,), _ = shown(result, inputs, individuals=False)
        words = " ".join(str(text) for text in section.paragraphs)
        assert ("it is not told from 0 throughout" in words) == ("factor-may-be-exposure" in codes)
        assert ("No factor's correlation with SR is told from 0" in words) == (not band.claimed)
        told.append("factor-may-be-exposure" in codes)
    assert any(told)


def told_of(result: SensitivityResult, inputs: AnalysisInputs) -> str:
    (section,), _ = shown(result, inputs, individuals=True)
    return " ".join(str(text) for text in section.paragraphs)


def test_factors_without_a_band_are_named_with_the_reason() -> None:
    scores = simulated()
    inputs = with_outliers(scores)
    plan = inputs.study.plan.model_copy(update={"factors": ("optimism", "support", "city")})
    study = replace(inputs.study, plan=plan)
    scores = replace(scores, factors_repeated=("support",))
    result = compute(replace(inputs, study=study, scores=scores), SensitivitySettings(draws=100))
    assert set(result.factors_left_out) == {"support", "city"}
    words = told_of(result, inputs)
    assert "support has no band: it is measured repeatedly" in words
    assert "city has no band: it is not a number for each person." in words


def test_impossible_rows_are_explained_where_there_are_any() -> None:
    inputs = with_outliers(simulated())
    for reliability, explained in ((0.05, True), (0.9, False)):
        result = compute(
            inputs, SensitivitySettings(draws=100, exposure_reliability=(reliability,))
        )
        (section,), _ = shown(result, inputs, individuals=True)
        (table,) = (one for one in section.tables if one.name == "sensitivity-exposure-error")
        assert ("Rows marked impossible" in table.note) == explained


def test_methods_tell_what_was_assumed() -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings(draws=100))
    told = str(result.methods())
    assert "from 0.50 to 1.0 (an assumption, as the study file states none)" in told
    assert "over 100 resamples of persons" in told
    assert "drop, winsorise and robust" in told
    assert "A factor was said to hold" in told
    bands = result.exposure_bands
    unknown = {name: replace(band, value=None) for name, band in bands.factors.items()}
    of_none = replace(result, exposure_bands=replace(bands, factors=unknown))
    assert "factor" not in str(of_none.methods()).lower()


def test_shares_of_few_persons_who_change_sides_are_not_told_to_everyone() -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings(draws=100))
    table = result.exposure_bands.persons.with_columns(
        n_other_side=pl.lit(2, dtype=pl.UInt32), share_other_side=pl.lit(2 / 120)
    )
    few = replace(result, exposure_bands=replace(result.exposure_bands, persons=table))
    (section,), _ = shown(few, inputs, individuals=False)
    tables = {item.name: item.frame for item in section.tables}
    hidden = tables["sensitivity-exposure-persons"]
    for name in ("n_other_side", "share_other_side"):
        assert hidden[name].null_count() == table.height


def test_figures_name_the_range_that_they_assume() -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings(draws=100, exposure_reliability=(0.6, 0.8, 1.0)))
    (section,), _ = shown(result, inputs, individuals=True)
    error = section.figures[0].description
    assert "over assumed reliabilities of exposure of 0.60 to 1.0, without sampling error" in error


def test_a_case_that_changes_forms_of_few_persons_is_empty_where_they_are_hidden() -> None:
    rng = np.random.default_rng(3)
    person = np.repeat(np.arange(40), 5)
    E = rng.normal(0, 1, person.size)
    P = E + rng.normal(0, 1, person.size)
    of_two, of_six = (np.where(person < n, E + 1, E) for n in (2, 6))
    cases = {"as scored": (P, E), "ten forms": (P, of_two), "thirty": (P, of_six)}
    shown_table, hidden = (
        missing_table(cases, P - E, person, Audience(individuals=mode, n_persons=40, seed=1))
        for mode in (True, False)
    )
    assert shown_table["n_changed"].to_list() == [0, 10, 30]
    assert hidden["n_changed"].to_list() == [0, None, 30]
    assert hidden.row(1) == ("ten forms", *[None] * 5)
    of_line = pl.col("intercept")
    assert hidden.drop("intercept").row(2) == shown_table.drop("intercept").row(2)
    steps = hidden.select(of_line / 0.1)["intercept"].drop_nulls().to_numpy()
    np.testing.assert_allclose(steps, np.rint(steps), atol=1e-9)
