"""Change on baseline in a study: the model over its persons, what is said, what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.change_on_baseline.analysis import ChangeOnBaselineResult, compute
from salutogen.analyses.change_on_baseline.settings import ChangeOnBaselineSettings
from salutogen.analyses.change_on_baseline.slopes import of_baseline
from salutogen.analyses.change_on_baseline.words import answer_of, what_k_is
from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.models.regression.change_on_baseline import change_on_baseline
from tests.analyses.inputs import inputs_of, shown
from tests.analyses.small_cohort import results_of
from tests.norm.cohorts import simulated


def settings(**given: Any) -> ChangeOnBaselineSettings:
    return ChangeOnBaselineSettings.model_validate({"bootstrap": 200, **given})


def codes(found: Any) -> list[str]:
    return [item.code for item in found]


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return inputs_of(simulated(150, 5))


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> ChangeOnBaselineResult:
    return compute(inputs, settings(covariates=["age", "site"], after="T3"))


def test_it_is_the_model_over_the_study_s_persons(
    inputs: AnalysisInputs, result: ChangeOnBaselineResult
) -> None:
    P = inputs.views.wide("P").values
    later = np.isfinite(P[:, 3])
    persons = inputs.scores.persons
    C = np.column_stack([persons["age"], persons["site"] == "B", persons["site"] == "C"])
    kept = later & np.isfinite(P[:, 0])
    after = P[kept, 3]
    names = ("age", "site=B", "site=C")
    other = change_on_baseline(
        P[kept, 0], after, C[kept].astype(float), names=names, draws=200, seed=1
    )
    assert result.n == kept.sum() == other.n
    assert result.correlation == pytest.approx(other.correlation)
    for place, term in enumerate(("problems before", *names)):
        plain, *corrected = result.slopes.filter(term=term).to_dicts()
        assert plain["k"] is None
        assert plain["slope"] == pytest.approx(other.naive[place])
        for row, k in enumerate((1.0, 1.2, 1.5, 2.0)):
            own = corrected[row]
            assert own["k"] == k
            assert own["possible"] == (k * other.correlation <= 1)
            if own["possible"]:
                assert own["slope"] == pytest.approx(other.corrected[row, place])
                assert own["low"] == pytest.approx(other.interval[row, 0, place])
            else:
                assert own["slope"] is None


def test_nobody_changed_is_said(inputs: AnalysisInputs) -> None:
    """Persons differ, occasions scatter, nobody changes: the naive slope alone would claim it."""
    result = compute(inputs, settings())
    plain, *corrected = of_baseline(result.slopes)
    assert plain["high"] is not None
    assert plain["high"] < 0
    first = corrected[0]
    assert first["low"] is not None
    assert first["high"] is not None
    assert first["low"] < 0 < first["high"]
    assert "slope-coupled-with-baseline" in codes(result.findings)
    words = str(result.answer())
    assert words.startswith("Taken as it is, change goes with −")
    assert "it would be negative even if nobody changed" in words
    assert (result.baseline, result.after) == ("T0", "T1")
    assert result.sd_before == pytest.approx(result.sd_after, rel=0.1)


def test_what_is_said_is_made_from_what_was_told(result: ChangeOnBaselineResult) -> None:
    def with_rows(*ends: tuple[float | None, float | None]) -> str:
        rows = [(None, -0.4, -0.5, -0.3)]
        rows += [
            (k, None if low is None else 0.0, low, high)  # type: ignore[misc]
            for k, (low, high) in zip((1.0, 1.2, 1.5), ends, strict=True)
        ]
        frame = pl.DataFrame(
            [
                {
                    "kind": "baseline", "term": "problems before", "k": k,
                    "without_stressor": k and 0.5 * k,
                    "possible": None if k is None else slope is not None,
                    "slope": slope, "low": low, "high": high,
                }
                for k, slope, low, high in rows
            ]
        )  # fmt: skip
        return str(answer_of(replace(result, slopes=frame)))

    assert "for no k is it told from 0" in with_rows((-0.1, 0.1), (-0.2, 0.1), (-0.3, 0.1))
    assert "for every k it is negative" in with_rows((-0.3, -0.1), (-0.4, -0.1), (None, None))
    assert "for k = 1.5 only it is negative" in with_rows((-0.1, 0.1), (-0.2, 0.1), (-0.3, -0.1))
    assert "for every k it is positive" in with_rows((0.3, 0.5), (0.2, 0.4), (0.1, 0.3))
    assert "positive for k = 1, negative for k = 1.2 and 1.5; k decides" in with_rows(
        (0.1, 0.3), (-0.3, -0.1), (-0.5, -0.2)
    )
    assert "cannot be told" in with_rows((None, None), (None, None), (None, None))


def test_correlations_that_cannot_be_are_named(inputs: AnalysisInputs) -> None:
    result = compute(inputs, settings(k=[1.0, 20.0]))
    assert of_baseline(result.slopes)[-1]["possible"] is False
    assert "k = 20 is not possible here" in what_k_is(result)
    none = compute(inputs, settings(k=[20.0]))
    assert "no-k-is-possible" in codes(none.findings)


def test_a_conclusion_that_depends_on_k_is_a_warning(inputs: AnalysisInputs) -> None:
    """At k = 1 nothing is told; the larger k, the more of the slope is the stressor's."""
    result = compute(inputs, settings())
    rows = [
        row for row in of_baseline(result.slopes) if row["k"] is not None and row["low"] is not None
    ]
    told = {row["high"] is not None and row["high"] < 0 for row in rows}
    assert told == {True, False}
    assert "slope-depends-on-k" in codes(result.findings)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"baseline": "T9"}, "baseline-unknown"),
        ({"baseline": "T4"}, "nothing-after-baseline"),
        ({"baseline": "T3", "after": "T2"}, "nothing-after-baseline"),
        ({"covariates": ["agee"]}, "change-on-baseline-covariate-unknown"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    inputs: AnalysisInputs, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(AnalysisError) as refused:
        compute(inputs, settings(**given))
    assert code in codes(refused.value.findings)


def test_few_persons_are_refused() -> None:
    with pytest.raises(AnalysisError) as refused:
        compute(inputs_of(simulated(15, 3)), settings())
    assert "too-few-with-two-measurements" in codes(refused.value.findings)


def test_the_clock_decides_what_comes_after() -> None:
    scores = simulated(60, 3, missing=0.0)
    early = (scores.table["person"] < 5) & (scores.table["occasion_index"] == 1)
    time = pl.when(early).then(0.0).otherwise(pl.col("time")).alias("time")
    result = compute(inputs_of(replace(scores, table=scores.table.with_columns(time))), settings())
    told = next(item for item in result.findings if item.code == "answers-not-after-baseline")
    assert told.evidence.numbers["persons"] == 5


def test_a_study_file_can_ask_for_it(tmp_path: Path) -> None:
    results = results_of(tmp_path, analyses="[{step: change-on-baseline, bootstrap: 100}]")
    found = results.analysis("change-on-baseline")
    assert isinstance(found, ChangeOnBaselineResult)
    assert results.to_dict()["steps"]["change-on-baseline"]["n"] == found.n


def test_the_page_shows_slopes_to_every_audience(
    inputs: AnalysisInputs, result: ChangeOnBaselineResult
) -> None:
    for individuals in (True, False):
        (section,), withheld = shown(result, inputs, individuals=individuals)
        assert [figure.name for figure in section.figures] == ["change-on-baseline"]
        assert section.tables[0].frame.height == 4 * 5
        assert withheld == ()
