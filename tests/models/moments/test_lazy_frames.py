"""Moments of rows that stay where they are: pushed down or streamed, equal to those in memory."""

from __future__ import annotations

import importlib.util
import shutil

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import MixedModel, Moments
from salutogen.models.moments import lazy_frames


def cohort(n=300, rows=6, seed=2):
    rng = np.random.default_rng(seed)
    id_ = rng.permutation(np.repeat(np.arange(n), rows))
    t = 2000 + rng.integers(0, 9, n * rows) + rng.random(n * rows)
    x = np.where(rng.random(n * rows) < 0.05, np.nan, rng.normal(size=n * rows))
    y = 0.3 * (t - 2000) + rng.normal(size=n)[id_] + rng.normal(size=n * rows)
    arm = np.array(["control", "training", "both"])[id_ % 3]
    w = 0.5 + rng.random(n * rows)
    frame = pl.DataFrame({"id": id_, "t": t, "x": x, "y": y, "arm": arm, "w": w})
    return frame.with_columns(y=pl.when(pl.col("y") > 5).then(None).otherwise(pl.col("y")))


def polars_lazy(frame):
    return frame.lazy()


def duckdb_relation(frame):
    duckdb = pytest.importorskip("duckdb")
    return duckdb.from_arrow(frame.to_arrow())


ENGINES = pytest.mark.parametrize("engine", [polars_lazy, duckdb_relation])
FORMULAS = {
    "y ~ t + (1 + t | id)": "pushed down",
    "y ~ t + I(t**2) + I(t**3) + (1 + t | id)": "pushed down",
    "y ~ C(arm) * t + np.exp(x) + (1 + x || id)": "pushed down",
    "np.log(t) ~ x + x:I(t**2) + (0 + x | id)": "pushed down",
    "y ~ bs(x, df=4) + (1 | id)": "streamed",
}


def same(one, two, near=1e-10):
    assert one.columns == two.columns
    assert (one.n_obs, one.n_dropped) == (two.n_obs, two.n_dropped)
    assert one.persons.equals(two.persons)
    A = two.reduction.augmented
    T = one.reduction.augmented @ np.linalg.inv(A)
    there = two.reduction.project(np.eye(len(A)), np.eye(len(A)))
    here = one.reduction.project(T, T)
    np.testing.assert_allclose(here, there, rtol=near, atol=near * np.abs(there).max())
    np.testing.assert_allclose(one.counts, two.counts)


@ENGINES
@pytest.mark.parametrize("formula", FORMULAS)
def test_lazy_frames_give_the_moments_of_frames_in_memory(formula, engine):
    frame = cohort()
    here = Moments.from_frame(formula, frame)
    there = Moments.from_frame(formula, engine(frame))
    assert (here.path, there.path) == ("in memory", FORMULAS[formula])
    one, two = MixedModel(formula).fit(here), MixedModel(formula).fit(there)
    np.testing.assert_allclose(two.log_likelihood, one.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(two.coefficients, one.coefficients, rtol=1e-7)
    np.testing.assert_allclose(two.random_covariance, one.random_covariance, atol=1e-7)
    np.testing.assert_allclose(two.predict(frame[:50]), one.predict(frame[:50]), atol=1e-7)
    if formula == "y ~ t + (1 + t | id)":
        same(there, here)


@ENGINES
def test_weights_are_pushed_down_too(engine):
    formula = "y ~ t + x + (1 + x | id)"
    here = Moments.from_frame(formula, cohort(), weights="w")
    there = Moments.from_frame(formula, engine(cohort()), weights="w")
    assert there.path == "pushed down"
    same(there, here)
    one, two = MixedModel(formula).fit(here), MixedModel(formula).fit(there)
    np.testing.assert_allclose(two.log_likelihood, one.log_likelihood, rtol=1e-10)
    spline = "y ~ bs(x, df=4) + (1 | id)"
    one = MixedModel(spline).fit(cohort(), weights="w")
    two = MixedModel(spline).fit(engine(cohort()), weights="w")
    np.testing.assert_allclose(two.log_likelihood, one.log_likelihood, rtol=1e-10)


def test_engines_and_orders_of_rows_give_the_same_bytes():
    """Products are split on a grid, so their sums are exact in whatever order they are made."""
    formula = "y ~ t + x + (1 + t | id)"
    frame = cohort()
    first = Moments.from_frame(formula, frame.lazy())
    for other in (
        frame.sample(fraction=1.0, shuffle=True, seed=5).lazy(),
        duckdb_relation(frame.sample(fraction=1.0, shuffle=True, seed=6)),
    ):
        again = Moments.from_frame(formula, other)
        assert again.reduction.cross.tobytes() == first.reduction.cross.tobytes()
        assert again.reduction.centre.tobytes() == first.reduction.centre.tobytes()


@ENGINES
def test_pushed_down_sites_merge_with_sites_in_memory(engine):
    formula = "y ~ t + I(t**2) + (1 + t | id)"
    frame = cohort()
    here = frame.filter(pl.col("id") % 2 == 0)
    there = engine(frame.filter(pl.col("id") % 2 == 1))
    merged = Moments.from_frame(formula, here).merge(Moments.from_frame(formula, there))
    pooled = Moments.from_frame(formula, frame)
    one, two = MixedModel(formula).fit(merged), MixedModel(formula).fit(pooled)
    np.testing.assert_allclose(one.log_likelihood, two.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(one.predict(frame[:50]), two.predict(frame[:50]), rtol=1e-9)


@ENGINES
def test_nearly_collinear_columns_are_orthogonalised_by_the_engine(engine):
    frame = cohort().with_columns(t2=pl.col("t") ** 2, t3=pl.col("t") ** 3)
    formula = "y ~ t + t2 + t3 + (1 | id)"
    there = Moments.from_frame(formula, engine(frame))
    assert there.path == "pushed down"
    assert there.reduction.is_rotated
    one, two = MixedModel(formula).fit(frame), MixedModel(formula).fit(there)
    np.testing.assert_allclose(two.log_likelihood, one.log_likelihood, rtol=1e-9)
    np.testing.assert_allclose(two.predict(frame[:50]), one.predict(frame[:50]), atol=1e-5)


@ENGINES
def test_many_batches_equal_one(engine, monkeypatch):
    formula = "y ~ bs(x, df=4) + C(arm) + (1 | id)"
    whole = MixedModel(formula).fit(engine(cohort()))
    monkeypatch.setattr(lazy_frames, "BATCH", 250)
    parts = Moments.from_frame(formula, engine(cohort()))
    found = MixedModel(formula).fit(parts)
    assert parts.path == "streamed"
    np.testing.assert_allclose(found.log_likelihood, whole.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(found.coefficients, whole.coefficients, rtol=1e-8)
    monkeypatch.setattr(lazy_frames, "LEARNED", 500)  # knots from a quarter of the rows
    near = MixedModel(formula).fit(engine(cohort()))
    np.testing.assert_allclose(near.predict(cohort()[:50]), whole.predict(cohort()[:50]), atol=0.3)


def test_a_database_larger_than_its_memory_is_reduced_there(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    frame = cohort(2000)
    with duckdb.connect(tmp_path / "study.duckdb") as base:
        base.execute("SET memory_limit = '64MB'")
        base.execute("CREATE TABLE rows AS SELECT * FROM frame")
        there = Moments.from_frame("y ~ t + (1 + t | id)", base.table("rows"))
    same(there, Moments.from_frame("y ~ t + (1 + t | id)", frame))


BAD = [
    ("y ~ tt + (1 | id)", lambda f: f, r"'tt' \(did you mean 't'\?\)"),
    ("y ~ arm + (1 | id)", lambda f: f, r"Write C\(arm\)"),
    ("y ~ t + (1 | id)", lambda f: f.with_columns(y=pl.lit(None, pl.Float64)), "No row of 1800"),
    ("y ~ t + (1 | id)", lambda f: f.with_columns(y=pl.lit(2.5)), "the outcome is constant"),
    (
        "y ~ t + (1 | id)",
        lambda f: f.with_columns(t=pl.when(pl.col("id") == 3).then(np.inf).otherwise(pl.col("t"))),
        "t: 6 infinite values",
    ),
    ("y ~ t + (1 + t | id)", lambda f: f.unique("id", keep="first"), "No person has more than 1"),
    ("y ~ t + (1 + t | id)", lambda f: f.with_columns(t=pl.lit(3.0)), "Collinear fixed terms: t"),
    ("y ~ t + nowhere(t) + (1 | id)", lambda f: f, "unknown function 'nowhere'"),
    ("y ~ y + (1 | id)", lambda f: f, "outcome and a predictor"),
]


@ENGINES
@pytest.mark.parametrize(("formula", "change", "message"), BAD, ids=[b[2] for b in BAD])
def test_bad_input_is_refused(formula, change, message, engine):
    with pytest.raises(ModelError, match=message):
        MixedModel(formula).fit(engine(change(cohort())))


@ENGINES
@pytest.mark.parametrize("bad", [0.0, -1.0, None, float("inf")])
@pytest.mark.parametrize("formula", ["y ~ t + (1 | id)", "y ~ bs(x, df=4) + (1 | id)"])
def test_weights_that_are_none_are_refused(formula, bad, engine):
    frame = cohort(30).with_columns(
        w=pl.when(pl.int_range(pl.len()) < 2).then(bad).otherwise(pl.col("w"))
    )
    with pytest.raises(ModelError, match=r"w: expected positive numbers, got .* 2 (of|rows)"):
        MixedModel(formula).fit(engine(frame), weights="w")
    with pytest.raises(ModelError, match="have theirs in a column"):
        MixedModel(formula).fit(engine(frame), weights=np.ones(frame.height))


@pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="needs pyspark and a Java runtime",
)
@pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_spark_frames_are_reduced_by_spark():
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    spark = session.config("spark.sql.shuffle.partitions", "2").getOrCreate()
    try:
        frame = cohort(80)
        rows = spark.createDataFrame(frame.rows(), frame.columns)
        for formula in (
            "y ~ C(arm) * t + I(t**2) + x + (1 + x | id)",
            "y ~ bs(x, df=4) + (1 | id)",
        ):
            there = Moments.from_frame(formula, rows)
            assert there.path == FORMULAS.get(formula, "pushed down")
            one, two = MixedModel(formula).fit(frame), MixedModel(formula).fit(there)
            np.testing.assert_allclose(two.log_likelihood, one.log_likelihood, rtol=1e-10)
    finally:
        spark.stop()
