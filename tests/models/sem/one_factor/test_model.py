"""Whether items measure alike: lavaan's values, seeded bias, what is not called, refusals."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models import MeasurementInvariance

REFERENCE = Path(__file__).parents[3] / "reference" / "structural"
VALUES = json.loads((REFERENCE / "invariance.json").read_text(encoding="utf-8"))
ITEMS = ("i1", "i2", "i3", "i4", "i5")
MODEL = MeasurementInvariance(items=ITEMS, person="id", group="site")

_spec = importlib.util.spec_from_file_location("structural_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


@pytest.fixture(scope="module")
def biased():
    return replace(MODEL, standard_errors="robust").fit(cases.items())


@pytest.mark.parametrize("step", ["configural", "metric", "scalar"])
def test_agrees_with_lavaan(biased, step):
    """lavaan 0.6-14: `Rscript invariance.R` beside `invariance.json`."""
    theirs, fit = VALUES[step], biased.fits[step]
    assert fit.log_likelihood == pytest.approx(theirs["logl"], abs=1e-5)
    assert fit.n_parameters == theirs["npar"]
    ours = {"chisq": "chi_square", "df": "df", "cfi": "cfi", "rmsea": "rmsea", "srmr": "srmr",
            "chisq.scaling.factor": "scaling_factor"}  # fmt: skip
    for name, index in ours.items():
        assert fit.fit_indices[index] == pytest.approx(theirs[name], rel=1e-4, abs=1e-4), name


def test_seeded_bias_is_found_and_nothing_else(biased):
    assert biased.biased == ("i3",)
    assert biased.established == "metric"
    partial = replace(MODEL, own=("i3",)).fit(cases.items())
    assert partial.established == "scalar"
    scalar = partial.fits["scalar"]
    apart = scalar.estimates["mean(factor) [b]"] - scalar.estimates["mean(factor) [a]"]
    error = np.hypot(*(scalar.standard_errors[f"mean(factor) [{site}]"] for site in "ab"))
    assert apart == pytest.approx(0.4, abs=3 * error)
    # An item that is answered .6 higher at one site makes the site look higher altogether.
    blind = biased.fits["scalar"]
    assert blind.estimates["mean(factor) [b]"] - blind.estimates["mean(factor) [a]"] > apart
    shift = scalar.estimates["intercept(i3) [b]"] - scalar.estimates["intercept(i3) [a]"]
    shift += 2.2 * (scalar.estimates["loading(i3) [b]"] - scalar.estimates["loading(i3) [a]"])
    assert shift == pytest.approx(0.6, abs=0.25)


def test_the_first_item_may_be_the_biased_one():
    columns = cases.items()
    first = replace(MODEL, items=("i3", "i1", "i2", "i4", "i5")).fit(columns)
    assert first.biased == ("i3",)
    chi_square = first.steps["chi_square"].to_list()
    np.testing.assert_allclose(chi_square, MODEL.fit(columns).steps["chi_square"], rtol=1e-6)


def test_items_that_measure_alike_over_time_are_not_called():
    rng = np.random.default_rng(4)
    n, times = 300, 3
    factor = rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, times)) + 0.2 * np.arange(times)
    values = factor[:, :, None] * [1, 0.8, 0.9, 0.7] + 0.4 * rng.normal(size=(n, 1, 4))
    values = values + [2, 1, 1.5, 2.5] + 0.6 * rng.normal(size=(n, times, 4))
    columns = {f"i{j + 1}": values[:, :, j].ravel() for j in range(4)}
    frame = {"id": np.repeat(np.arange(n), times), "wave": np.tile(np.arange(times), n)} | columns
    model = MeasurementInvariance(items=ITEMS[:4], person="id", occasion="wave")
    result = model.fit(frame)
    assert result.biased == ()
    assert result.established == "scalar"
    assert result.steps["difference_df"].to_list() == [None, 6, 6]
    scalar = result.fits["scalar"]
    rise = scalar.estimates["mean(factor@2)"] - scalar.estimates["mean(factor@0)"]
    assert rise == pytest.approx(0.4, abs=0.15)
    assert "resid(i1@0,i1@2)" in scalar.parameters
    assert "loading(i2@0)" in result.fits["configural"].parameters
    assert "loading(i2)" in scalar.parameters


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"items": ("i1", "i2")}, "at least 3 columns"),
        ({"own": ("i9",)}, "i9 are no items"),
        ({"own": ITEMS[:4]}, "at least two items must be equal"),
        ({"group": None}, "one occasion and one group: nothing to compare"),
        ({"standard_errors": "none"}, "standard_errors"),
    ],
)
def test_settings_that_cannot_be_used(settings, words):
    with pytest.raises(ModelError, match=words):
        replace(MODEL, **settings).fit(cases.items())
