"""Growth: polygons by hand, no growth from fluctuation alone, what may not be called growth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.growth.analysis import ABOVE, BELOW, NET, GrowthResult, compute
from salutogen.analyses.growth.areas import areas, by_fluctuation, spans
from salutogen.analyses.growth.settings import GrowthSettings
from salutogen.errors import AnalysisError
from salutogen.study.instruments.instrument import Instrument, ScoringRule
from tests.analyses.inputs import inputs_of, shown
from tests.analyses.small_cohort import results_of
from tests.norm.cohorts import simulated

FAST = GrowthSettings(scale="wellbeing", bootstrap=200, fluctuation=100)
NAN = float("nan")


def instrument(**changes: Any) -> Instrument:
    rule = ScoringRule(name="sum")
    given: dict[str, Any] = {
        "name": "wellbeing", "registered": None, "title": "Wellbeing", "source": "answers",
        "items": ("w1",), "columns": {"w1": "w1"}, "answers": None, "did_not_occur": None,
        "form": "explicit", "recall": None, "measured": "repeated", "measures": "wellbeing",
        "higher": "better", "reverse": frozenset(), "scoring": rule, "scorings": {"sum": rule},
    }  # fmt: skip
    return Instrument(**{**given, **changes})


def study(*, rise: float = 0.0, n: int = 150, seed: int = 8, **changes: Any) -> AnalysisInputs:
    """Functioning falls with exposure, fluctuates, and rises by `rise` at each occasion."""
    scores = simulated(n, 5, seed=seed)
    rng = np.random.default_rng([seed, 1])
    table = scores.table
    person, E = table["person"].to_numpy(), table["E"].to_numpy()
    level = rng.normal(0, 2, n)[person]
    values = 20 + level - 0.05 * E + rise * table["occasion_index"].to_numpy()
    values = values + rng.normal(0, 1.5, table.height)
    study_ = replace(scores.study, instruments={"wellbeing": instrument(**changes)})
    return inputs_of(
        replace(
            scores, study=study_, factors_repeated=("wellbeing",),
            table=table.with_columns(pl.Series("factor:wellbeing", values)),
        )
    )  # fmt: skip


def heights(result: GrowthResult) -> dict[str, dict[str, Any]]:
    return {row["part"]: row for row in result.heights.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("course", "times", "above", "below"),
    [
        ([5, 7, 7, 5], [0, 1, 2, 3], 1 + 2 + 1, 0),
        ([5, 3, 5, 5], [0, 1, 2, 4], 0, 2),
        # up to +2, down to -2: cut in the middle, a triangle on either side
        ([5, 7, 3], [0, 1, 3], 1 + 1, 1),
        # from +1 down to -3 over four days: cut after one day
        ([0, 1, -3], [0, 2, 6], 1 + 0.5, 4.5),
        # a missing occasion is bridged
        ([5, NAN, 9], [0, 1, 2], 4, 0),
        # the last one is missing: the course ends before
        ([5, 7, NAN], [0, 2, 4], 2, 0),
    ],
)
def test_polygons_by_hand(
    course: list[float], times: list[float], above: float, below: float
) -> None:
    found = areas(np.array([course], dtype=float), np.array([times], dtype=float))
    assert [float(part.item()) for part in found] == pytest.approx([above, below])


@given(
    st.lists(st.floats(-9, 9), min_size=3, max_size=7),
    st.lists(st.floats(0.1, 5), min_size=7, max_size=7),
)
def test_areas_never_overlap(course: list[float], steps: list[float]) -> None:
    values = np.array([course])
    times = np.concatenate([[0.0], np.cumsum(steps)])[None, : len(course)]
    above, below = (float(part.item()) for part in areas(values, times))
    change = course - values[0, 0]
    assert above >= 0
    assert below >= 0
    assert above - below == pytest.approx(np.trapezoid(change, times[0]), abs=1e-9)
    fine = np.linspace(0, times[0, -1], 4001)
    height = np.interp(fine, times[0], change)
    assert above == pytest.approx(np.trapezoid(np.maximum(height, 0), fine), abs=0.05)
    assert below == pytest.approx(np.trapezoid(np.maximum(-height, 0), fine), abs=0.05)


def test_fluctuation_alone_has_the_height_of_half_a_normal() -> None:
    known = np.ones((4000, 2), dtype=bool)
    times = np.tile([0.0, 1.0], (4000, 1))
    made = by_fluctuation(4.0, 0.5, known, times, draws=60, seed=3)
    # the change is normal with variance 2 * 4 * (1 - .5); a line from 0 has half its height
    expected = np.sqrt(2 * 4 * 0.5) / np.sqrt(2 * np.pi) / 2
    np.testing.assert_allclose(made.mean(axis=0), expected, rtol=0.02)


def test_spans_end_at_the_last_known_occasion() -> None:
    known = np.array([[1, 0, 1, 0], [1, 1, 1, 1]], dtype=bool)
    times = np.array([[2.0, 0.0, 9.0, 0.0], [0.0, 1.0, 2.0, 7.0]])
    assert spans(known, times).tolist() == [7.0, 7.0]


def test_no_growth_is_told_where_functioning_only_fluctuates() -> None:
    told = []
    for seed in range(8, 13):
        result = compute(study(seed=seed), FAST)
        rows = heights(result)
        told.append(str(result.answer()))
        assert rows[ABOVE]["mean"] > 0.3, "above the baseline by chance"
        assert rows[ABOVE]["chance"] == pytest.approx(rows[ABOVE]["mean"], rel=0.3)
    assert sum("is not shown" in text for text in told) >= 4
    assert not any("rose" in text and "fell" in text for text in told)


def test_growth_that_is_there_is_told() -> None:
    rows = heights(compute(study(rise=0.8), FAST))
    assert "rose above its baseline" in str(compute(study(rise=0.8), FAST).answer())
    assert rows[ABOVE]["mean"] > rows[ABOVE]["chance_high"]
    assert rows[NET]["mean"] == pytest.approx(rows[ABOVE]["mean"] - rows[BELOW]["mean"])
    assert rows[NET]["low"] < 0.8 * 2 < rows[NET]["high"] + 0.3, "the mean of 0 to 4 steps"
    assert "fell below its baseline" in str(compute(study(rise=-0.8), FAST).answer())


def test_surplus_is_the_residual_of_its_own_line() -> None:
    inputs = study()
    result = compute(inputs, FAST)
    assert result.surplus is not None
    assert result.surplus_persons is not None
    means = (
        inputs.scores.table.filter("valid").group_by("person", maintain_order=True)
        .agg(pl.col("E", "factor:wellbeing").mean())
    )  # fmt: skip
    values, E = means["factor:wellbeing"].to_numpy(), means["E"].to_numpy()
    fit = sm.OLS(values, sm.add_constant(E)).fit()
    np.testing.assert_allclose(result.surplus_persons["surplus"], fit.resid, atol=1e-9)
    assert result.surplus.sd == pytest.approx(fit.resid.std(ddof=1))
    SR = inputs.resilience.persons["SR"].to_numpy()
    r = np.corrcoef(fit.resid, SR)[0, 1]
    assert result.surplus.r_SR == pytest.approx(r)
    z = np.arctanh(r) + np.array([-1, 1]) * 1.959963984540054 / np.sqrt(len(SR) - 3)
    assert (result.surplus.r_SR_low, result.surplus.r_SR_high) == pytest.approx(tuple(np.tanh(z)))


def test_areas_of_persons_are_those_of_their_courses() -> None:
    inputs = study()
    row = compute(inputs, FAST).persons.row(3, named=True)
    (person,) = inputs.scores.persons.filter(subject=row["subject"])["person"]
    own = inputs.scores.table.filter(person=person).sort("occasion_index")
    change = (own["factor:wellbeing"] - own["factor:wellbeing"][0]).to_numpy()
    days = own["time"].to_numpy()
    assert row["span"] == days[-1] - days[0]
    net = np.trapezoid(change, days)
    assert row["area_above"] - row["area_below"] == pytest.approx(net)
    assert row["net"] == pytest.approx(net / row["span"])


@pytest.mark.parametrize(
    ("changes", "settings", "code"),
    [
        ({"title": "Posttraumatic Growth Inventory"}, {}, "growth-in-retrospect"),
        ({"registered": "ptgi"}, {}, "growth-in-retrospect"),
        ({"texts": {"w1": "As a result of my illness I am stronger"}}, {}, "growth-in-retrospect"),
        ({"measured": "baseline"}, {}, "growth-asked-once"),
        ({"higher": "worse"}, {}, "growth-of-problems"),
        ({}, {"baseline": "T3"}, "growth-needs-later-occasions"),
        ({}, {"baseline": "T8"}, "baseline-unknown"),
        ({}, {"scale": "ghq-12"}, "growth-of-problems"),
        ({}, {"scale": "wellbeingg"}, "scale-unknown"),
    ],
)
def test_what_is_no_growth_is_refused(
    changes: dict[str, Any], settings: dict[str, Any], code: str
) -> None:
    inputs = study(n=40, **changes)
    inputs = replace(inputs, panel=cast(Any, SimpleNamespace(persons=None, answers={})))
    with pytest.raises(AnalysisError) as caught:
        compute(inputs, FAST.model_copy(update=settings))
    assert code in {item.code for item in caught.value.findings}


def test_few_persons_are_refused() -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(study(n=18), FAST)
    assert "too-few-for-growth" in {item.code for item in caught.value.findings}


def test_everyone_may_read_all_of_it() -> None:
    inputs = study()
    result = compute(inputs, FAST)
    for individuals in (True, False):
        (section,), told = shown(result, inputs, individuals=individuals)
        assert told == ()
        assert (len(section.tables), len(section.figures)) == (1, 1)


def test_an_instrument_without_a_part_is_scored(tmp_path: Path) -> None:
    told = results_of(tmp_path, analyses="[{step: growth, scale: mood}]")
    assert "growth-of-problems" in {item.code for item in told.findings}
