"""Steps in which means, SDs, intervals and quantiles are told, and what attacks on them give."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.quality.exposure_told import told_exposure
from salutogen.page.audience import Audience, in_steps, quantile_step, told_quantiles
from salutogen.report.sections.over_time import told_ends

HIDDEN = Audience(individuals=False, n_persons=70, seed=1)
SHOWN = Audience(individuals=True, n_persons=70, seed=1)


def told_of(many: tuple[int, ...], n: int) -> tuple[float | None, ...]:
    """Mean and SD at an occasion, as they are told, where some met one, two and three."""
    met = np.arange(1, len(many) + 1)
    total, squares = float(met @ many), float(met**2 @ many)
    sd = math.sqrt(max(squares - total**2 / n, 0.0) / (n - 1))
    row = {"type": "events", "occasion": "1", "n": n, "zero_share": 1 - sum(many) / n}
    figures = {"mean": total / n, "sd": sd, "r": 0.1, "r_squared": 0.01}
    told = told_exposure(pl.DataFrame([row | figures]), HIDDEN)
    return told["mean"][0], told["sd"][0]


def sets_that_fit(many: tuple[int, ...], n: int) -> set[tuple[int, ...]]:
    """Every set of counts that would be told alike, with the share that met any in fives."""
    given, met = told_of(many, n), HIDDEN.told(sum(many))
    return {
        (one, two, three)
        for size in (HIDDEN.told(n) - 2, HIDDEN.told(n), HIDDEN.told(n) + 2)
        for three in range(3)
        for two in range(6)
        for one in range(max(0, met - 2 - two - three), met + 3 - two - three)
        if told_of((one, two, three), size) == given
    }


@pytest.mark.parametrize(
    ("many", "n"),
    [((5, 0, 0), 43), ((7, 0, 0), 57), ((5, 1, 0), 62), ((9, 1, 0), 57), ((12, 0, 1), 62),
     ((10, 0, 0), 43), ((17, 3, 1), 57)],
)  # fmt: skip
def test_of_rare_events_more_than_one_set_of_counts_fits(many: tuple[int, ...], n: int) -> None:
    found = sets_that_fit(many, n)
    assert many in found
    assert len({sum(one) for one in found}) > 1, "how many met any is open"
    assert len({one[1:] for one in found}) > 1, "how many met two or three is open"


def test_rare_events_have_a_mean_and_no_sd() -> None:
    assert told_of((9, 0, 0), 60) == (None, None)
    assert told_of((12, 3, 0), 60) == (0.3, None)
    assert told_of((25, 10, 0), 60) == (0.75, 0.7)
    values = np.repeat([0.0, 1.0, 2.0], [45, 12, 3])
    exact = (0.3, 0.15, 0.45)
    assert told_ends(values, exact, HIDDEN) == (0.3, None, None)
    assert told_ends(values, exact, SHOWN) == exact
    assert told_ends(np.repeat([0.0, 1.0], [51, 9]), exact, HIDDEN) == (None, None, None)
    assert told_ends(np.repeat([0.0, 1.0, 2.0], [20, 30, 10]), exact, HIDDEN)[1] is None


def test_ends_of_an_interval_tell_its_mean_no_finer() -> None:
    """Three values in steps that differ by a known width narrow the mean to where all agree."""
    rng = np.random.default_rng(1)
    apart: dict[str, list[float]] = {"each": [], "together": []}
    sd, n = 6.0, 60
    half = 2.0 * sd / math.sqrt(n)
    step = 0.2
    for mean in rng.uniform(10, 20, 300):
        ends = (mean, mean - half, mean + half)
        each = [HIDDEN.told_mean(end, sd, n) for end in ends]
        together = HIDDEN.told_interval(ends, sd, n)
        for name, told in (("each", each), ("together", together)):
            # Where the mean may lie by each of the three, the width being known.
            width = half if name == "each" else (told[2] - told[1]) / 2
            centres = np.array([told[0], told[1] + width, told[2] - width])
            apart[name].append(float(centres.min() + step - centres.max()))
    assert np.mean(apart["each"]) < 0.6 * step
    assert np.mean(apart["together"]) == pytest.approx(step)


def test_an_interval_is_as_wide_as_the_told_sd_makes_it() -> None:
    widths = set()
    for sd in np.linspace(5.91, 5.99, 30):
        half = 1.96 * sd / math.sqrt(60)
        mean, low, high = HIDDEN.told_interval((12.34, 12.34 - half, 12.34 + half), sd, 60)
        assert mean == pytest.approx(12.4)
        widths.add(round(high - low, 9))
        assert high - mean == pytest.approx(mean - low)
    assert len(widths) == 1
    assert SHOWN.told_interval((12.34, 11.0, 13.0), 6.0, 60) == (12.34, 11.0, 13.0)


@pytest.mark.parametrize("mean", [-1.62, -1.45, -0.3, 0.2, 1.46, 1.53, 1.6])
def test_an_interval_stays_on_the_side_of_0_that_it_is_on(mean: float) -> None:
    half = 1.52
    told, low, high = HIDDEN.told_interval((mean, mean - half, mean + half), 6.0, 60)
    assert (low > 0) is (mean > half)
    assert (high < 0) is (mean < -half)
    assert told == pytest.approx(in_steps(told, 0.2))


def test_quantiles_of_a_standardised_score_do_not_tell_its_mean_and_sd() -> None:
    """Each is (x - mean) / SD of a whole number x: of few means and SDs all of them are."""
    rng = np.random.default_rng(2)
    x = rng.poisson(9.0, 60)
    z = (x - x.mean()) / x.std(ddof=1)
    at = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)
    three_digits = np.quantile(z, np.clip(at, 5.5 / 60, 1 - 5.5 / 60), method="inverted_cdf")
    three_digits = np.array([float(f"{value:.3g}") for value in three_digits])
    steps = told_quantiles(z, at)

    def fitting(told: np.ndarray, rounding: np.ndarray) -> float:
        """Share of means and SDs around the true ones by which whole numbers stand behind."""
        means = np.linspace(x.mean() - 0.5, x.mean() + 0.5, 201)[:, None]
        sds = np.linspace(0.9 * x.std(), 1.1 * x.std(), 201)[None, :]
        fits = np.ones((201, 201), dtype=bool)
        for value, width in zip(told, rounding, strict=True):
            behind = value * sds + means
            fits &= np.abs(behind - np.rint(behind)) <= width * sds
        return float(fits.mean())

    exact = fitting(three_digits, np.full(len(at), 0.005))
    assert exact < 0.01
    step = quantile_step(float(z.std()), 60)
    assert step >= 0.05
    assert steps.tolist() == [in_steps(value, step) for value in steps]
    assert fitting(steps, np.full(len(at), step / 2)) > 10 * exact


def test_quantiles_of_whole_numbers_are_values_that_occur() -> None:
    values = np.arange(40.0) ** 2
    assert set(told_quantiles(values, (0.2, 0.5, 0.8))) <= set(values)
    alike = np.full(40, 0.875)
    assert told_quantiles(alike, (0.5,)).tolist() == [0.875]
