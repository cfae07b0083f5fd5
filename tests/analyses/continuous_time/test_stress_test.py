"""The standard stressor: sizes, horizons, levels of factors, and what is said of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.linalg import expm

from salutogen.analyses.continuous_time.analysis import ContinuousTimeResult, compute
from salutogen.analyses.continuous_time.settings import ContinuousTimeSettings, StressTest
from salutogen.analyses.continuous_time.stress_test import HALF, PEAK
from salutogen.analyses.continuous_time.words import peak_in_words
from salutogen.analyses.contract import AnalysisInputs
from salutogen.models import ContinuousTime, ContinuousTimeFit
from tests.analyses.continuous_time.studies import flow_inputs

LOW, HIGH = "optimism 1 SD below the mean", "optimism 1 SD above the mean"


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return flow_inputs(factor=True, n=250)


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> ContinuousTimeResult:
    return compute(inputs, ContinuousTimeSettings(factors=("optimism",)))


def text_of(result: ContinuousTimeResult, code: str) -> str:
    (told,) = (item for item in result.findings if item.code == code)
    return told.text


@pytest.mark.parametrize("size", ["0 SD", "0.0 points", "00 SD", "-1 SD", "SD", "1e400 points"])
def test_a_stressor_has_a_size(size: str) -> None:
    with pytest.raises(ValueError, match="size"):
        StressTest(size=size)


@pytest.mark.parametrize("size", ["2 SD", "0.5SD", "10 points", "1 point", "0.05 SDs", "100.0 SD"])
def test_sizes_above_0(size: str) -> None:
    assert StressTest(size=size).size == size


def test_effects_at_the_gap_are_those_at_the_gap(result: ContinuousTimeResult) -> None:
    """To the digit, whatever times the figure has; its words tell the same."""
    assert set(result.at_gap["interval"]) == {result.gap}
    assert result.gap not in set(result.lags["interval"])
    rates = dict(result.effects.select("path", "estimate").iter_rows())
    paths = [["P → P", "E → P"], ["P → E", "E → E"]]
    left = expm(result.gap * np.array([[rates[path] for path in row] for row in paths]))
    own = result.at_gap.filter(path="P → P").row(0, named=True)
    assert own["effect"] == pytest.approx(left[0, 0], rel=1e-9)
    near = replace(result, lags=result.lags.filter(pl.col("interval") < 5))
    for one in (result, near):
        (figure,) = (
            figure
            for section in one.sections(None)  # type: ignore[arg-type]
            for figure in section.figures
            if figure.name == "continuous-time-lags"
        )
        assert f"P → P +{own['effect']:.2f} (+{own['low']:.2f} to" in str(figure.description)


def explode_at(monkeypatch: pytest.MonkeyPatch, above: float) -> None:
    """Let drifts of persons with a factor above a value explode."""
    whole = ContinuousTimeFit.returns

    def returns(self: ContinuousTimeFit, factors: dict[str, float] | None = None) -> bool:
        return whole(self, factors) and not any(value > above for value in (factors or {}).values())

    monkeypatch.setattr(ContinuousTimeFit, "returns", returns)


def test_a_level_at_which_deviations_explode_loses_that_response_alone(
    inputs: AnalysisInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    explode_at(monkeypatch, 0.5)
    found = compute(inputs, ContinuousTimeSettings(factors=("optimism",)))
    assert f"No response is told of {HIGH}" in text_of(found, "continuous-time-explodes-there")
    assert set(found.response["who"]) == {"average person", LOW}
    rows = {(row["who"], row["measure"]): row for row in found.measures.iter_rows(named=True)}
    assert rows[HIGH, PEAK]["value"] is None
    assert rows[LOW, HALF]["value"] > 0
    (section,) = found.sections(inputs.run.audience)
    (figure,) = (one for one in section.figures if one.name.endswith("-optimism"))
    assert f"{HIGH}: no response, since deviations would grow without end" in str(
        figure.description
    )
    assert set(figure.data["who"]) == {LOW}


def test_without_any_response_of_a_factor_there_is_no_figure(
    inputs: AnalysisInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    explode_at(monkeypatch, -9.0)
    found = compute(inputs, ContinuousTimeSettings(factors=("optimism",)))
    (section,) = found.sections(inputs.run.audience)
    assert "continuous-time-response-optimism" not in {one.name for one in section.figures}
    assert found.persons is not None
    assert found.persons["peak"].null_count() == found.persons.height


def test_a_level_beyond_return_is_no_response_of_the_model(inputs: AnalysisInputs) -> None:
    """Where the fitted line itself crosses zero, the model has no response to tell."""
    rows = {"id": np.repeat(np.arange(40), 10), "t": np.tile(np.arange(10.0), 40)}
    rng = np.random.default_rng(1)
    factor = rng.normal(size=40)
    x = np.zeros((40, 10))
    for t in range(1, 10):
        x[:, t] = np.exp(np.minimum(-0.5 + 0.25 * factor, -0.05)) * x[:, t - 1]
        x[:, t] += rng.normal(size=40)
    rows |= {"x": x.ravel(), "f": np.repeat(factor, 10)}
    fit = ContinuousTime(processes="x", person="id", time="t", factors={"x<-x": "f"}).fit(rows)
    assert fit.returns({"f": 0.0})
    assert not fit.returns({"f": 20.0})


def test_a_horizon_without_times_is_said_to_be_of_no_use() -> None:
    inputs = flow_inputs(n=100)
    blank = pl.lit(None, dtype=pl.Float64).alias("time")
    occasions = tuple(replace(one, day=None) for one in inputs.study.occasions)
    study = replace(inputs.study, occasions=occasions)
    scores = replace(inputs.scores, table=inputs.scores.table.with_columns(blank), study=study)
    resilience = replace(
        inputs.resilience, occasions=inputs.resilience.occasions.with_columns(blank)
    )
    counted = replace(inputs, study=study, scores=scores, resilience=resilience)
    test = StressTest(horizon="90 days")  # type: ignore[arg-type]
    found = compute(counted, ContinuousTimeSettings(stress_test=test))
    assert found.time_unit == "occasions"
    assert "the horizon of 90 days" in text_of(found, "continuous-time-horizon-without-times")
    plain = compute(counted, ContinuousTimeSettings())
    assert "continuous-time-horizon-without-times" not in {one.code for one in plain.findings}


def test_a_peak_at_once_is_told_as_that(result: ContinuousTimeResult) -> None:
    """A pulse in the effect itself is farthest at once: no time with an interval of 0 to 0."""
    own = compute(
        flow_inputs(factor=True, n=250),
        ContinuousTimeSettings(factors=("optimism",), stress_test=StressTest(cause="P")),
    )
    words = peak_in_words(own, LOW)
    assert " at once, half of that gone" in words
    assert "after 0" not in words
    assert "after" in peak_in_words(result, LOW)


def test_methods_name_the_first_visit_and_factors(
    inputs: AnalysisInputs, result: ContinuousTimeResult
) -> None:
    told = result.methods().worded(str)  # type: ignore[union-attr]
    assert "At their first visit persons were taken to be as after a long time." in told
    assert "The return of P, what E does to it and its mean may depend on optimism." in told
    free = compute(inputs, ContinuousTimeSettings(first="free"))
    words = free.methods().worded(str)  # type: ignore[union-attr]
    assert "The first visit had means and covariances of its own." in words
    assert "may depend on" not in words


def test_how_much_is_left_by_the_next_visit_is_that_of_the_model() -> None:
    """Two processes that act on each other return in no single curve, as 0.5^(gap / half-life)."""
    fast = compute(
        flow_inputs(drift=[[-0.12, 0.05], [0.03, -0.03]], n=300, seed=5), ContinuousTimeSettings()
    )
    text = text_of(fast, "continuous-time-gaps-long")
    left = fast.at_gap.filter(path="P → P")["effect"].item()
    half_life = fast.half_lives.filter(process="P")["half_life"].item()
    assert f"by the next one {left:.0%} of it is left" in text
    assert abs(left - 0.5 ** (fast.gap / half_life)) > 0.02
