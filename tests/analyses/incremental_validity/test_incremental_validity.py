"""Incremental validity: the identity, what a curve adds, the time order, and what is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.incremental_validity.analysis import IncrementalValidityResult, compute
from salutogen.analyses.incremental_validity.outcome import read_outcome
from salutogen.analyses.incremental_validity.settings import IncrementalValiditySettings
from salutogen.analyses.incremental_validity.words import of, told, why
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.models.regression.held_out import held_out
from tests.analyses.inputs import inputs_of, shown
from tests.analyses.small_cohort import results_of
from tests.analyses.times_of_factors import with_times
from tests.norm.cohorts import simulated


def settings(**given: Any) -> IncrementalValiditySettings:
    return IncrementalValiditySettings.model_validate({"outcome": "disability", **given})


def codes(found: Any) -> list[str]:
    return [item.code for item in found]


def cohort(n: int = 200, *, curved: bool = False, seed: int = 4, **parts: Any) -> AnalysisInputs:
    """An outcome that follows problems and exposure, and with `curved` also exposure squared."""
    scores = simulated(n, 5, seed=seed, **parts)
    rng = np.random.default_rng([seed, 2])
    means = scores.table.group_by("person").agg(pl.col("P", "E").mean()).sort("person")
    P, E = means["P"].to_numpy(), means["E"].to_numpy()
    y = 0.5 * P + 0.1 * E + rng.normal(0, 2, n)
    if curved:
        y = y - 0.02 * (E - E.mean()) ** 2
        bend = scores.table.select(pl.col("P") + 0.01 * (pl.col("E") - 40) ** 2)["P"].clip(0, 36)
        scores = replace(scores, table=scores.table.with_columns(bend.alias("P")))
    values = rng.normal(size=scores.table.height) + y[scores.table["person"].to_numpy()]
    return inputs_of(
        replace(
            scores,
            persons=scores.persons.with_columns(pl.Series("disability", y), word=pl.lit("yes")),
            table=scores.table.with_columns(pl.Series("factor:burden", values)),
            factors_repeated=("burden",),
        )
    )


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return cohort()


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> IncrementalValidityResult:
    return compute(inputs, settings())


def test_with_a_straight_line_SR_adds_exactly_nothing(result: IncrementalValidityResult) -> None:
    assert result.exact
    assert result.computed_share == pytest.approx(1.0, abs=1e-12)
    assert result.added.gain == 0.0
    assert result.added.interval == (0.0, 0.0)
    assert result.added_to_curve is None
    assert "sr-adds-nothing-by-arithmetic" in codes(result.findings)
    assert str(result.answer()).endswith("Beside both SR adds exactly nothing, by arithmetic.")
    assert "whatever the outcome" in str(why(result)[0])


def test_each_share_is_that_of_a_line_over_the_same_persons(
    inputs: AnalysisInputs, result: IncrementalValidityResult
) -> None:
    views, persons = inputs.views, inputs.scores.persons
    SR = views.wide("SR").values
    means = {
        name: np.nanmean(np.where(np.isfinite(SR), views.wide(name).values, np.nan), axis=1)
        for name in ("P", "E", "SR")
    }
    y = persons["disability"].to_numpy()
    P, E, own = means["P"], means["E"], means["SR"]
    nothing = np.empty((y.size, 0))
    other = held_out(
        y, {"P": P, "E": E, "SR": own, "both": np.column_stack([P, E]), "0": nothing}, seed=1
    )
    for name, key in (("P", "P"), ("E", "E"), ("SR", "SR"), ("P and E", "both")):
        assert of(result, name).r_squared == pytest.approx(other.r_squared(key))
        assert of(result, name).beyond == pytest.approx(other.gain("0", key).gain)
    assert result.r_SR_P == pytest.approx(np.corrcoef(own, P)[0, 1])
    assert of(result, "P and E").r_squared > of(result, "SR").r_squared


def test_what_a_curve_adds_it_adds_without_SR() -> None:
    inputs = cohort(400, curved=True, norm={"shape": "quadratic"})
    result = compute(inputs, settings())
    assert not result.exact
    assert result.added.told
    assert result.added_to_curve is not None
    assert not result.added_to_curve.told
    curve = of(result, "P and E with its curve")
    assert curve.r_squared > of(result, "P and E").r_squared + 0.02
    assert "sr-adds-by-its-shape" in codes(result.findings)
    words = [str(item) for item in why(result)]
    assert "no resilience beyond problems and exposure" in words[0]
    assert words[1].startswith("Beside problems and exposure in the shape of the study's line")
    assert "it is not shown that SR adds anything" in words[1]


def test_what_is_repeated_is_foretold_from_occasions_before_it(inputs: AnalysisInputs) -> None:
    result = compute(inputs, settings(outcome="burden"))
    assert result.at == "T4"
    assert result.occasions == ("T0", "T1", "T2", "T3")
    asked = compute(inputs, settings(outcome="burden", at="T2", **{"from": "T1"}))
    assert asked.occasions == ("T1",)
    later = np.isfinite(inputs.views.wide("burden").values[:, 2])
    known = later & np.isfinite(inputs.views.wide("SR").values[:, 1])
    assert asked.n == known.sum()


def test_problems_themselves_can_be_the_outcome(inputs: AnalysisInputs) -> None:
    result = compute(inputs, settings(outcome="ghq-12"))
    assert result.at == "T4"
    assert of(result, "P").r_squared > 0.2


def test_a_column_without_an_occasion_is_a_warning(result: IncrementalValidityResult) -> None:
    assert result.at is None
    assert "outcome-without-an-occasion" in codes(result.findings)


def test_a_column_with_an_occasion_is_foretold_from_before(inputs: AnalysisInputs) -> None:
    result = compute(inputs, settings(at="T2", covariates=["age", "site"]))
    assert result.occasions == ("T0", "T1")
    assert result.exact
    assert "outcome-without-an-occasion" not in codes(result.findings)
    assert result.covariates == ("age", "site")
    # What covariates foretell is taken off.
    assert of(result, "P").beyond != of(result, "P").r_squared


def test_the_clock_decides_what_comes_before() -> None:
    inputs = cohort(100, missing=0.0)
    rows = (inputs.scores.table["person"] < 7) & (inputs.scores.table["occasion_index"] == 3)
    time = pl.when(rows).then(60.0).otherwise(pl.col("time")).alias("time")
    scores = replace(inputs.scores, table=inputs.scores.table.with_columns(time))
    result = compute(inputs_of(scores), settings(outcome="burden"))
    late = next(item for item in result.findings if item.code == "answers-not-before-the-outcome")
    assert late.evidence.numbers["persons"] == 7


def test_an_outcome_of_another_source_has_the_time_of_its_own_visit() -> None:
    inputs = cohort(100, missing=0.0)
    table = inputs.scores.table
    # Nine persons came to their last visit in the laboratory before the form of the week before.
    early = (table["person"].to_numpy() < 9) & (table["occasion_index"].to_numpy() == 4)
    visit = np.where(early, 20.0, table["time"].to_numpy())
    result = compute(with_times(inputs, repeated={"burden": visit}), settings(outcome="burden"))
    late = next(item for item in result.findings if item.code == "answers-not-before-the-outcome")
    assert late.evidence.numbers["persons"] == 9


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"outcome": "disabilty"}, "outcome-unknown"),
        ({"outcome": "word"}, "outcome-not-a-number"),
        ({"outcome": "burden", "at": "T0"}, "nothing-before-the-outcome"),
        ({"at": "T0"}, "nothing-before-the-outcome"),
        ({"at": "T9"}, "outcome-occasion-unknown"),
        ({"from": "T9"}, "outcome-occasion-unknown"),
        ({"at": "T2", "from": "T3"}, "nothing-before-the-outcome"),
        ({"covariates": ["agee"]}, "incremental-validity-covariate-unknown"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    inputs: AnalysisInputs, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(AnalysisError) as refused:
        compute(inputs, settings(**given))
    assert code in codes(refused.value.findings)


def test_few_persons_and_outcomes_that_never_vary_are_refused() -> None:
    with pytest.raises(AnalysisError) as refused:
        compute(cohort(40), settings())
    assert "too-few-with-outcome" in codes(refused.value.findings)
    inputs = cohort(80)
    same = inputs.scores.persons.with_columns(disability=pl.lit(1.0))
    with pytest.raises(AnalysisError) as refused:
        compute(inputs_of(replace(inputs.scores, persons=same)), settings())
    assert "outcome-not-foretold" in codes(refused.value.findings)


def test_a_study_file_can_ask_for_it(tmp_path: Path) -> None:
    asked = "[{step: incremental-validity, outcome: mood}]"
    assert "too-few-with-outcome" in codes(results_of(tmp_path, analyses=asked).findings)


def test_the_page_shows_it_to_every_audience(
    inputs: AnalysisInputs, result: IncrementalValidityResult
) -> None:
    for individuals in (True, False):
        (section,), withheld = shown(result, inputs, individuals=individuals)
        assert [figure.name for figure in section.figures] == ["incremental-validity"]
        assert section.tables[0].frame["scores"].to_list() == [
            "P", "E", "SR", "P and E", "P, E and SR",
        ]  # fmt: skip
        assert withheld == ()
    assert result.to_dict()["added"]["gain"] == 0.0


def test_what_foretells_nothing_is_said_so_and_what_stands_beside_is_named(
    result: IncrementalValidityResult,
) -> None:
    below = replace(of(result, "P and E"), beyond=-0.018, interval=(-0.03, 0.05))
    others = [item for item in result.foretold if item.scores != "P and E"]
    poor = replace(
        result, foretold=(*others, below), covariates=("age", "site"), line_covariates=("site",)
    )
    words = str(poor.answer())
    assert (
        "beyond site and age, problems and exposure together foretell nothing (R² −1.8 %" in words
    )
    assert "foretell −" not in words
    assert "beyond" not in str(result.answer())
    assert "which may be nothing" in told(replace(below, beyond=0.02))


def test_an_outcome_of_the_baseline_cannot_be_foretold() -> None:
    instrument = SimpleNamespace(measured="baseline")
    inputs = SimpleNamespace(
        study=SimpleNamespace(
            labels=("T0", "T1"), instruments={"trait": instrument}, exposure_types=("hassles",)
        )
    )
    asked = {"trait": "outcome-measured-at-baseline", "hassles": "outcome-unknown"}
    for name, code in asked.items():
        with pytest.raises(AnalysisError) as refused:
            read_outcome(cast(Any, inputs), settings(outcome=name, at="T1"), Findings())
        assert codes(refused.value.findings) == [code]
