"""Means of windows three ways, what moves them, and what the page shows of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.windows.analysis import WindowsResult, compute
from salutogen.analyses.windows.change_result import Contrast
from salutogen.analyses.windows.findings import tell_windows
from salutogen.analyses.windows.section import EVERYONE
from salutogen.analyses.windows.settings import WindowsSettings
from salutogen.findings import Findings
from salutogen.page.words import Sentence
from tests.analyses.inputs import inputs_of, shown
from tests.norm.cohorts import simulated


def worded(text: str | Sentence) -> str:
    return text if isinstance(text, str) else text.worded("{:,}".format)


@pytest.fixture(scope="module")
def result(cohort: AnalysisInputs) -> WindowsResult:
    return compute(cohort, WindowsSettings())


def test_means_of_the_model_are_those_of_a_random_intercept(
    cohort: AnalysisInputs, result: WindowsResult
) -> None:
    rows = cohort.resilience.windows.select("person", "window", "SR_frozen").to_pandas()
    fit = smf.mixedlm("SR_frozen ~ 0 + C(window)", rows, groups="person").fit(reml=True)
    count = result.windows.height
    model = result.windows["mean_SR_frozen_model"].to_numpy()
    errors = result.windows["se_SR_frozen_model"].to_numpy()
    np.testing.assert_allclose(model, fit.params.to_numpy()[:count], atol=1e-5)
    np.testing.assert_allclose(errors, fit.bse.to_numpy()[:count], rtol=1e-3)


def test_means_by_hand(cohort: AnalysisInputs, result: WindowsResult) -> None:
    windows = cohort.resilience.windows
    by_window = windows.group_by("window", maintain_order=True).agg(
        pl.len(), pl.col("SR_frozen").mean(), pl.col("SR_refit").mean()
    )
    by_window = by_window.sort("window")
    assert result.windows["n"].to_list() == by_window["len"].to_list()
    np.testing.assert_allclose(result.windows["mean_SR_frozen"], by_window["SR_frozen"], atol=1e-12)
    np.testing.assert_allclose(result.windows["mean_SR_refit"], by_window["SR_refit"], atol=1e-12)
    everywhere = windows.filter(pl.len().over("person") == by_window.height)
    complete = everywhere.group_by("window").agg(pl.col("SR_frozen").mean()).sort("window")
    np.testing.assert_allclose(result.windows["mean_SR_frozen_complete"], complete["SR_frozen"])
    assert set(result.windows["n_complete"]) == {everywhere["person"].n_unique()}


def test_published_means_of_the_real_cohort(real: AnalysisInputs) -> None:
    result = compute(real, WindowsSettings())
    windows = result.windows
    assert windows["n"].to_list() == [199, 197, 195, 163]
    assert windows["mean_SR_frozen"].to_list() == pytest.approx([0, 0.71, 1.12, 0.84], abs=5e-3)
    assert windows["mean_SR_refit"].to_list() == pytest.approx([0.0] * 4, abs=1e-10)
    complete = [-0.35, 0.31, 0.68, 0.83]
    assert windows["mean_SR_frozen_complete"].to_list() == pytest.approx(complete, abs=5e-3)
    assert set(windows["n_complete"]) == {160}
    model = windows["mean_SR_frozen_model"].to_numpy()
    assert (np.diff(model) > 0).all(), "without dropout the rise goes on"


def test_falling_exposure_and_dropout_are_told(real: AnalysisInputs) -> None:
    found = {item.code: item for item in compute(real, WindowsSettings()).findings}
    assert set(found) == {
        "windows-refitted",
        "dropout-moves-windows",
        "between-slope-on-within-change",
    }
    numbers = found["between-slope-on-within-change"].evidence.numbers
    assert numbers["E_first"] > numbers["E_last"]
    assert numbers["within_slope"] < numbers["frozen_slope"]
    assert numbers["moved_SR"] > 0
    assert found["dropout-moves-windows"].text == (
        "The number of persons goes from 199 to 163 over the windows; mean frozen SR changes by "
        "+0.84 over those present in each and by +1.18 in the 160 persons in every window. Over "
        "single occasions, who is present moves the mean by -0.25 (95 % interval -0.48 to -0.02)."
    )


def test_persons_without_a_window_are_counted() -> None:
    result = compute(inputs_of(simulated(60, 3, missing=0.6)), WindowsSettings())
    told = next(item for item in result.findings if item.code == "few-valid-occasions")
    assert 0 < told.evidence.numbers["absent"] < told.evidence.numbers["persons"]


def test_leaving_at_random_moves_nothing(result: WindowsResult) -> None:
    assert result.windows["n"].n_unique() > 1
    assert "dropout-moves-windows" not in {item.code for item in result.findings}


def test_nobody_in_every_window_is_said(real: AnalysisInputs) -> None:
    result = compute(real, WindowsSettings())
    windows = result.windows.with_columns(mean_SR_frozen_complete=pl.lit(None, dtype=pl.Float64))
    found = Findings()
    tell_windows(
        windows,
        real.resilience.windows,
        real.norm.lines.reference("window"),
        n_persons=200,
        change=result.change,
        slopes=(None, None),
        found=found,
    )
    (told,) = (item for item in found if item.code == "dropout-moves-windows")
    assert "and nobody is in every window" in told.text


def test_words_for_opening_and_methods(result: WindowsResult) -> None:
    answer = worded(result.answer())
    assert answer.startswith(
        "Whether SR changed from window 1 to window 3 is not settled: +0.23 (95 % interval −0.05 "
        "to +0.51) points beyond what exposure lets expect, by a model of single occasions that "
        "uses what was seen of everyone."
    )
    assert result.change is not None
    assert f"{result.change.n_left} persons were last seen before the last occasion" in answer
    assert "the interval would leave out 0" in answer
    few = replace(result, change=replace(result.change, n_left=3))
    assert "last seen" not in worded(few.answer())
    depends = replace(
        result.change,
        within=Contrast(estimate=1.0, se=0.1, interval=(0.8, 1.2)),
    )
    assert "last seen" not in worded(replace(result, change=depends).answer())
    assert result.in_short() == (
        "whether SR changed from the first window to the last is not settled"
    )
    rose = replace(result.change, interval=(0.1, 0.5), within=None)
    assert replace(result, change=rose).in_short() == (
        "SR is higher in the last window than in the first"
    )
    assert "depends on the slope" in replace(result, change=depends).in_short()
    assert replace(result, change=None).in_short() == ""
    assert "P ~ E + occasion + (1 | person), fitted by restricted" in str(result.methods())
    assert str(result.methods()).startswith("Sliding windows of 3 occasions moved on by 1 occasion")
    between = "between any two windows was judged over all pairs of them"
    assert between in str(result.methods())
    two = replace(result, windows=result.windows.head(2))
    assert between not in str(two.methods())  # nothing lies between
    shifts = " Assumed shifts of those last seen before the last occasion of the last window are"
    assert shifts in str(result.methods())
    nobody = replace(result.change, sensitivity=result.change.sensitivity.head(0))
    assert shifts not in str(replace(result, change=nobody).methods())  # nobody was lost
    assert "  " not in str(result.methods())


def test_a_study_without_windows_has_no_section() -> None:
    inputs = inputs_of(simulated(40, 3, resilience={"windows": None}))
    result = compute(inputs, WindowsSettings())
    assert result.to_dict()["windows"].height == 0
    assert "change" not in result.to_dict()
    assert shown(result, inputs, individuals=True) == ((), ())
    assert result.answer() == ""
    assert result.methods() == "No sliding windows were scored."
    assert result.findings == ()


def test_windows_of_few_persons_are_not_shown(
    cohort: AnalysisInputs, result: WindowsResult
) -> None:
    few = pl.col("window") == 2
    windows = result.windows.with_columns(
        n=pl.when(few).then(4).otherwise("n"), n_complete=pl.lit(4)
    )
    sections, withheld = shown(replace(result, windows=windows), cohort, individuals=False)
    assert withheld == ()
    (section,) = sections
    frame = section.tables[0].frame
    assert frame["window"].to_list() == [1, 3]
    assert frame["n_complete"].null_count() == frame["mean_SR_frozen_complete"].null_count() == 2
    means, lines = section.figures
    assert means.data["window"].str.starts_with("2:").sum() == 0
    assert "frozen line, persons in every window" not in means.data["score"]
    assert set(lines.data["window"]) == {"1", "3"}
    (all_shown,), _ = shown(replace(result, windows=windows), cohort, individuals=True)
    assert all_shown.tables[0].frame["n"].to_list()[1] == 4


def test_who_is_in_every_window_cannot_be_found_by_subtraction(
    cohort: AnalysisInputs, result: WindowsResult
) -> None:
    one_more = result.windows.with_columns(
        n=pl.when(pl.col("window") == 3).then(pl.col("n_complete") + 1).otherwise("n")
    )
    (section,), _ = shown(replace(result, windows=one_more), cohort, individuals=False)
    assert section.tables[0].frame["n_complete"].null_count() == 3


def test_a_model_that_cannot_be_fitted_is_said() -> None:
    inputs = inputs_of(simulated(9, 5))
    result = compute(inputs, WindowsSettings())
    assert result.change is None
    assert "no-change-over-windows" in {item.code for item in result.findings}
    assert result.answer() == "Change over the windows could not be estimated."
    assert result.to_dict()["change"] is None
    assert shown(result, inputs, individuals=True)[1] == ()


def drifting(shape: str) -> AnalysisInputs:
    """Exposure rises by 30 points a week; problems follow a curve that has not turned at first."""
    scores = simulated(80, 5, norm={"shape": shape})
    drift = pl.col("occasion_index").cast(pl.Float64) * 15
    E = pl.col("E") * 0.5 + drift
    P = (2 + 0.25 * E - 0.0008 * E**2 + (pl.col("person") % 7).cast(pl.Float64)).clip(0, 36)
    table = scores.table.with_columns(E=E, P=P, E_general=E / 2, E_pandemic=E / 2)
    return inputs_of(replace(scores, table=table))


def test_a_frozen_curve_sums_up_no_window_beyond_its_range() -> None:
    inputs = drifting("quadratic")
    result = compute(inputs, WindowsSettings())
    frozen = inputs.norm.lines.reference("window")
    assert frozen is not None
    assert frozen.shape == "quadratic"
    told = next(item for item in result.findings if item.code == "frozen-curve-beyond")
    beyond = told.evidence.numbers["windows"]
    assert beyond
    assert 1 not in beyond, "the reference itself"
    scored = inputs.resilience.windows
    for number in scored["window"].unique().sort():
        E = scored.filter(pl.col("window") == number)["E"].to_numpy()
        outside = np.mean((frozen.exposure_range[0] > E) | (frozen.exposure_range[1] < E))
        assert outside <= 0.05 or number in beyond
    rows = result.windows.filter(pl.col("window").is_in(beyond))
    for column in result.windows.columns:
        if "SR_frozen" in column:
            assert rows[column].null_count() == rows.height, column
    assert rows["mean_SR_refit"].null_count() == 0
    assert result.windows.filter(window=1)["mean_SR_frozen"].null_count() == 0
    shown(result, inputs, individuals=True)
    assert "None" not in str(result.answer())


def test_a_frozen_straight_line_goes_on_with_a_flag() -> None:
    inputs = drifting("linear")
    result = compute(inputs, WindowsSettings())
    assert "frozen-curve-beyond" not in [item.code for item in result.findings]
    assert result.windows["mean_SR_frozen"].null_count() == 0
    assert inputs.resilience.windows["extrapolated"].any()


@pytest.mark.parametrize("shape", ["linear", "quadratic"])
def test_windows_tell_their_lines_along_exposure(shape: str) -> None:
    inputs = inputs_of(simulated(120, 4, norm={"shape": shape}))
    windows = compute(inputs, WindowsSettings()).windows
    lines = inputs.norm.lines.by_period("window")
    for row, line in zip(windows.iter_rows(named=True), lines.values(), strict=True):
        assert row["coefficient_E"] == line.coefficient("E")
        assert row["slope"] == (line.coefficient("E") if shape == "linear" else None)
        for place in ("low", "middle", "high"):
            E = row[f"E_{place}"]
            curve = 0.0 if shape == "linear" else row["coefficient_E2"] * E**2
            expected = row["intercept"] + row["coefficient_E"] * E + curve
            assert row[f"expected_{place}"] == pytest.approx(expected, rel=1e-9)
        assert row["exposure_r_squared"] == pytest.approx(row["r_squared"], rel=1e-9)


def test_change_within_is_compared_with_the_curve_between_the_two_exposures() -> None:
    inputs = drifting("quadratic")
    found = Findings()
    frozen = inputs.norm.lines.reference("window")
    assert frozen is not None
    windows = inputs.resilience.windows
    summary = compute(inputs, WindowsSettings()).windows.with_columns(
        pl.col("mean_SR_frozen").fill_null(0.0)
    )
    tell_windows(
        summary, windows, frozen, n_persons=80, change=None, slopes=(0.9, 0.2), found=found
    )
    told = next(item for item in found if item.code == "between-slope-on-within-change")
    numbers = told.evidence.numbers
    first, last = numbers["E_first"], numbers["E_last"]
    b, c = frozen.coefficient("E"), frozen.coefficient("E^2")
    expected = b * (last - first) + c * (last**2 - first**2)
    assert numbers["expected_change"] == pytest.approx(expected, rel=1e-9)
    assert numbers["moved_SR"] == pytest.approx(0.9 * (last - first) - expected, rel=1e-9)
    assert "frozen curve changes by" in told.text


@pytest.mark.parametrize(
    ("step", "outside"), [(1, None), (3, "Occasions T6 and T7 are in no window.")]
)
def test_occasions_in_no_window_are_named(step: int, outside: str | None) -> None:
    plan = {"windows": {"width": 3, "step": step, "valid": 2}, "bootstrap": 0}
    result = compute(inputs_of(simulated(60, 8, resilience=plan)), WindowsSettings())
    told = [item.text for item in result.findings if item.code == "occasions-in-no-window"]
    assert told == ([] if outside is None else [outside])


def test_a_mean_that_rounds_to_0_has_no_sign() -> None:
    found = Findings()
    found.tell("windows-refitted", windows=4, first=-1e-17, last=-0.45, lowest=-0.5, highest=3.83)
    text = next(iter(found)).text
    assert "it is 0.00 in the first and -0.45 in the last, and lies between -0.50 and 3.83" in text
    assert "told by the model of single occasions" in text


def test_bars_of_the_figure_are_intervals_of_one_kind(
    cohort: AnalysisInputs, result: WindowsResult
) -> None:
    """Each bar is the t interval of the mean over the persons in a window, and the legend says."""
    (section,), _ = shown(result, cohort, individuals=True)
    data = section.figures[0].data
    bars = data.filter(pl.col("low").is_not_null())
    assert bars["score"].unique().to_list() == [EVERYONE]
    assert "interval" in EVERYONE
    SR = cohort.resilience.windows.filter(pl.col("window") == 3)["SR_frozen"].drop_nulls()
    half = stats.t.ppf(0.975, SR.len() - 1) * float(SR.std()) / np.sqrt(SR.len())
    (last,) = bars.filter(pl.col("window").str.starts_with("3:")).to_dicts()
    assert last["high"] - last["mean"] == pytest.approx(half, rel=1e-6)
    assert "over everyone in a window" in section.figures[0].description
    assert "model estimate" not in " ".join(data["score"])
