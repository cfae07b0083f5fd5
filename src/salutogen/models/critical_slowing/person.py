"""Whether indicators of one person rise over windows of time, and whether that could be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau

from salutogen.errors import ModelError
from salutogen.models.checks import refuse_not_whole
from salutogen.models.critical_slowing.indicators import (
    AUTOCORRELATION,
    CROSS_CORRELATION,
    SPREAD,
    WindowRows,
    indicators_of,
    rise_of,
    seen_of,
    window_rows,
)
from salutogen.models.critical_slowing.surrogates import LEAST, MOST, Surrogates
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FEWEST_WINDOWS = 3
GAP = 1.5  # typical gaps up to which two answers of a day follow each other
LEVEL = 0.05
SLOWED = (AUTOCORRELATION, SPREAD)  # what rises in a first-order autoregression that slows down
CLOSE, MORE = 0.02, 9  # below which p is looked at more closely, with so many times as many series


@short_repr("rise", "p", "sensitivity")
@dataclass(frozen=True, kw_only=True, repr=False)
class EarlyWarning:
    """Indicators of one person over windows, and what this many answers can show.

    Attributes
    ----------
    windows : DataFrame
        One row per window that is used: `window` (its place among those given, from 0), `day`
        (middle of its answers, in days), `answers`, `pairs` (answers that have one before them),
        and one column per indicator.
    rise : dict of str to float
        By indicator: change from the first to the last window, along a straight line in time
        weighted by pairs. NaN where fewer than three windows vary.
    tau : dict of str to float
        Kendall's correlation of the indicator with time.
    p : dict of str to float
        Share of series without any change whose rise is as large or larger; one-sided.
    sensitivity : dict of str to float
        Share of series that slow down which have p < .05: of autocorrelation and spread, since of
        the others slowing down says nothing.
    specificity : dict of str to float
        Share of further series without any change that do not.
    correlation : float
        Of answers `gap` hours apart, over all windows, freed of the bias of few answers
        from which the mean and trends were removed.
    gap : float
        Median hours between answers that follow each other.
    slowing : tuple of float
        Correlation of such answers in the first and the last window of series that slow down.
    """

    windows: pl.DataFrame
    rise: Mapping[str, float]
    tau: Mapping[str, float]
    p: Mapping[str, float]
    sensitivity: Mapping[str, float]
    specificity: Mapping[str, float]
    correlation: float
    gap: float
    slowing: tuple[float, float]


def early_warning(
    values: ArrayLike,
    *,
    day: ArrayLike,
    hours: ArrayLike,
    windows: Sequence[ArrayLike],
    other: ArrayLike | None = None,
    trends: ArrayLike | None = None,
    fewest_pairs: int = 5,
    rise: float = 0.3,
    surrogates: int = 500,
    seed: Any = 1,
) -> EarlyWarning:
    """Follow the indicators of one person's answers from window to window.

    Answers follow each other on the same day only, up to 1.5 median gaps apart: a night is no gap,
    and a missed answer is not bridged. Within each window the mean and the trends are removed.
    What chance does is taken from series that the person could have given had nothing changed
    (first-order autoregression within days, the same times, the same values, the same windows);
    so that windows with fewer answers, whose autocorrelation is biased downwards, mislead nobody.

    Parameters
    ----------
    values : array (n,)
        In the order of time; none missing.
    day : array (n,)
        Number of the day; the night is where it changes.
    hours : array (n,)
        Time of each answer in hours since the first.
    windows : sequence of arrays of int
        Places of the answers of each window, in the order of time; windows may overlap.
    other : array (n,), optional
        A second variable, for the cross-correlation; its strength counts, whatever its sign.
    trends : array (n, q), optional
        Removed within each window beside the mean, such as the hours and the time of the day.
    fewest_pairs : int, default 5
        Answers with one before them that a window needs; windows with fewer, or that do not vary,
        are left out.
    rise : float, default 0.3
        By how much the correlation of neighbours rises, from the first to the last window, in the
        series from which sensitivity is told.
    surrogates : int, default 500
        Series without a change; as many further ones for specificity, and that slow down. Where p
        is small, nine times as many more are drawn: correction over persons needs small p.
    seed : int or SeedSequence, default 1

    Returns
    -------
    EarlyWarning

    Raises
    ------
    ModelError
        Fewer than three windows with so many pairs that vary, values missing or not in the order of
        time, a rise that is not between 0 and 1.

    Notes
    -----
    Indicators: Scheffer et al. (2009). Comparing dense bursts instead of a window that moves:
    Delecroix et al. (2024). The bias of few answers: after
    Marriott & Pope (1954), for the very times and what is removed.
    """
    refuse_not_whole(99, surrogates=surrogates)
    refuse_not_whole(5, fewest_pairs=fewest_pairs)
    if not 0 < rise < 1:
        raise ModelError("`rise` is a difference of correlations: above 0, below 1.")
    x, d, t = _series(values, day, hours)
    y = None if other is None else _beside(other, x)
    removed = np.empty((x.size, 0)) if trends is None else np.asarray(trends, dtype=float)
    gap = _typical_gap(d, t)
    made = {
        place: window_rows(np.asarray(rows, int), d, t, removed, GAP * gap)
        for place, rows in enumerate(windows)
    }
    made = {
        place: one
        for place, one in made.items()
        if one.pairs >= fewest_pairs and np.ptp(x[one.rows]) > 0
    }
    if len(made) < FEWEST_WINDOWS:
        raise ModelError(
            f"{FEWEST_WINDOWS} windows with {fewest_pairs} answers that follow another one of the "
            "same day, and that vary, are needed."
        )
    person = _Person(x, y, d, t, tuple(made.values()), tuple(made), gap)
    stream = np.random.SeedSequence(seed) if isinstance(seed, int) else seed
    return _followed(person, rise, surrogates, stream)


TRIED = np.linspace(LEAST, MOST, 25)  # correlations of which it is told what windows show


@dataclass(frozen=True, eq=False)
class _Person:
    x: Float
    y: Float | None
    day: Int
    hours: Float
    windows: Sequence[WindowRows]
    places: Sequence[int]
    gap: float

    @property
    def at(self) -> Float:
        """Middle of each window, in days."""
        return np.array([self.hours[one.rows].mean() / 24 for one in self.windows])

    @property
    def weight(self) -> Float:
        return np.array([one.pairs for one in self.windows], dtype=float)

    def surrogates(self, series: Float) -> Surrogates:
        """Series of this person's times that take the values of one of the person's own."""
        gap = np.append(np.inf, np.diff(self.hours))
        gap[np.append(True, np.diff(self.day) != 0)] = np.inf
        own = np.concatenate([series[one.rows] - series[one.rows].mean() for one in self.windows])
        return Surrogates(gap=gap, typical_gap=self.gap, values=np.sort(own))

    def correlation(self, series: Float) -> float:
        """Correlation of neighbours over all windows, freed of the bias of few answers."""
        found = indicators_of(self.windows, series)[AUTOCORRELATION]
        known = np.isfinite(found)
        if not known.any():
            return LEAST
        seen = np.average(found[known], weights=self.weight[known])
        told = np.average(self._seen[:, known], weights=self.weight[known], axis=1)
        return float(np.clip(np.interp(seen, told, TRIED), LEAST, MOST))

    @cached_property
    def _seen(self) -> Float:
        """What each window shows (tried, windows) of each correlation that is tried."""
        gaps = self.hours / self.gap
        return np.array(
            [[seen_of(one, self.day, gaps, rho) for one in self.windows] for rho in TRIED]
        )

    def rises(self, series: Float, other: Float | None, sign: float) -> dict[str, Float]:
        """Change of each indicator over the windows, of one series or many."""
        found = indicators_of(self.windows, series, other)
        if CROSS_CORRELATION in found:
            found[CROSS_CORRELATION] = sign * found[CROSS_CORRELATION]
        return {name: rise_of(values, self.at, self.weight) for name, values in found.items()}


def _followed(
    person: _Person, rise: float, draws: int, seed: np.random.SeedSequence
) -> EarlyWarning:
    """Compare a person's indicators with those of series with and without a change."""
    plain = indicators_of(person.windows, person.x, person.y)
    r = _together(person)
    rises = person.rises(person.x, person.y, np.sign(r) or 1.0)
    rho = person.correlation(person.x)
    ends = (float(max(rho - rise / 2, LEAST)), float(min(max(rho - rise / 2, LEAST) + rise, MOST)))
    course = np.interp(person.hours / 24, person.at[[0, -1]], ends)
    flat = np.full(person.x.size, rho)
    model = person.surrogates(person.x)
    beside = None if person.y is None else person.surrogates(person.y)

    def drawn(
        correlation: Float, rng: np.random.Generator, *, slowed: bool = False
    ) -> dict[str, Float]:
        normal = model.draw(correlation, draws, rng)
        series = model.slowed(normal, correlation) if slowed else model.answered(normal)
        other = None
        if beside is not None and person.y is not None:
            own = beside.draw(np.full(person.x.size, person.correlation(person.y)), draws, rng)
            other = beside.answered(r * normal + np.sqrt(1 - r**2) * own)
        return person.rises(series, other, np.sign(r) or 1.0)

    streams = [np.random.default_rng(one) for one in seed.spawn(4)]
    null, again = drawn(flat, streams[0]), drawn(flat, streams[1])
    slower = drawn(course, streams[2], slowed=True)
    specificity = {name: float(np.mean(_p(null[name], again[name]) >= LEVEL)) for name in rises}
    sensitivity = {
        name: float(np.mean(_p(null[name], slower[name]) < LEVEL))
        for name in rises
        if name in SLOWED
    }
    p = {name: float(_p(null[name], value)) for name, value in rises.items()}
    if min(p.values()) < CLOSE:
        parts = [null, *(drawn(flat, streams[3]) for _ in range(MORE))]  # parts: for memory
        p = {
            name: float(_p(np.concatenate([part[name] for part in parts]), value))
            for name, value in rises.items()
        }
    return EarlyWarning(
        windows=_table(person, plain),
        rise={name: float(value) for name, value in rises.items()},
        tau={name: _tau(person.at, value) for name, value in plain.items()},
        p=p, sensitivity=sensitivity, specificity=specificity, correlation=rho, gap=person.gap,
        slowing=ends,
    )  # fmt: skip


def _p(null: Float, observed: Float) -> Float:
    """One-sided p of each rise; 1 where there is none."""
    null = null[np.isfinite(null)]
    above = null.size - np.searchsorted(np.sort(null), observed, side="left")
    return np.where(np.isfinite(observed), (1 + above) / (1 + null.size), 1.0)


def _together(person: _Person) -> float:
    """Correlation of both series at the same answers, over all windows."""
    if person.y is None:
        return 0.0
    found = indicators_of(person.windows, person.x, person.y)[CROSS_CORRELATION]
    known = np.isfinite(found)
    if not known.any():
        return 0.0
    return float(np.clip(np.average(found[known], weights=person.weight[known]), -MOST, MOST))


def _tau(at: Float, indicator: Float) -> float:
    known = np.isfinite(indicator)
    if known.sum() < FEWEST_WINDOWS or np.ptp(indicator[known]) == 0:
        return float("nan")
    return float(kendalltau(at[known], indicator[known]).statistic)


def _table(person: _Person, found: Mapping[str, Float]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "window": person.places,
            "day": person.at,
            "answers": [one.rows.size for one in person.windows],
            "pairs": [one.pairs for one in person.windows],
            **found,
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def _series(values: ArrayLike, day: ArrayLike, hours: ArrayLike) -> tuple[Float, Int, Float]:
    x, t = (np.asarray(one, dtype=float) for one in (values, hours))
    d = np.asarray(day)
    if x.ndim != 1 or not x.shape == d.shape == t.shape:
        raise ModelError("`values`, `day` and `hours` are arrays of one length.")
    if d.dtype.kind not in "iu":
        raise ModelError("`day` holds whole numbers.")
    if not (np.isfinite(x).all() and np.isfinite(t).all()):
        raise ModelError("Values, days and hours must all be known: leave out missed answers.")
    if (np.diff(t) < 0).any():
        raise ModelError("Answers must be in the order of time.")
    return x, d.astype(np.int64), t


def _beside(other: ArrayLike, x: Float) -> Float:
    y = np.asarray(other, dtype=float)
    if y.shape != x.shape or not np.isfinite(y).all():
        raise ModelError("`other` must be known at each answer.")
    return y


def _typical_gap(day: Int, hours: Float) -> float:
    gap = np.diff(hours)
    gap = gap[(np.diff(day) == 0) & (gap > 0)]
    if not gap.size:
        raise ModelError("No two answers are of the same day.")
    return float(np.median(gap))
