"""Chained equations: each round as plain NumPy does it, mice, kinds of frames, refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import ChainedImputation, executor_for, neighbouring_predictors
from salutogen.models.imputation import _kernels_chained as kernels
from salutogen.models.imputation.chained import _Plan
from salutogen.models.imputation.design import read_design

REFERENCE = Path(__file__).resolve().parents[2] / "reference" / "imputation"


def correlated(n=80, p=5, share=0.2, seed=1):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)) + rng.normal(size=(n, p)) + np.arange(p)
    values[:, 1:][rng.random((n, p - 1)) < share] = np.nan
    return values


def frame(values):
    return pl.DataFrame({f"v{j}": values[:, j] for j in range(values.shape[1])}).fill_nan(None)


def plain_round(values, design, normals, squares, chances, n_donors):
    """One round by least squares over rows: the slow way, with the same random numbers."""
    values, at, cell = values.copy(), 0, 0
    for place, j in enumerate(design.visits):
        gaps = np.isnan(design.values[:, j])
        X = np.column_stack([np.ones(len(values)), values[:, design.predictors[place] + 1]])
        y = values[:, j + 1]
        q, m = X.shape[1], int(gaps.sum())
        b = np.linalg.lstsq(X[~gaps], y[~gaps], rcond=None)[0]
        rest = y[~gaps] - X[~gaps] @ b
        sigma = np.sqrt(rest @ rest / squares[place])
        R = np.linalg.qr(X[~gaps])[1]
        R *= np.sign(np.diag(R))[:, None]
        drawn = b + sigma * np.linalg.solve(R, normals[at : at + q])
        at += q
        if design.matched[place]:
            new = []
            for wanted in X[gaps] @ drawn:
                nearest = np.argsort(np.abs(X[~gaps] @ b - wanted), kind="stable")
                new.append(y[~gaps][nearest[int(chances[2 * cell] * n_donors)]])
                cell += 1
        else:
            new = X[gaps] @ drawn + sigma * normals[at : at + m]
            at, cell = at + m, cell + m
        values[gaps, j + 1] = new
    return values


@pytest.mark.parametrize("method", ["norm", "pmm"])
@pytest.mark.parametrize("share", [0.15, 0.65])  # products of the gaps, or of the rows seen
def test_a_round_is_that_of_plain_least_squares(method, share):
    data = correlated(share=share)
    design = read_design(data, None, method, {"column 2": ["column 1", "column 4"]})
    plan = _Plan.of(design)
    rng = np.random.default_rng(5)
    values = plan.start(rng)
    normals, squares = rng.normal(size=plan.n_normals), rng.chisquare(plan.df)
    chances = rng.random(2 * plan.n_gaps)
    expected = plain_round(values, design, normals, squares, chances, 5)
    donors = np.full(plan.n_gaps, -1)
    trace, ridged = np.empty((len(design.visits), 2)), np.zeros(len(design.visits), dtype=bool)
    failed = kernels.one_round(
        values, design.visits + 1, plan.gap_starts, plan.gap_rows, plan.seen_starts,
        plan.seen_rows, plan.predictor_starts, plan.predictors, design.matched, 5,
        normals, squares, chances, donors, trace, ridged,
    )  # fmt: skip
    assert failed == -1
    assert not ridged.any()
    np.testing.assert_allclose(values, expected, atol=1e-10)
    first = expected[np.isnan(data[:, design.visits[0]]), design.visits[0] + 1]
    np.testing.assert_allclose(trace[0], [first.mean(), first.std(ddof=1)], atol=1e-10)
    assert (donors >= 0).all() == (method == "pmm")


def test_among_equally_near_donors_each_is_as_likely():
    ordered = np.array([0.0, 1.0, 1.0, 1.0, 1.0, 5.0])
    found = [kernels.nearest(ordered, 1.2, 2, chance) for chance in np.arange(0.05, 1, 0.1)]
    assert sorted(set(found)) == [1, 2, 3, 4]
    assert kernels.nearest(ordered, 9.0, 0, 0.3) == 5
    assert kernels.nearest(ordered, -9.0, 0, 0.3) == 0


def mice_values():
    with (REFERENCE / "values.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["method"] != "version"]


@pytest.mark.parametrize("method", ["norm", "pmm"])
def test_means_variances_slopes_and_errors_are_those_of_mice(method):
    data = pl.read_csv(REFERENCE / "data.csv")
    sets = ChainedImputation(
        columns=data.columns, method=method, imputations=200, iterations=10, seed=3
    ).fit(data)
    n = data.height

    def figures(one):
        q, u = {}, {}
        for name in ("y2", "y3", "z"):
            variance = one[name].var()
            q |= {f"mean {name}": one[name].mean(), f"variance {name}": variance}
            u[f"mean {name}"] = np.sqrt(variance / n)
            u[f"variance {name}"] = np.sqrt(2 * variance**2 / (n - 1))
        X = np.column_stack([np.ones(n), *(one[c].to_numpy() for c in ("x", "y1", "y2", "z"))])
        y = one["y3"].to_numpy()
        b = np.linalg.solve(X.T @ X, X.T @ y)
        covariance = np.linalg.inv(X.T @ X) * np.sum((y - X @ b) ** 2) / (n - 5)
        for place, term in enumerate(("(Intercept)", "x", "y1", "y2", "z")):
            q[f"slope {term}"], u[f"slope {term}"] = b[place], np.sqrt(covariance[place, place])
        return q, u

    found = sets.analyse(figures)
    for row in mice_values():
        if row["method"] != method:
            continue
        name, between = row["name"], float(row["between"])
        by_seed = np.sqrt(2 * between / 200)
        assert found.estimates[name] == pytest.approx(float(row["estimate"]), abs=4 * by_seed)
        # The variance between 200 sets is known to a tenth; the rest is the same.
        error = float(row["standard_error"])
        off = 4 * 0.1 * np.sqrt(2) * between / (2 * error)
        assert found.standard_errors[name] == pytest.approx(error, abs=off + 0.02 * error)


def test_same_seed_same_values_on_any_executor_and_number_of_threads(monkeypatch):
    data = correlated()
    model = ChainedImputation(method="norm", imputations=5, iterations=3)
    alone = model.fit(data)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    assert model.fit(data).imputed.tobytes() == alone.imputed.tobytes()
    with executor_for(workers=1) as executor:
        told = []
        other = model.fit(data, executor=executor, progress=lambda *done: told.append(done))
    assert other.imputed.tobytes() == alone.imputed.tobytes()
    assert other.trace.values.tobytes() == alone.trace.values.tobytes()
    assert told[-1] == (5, 5)
    another = ChainedImputation(method="norm", imputations=5, iterations=3, seed=2).fit(data)
    assert not np.allclose(another.imputed, alone.imputed)


def test_matching_takes_values_that_were_seen_in_the_column():
    values = np.round(correlated(n=120) * 3) / 10
    sets = ChainedImputation(method="pmm", imputations=3, iterations=2).fit(values)
    for j in range(1, 5):
        seen = set(values[~np.isnan(values[:, j]), j])
        assert {value for one in sets.arrays() for value in one[:, j]} == seen


def test_collinear_predictors_get_a_ridge_and_a_message():
    values = correlated()
    doubled = np.column_stack([values, 2 * values[:, 0] + 1])
    model = ChainedImputation(method="norm", imputations=40, iterations=3)
    sets = model.fit(doubled)
    assert "Collinear predictors of column 2, column 3, column 4, column 5" in sets.messages[0]
    # What is said twice tells no more: the same values are expected as without it.
    plain = model.fit(values)
    assert not any("ollinear" in said for said in plain.messages)
    expected = plain.imputed.mean(axis=0)
    np.testing.assert_allclose(sets.imputed.mean(axis=0), expected, atol=5 * 1.3 / np.sqrt(20))


def test_a_predictor_that_does_not_vary_where_the_column_was_seen():
    values = correlated(n=60, p=3)
    values[:, 0] = 0.0
    values[:5, 0] = 1.0
    values[:5, 1] = np.nan
    sets = ChainedImputation(method="norm", imputations=2, iterations=2).fit(values)
    assert np.isfinite(sets.arrays()).all()
    assert "Collinear predictors of column 2" in " ".join(sets.messages)


def test_predictors_of_long_designs():
    scores = {"E": ["E1", "E2", None, "E4"], "P": ["P1", "P2", "P3", "P4"]}
    found = neighbouring_predictors(scores, always=["age"])
    assert found["P3"] == ["age", "P2", "P4"]
    assert found["E1"] == ["age", "P1", "E2"]
    assert neighbouring_predictors(scores, reach=3)["P1"] == ["E1", "P2", "P3", "P4"]
    with pytest.raises(ModelError, match="as many columns"):
        neighbouring_predictors({"E": ["E1"], "P": ["P1", "P2"]})


def test_what_is_named_decides_the_predictors():
    """A column drawn from nothing keeps its mean and SD, whatever the others are."""
    values = correlated(n=400, p=2, share=0.4)
    values[:, 0] = 50 + 10 * np.nan_to_num(values[:, 1], nan=9.0)
    sets = ChainedImputation(
        method="norm", imputations=40, iterations=1, predictors={"column 2": []}
    ).fit(values)
    seen = values[~np.isnan(values[:, 1]), 1]
    assert sets.imputed.mean() == pytest.approx(seen.mean(), abs=0.1)
    assert sets.imputed.std() == pytest.approx(seen.std(), rel=0.06)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": np.zeros((3, 2))}, "the same value"),
        ({"data": np.ones(3)}, "expected an array"),
        ({"data": np.arange(10.0).reshape(5, 2)}, "No value is missing"),
        ({"data": [[1.0, np.nan], [2.0, np.nan]]}, "column 2: missing in every row"),
        ({"data": [[1.0, 2.0], [np.inf, np.nan]]}, "infinite"),
        ({"data": correlated(n=7)}, "More predictors than the rows"),
        ({"data": frame(correlated())}, "A number of persons is none"),
        ({"data": frame(correlated()), "columns": ["v1", "v22"]}, "did you mean 'v2'"),
        (
            {"data": {"a": ["x", None], "b": [1.0, 2.0]}, "columns": ["a", "b"]},
            "Code two categories",
        ),
        ({"method": "mean"}, "expected one of"),
        ({"method": {"column 2": "norm"}}, "column 3, column 4, column 5 has gaps and no method"),
        ({"predictors": {"column 9": []}}, "Unknown column"),
        ({"imputations": 0}, "imputations: expected a whole number from 1"),
        ({"iterations": 2.5}, "iterations"),
    ],
)
def test_bad_input_is_refused_in_words(change, message):
    given = {"data": correlated()} | change
    data = given.pop("data")
    with pytest.raises(ModelError, match=message):
        ChainedImputation(**given).fit(data)


def test_frames_keep_kind_columns_and_types():
    values = correlated(n=60, p=3)
    steps = pl.Series("s", np.round(values[:, 2] * 2)).fill_nan(None).cast(pl.Int16)
    data = pl.DataFrame(
        {"id": [f"P{i}" for i in range(60)], "v": values[:, 1], "s": steps, "x": values[:, 0]}
    ).with_columns(pl.col("v").fill_nan(None).cast(pl.Float32))
    model = ChainedImputation(columns=["x", "v", "s"], method="pmm", imputations=2, iterations=2)
    sets = model.fit(data)
    for one in sets.frames():
        assert one.schema == data.schema
        assert one["id"].to_list() == data["id"].to_list()
        assert one.null_count().sum_horizontal().item() == 0
        for name in ("v", "s"):
            seen = data[name].is_not_null()
            assert one[name].filter(seen).to_list() == data[name].filter(seen).to_list()
    drawn = ChainedImputation(columns=["x", "v", "s"], imputations=2).fit(data.lazy())
    assert drawn.frame(0).schema["s"] == pl.Float64
    table = data.to_pandas().set_index(pd.Index(range(100, 160)))
    one = model.fit(table).frame(0)
    assert isinstance(one, pd.DataFrame)
    assert list(one.index) == list(table.index)
    np.testing.assert_array_equal(one[["x", "v", "s"]], sets.frame(0)[["x", "v", "s"]].to_numpy())
    mapping = {"x": values[:, 0], "v": values[:, 1], "name": "all"}
    filled = ChainedImputation(columns=["x", "v"], imputations=2).fit(mapping).frame(1)
    assert filled["name"] == "all"
    assert not np.isnan(filled["v"]).any()


def test_too_few_sets_and_rounds_are_said():
    sets = ChainedImputation(imputations=5, iterations=2).fit(correlated(share=0.3))
    said = " ".join(sets.messages)
    assert "5 completed sets where up to" in said
    assert "2 iterations are few" in said
