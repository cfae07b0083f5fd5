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
from salutogen.models.sem.one_factor.result import MOST_FALL, MOST_RISE

REFERENCE = Path(__file__).parents[3] / "reference" / "structural"
VALUES = json.loads((REFERENCE / "invariance.json").read_text(encoding="utf-8"))
ITEMS = ("i1", "i2", "i3", "i4", "i5")
MODEL = MeasurementInvariance(items=ITEMS, person="id", group="site")

_spec = importlib.util.spec_from_file_location("structural_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


@pytest.fixture(scope="module")
def biased():
    return replace(MODEL, strict=True, standard_errors="robust").fit(cases.items())


@pytest.fixture(scope="module")
def over_time():
    items = ITEMS[:4]
    model = MeasurementInvariance(
        items=items, person="id", occasion="wave", strict=True, standard_errors="robust"
    )
    return model.fit(cases.items_over_time())


@pytest.mark.parametrize("step", ["configural", "metric", "scalar", "strict"])
@pytest.mark.parametrize("over", ["sites", "occasions"])
def test_agrees_with_lavaan(biased, over_time, over, step):
    """lavaan 0.6-14: `Rscript invariance.R` beside `invariance.json`."""
    theirs, fit = VALUES[over][step], (biased if over == "sites" else over_time).fits[step]
    assert fit.log_likelihood == pytest.approx(theirs["logl"], abs=1e-5)
    assert fit.n_parameters == theirs["npar"]
    ours = {"chisq": "chi_square", "df": "df", "cfi": "cfi", "rmsea": "rmsea", "srmr": "srmr",
            "chisq.scaling.factor": "scaling_factor", "cfi.scaled": "cfi_scaled",
            "rmsea.scaled": "rmsea_scaled"}  # fmt: skip
    for name, index in ours.items():
        assert fit.fit_indices[index] == pytest.approx(theirs[name], rel=1e-4, abs=1e-4), name


def test_residual_variances_are_compared_only_where_it_is_asked_for(biased):
    assert list(MODEL.fit(cases.items()).fits) == ["configural", "metric", "scalar"]
    strict = biased.fits["strict"].estimates
    assert "resid(i1)" in strict
    assert not any(name.startswith("resid(i1) [") for name in strict)
    partial = replace(MODEL, own=("i3",), strict=True).fit(cases.items()).fits["strict"].estimates
    assert {"resid(i3) [a]", "resid(i3) [b]", "resid(i2)"} <= set(partial)


def test_steps_show_scaled_indices_where_errors_are_robust(over_time):
    steps, scalar = over_time.steps, over_time.fits["scalar"].fit_indices
    assert steps["cfi"][2] == scalar["cfi_scaled"]
    assert steps["rmsea_change"][2] == pytest.approx(steps["rmsea"][2] - steps["rmsea"][1])
    plain = replace(MODEL, standard_errors="expected").fit(cases.items())
    assert plain.steps["cfi"][2] == plain.fits["scalar"].fit_indices["cfi"]


def test_a_step_holds_by_both_rules(over_time):
    assert over_time.biased == ("i2",)
    assert over_time.established == "metric"
    steps = over_time.steps
    assert steps["cfi_change"][2] < -MOST_FALL or steps["rmsea_change"][2] > MOST_RISE


def test_shifts_and_the_latent_change_make_the_change_of_the_sum(over_time):
    first = over_time.partial.estimates
    for row in over_time.sums.iter_rows(named=True):
        at = row["occasion"]
        loadings = [1.0, first["loading(i2@0)"], first["loading(i3)"], first["loading(i4)"]]
        moved = first[f"mean(factor@{at})"] - first["mean(factor@0)"]
        assert row["factor"] == pytest.approx(sum(loadings) * moved)
        shift = first[f"intercept(i2@{at})"] - first["intercept(i2@0)"]
        tilt = first[f"loading(i2@{at})"] - first["loading(i2@0)"]
        assert row["items"] == pytest.approx(shift + tilt * first[f"mean(factor@{at})"])
        assert row["total"] == pytest.approx(row["factor"] + row["items"])


def test_errors_of_shifts_are_those_of_a_numerical_derivative(over_time):
    """The same amounts as functions of all parameters, moved a little one after the other."""
    fit = over_time.partial
    at = {name: number for number, name in enumerate(fit.parameters)}

    def items(theta):
        def of(name):
            return theta[at[name]]

        return (
            of("intercept(i2@2)") - of("intercept(i2@0)")
            + (of("loading(i2@2)") - of("loading(i2@0)")) * of("mean(factor@2)")
        )  # fmt: skip

    theta, slopes = fit.coefficients, []
    for j in range(len(theta)):
        step = np.zeros(len(theta))
        step[j] = 1e-5
        slopes.append((items(theta + step) - items(theta - step)) / 2e-5)
    error = np.sqrt(np.array(slopes) @ fit.covariance @ np.array(slopes))
    row = over_time.sums.filter(occasion="2").row(0, named=True)
    assert row["items_error"] == pytest.approx(error, rel=1e-6)
    assert row["items"] == pytest.approx(items(theta))
    assert abs(row["items"] - 0.4) < 3 * error


def test_a_shift_is_told_for_each_item_from_its_own_model(biased):
    assert biased.shifts["item"].unique(maintain_order=True).to_list() == list(ITEMS)
    row = biased.shifts.filter(item="i3").row(0, named=True)
    assert (row["occasion"], row["group"]) == ("", "b")
    assert abs(row["shift"] - 0.6) < 3 * row["shift_error"]
    total = biased.sums.row(0, named=True)
    assert total["items"] == pytest.approx(row["shift"], rel=1e-6)
    assert total["factor"] == pytest.approx(row["factor"], rel=1e-6)


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


@pytest.mark.parametrize("seed", range(12))
def test_a_search_ends_wherever_the_first_item_stands(seed):
    """Starts come from how all items go together, not from the first one."""
    rng = np.random.default_rng(seed)
    loadings = rng.permutation(np.linspace(0.9, 0.3, 6))
    values = rng.normal(size=(100, 2, 1)) * loadings + rng.normal(size=(100, 2, 6))
    frame = {"id": np.repeat(np.arange(100), 2), "wave": np.tile([0, 1], 100)}
    columns = {f"i{j}": values[:, :, j].ravel() for j in range(6)}
    model = MeasurementInvariance(items=tuple(columns), person="id", occasion="wave")
    assert all(fit.converged for fit in model.fit(frame | columns).fits.values())


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
