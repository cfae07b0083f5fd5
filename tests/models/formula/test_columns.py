"""What users bring: frames of every kind, odd labels, transformations that fail, huge offsets."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import MixedModel, Moments


@pytest.fixture(scope="module")
def panel():
    generator = np.random.default_rng(5)
    person, t = np.repeat(np.arange(30), 5), np.tile(np.arange(5.0), 30)
    u, v = generator.normal(size=(2, 30))
    y = 2 + 0.5 * t + u[person] + 0.3 * v[person] * t + generator.normal(size=150)
    return {"id": person, "t": t, "y": y, "g": np.where(person % 2 == 0, "a", "b")}


FORMULA = "y ~ t + (1 + t | id)"


def mixed(values):
    return [value if j % 2 else str(value) for j, value in enumerate(values.tolist())]


BAD = {
    "columns of different lengths": (FORMULA, {"t": [1.0, 2.0]}, "expected 150 rows.*t has 2"),
    "a set": (FORMULA, {"t": {1.0, 2.0}}, "t: expected an array or a list, got set"),
    "a generator": (FORMULA, {"t": iter([1.0])}, "t: expected an array or a list"),
    "labels 1 and '1'": (FORMULA, {"id": mixed}, "id: expected values of one kind, got numbers"),
    "dates": (FORMULA, {"t": [pd.Timestamp("2020")] * 150}, "t: expected numbers.*first date"),
    "log of zero": ("y ~ log(t) + (1 | id)", {}, r"log\(t\): infinite or undefined in 30"),
    "root of a negative": ("y ~ sqrt(t - 1) + (1 | id)", {}, "the result is no number"),
    "too large": (FORMULA, {"y": lambda y: y * 1e300}, "y: .*too large to be squared"),
    "all missing": (FORMULA, {"y": [None] * 150}, "y: missing in every row"),
    "a function nobody knows": ("y ~ ns(t) + (1 | id)", {}, "unknown function 'ns'"),
    "a word of Python": ("y ~ I(class**2) + (1 | id)", {}, "need backticks, as `class`"),
    "a column called as the constant": ("y ~ Intercept + (1 | id)", {}, "name of the constant"),
    "two words": ("y ~ t g + (1 | id)", {}, "Missing operator between `t` and `g`.$"),
    "no text": (3, {}, "formula: expected text"),
    "constant up to rounding": (FORMULA, {"t": lambda t: 0.1 + t * 1e-17}, "Collinear fixed terms"),
}  # fmt: skip


@pytest.mark.parametrize(("formula", "changes", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_named(panel, formula, changes, message):
    made = {n: c(panel[n]) if callable(c) else c for n, c in changes.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ModelError, match=message):
            MixedModel(formula).fit({**panel, **made})


def test_weights_that_are_text_and_repeated_columns_are_named(panel):
    with pytest.raises(ModelError, match="weights: expected numbers"):
        MixedModel(FORMULA).fit(panel, weights=["heavy"] * 150)
    frame = pd.DataFrame(panel)
    with pytest.raises(ModelError, match="more than one column is called t"):
        MixedModel(FORMULA).fit(pd.concat([frame, frame[["t"]]], axis=1))
    objects = frame.assign(id=pd.Series(mixed(panel["id"]), dtype=object))
    with pytest.raises(ModelError, match="id: expected values of one kind"):
        MixedModel(FORMULA).fit(objects)


def test_labels_of_any_size_and_arrays_of_objects_are_read(panel):
    expected = MixedModel(FORMULA).fit(panel)
    frame = pl.DataFrame(panel)
    hashed = pl.col("id").cast(pl.UInt64) + 2**63
    for labels in (hashed, pl.col("id").cast(pl.Int128) * 2**70):
        found = MixedModel(FORMULA).fit(frame.with_columns(labels))
        assert found.coefficients.tobytes() == expected.coefficients.tobytes()
    objects = {**panel, "t": panel["t"].astype(object)}
    assert MixedModel(FORMULA).fit(objects).log_likelihood == expected.log_likelihood


@pytest.mark.parametrize("as_given", [lambda f: f, lambda f: pl.DataFrame(f).lazy()])
@pytest.mark.parametrize("offset", [1e6, 1e9, 1e12])
def test_a_huge_offset_of_time_changes_only_what_depends_on_it(panel, offset, as_given):
    near = MixedModel(FORMULA).fit(panel)
    far = MixedModel(FORMULA).fit(as_given({**panel, "t": panel["t"] + offset}))
    assert not far.messages
    assert far.coefficients[1] == pytest.approx(near.coefficients[1], rel=1e-9)
    assert far.standard_errors["t"] == pytest.approx(near.standard_errors["t"], rel=1e-9)
    assert far.random_covariance[1, 1] == pytest.approx(near.random_covariance[1, 1], rel=1e-9)
    assert far.log_likelihood == pytest.approx(near.log_likelihood, abs=1e-9)


def test_logarithms_of_zero_are_refused_by_engines_too(panel):
    with pytest.raises(ModelError, match=r"log\(t\): infinite, undefined"):
        Moments.from_frame("y ~ log(t) + (1 | id)", pl.DataFrame(panel).lazy())


PREDICTIONS = {
    "a new category": ("y ~ C(g) + (1 | id)", {"g": ["a", "c"]}, "knows no category 'c'"),
    "outside a spline": ("y ~ bs(t, df=4) + (1 | id)", {"t": [9.0]}, "outside the range"),
    "infinite": ("y ~ t + (1 | id)", {"t": [1.0, np.inf]}, "t: infinite values.*row 2"),
    "logarithm of zero": ("y ~ log(t + 1) + (1 | id)", {"t": [-1.0]}, "infinite or undefined"),
}


@pytest.mark.parametrize(("formula", "rows", "message"), PREDICTIONS.values(), ids=PREDICTIONS)
def test_what_a_fit_cannot_predict_is_refused(panel, formula, rows, message):
    with pytest.raises(ModelError, match=message):
        MixedModel(formula).fit(panel).predict(rows)


def test_a_column_of_nothing_predicts_nothing(panel):
    assert np.isnan(MixedModel(FORMULA).fit(panel).predict({"t": [None, None]})).all()
