"""What flows on between visits: known truths, the model used alone, what cannot be asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.linalg import expm

from salutogen.analyses.continuous_time.analysis import ContinuousTimeResult, compute
from salutogen.analyses.continuous_time.settings import ContinuousTimeSettings, StressTest
from salutogen.analyses.continuous_time.stress_test import AREA, AVERAGE, HALF, PEAK, TO_PEAK
from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.models import ContinuousTime
from tests.analyses.continuous_time.studies import DRIFT, EVERY, POINTS, flow_inputs
from tests.analyses.inputs import shown

PLAIN = ContinuousTimeSettings()


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return flow_inputs()


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> ContinuousTimeResult:
    return compute(inputs, PLAIN)


def rates(result: ContinuousTimeResult) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in result.effects.iter_rows(named=True)}


def measures(result: ContinuousTimeResult, who: str = AVERAGE) -> dict[str, dict[str, Any]]:
    return {row["measure"]: row for row in result.measures.filter(who=who).iter_rows(named=True)}


def codes(result: ContinuousTimeResult) -> set[str]:
    return {item.code for item in result.findings}


def refused(code: str, given: AnalysisInputs, **asked: Any) -> str:
    with pytest.raises(AnalysisError) as error:
        compute(given, ContinuousTimeSettings(**asked))
    assert code in {item.code for item in error.value.findings}
    return str(error.value)


def test_the_flow_that_is_there_is_told(result: ContinuousTimeResult) -> None:
    told = rates(result)
    scale = dict(zip("PE", POINTS, strict=True))
    for i, outcome in enumerate("PE"):
        for j, source in enumerate("PE"):
            row, true = told[f"{source} → {outcome}"], DRIFT[i, j] * scale[outcome] / scale[source]
            assert row["low"] < true < row["high"], row
    assert told["E → P"]["p_adjusted"] < 0.001 < told["P → E"]["p_adjusted"]
    lives = {row["process"]: row for row in result.half_lives.iter_rows(named=True)}
    for name, true in (("P", np.log(2) / 0.03), ("E", np.log(2) / 0.02)):
        assert lives[name]["low"] < true < lives[name]["high"]
    assert result.time_unit == "days"
    assert result.gap == pytest.approx(EVERY, abs=1.5)
    assert result.n > 190
    assert not codes(result)


def test_the_response_to_a_standard_stressor_is_that_of_the_truth(
    result: ContinuousTimeResult,
) -> None:
    """Closed form: with no way back, P(t) = size · b (exp(dt) − exp(at)) / (d − a)."""
    a, d, b = -0.03, -0.02, 0.02 * POINTS[0] / POINTS[1]
    size = result.stressor.size
    times = np.linspace(0, 600, 60001)
    true = size * b * (np.exp(d * times) - np.exp(a * times)) / (d - a)
    at = int(np.argmax(true))
    half = times[at:][true[at:] < true[at] / 2][0] - times[at]
    truths = {PEAK: true[at], TO_PEAK: times[at], HALF: half, AREA: size * b / (a * d)}
    for name, row in measures(result).items():
        assert row["low"] < truths[name] < row["high"], (name, truths[name], row)
    course = result.response.filter(who=AVERAGE)
    assert course["time"][0] == 0
    assert course["response"][0] == pytest.approx(0, abs=1e-9)
    assert (course["low"] <= course["response"]).all()
    assert result.stressor.size_in_sds == pytest.approx(2)
    assert result.stressor.reached > 5


def test_figures_are_those_of_the_model_used_alone(
    inputs: AnalysisInputs, result: ContinuousTimeResult
) -> None:
    rows = inputs.scores.table.select("person", "time", "P", "E", "occasion").with_columns(
        (pl.col(name) - pl.col(name).mean().over("occasion")).alias(name) for name in ("P", "E")
    )
    fit = ContinuousTime(processes=("P", "E"), person="person", time="time").fit(rows)
    for path, row in rates(result).items():
        source, outcome = path.split(" → ")
        name = f"{outcome}<-{source}"
        assert row["estimate"] == pytest.approx(fit.estimates[name], rel=1e-6, abs=1e-9)
        assert row["se"] == pytest.approx(fit.standard_errors[name], rel=1e-5)
    told = result.lags.filter(path="E → P")
    spread = dict.fromkeys("E", result.stressor.size / 2)
    ratio = rates(result)["E → P"]["standardised"] / rates(result)["E → P"]["estimate"]
    for interval, effect in told.select("interval", "effect").iter_rows():
        lag = expm(fit.drift * interval)[0, 1]
        assert effect == pytest.approx(lag * ratio, rel=1e-5, abs=1e-9)
    within = rows.with_columns(pl.col("E") - pl.col("E").mean().over("person"))["E"].to_numpy()
    free = rows.height - rows["person"].n_unique()
    assert spread["E"] == pytest.approx(np.sqrt(np.sum(within**2) / free), rel=1e-9)
    residuals = fit.residuals()
    own = result.residuals.filter(process="P").row(0, named=True)
    assert own["sd"] == pytest.approx(residuals["P"].drop_nulls().std(), rel=1e-5)
    assert abs(own["lag1"]) < 0.1


def test_what_moves_everybody_is_no_coupling(result: ContinuousTimeResult) -> None:
    """A hard time for all, at every other occasion, is taken out with the mean of the occasion."""
    other = compute(flow_inputs(common=3.0), PLAIN)
    for path, row in rates(result).items():
        assert rates(other)[path]["estimate"] == pytest.approx(row["estimate"], rel=1e-4, abs=1e-7)


def test_words_tell_half_lives_cross_effects_and_the_response(
    result: ContinuousTimeResult,
) -> None:
    words = str(result.answer())
    assert words.startswith("Half of a shock is gone in P after 3.4 weeks (95 % interval 2.6 to")
    assert "E above a person's level moves P up (at a rate of +0.5" in words
    assert "Not shown: P → E, at a rate of" in words
    assert "so far apart" not in str(result.in_short())
    assert "After a standard stressor (E 9.5 points, 2.0 SDs, above the own level" in words
    assert "points higher (95 % interval +0." in words
    assert "half of a shock in P is gone after 3.4 weeks" in str(result.in_short())
    told = result.methods().worded(str)  # type: ignore[union-attr]
    assert "P and E of 200 persons at 6 occasions" in told
    assert "Holm" in told


def test_what_moves_both_at_once_is_no_response(result: ContinuousTimeResult) -> None:
    assert "moves both at once" not in str(result.answer()), "shocks hardly go together"
    shared = result.together.with_columns(shocks=pl.lit(0.42))
    words = str(replace(result, together=shared).answer())
    assert "what moves both at once (correlation of shocks +0.42): how much of it is E" in words


def test_doubtful_estimates_are_not_built_on(result: ContinuousTimeResult) -> None:
    doubtful = replace(result, doubtful=True)
    assert "do not build on them" in str(doubtful.answer())
    assert "hangs on a model with doubtful estimates" in str(doubtful.in_short())


def test_the_page_shows_it_to_every_audience(
    inputs: AnalysisInputs, result: ContinuousTimeResult
) -> None:
    for individuals in (True, False):
        sections, withheld = shown(result, inputs, individuals=individuals)
        assert not withheld
        (section,) = sections
        assert [one.name for one in section.figures] == [
            "continuous-time-response", "continuous-time-lags",
        ]  # fmt: skip
        names = {one.name for one in section.tables}
        assert {"continuous-time-measures", "continuous-time-rates"} <= names
        assert all(one.description for one in section.figures)
        text = " ".join(map(str, section.paragraphs))
        assert "not an experiment" in text
        assert "data tell only how much is left by the next" in text


def test_who_returns_faster_is_told() -> None:
    inputs = flow_inputs(factor=True, n=250)
    result = compute(inputs, ContinuousTimeSettings(factors=("optimism", "site")))
    rows = {(row["factor"], row["path"]): row for row in result.by_factor.iter_rows(named=True)}
    assert len(rows) == 4
    own = rows["optimism", "P → P"]
    assert own["high"] < 0
    assert own["p_adjusted"] < 0.01
    assert own["step"] == "one SD more"
    (site,) = (name for name in result.factors if name != "optimism")
    assert rows[site, "P → P"]["low"] < 0 < rows[site, "P → P"]["high"]
    low = measures(result, "optimism 1 SD below the mean")[HALF]
    high = measures(result, "optimism 1 SD above the mean")[HALF]
    assert low["value"] > measures(result)[HALF]["value"] > high["value"]
    (section,) = result.sections(inputs.run.audience)
    assert "With higher optimism P returns faster" in " ".join(map(str, section.paragraphs))
    assert "continuous-time-response-optimism" in {one.name for one in section.figures}


def held_exposure(inputs: AnalysisInputs, effect: float) -> AnalysisInputs:
    """Problems that E of a visit moves until the next one, at a rate of `effect` per day."""
    rng = np.random.default_rng(9)
    frame = inputs.resilience.occasions
    person, time, E = (frame[name].to_numpy() for name in ("person", "time", "E"))
    E = 40 + 5 * rng.normal(size=E.size)
    x = rng.normal(size=E.size)
    for row in range(1, x.size):
        if person[row] == person[row - 1]:
            left = np.exp(-0.03 * (time[row] - time[row - 1]))
            moved = effect * (E[row - 1] - 40) * (1 - left) / 0.03
            x[row] = left * x[row - 1] + moved + np.sqrt(1 - left**2) * rng.normal()
    new = frame.with_columns(P=18 + x, E=E)
    return replace(inputs, resilience=replace(inputs.resilience, occasions=new))


def test_exposure_may_be_an_input(inputs: AnalysisInputs) -> None:
    asked = ContinuousTimeSettings(processes=("P",), inputs=("E",))
    result = compute(held_exposure(inputs, 0.006), asked)
    told = rates(result)
    assert told["E → P"]["kind"] == "effect of an input"
    assert told["E → P"]["low"] > 0.003
    assert told["E → P"]["low"] < 0.006 < told["E → P"]["high"]
    assert result.stressor.held == pytest.approx(result.gap)
    assert measures(result)[TO_PEAK]["value"] == pytest.approx(result.gap, rel=1e-4)
    assert "held for 4.4 weeks" in str(result.answer())
    assert set(result.lags["path"]) == {"P → P"}
    assert not result.together.height
    assert "continuous-time-input-looks-back" in codes(result)


def test_visits_without_an_input_are_left_out(inputs: AnalysisInputs) -> None:
    table = inputs.scores.table
    gone = pl.when(pl.int_range(pl.len()) % 9 == 0).then(None).otherwise("E").alias("E")
    scored = inputs.resilience.occasions
    changed = replace(
        inputs,
        scores=replace(inputs.scores, table=table.with_columns(gone)),
        resilience=replace(inputs.resilience, occasions=scored.with_columns(gone)),
    )
    result = compute(changed, ContinuousTimeSettings(processes=("P",), inputs=("E",)))
    assert "continuous-time-input-missing" in codes(result)


def test_a_pulse_in_points_and_a_horizon(inputs: AnalysisInputs) -> None:
    test = StressTest(size="10 points", horizon="90 days")  # type: ignore[arg-type]
    result = compute(inputs, ContinuousTimeSettings(stress_test=test))
    assert result.stressor.size == 10
    assert result.response["time"].max() == 90
    assert result.lags["interval"].max() == 90


def test_a_pulse_that_nobody_had_is_an_extrapolation(inputs: AnalysisInputs) -> None:
    result = compute(inputs, ContinuousTimeSettings(stress_test=StressTest(size="6SD")))
    (told,) = (one for one in result.findings if one.code.endswith("beyond-what-was-seen"))
    assert "(6 SDs): the response to it is extrapolated" in told.text


def test_gaps_that_are_long_beside_the_half_life_are_told() -> None:
    fast = compute(flow_inputs(drift=[[-0.08, 0.02], [0.0, -0.06]], n=300), PLAIN)
    (told,) = (one for one in fast.findings if one.code == "continuous-time-gaps-long")
    assert "What happens in between is told by the model, not by the data" in told.text
    assert "between them is told by the model and not by data" in str(fast.answer())
    assert "which visits so far apart hardly tell" in str(fast.in_short())


def test_a_return_slower_than_the_study_is_told() -> None:
    result = compute(
        flow_inputs(drift=[[-0.004, 0.0], [0.0, -0.02]], n=300, occasions=4),
        ContinuousTimeSettings(processes=("P",), stress_test=StressTest(cause="P")),
    )
    assert "continuous-time-slow" in codes(result)


def test_planned_days_stand_for_times_that_are_not_known(inputs: AnalysisInputs) -> None:
    def without(frame: pl.DataFrame) -> pl.DataFrame:
        first = pl.int_range(pl.len()) == 3
        return frame.with_columns(pl.when(first).then(None).otherwise("time").alias("time"))

    changed = replace(
        inputs,
        resilience=replace(inputs.resilience, occasions=without(inputs.resilience.occasions)),
    )
    result = compute(changed, PLAIN)
    assert result.time_unit == "planned days"
    assert result.gap == EVERY
    assert "continuous-time-planned-times" in codes(result)


def test_what_cannot_be_asked(inputs: AnalysisInputs) -> None:
    refused("continuous-time-variable-unknown", inputs, processes=("P", "mood"))
    refused("continuous-time-asked-once", inputs, processes=("P", "optimism"))
    refused("continuous-time-variables-overlap", inputs, processes=("P", "SR"))
    refused("continuous-time-variables-overlap", inputs, processes=("P", "E"), inputs=("E",))
    refused("continuous-time-factor-unknown", inputs, factors=("hope",))
    refused("continuous-time-not-in-the-model", inputs, processes=("P",))
    refused("continuous-time-not-in-the-model", inputs, measurement_error=("SR",))
    refused("continuous-time-occasion-unknown", inputs, occasions=("T0", "T1", "T9"))
    with pytest.raises(ValueError, match="size"):
        StressTest(size="two SDs")


def test_too_little_is_refused() -> None:
    told = refused("continuous-time-too-few-occasions", flow_inputs(occasions=2, n=60))
    assert "2 occasions have P (of 10 persons or more); 3 are needed" in told
    refused("continuous-time-too-few-persons", flow_inputs(n=15, missing=0.0))


def test_what_never_changes_is_refused(inputs: AnalysisInputs) -> None:
    level = pl.col("P").first().over("person").alias("P")
    frame = inputs.resilience.occasions.with_columns(level)
    same = replace(inputs, resilience=replace(inputs.resilience, occasions=frame))
    assert "does not change within persons" in refused("continuous-time-no-change", same)


def test_deviations_that_grow_are_refused() -> None:
    """Each person drifts away along an own line: no return to any level."""
    inputs = flow_inputs(n=150)
    rng = np.random.default_rng(1)
    slope = pl.Series(3 * rng.normal(size=150))
    frame = inputs.resilience.occasions
    away = 0.01 * slope.gather(frame["person"]) * (frame["time"] + 30) ** 2 / 100
    grown = frame.with_columns((pl.col("P") / 20 + away).alias("P"))
    changed = replace(inputs, resilience=replace(inputs.resilience, occasions=grown))
    with pytest.raises(AnalysisError) as error:
        compute(changed, ContinuousTimeSettings(first="free"))
    assert {item.code for item in error.value.findings} & {
        "continuous-time-explodes", "continuous-time-not-fitted",
    }  # fmt: skip


def test_settings_are_light_and_closed() -> None:
    assert PLAIN.processes == ("P", "E")
    assert PLAIN.stress_test == StressTest(cause="E", effect="P", size="2 SD")
    with pytest.raises(ValueError, match="extra"):
        ContinuousTimeSettings.model_validate({"process": ["P"]})
