"""Ways over a mechanism with weights and without: by hand, to first order, on the page."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.attrition.analysis import AttritionResult, compute
from salutogen.analyses.attrition.words import mechanism_words
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.mechanism.analysis import compute as mechanism
from salutogen.analyses.mechanism.settings import MechanismSettings
from tests.analyses.attrition.asking import settings
from tests.analyses.attrition.lossy import lossy
from tests.analyses.inputs import inputs_of, shown

N = 300
ASKED = MechanismSettings(
    factor="optimism", mechanism="coping", covariates=("age",), bootstrap=300
)  # fmt: skip


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    """Who has many problems is lost; coping follows optimism and goes with fewer problems."""
    scores = lossy(n=N, missing=0.0)
    rng = np.random.default_rng(21)
    person = scores.table["person"].to_numpy()
    optimism = scores.persons["optimism"].to_numpy()
    lasting = 0.5 * optimism + rng.normal(0, 2, N)
    coping = lasting[person] + rng.normal(0, 0.3, person.size)
    table = scores.table.with_columns(
        pl.Series("factor:coping", coping), P=(pl.col("P") - pl.Series(coping)).clip(0, 36)
    )
    named = inputs_of(replace(scores, table=table, factors_repeated=("coping",)))
    return replace(named, before={"mechanism": mechanism(named, ASKED)})


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> AttritionResult:
    return compute(inputs, settings(background=["age"]))


def weight_of(result: AttritionResult, inputs: AnalysisInputs) -> pl.DataFrame:
    """Weight of each person and occasion, by their indices."""
    assert result.per_occasion is not None
    people = {name: place for place, name in enumerate(inputs.scores.persons["subject"])}
    places = {name: place for place, name in enumerate(inputs.study.labels)}
    return result.per_occasion.select(
        person=pl.col("subject").cast(pl.String).replace_strict(people, return_dtype=pl.Int64),
        place=pl.col("occasion").cast(pl.String).replace_strict(places, return_dtype=pl.Int64),
        weight="weight",
    )


def rows_of(inputs: AnalysisInputs, result: AttritionResult) -> pl.DataFrame:
    """Every valid occasion with its weight, and what was measured of the person."""
    people = inputs.scores.persons.select(pl.col("person").cast(pl.Int64), "optimism", "age")
    coping = inputs.scores.table.filter(pl.col("occasion_index") == 1)
    return (
        inputs.scores.table.with_columns(SR=inputs.resilience.occasions["SR"])
        .filter("valid")
        .select(
            pl.col("person").cast(pl.Int64), pl.col("occasion_index").cast(pl.Int64).alias("place"),
            "P", "E", "SR",
        )
        .join(weight_of(result, inputs), on=["person", "place"], maintain_order="left")
        .join(people, on="person", maintain_order="left")
        .join(
            coping.select(pl.col("person").cast(pl.Int64), m="factor:coping"), on="person",
            maintain_order="left",
        )
    )  # fmt: skip


def last_slope(rows: pl.DataFrame, outcome: str, *columns: str, weighted: bool) -> float:
    root = np.sqrt(rows["weight"].to_numpy()) if weighted else np.ones(rows.height)
    X = np.column_stack([np.ones(rows.height), *(rows[name].to_numpy() for name in columns)])
    y = rows[outcome].to_numpy()
    return float(np.linalg.lstsq(X * root[:, None], y * root, rcond=None)[0][-1])


@pytest.mark.parametrize("which", ["unweighted", "weighted"])
def test_paths_are_those_of_weighted_least_squares_over_the_rows(
    inputs: AnalysisInputs, result: AttritionResult, which: str
) -> None:
    (found,) = result.mechanisms
    rows, weighted = rows_of(inputs, result), which == "weighted"
    start, later = rows.filter(pl.col("place") == 1), rows.filter(pl.col("place") > 1)
    a = last_slope(start, "m", "age", "optimism", weighted=weighted)
    b = last_slope(later, "SR", "age", "optimism", "m", weighted=weighted)
    one = last_slope(later, "P", "E", "age", "optimism", "m", weighted=weighted)
    before = inputs.before["mechanism"]
    size = before.difference
    for told, value in (
        (found.a, a), (found.b, b), (found.two_step, size * a * b), (found.one_step, size * a * one)
    ):  # fmt: skip
        assert getattr(told, which).estimate == pytest.approx(value, rel=1e-6)
    assert found.n_mechanism == start.height
    assert found.n == later["person"].n_unique()
    assert found.two_step.as_found == before.two_step.estimate


def test_errors_of_products_are_near_the_scatter_of_draws_of_persons(
    inputs: AnalysisInputs, result: AttritionResult
) -> None:
    """Rows as they are, in one step: nothing but sampling of persons is in the error."""
    (found,) = result.mechanisms
    rows = rows_of(inputs, result)
    rng = np.random.default_rng(5)
    by_person = {int(key[0]): part for key, part in rows.group_by("person")}
    names = sorted(by_person)
    drawn = []
    for _ in range(200):
        sample = pl.concat([by_person[one] for one in rng.choice(names, len(names))])
        start, later = sample.filter(pl.col("place") == 1), sample.filter(pl.col("place") > 1)
        drawn.append(
            last_slope(start, "m", "age", "optimism", weighted=False)
            * last_slope(later, "P", "E", "age", "optimism", "m", weighted=False)
        )
    se = found.one_step.unweighted.se
    assert se is not None
    assert se == pytest.approx(
        inputs.before["mechanism"].difference * np.std(drawn, ddof=1), rel=0.2
    )


def test_the_way_is_told_either_way_and_stands_on_the_page(
    inputs: AnalysisInputs, result: AttritionResult
) -> None:
    (found,) = result.mechanisms
    assert found.two_step.weighted.sign == found.two_step.unweighted.sign == -1
    assert not found.differs
    assert "what is claimed of none of them" in mechanism_words(result)
    (section,), _ = shown(result, inputs, individuals=True)
    table = next(one for one in section.tables if one.name == "attrition-mechanisms")
    assert table.frame["step"].to_list() == [
        "factor to mechanism", "mechanism to SR", "indirect, two steps", "indirect, one step"
    ]  # fmt: skip
    turned = replace(
        found,
        two_step=replace(
            found.two_step,
            weighted=replace(found.two_step.weighted, interval=(-1.0, 1.0)),
            moved=replace(found.two_step.moved, interval=(1.0, 2.0)),
        ),
    )
    told = mechanism_words(replace(result, mechanisms=(turned,)))
    assert "what is claimed of the way from optimism over coping" in told


def test_without_later_SR_up_to_the_end_it_is_said(inputs: AnalysisInputs) -> None:
    found = compute(inputs, settings(background=["age"], end="T1"))
    assert found.mechanisms == ()
    assert "attrition-mechanism-not-weighted" in {item.code for item in found.findings}
