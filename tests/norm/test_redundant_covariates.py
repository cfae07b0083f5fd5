"""Covariates that say nothing beside the others are left out; SR is the same without them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.errors import NormError
from salutogen.findings import Finding
from salutogen.namespaces import covariate_column
from salutogen.norm import Norm, fit_norm
from salutogen.norm.redundant_covariates import redundant_covariates
from tests.norm.cohorts import simulated


def persons(**columns: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(columns)


A = ["a", "a", "b", "b", "c", "c"]
REGION = ["n", "n", "s", "s", "s", "s"]  # follows from A
X = [1.0, 2.0, 4.0, 7.0, 8.0, 3.0]


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (persons(a=A, x=X), {}),
        (persons(a=A, region=REGION, x=X), {"region": ("a",)}),
        (persons(region=REGION, x=X, a=A), {"region": ("a",)}),
        (persons(x=X, same=X), {"same": ("x",)}),
        (persons(x=X, same=[2 * value + 5 for value in X]), {"same": ("x",)}),
        (persons(x=X, near=[value + 1e-4 * place for place, value in enumerate(X)]), {}),
        (persons(one=[40.0] * 6, x=X), {"one": ()}),
        (persons(a=A, one=["k"] * 6), {}),
        (persons(x=X, a=A, sum=[v + (one == "b") for v, one in zip(X, A, strict=True)]),
         {"sum": ("x", "a")}),
        (persons(a=A, code=[one.upper() for one in A], again=A), {"code": ("a",), "again": ("a",)}),
        (persons(a=A, x=X).clear(), {}),
    ],
)  # fmt: skip
def test_what_follows_from_the_others_is_found(
    table: pl.DataFrame, found: dict[str, tuple[str, ...]]
) -> None:
    assert redundant_covariates(table.rename(covariate_column), tuple(table.columns)) == found


def fitted(covariates: list[str], **columns: pl.Expr) -> tuple[Norm, list[Finding]]:
    scores = simulated(90, 4, norm={"covariates": covariates})
    scores = replace(scores, persons=scores.persons.with_columns(**columns))
    norm = fit_norm(scores)
    return norm, [one for one in norm.findings if one.code == "covariate-redundant"]


def test_a_covariate_given_twice_gives_the_line_of_once() -> None:
    years = {"years": 2025.0 - pl.col("age"), "code": pl.col("site").str.to_lowercase()}
    once, none = fitted(["age", "site"])
    twice, told = fitted(["age", "site", "years", "code", "age"], **years)
    assert not none
    assert [one.evidence.column for one in told] == ["years", "code"]
    assert "years follows exactly from age" in told[0].text
    for level in ("person", "occasion"):
        own, same = once.lines.reference(level), twice.lines.reference(level)
        assert own is not None
        assert same is not None
        assert same.terms == own.terms
        np.testing.assert_array_equal(same.coefficients, own.coefficients)


def test_a_number_that_is_the_same_in_everybody_is_left_out() -> None:
    norm, told = fitted(["height", "age"], height=pl.lit(170.0))
    assert [one.text for one in told] == [
        "height is the same in all persons: it is left out of the lines, which expect the same "
        "problems of everybody without it."
    ]
    assert norm.lines.person.covariates == ("age",)


def test_a_covariate_that_only_the_reference_set_cannot_tell_is_refused() -> None:
    """Leaving it out would judge the others as if it did not matter."""
    scores = simulated(90, 4, norm={"covariates": ["age"], "reference": {"arm": "a"}})
    arm = pl.when(pl.col("person") % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b"))
    age = pl.when(pl.col("person") % 2 == 0).then(40.0).otherwise(pl.col("age"))
    persons = scores.persons.with_columns(arm=arm, age=age)
    with pytest.raises(NormError, match="'age' can be computed exactly") as caught:
        fit_norm(replace(scores, persons=persons))
    assert [one.code for one in caught.value.findings] == ["line-not-fitted"]


def test_too_few_persons_are_counted_where_they_are_missing() -> None:
    scores = simulated(90, 4, norm={"covariates": ["age"]})
    few = scores.persons.with_columns(
        age=pl.when(pl.int_range(pl.len()) < 2).then(pl.col("age")).otherwise(None)
    )
    with pytest.raises(NormError, match="only 2 persons with E, P and age to fit them"):
        fit_norm(replace(scores, persons=few))
