"""Completed sets from elsewhere: those of mice and what mice pools of them; checks."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import completed_sets, fit_least_squares

REFERENCE = Path(__file__).resolve().parents[2] / "reference" / "imputation"
TERMS = ("(Intercept)", "x", "y2", "z")


def long():
    return pl.read_csv(REFERENCE / "long.csv")


def line(frame):
    columns = [np.asarray(frame[name], dtype=float) for name in ("x", "y2", "z")]
    X = np.column_stack([np.ones(len(columns[0])), *columns])
    return fit_least_squares(np.asarray(frame["y3"], dtype=float), X, names=TERMS)


@pytest.mark.parametrize("kind", ["polars", "pandas", "list"])
def test_pooled_as_by_mice(kind):
    frame = long()
    if kind == "pandas":
        sets = completed_sets(pd.read_csv(REFERENCE / "long.csv"))
        assert isinstance(sets.frame(0), pd.DataFrame)
    elif kind == "list":
        parts = [frame.filter(pl.col(".imp") == k).drop(".imp", ".id") for k in range(5)]
        sets = completed_sets(parts[1:], parts[0])
    else:
        sets = completed_sets(frame.sample(fraction=1.0, shuffle=True, seed=1))
    found = sets.analyse(line)
    with (REFERENCE / "pooled.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["term"] for row in rows] == list(TERMS)
    for row in rows:
        term = row["term"]
        expected = {key: float(value) for key, value in row.items() if key != "term"}
        assert found.estimates[term] == pytest.approx(expected["estimate"], rel=1e-9)
        assert found.standard_errors[term] == pytest.approx(expected["standard_error"], rel=1e-9)
        assert found.df[term] == pytest.approx(expected["df"], rel=1e-8)
        assert found.p[term] == pytest.approx(expected["p"], rel=1e-7)
        assert found.fraction_missing[term] == pytest.approx(expected["fmi"], rel=1e-8)
        np.testing.assert_allclose(
            found.intervals[term], [expected["low"], expected["high"]], rtol=1e-8
        )


def test_sets_are_given_back_as_they_came():
    frame = long()
    sets = completed_sets(frame)
    assert sets.n_sets == 4
    assert sets.trace is None
    assert sets.converged
    third = frame.filter(pl.col(".imp") == 3).drop(".imp", ".id")
    assert sets.frame(2).schema == third.schema
    assert sets.frame(2).equals(third)


def original():
    return pl.DataFrame({"who": ["a", "b", "c"], "x": [1.0, None, 3.0], "y": [1, 2, 3]})


def filled(value=2.0):
    return original().with_columns(pl.col("x").fill_null(value))


@pytest.mark.parametrize(
    ("sets", "data", "message"),
    [
        ([filled()], original(), "at least 2"),
        ([filled(), filled()], None, "give the data with their gaps"),
        ([filled(), filled().reverse()], original(), r"set 2 differs .* who \(2 rows, the first 1"),
        ([filled(), filled().drop("y")], original(), "set 2 lacks y"),
        ([filled(), filled().with_columns(z=1)], original(), "has z besides"),
        ([filled(), filled().head(2)], original(), "has 2 rows instead of 3"),
        ([filled(), original()], original(), "set 2 still lacks values of x"),
        ([filled(), filled()], filled(), "No number is missing"),
        (["no frame", "none"], original(), "expected data frames"),
        (filled(), original(), "a long frame with '.imp'"),
        (filled().with_columns(pl.lit(1).alias(".imp")), None, "no set 0"),
        (
            [filled(), filled()],
            original().with_columns(who=pl.Series(["a", None, "c"])),
            "text with gaps",
        ),
    ],
)
def test_sets_that_are_not_of_the_data_are_refused(sets, data, message):
    with pytest.raises(ModelError, match=message):
        completed_sets(sets, data)


def below_each_other(numbers, rows=((1, 2, 3), (1, 2, 3), (1, 2, 3))):
    tables = (original(), filled(), filled(2.5))
    return pl.concat(
        table.with_columns(pl.lit(number, dtype=pl.Float64).alias(".imp"), pl.Series(".id", own))
        for number, own, table in zip(numbers, rows, tables, strict=True)
    )


@pytest.mark.parametrize("numbers", [(0, 1, 1.5), (0, 1, float("nan")), (0, 1, float("inf"))])
def test_a_set_whose_number_is_not_whole_is_not_taken_for_another(numbers):
    with pytest.raises(ModelError, match="expected whole numbers from 0"):
        completed_sets(below_each_other(numbers))


def test_sets_have_the_rows_of_the_first_one_each_once():
    assert completed_sets(below_each_other((0, 1, 2))).n_sets == 2
    assert completed_sets(below_each_other((0, 10, 20))).n_sets == 2
    with pytest.raises(ModelError, match=r"'\.id' of set 2"):
        completed_sets(below_each_other((0, 1, 2), ((1, 2, 3), (1, 2, 3), (1, 2, 2))))
