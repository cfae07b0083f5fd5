"""Whether ordered items measure alike: lavaan's values, seeded bias, what is not called."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.special import ndtr

from salutogen.errors import ModelError
from salutogen.models import OrderedInvariance, compare_ordered_fits

REFERENCE = Path(__file__).parents[3] / "reference" / "ordered"
VALUES = json.loads((REFERENCE / "ordered.json").read_text(encoding="utf-8"))
# lavaan's search leaves estimates right to some 1e-6; its roots for RMSEA's interval to 1e-3.
INDICES = {
    "chi_square": "chisq",
    "df": "df",
    "p": "pvalue",
    "cfi": "cfi",
    "tli": "tli",
    "rmsea": "rmsea",
    "srmr": "srmr",
    "chi_square_scaled": "chisq.scaled",
    "p_scaled": "pvalue.scaled",
    "cfi_scaled": "cfi.scaled",
    "tli_scaled": "tli.scaled",
    "rmsea_scaled": "rmsea.scaled",
    "scaling_factor": "chisq.scaling.factor",
}
INTERVALS = {"rmsea_low_scaled": "rmsea.ci.lower.scaled",
             "rmsea_high_scaled": "rmsea.ci.upper.scaled"}  # fmt: skip

_spec = importlib.util.spec_from_file_location("ordered_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


@cache
def fitted(case):
    _, sizes, times, groups, *_ = cases.CASES[case]
    model = OrderedInvariance(
        items=tuple(f"i{j + 1}" for j in range(len(sizes))),
        person="id",
        occasion="wave" if times > 1 else None,
        group="site" if len(groups) > 1 else None,
        fewest=1,
    )
    return model.fit(cases.long(case))


@pytest.mark.parametrize("case", cases.CASES)
def test_agrees_with_lavaan(case):
    """lavaan 0.6-14, WLSMV: `Rscript ordered.R` beside `ordered.json`."""
    result = fitted(case)
    assert tuple(result.fits) == cases.CASES[case][-1] == tuple(VALUES[case])
    for step, theirs in VALUES[case].items():
        fit = result.fits[step]
        assert fit.converged
        assert fit.n_parameters == len(theirs["estimates"])
        for name, value in theirs["estimates"].items():
            assert fit.estimates[name] == pytest.approx(value, abs=1e-5), (step, name)
        for name, value in theirs["standard_errors"].items():
            assert fit.standard_errors[name] == pytest.approx(value, rel=1e-4), (step, name)
        for names, near in ((INDICES, 1e-5), (INTERVALS, 1e-3)):
            for ours, name in names.items():
                value = theirs["fit"][name]
                assert fit.fit_indices[ours] == pytest.approx(value, rel=near, abs=1e-5), name


@pytest.mark.parametrize("case", cases.CASES)
def test_differences_agree_with_lavaan(case):
    """Adjusted in mean and variance: `lavTestLRT`."""
    steps = fitted(case).steps
    for row in steps.iter_rows(named=True):
        if row["difference"] is None:
            assert row["model"] == "configural"
            continue
        theirs = VALUES[case][row["model"]]["difference"]
        assert row["difference"] == pytest.approx(theirs["chi_square"], rel=1e-5)
        assert row["difference_df"] == theirs["df"]
        assert row["p_value"] == pytest.approx(theirs["p"], rel=1e-4)


def simulated(*, seed, sizes=(4, 4, 4, 4, 4, 4), bias=0.0, n=500, move=0.5, crowded=True):
    """Two occasions; the third item is answered higher at the second by so many SDs."""
    rng = np.random.default_rng(seed)
    k = len(sizes)
    factor = 0.8 * rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, 2)) + [0, move]
    own = 0.5 * rng.normal(size=(n, 1, k)) + np.sqrt(0.75) * rng.normal(size=(n, 2, k))
    loading = np.linspace(0.85, 0.6, k)
    response = loading * factor[:, :, None] + np.sqrt(1 - loading**2) * own
    response[:, 1, 2] += bias
    start = np.linspace(-0.2, 0.9, k) if crowded else np.linspace(-0.9, -0.5, k)
    values = np.stack(
        [np.digitize(response[:, :, j], start[j] + np.linspace(0, 1.2, sizes[j] - 1))
         for j in range(k)], axis=2
    ).astype(float)  # fmt: skip
    values[rng.random((n, 2)) < 0.06] = np.nan
    frame = {"id": np.repeat(np.arange(n), 2), "wave": np.tile([0, 1], n)}
    return frame | {f"i{j + 1}": values[:, :, j].ravel() for j in range(k)}


MODEL = OrderedInvariance(items=tuple(f"i{j + 1}" for j in range(6)), person="id", occasion="wave")


@cache
def biased():
    return MODEL.fit(simulated(seed=8, bias=0.6))


def test_seeded_bias_is_found_and_nothing_else():
    result = biased()
    assert result.biased == ("i3",)
    assert result.established != "scalar"
    partial = replace(MODEL, own=("i3",)).fit(simulated(seed=8, bias=0.6))
    assert partial.established == "scalar"
    moved = partial.fits["scalar"]
    assert moved.estimates["mean(factor@1)"] == pytest.approx(
        0.5, abs=2.5 * moved.standard_errors["mean(factor@1)"]
    )


def test_crowded_items_that_measure_alike_are_not_called_though_the_mean_rises():
    result = MODEL.fit(simulated(seed=11))
    assert result.biased == ()
    assert result.established == "scalar"
    assert result.steps["difference_df"].to_list() == [None, 6, 5, 5]
    assert result.sums["items"].to_list() == [0.0]


def test_parts_make_the_difference_of_the_mean_as_the_model_has_it():
    """Means of categories' values by the standardised thresholds that the model implies."""
    result = biased()
    fit, row = result.partial, result.sums.row(0, named=True)
    settled, (sample,) = fit.fitted.settled, fit.fitted.samples
    thresholds = (sample.statistics - settled.residuals[0])[: sample.n_thresholds].reshape(12, 3)
    means = ndtr(-thresholds).sum(axis=1)  # values are 0, 1, 2, 3
    assert row["total"] == pytest.approx(means[6:].sum() - means[:6].sum(), rel=1e-10)
    assert row["total"] == pytest.approx(row["factor"] + row["items"], rel=1e-12)
    told = fit.estimates
    first, here = (np.array([told[f"threshold(i3@{t}|{c})"] for c in (1, 2, 3)]) for t in (0, 1))
    unit = (here[2] - here[0]) / (first[2] - first[0])
    own, slope = told["loading(i3@1)"], unit * told["loading(i3@0)"]
    mean, spread = told["mean(factor@1)"], told["var(factor@1)"]
    residual = 1 - own**2 * spread  # responses have SD 1 at each place
    as_first = ndtr((slope * mean - unit * first) / np.sqrt(slope**2 * spread + residual)).sum()
    assert row["items"] == pytest.approx(means[8] - as_first, rel=1e-10)
    assert result.shifts.filter(item="i3")["shift"].item() == pytest.approx(row["items"])


def spread_otherwise(seed, sizes, n=300):
    """Two groups whose items measure alike; what an item has for itself spreads half in one."""
    rng = np.random.default_rng(seed)
    k = len(sizes)
    second = np.arange(n) % 2
    loading = np.linspace(0.9, 0.6, k)
    factor = rng.normal(size=n) + 0.4 * second
    own = rng.normal(size=(n, k)) * np.sqrt(1 - loading**2) * np.where(second, 0.5, 1)[:, None]
    response = factor[:, None] * loading + own
    start = np.linspace(-0.3, 0.6, k)
    columns = {
        f"i{j + 1}": np.digitize(response[:, j], start[j] + np.linspace(0, 1, size - 1)).astype(
            float
        )
        for j, size in enumerate(sizes)
    }
    return columns | {"id": np.arange(n), "site": np.where(second, "b", "a")}


@pytest.mark.parametrize("size", [2, 3, 4])
def test_how_far_responses_spread_is_no_shift(size):
    """Sixteen studies, 80 intervals of shifts that are zero: 4 beside it by chance, 10 at most."""
    model = OrderedInvariance(items=tuple(f"i{j + 1}" for j in range(5)), person="id", group="site",
                              fewest=1)  # fmt: skip
    shifts = pl.concat(
        model.fit(spread_otherwise(seed, (size,) * 5)).shifts for seed in range(16)
    ).drop_nulls()
    assert shifts.height >= 70
    beside = shifts.filter(pl.col("shift").abs() > 1.96 * pl.col("shift_error"))
    assert beside.height <= 10
    assert abs(shifts["shift"].mean()) < 0.03


def test_errors_of_parts_are_those_of_a_numerical_derivative():
    result = biased()
    fit, row = result.partial, result.sums.row(0, named=True)
    at = {name: number for number, name in enumerate(fit.parameters)}

    def items(theta):
        of = lambda name: theta[at[name]]  # noqa: E731
        unit = (of("threshold(i3@1|3)") - of("threshold(i3@1|1)")) / (
            of("threshold(i3@0|3)") - of("threshold(i3@0|1)")
        )
        slope, own = unit * of("loading(i3@0)"), of("loading(i3@1)")
        width = np.sqrt(1 + (slope**2 - own**2) * of("var(factor@1)"))
        return sum(
            ndtr(own * of("mean(factor@1)") - of(f"threshold(i3@1|{c})"))
            - ndtr((slope * of("mean(factor@1)") - unit * of(f"threshold(i3@0|{c})")) / width)
            for c in (1, 2, 3)
        )

    theta = fit.coefficients
    steps = np.eye(len(theta)) * 1e-5
    slopes = np.array([(items(theta + step) - items(theta - step)) / 2e-5 for step in steps])
    error = np.sqrt(slopes @ fit.covariance @ slopes)
    assert row["items"] == pytest.approx(items(theta))
    assert row["items_error"] == pytest.approx(error, rel=1e-6)


def test_steps_that_test_nothing_are_left_out():
    """With three categories thresholds alone test nothing, with two loadings neither."""
    three = MODEL.fit(simulated(seed=3, sizes=(3,) * 6))
    assert list(three.fits) == ["configural", "metric", "scalar"]
    assert three.steps["difference_df"].to_list() == [None, 5, 5]
    two = MODEL.fit(simulated(seed=3, sizes=(2,) * 6))
    assert list(two.fits) == ["configural", "scalar"]
    assert two.steps["difference_df"].to_list() == [None, 4]
    assert two.items["df"].unique().to_list() == [1]


def test_a_threshold_step_without_restrictions_fits_alike():
    """Of an item with two categories nothing is tested until all is equal."""
    mixed = MODEL.fit(simulated(seed=5, sizes=(4, 2, 3, 4, 2, 3)))
    df = [mixed.fits[step].fit_indices["df"] for step in mixed.fits]
    assert np.diff(df).tolist() == [2, 3, 5]


def rarely(waves):
    """Answers of which all but three highest to the first item are the next, at these waves."""
    frame = simulated(seed=6)
    frame["i1"] = frame["i1"].copy()
    for wave in waves:
        frame["i1"][np.flatnonzero((frame["wave"] == wave) & (frame["i1"] == 3))[3:]] = 2
    return frame


def test_rare_categories_are_joined_everywhere():
    result = MODEL.fit(rarely((0, 1)))
    assert result.categories["i1"].joined == ((2.0, 3.0),)
    assert 2 < result.categories["i1"].values[-1] < 3
    assert "threshold(i1|3)" not in result.fits["scalar"].parameters


def test_a_category_that_one_occasion_lacks_is_refused():
    with pytest.raises(ModelError, match="i1: the answer 3 is given by fewer than 5 persons"):
        MODEL.fit(rarely((1,)))


def test_the_order_of_items_and_of_answers_does_not_matter():
    frame = simulated(seed=8, bias=0.6)
    other = replace(MODEL, items=MODEL.items[::-1]).fit(frame)
    assert other.biased == ("i3",)
    np.testing.assert_allclose(other.steps["chi_square"], biased().steps["chi_square"], rtol=1e-6)
    turned = frame | {item: 3 - frame[item] for item in MODEL.items}
    np.testing.assert_allclose(
        MODEL.fit(turned).steps["chi_square"], biased().steps["chi_square"], rtol=1e-6
    )


def test_a_comparison_needs_the_same_data_and_a_larger_model():
    one, other = biased(), MODEL.fit(simulated(seed=11))
    with pytest.raises(ModelError, match="different rows or variables"):
        compare_ordered_fits(one.fits["scalar"], other.fits["configural"])
    with pytest.raises(ModelError, match="more parameters than the first"):
        compare_ordered_fits(one.fits["configural"], one.fits["scalar"])


def test_a_search_that_did_not_settle_gives_no_test():
    fits = biased().fits
    test = compare_ordered_fits(fits["scalar"], replace(fits["metric"], converged=False))
    assert np.isnan([test.chi_square, test.p_value]).all()
    assert test.df == 5


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"items": ("i1", "i2")}, "at least 3 columns"),
        ({"own": ("i9",)}, "i9 are no items"),
        ({"occasion": None, "person": "row"}, "one occasion and one group: nothing to compare"),
        ({"fewest": 0}, "fewest: expected 1 or more"),
        ({"fewest": 400}, "no two categories are used by 400 persons"),
        ({"items": ("i1", "i2", "copy")}, "i1@0 and copy@0 go together perfectly"),
    ],
)
def test_what_cannot_be_used(settings, words):
    frame = simulated(seed=8)
    frame |= {"row": np.arange(len(frame["id"])), "copy": frame["i1"]}
    with pytest.raises(ModelError, match=words):
        replace(MODEL, **settings).fit(frame)


def test_more_parameters_than_persons_are_refused():
    with pytest.raises(ModelError, match="parameters, but there are only"):
        replace(MODEL, fewest=1).fit(simulated(seed=2, n=50, crowded=False))
