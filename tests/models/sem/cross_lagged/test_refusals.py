"""What cannot be fitted is refused in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import CrossLaggedPanel, compare_structural_fits

MODEL = CrossLaggedPanel(outcomes=("x", "y"), person="id", occasion="wave")


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    n, occasions = 80, 4
    level = np.repeat(rng.normal(size=n), occasions)
    return pl.DataFrame(
        {
            "id": np.repeat(np.arange(n), occasions),
            "wave": np.tile(np.arange(1, occasions + 1), n),
            "x": level + rng.normal(size=n * occasions),
            "y": level + rng.normal(size=n * occasions),
            "age": np.repeat(rng.normal(size=n), occasions),
            "arm": np.repeat(np.array(["a", "b"])[np.arange(n) % 2], occasions),
        }
    )


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"lags": "same"}, "lags: expected equal or free, got 'same'"),
        ({"lags": "y<-x"}, r"got 'y<-x'. A tuple names what is equal while the rest is free: x<-x"),
        ({"lags": ("y<-z",)}, "lags: there is no 'y<-z'. Did you mean"),
        ({"lags": ("y<-x[lag 2]",)}, r"lags: there is no 'y<-x\[lag 2\]'"),
        ({"residuals": ("y<-x",)}, r"residuals: there is no 'y<-x'"),
        ({"means": ("mean(x)@1",)}, r"means: there is no 'mean\(x\)@1'. Did you mean 'mean\(x\)'"),
        ({"lag": 3}, "lag: expected 1 or 2, got 3"),
        ({"outcomes": ()}, "outcomes: expected at least one"),
        ({"outcomes": ("x", "x")}, "x: named in more than one place"),
        ({"covariates": ("y",)}, "y: named in more than one place"),
        ({"standard_errors": "exact"}, "standard_errors: expected one of expected, observed"),
        ({"equal_groups": ("lags",)}, "there is no `group`"),
        ({"group": "arm", "equal_groups": ("slopes",)}, "got slopes"),
        ({"reliability": {"z": 0.8}}, "'z' is no outcome"),
        ({"reliability": {"x": 0.0}}, "above 0 up to 1, got 0.0"),
        ({"covariates": ("ages",)}, "age"),
    ],
)
def test_settings(frame, settings, words):
    with pytest.raises(ModelError, match=words):
        replace(MODEL, **settings).fit(frame)


def test_two_occasions_where_three_are_needed(frame):
    two = frame.filter(pl.col("wave") < 3)
    with pytest.raises(ModelError, match="at least 3 occasions, got 2; lasting differences"):
        MODEL.fit(two)
    assert replace(MODEL, random_intercepts=False).fit(two).converged
    with pytest.raises(ModelError, match="at least 2 occasions, got 1; there is nothing earlier"):
        replace(MODEL, random_intercepts=False).fit(frame.filter(pl.col("wave") == 1))
    with pytest.raises(ModelError, match="at least 4 occasions, got 3"):
        replace(MODEL, lag=2).fit(frame.filter(pl.col("wave") < 4))


def test_unequal_gaps(frame):
    odd = frame.with_columns(wave=pl.col("wave").replace({4: 6}))
    with pytest.raises(ModelError, match=r"1, 2, 3, 6 are not equally far apart \(1 to 3\)"):
        MODEL.fit(odd)
    named = frame.with_columns(wave=pl.format("w{}", "wave"))
    with pytest.raises(ModelError, match="categories in a declared order, got String"):
        MODEL.fit(named)
    monthly = frame.with_columns(wave=pl.date(2024, "wave", 1))
    with pytest.raises(ModelError, match=r"2024-01-01, 2024-02-01.*\(29 to 31 days\).*number them"):
        MODEL.fit(monthly)
    own = frame.with_columns(wave=pl.date(2024, "wave", 1) + pl.duration(days=pl.col("id") % 17))
    with pytest.raises(ModelError, match=r"2024-01-12, and 56 more are not equally far apart"):
        MODEL.fit(own)


@pytest.mark.parametrize("zone", ["", "Europe/Berlin"])
def test_dates_that_are_equally_far_apart_are_occasions(frame, zone):
    """Also over the night in which clocks are changed, and as pandas and pyarrow have them."""
    plain = MODEL.fit(frame)
    day = pl.date(2024, 3, 24) + pl.duration(days=7 * (pl.col("wave") - 1))
    dated = frame.with_columns(wave=day)
    result = MODEL.fit(dated)
    assert result.log_likelihood == pytest.approx(plain.log_likelihood)
    assert "resid(x)@2024-03-31" in result.parameters
    timed = dated.with_columns(pl.col("wave").cast(pl.Datetime("ns")))
    if zone:
        timed = timed.with_columns(pl.col("wave").dt.replace_time_zone(zone))
    for given in (timed, timed.to_pandas()):
        assert MODEL.fit(given).parameters == result.parameters


def test_more_parameters_than_persons(frame):
    with pytest.raises(ModelError, match="27 parameters, but there are only 20 persons"):
        MODEL.fit(frame.filter(pl.col("id") < 20))
    with pytest.raises(ModelError, match="only 20 persons in arm a"):
        replace(MODEL, group="arm").fit(frame.filter(pl.col("id") < 40))


def test_a_variable_without_variance(frame):
    with pytest.raises(ModelError, match="x: all values are 3; nothing varies"):
        MODEL.fit(frame.with_columns(x=3.0))
    once = frame.with_columns(x=pl.when(pl.col("wave") == 2).then(1.0).otherwise("x"))
    with pytest.raises(ModelError, match="x@2: all persons have the same value"):
        MODEL.fit(once)
    gone = frame.with_columns(x=pl.when(pl.col("wave") == 2).then(None).otherwise("x"))
    with pytest.raises(ModelError, match="x@2: 0 persons have it"):
        MODEL.fit(gone)


def test_covariances_that_are_not_positive_definite(frame):
    with pytest.raises(ModelError, match="not positive definite: they can be computed"):
        MODEL.fit(frame.with_columns(y=2 * pl.col("x") + 1))
    rows = frame.with_columns(y=2 * pl.col("x") + 1).filter((pl.col("id") + pl.col("wave")) % 5 > 0)
    with pytest.raises(ModelError, match="not positive definite"):
        MODEL.fit(rows)


def test_rows(frame):
    with pytest.raises(ModelError, match=r"2 rows share their id and wave .*\(1, 321\)"):
        MODEL.fit(pl.concat([frame, frame.head(1)]))
    with pytest.raises(ModelError, match=r"wave: missing in 1 rows \(3\)"):
        MODEL.fit(frame.with_columns(
            wave=pl.when(pl.int_range(pl.len()) == 2).then(None).otherwise("wave")
        ))  # fmt: skip
    with pytest.raises(ModelError, match="x: 1 infinite values, rows 3"):
        MODEL.fit(frame.with_columns(
            x=pl.when(pl.int_range(pl.len()) == 2).then(np.inf).otherwise("x")
        ))  # fmt: skip
    with pytest.raises(ModelError, match="age: changes within 80 persons"):
        replace(MODEL, covariates=("age",)).fit(
            frame.with_columns(age=pl.col("age") + pl.col("wave"))
        )
    with pytest.raises(ModelError, match="arm: persons change their group"):
        replace(MODEL, group="arm").fit(
            frame.with_columns(arm=pl.when(pl.col("wave") == 1).then(pl.lit("a")).otherwise("arm"))
        )


def test_persons_without_values_or_group_are_left_out(frame):
    lost = frame.with_columns(
        x=pl.when(pl.col("id") == 0).then(None).otherwise("x"),
        y=pl.when(pl.col("id") == 0).then(None).otherwise("y"),
        arm=pl.when(pl.col("id") == 1).then(None).otherwise("arm"),
    )
    result = MODEL.fit(lost)
    assert result.n_persons == 79
    assert result.messages[0] == "Left out: 1 person without any value."
    apart = replace(MODEL, group="arm").fit(lost)
    assert apart.n_persons == 78
    assert "2 persons without any value or without a group" in apart.messages[0]


def test_without_moments_there_is_a_fit_but_no_index(frame):
    """Half of the persons have only the first three occasions, half only the last three."""
    halves = frame.filter(
        ((pl.col("id") < 40) & (pl.col("wave") < 4)) | ((pl.col("id") >= 40) & (pl.col("wave") > 1))
    )
    result = MODEL.fit(halves)
    assert result.converged
    assert result.fit_indices == {}
    assert any("nobody has both" in message for message in result.messages)
    assert "RMSEA" not in result.summary()


def test_comparisons(frame):
    result, free = MODEL.fit(frame), replace(MODEL, lags="free").fit(frame)
    with pytest.raises(ModelError, match="must have more parameters than the first, got 27 and 35"):
        compare_structural_fits(free, result)
    with pytest.raises(ModelError, match="different rows or variables"):
        compare_structural_fits(result, replace(MODEL, lags="free").fit(frame.tail(-4)))
    with pytest.raises(ModelError, match="observed and robust standard errors"):
        compare_structural_fits(
            result, replace(MODEL, lags="free", standard_errors="robust").fit(frame)
        )
    with pytest.raises(ModelError, match=r"There is no parameter 'x<y'. Did you mean"):
        result.test("x<y")
    with pytest.raises(ModelError, match="computed from the others"):
        result.test(["x<-y", {"x<-y": 2.0}])
