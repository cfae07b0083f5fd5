"""Intervals of ICCs and of correlations over occasions, from resamples of persons.

Occasions of one person are no independent pairs: intervals that count rows are too narrow.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.models.descriptive import numbered, pearson_of_sums
from salutogen.models.resampling.bootstrap import bootstrap_sums
from salutogen.resilience.between_within import OccasionArrays

Float = np.ndarray

MOST_UNITS = 4000  # persons are put to as many random groups where there are more
FEWEST_DRAWS = 20
ENOUGH = 0.9  # of the draws must be possible
CONSTANT = 1e-12  # of the sum of squares: what rounding leaves of exposure that never varies
FEWEST_PERSONS = 10
LEFT_BETWEEN, LEFT_WITHIN = "r(SR, E) between persons", "r(SR, E) within persons"

INTERVAL_COLUMNS = (
    Column(name="figure", meaning="Figure", heading="Figure", kind=Kind.LABEL),
    Column(name="estimate", meaning="Estimate", heading="Estimate"),
    Column(
        name="low",
        meaning="Lower end of its 95 % interval over resamples of persons (Fisher's z)",
        heading="95 %: from",
    ),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)


def intervals_over_persons(
    arrays: OccasionArrays,
    icc: dict[str, float | None],
    *,
    draws: int,
    seed: int,
    refit: bool,
) -> pl.DataFrame:
    """Give ICCs and correlations a 95 % interval.

    Fisher's z of each estimate plus and minus the t quantile times the SD of z over resamples of
    persons. ICCs are those of the mixed model; their error is that of the one-way analysis of
    variance. A correlation of SR with exposure has the line's error in it where the line is
    straight, with exposure alone in it: it is then refitted in each resample.

    Parameters
    ----------
    arrays : OccasionArrays
    icc : mapping of str to float or None
        ICC of P, E and SR.
    draws, seed : int
    refit : bool
        Whether SR is the residual of a straight line of P on E.

    Returns
    -------
    DataFrame
        The columns `INTERVAL_COLUMNS`; without ends where there are too few draws.
    """
    codes = numbered(arrays.person)[0].astype(np.int64)
    persons = int(codes.max()) + 1 if codes.size else 0
    if persons < FEWEST_PERSONS:
        return no_intervals()
    sums = _Sums(codes, persons, seed)
    names = {"E": arrays.E, "P": arrays.P, "SR": arrays.SR}
    for name, values in names.items():
        sums.add(name, _analysis_of_variance(values, codes))
    sums.add("total", _pairs(arrays.E, arrays.P, codes))
    for name, x in (("P", arrays.P), ("SR", arrays.SR)):
        between, within = _parted(arrays.E, x, codes)
        sums.add(f"between {name}", between)
        sums.add(f"within {name}", within)
    whole = sums.table.sum(axis=0)[None]
    drawn = bootstrap_sums(sums.table, draws=draws, seed=seed) if draws > 0 else whole[:0]
    found = []
    for name in ("P", "E", "SR"):
        spread = _icc(sums.of(drawn, name))
        found.append(
            (f"ICC of {name} (random intercept, occasions as independent)", icc.get(name), spread)
        )
    for words, function in (
        ("r(E, P), all rows", lambda t: pearson_of_sums(sums.of(t, "total"))),
        (LEFT_BETWEEN, lambda t: _left(t, sums, "between", refit=refit)),
        (LEFT_WITHIN, lambda t: _left(t, sums, "within", refit=refit)),
    ):
        found.append((words, float(function(whole)[0]), function(drawn)))
    rows = [
        (words, estimate, *_ends(estimate, spread, persons, at_least=-1.0 if "r(" in words else 0))
        for words, estimate, spread in found
        if estimate is not None and np.isfinite(estimate)
    ]
    return pl.DataFrame(rows, schema=no_intervals().schema, orient="row")


def no_intervals() -> pl.DataFrame:
    """Return the table without a row."""
    numbers = dict.fromkeys(("estimate", "low", "high"), pl.Float64)
    return pl.DataFrame(schema={"figure": pl.String, **numbers})


class _Sums:
    """Numbers that add up over units, by name."""

    def __init__(self, codes: np.ndarray, persons: int, seed: int) -> None:
        unit = np.arange(persons)
        if persons > MOST_UNITS:
            unit = unit % MOST_UNITS
            np.random.default_rng(seed).shuffle(unit)
        self._unit = unit
        self._size = min(persons, MOST_UNITS)
        self._places: dict[str, slice] = {}
        self.table = np.empty((self._size, 0))

    def add(self, name: str, of_persons: Float) -> None:
        """Add columns (persons, m)."""
        columns = [np.bincount(self._unit, one, minlength=self._size) for one in of_persons.T]
        first = self.table.shape[1]
        self._places[name] = slice(first, first + len(columns))
        self.table = np.column_stack([self.table, *columns])

    def of(self, totals: Float, name: str) -> Float:
        """The columns of a name in sums over units (draws, m)."""
        return totals[:, self._places[name]]


def _by_person(codes: np.ndarray, x: Float, y: Float) -> Float:
    """What `pearson_of_sums` needs of columns that are centred already, by person."""
    squares = [np.bincount(codes, a * b) for a, b in ((x, x), (y, y), (x, y))]
    own = [np.bincount(codes), np.bincount(codes, x), np.bincount(codes, y)]
    return np.column_stack([*own, *squares])


def _pairs(x: Float, y: Float, codes: np.ndarray) -> Float:
    """What `pearson_of_sums` needs, by person."""
    return _by_person(codes, x - np.mean(x), y - np.mean(y))


def _parted(x: Float, y: Float, codes: np.ndarray) -> tuple[Float, Float]:
    """The same of person means, and of deviations from them."""
    count = np.bincount(codes)
    means = [np.bincount(codes, values) / count for values in (x, y)]
    own = [values - mean[codes] for values, mean in zip((x, y), means, strict=True)]
    within = _by_person(codes, *own)
    within[:, 1:3] = 0.0  # but for rounding
    return _pairs(means[0], means[1], np.arange(count.size)), within


def _left(totals: Float, sums: _Sums, level: str, *, refit: bool) -> Float:
    """Correlation of exposure with SR, the line refitted in each draw."""
    if not refit:
        return pearson_of_sums(sums.of(totals, f"{level} SR"))
    n, x, y, xx, _, xy = np.moveaxis(sums.of(totals, "total"), -1, 0)
    spread = xx - x * x / n
    varies = spread > CONSTANT * xx  # a draw may hold nobody of another exposure
    slope = np.full_like(spread, np.nan)
    np.divide(xy - x * y / n, spread, out=slope, where=varies)
    part = sums.of(totals, f"{level} P").copy()
    _, px, py, pxx, pyy, pxy = np.moveaxis(part.copy(), -1, 0)
    part[:, 2] = py - slope * px
    part[:, 4] = pyy - 2 * slope * pxy + slope**2 * pxx
    part[:, 5] = pxy - slope * pxx
    return pearson_of_sums(part)


def _analysis_of_variance(values: Float, codes: np.ndarray) -> Float:
    """What the ICC of a one-way analysis of variance needs, by person."""
    centred = values - np.mean(values)
    count = np.bincount(codes).astype(np.float64)
    total = np.bincount(codes, centred)
    squares = np.bincount(codes, centred * centred)
    return np.column_stack([np.ones(count.size), count, count**2, total, total**2 / count, squares])


def _icc(sums: Float) -> Float:
    """ICC from sums over persons, each an array (draws,)."""
    persons, n, squared, total, between, squares = np.moveaxis(sums, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_between = (between - total**2 / n) / (persons - 1)
        mean_within = (squares - between) / (n - persons)
        each = (n - squared / n) / (persons - 1)
        found: Float = (mean_between - mean_within) / (mean_between + (each - 1) * mean_within)
    return found


def _ends(
    estimate: float, spread: Float, persons: int, *, at_least: float
) -> tuple[float | None, float | None]:
    """Fisher's z with the SD of its draws."""
    known = spread[np.isfinite(spread) & (np.abs(spread) < 1)]
    if known.size < max(FEWEST_DRAWS, ENOUGH * spread.size) or not abs(estimate) < 1:
        return None, None
    from scipy.special import stdtrit

    se = float(np.std(np.arctanh(known), ddof=1)) * float(np.sqrt(persons / (persons - 1)))
    half = float(stdtrit(persons - 1, 0.975)) * se
    middle = float(np.arctanh(estimate))
    low, high = float(np.tanh(middle - half)), float(np.tanh(middle + half))
    return max(low, at_least), high
