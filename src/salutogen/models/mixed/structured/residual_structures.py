"""How residuals of one person may hang together or differ in size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import numeric

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True)
class ContinuousAR1:
    """Residuals of a person correlate by ρ to the power of the time between them.

    The continuous-time autoregression of first order, nlme's `corCAR1` (Pinheiro & Bates 2000,
    section 5.3); of equally spaced occasions it is the AR(1).

    Parameters
    ----------
    time : str
        Numeric column of the time, in any unit; ρ is the correlation at distance 1. No two rows
        of a person (and day) may have the same time.
    within : str, optional
        Column such as the day: residuals correlate only where it is the same, as nlme's
        ``corCAR1(form = ~ hours | id/day)``. Days may be counted anew for each person, and hours
        for each day.

    Examples
    --------
    >>> import numpy as np
    >>> from salutogen.models import MixedModel
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(40, 5, 6))
    >>> for beep in range(1, 6):
    ...     x[:, :, beep] = 0.6 * x[:, :, beep - 1] + 0.8 * x[:, :, beep]
    >>> who, day, beep = np.indices(x.shape).reshape(3, -1)
    >>> frame = {"id": who, "day": day, "hours": 2.0 * beep, "y": x.ravel()}
    >>> within_days = ContinuousAR1(time="hours", within="day")
    >>> result = MixedModel("y ~ 1 + (1 | id)", residual=within_days).fit(frame)
    >>> bool(abs(result.residual_parameters["correlation"] ** 2 - 0.6) < 0.05)
    True
    """

    time: str
    within: str | None = None


@dataclass(frozen=True)
class HeterogeneousVariance:
    """Residuals have a standard deviation of their own in each level of a column.

    nlme's `varIdent` (Pinheiro & Bates 2000, section 5.2).

    Parameters
    ----------
    by : str
        Column of the levels, such as the occasion or the arm. The first in sorted order is the
        one whose variance is `residual_variance`.
    """

    by: str


ResidualStructure = ContinuousAR1 | HeterogeneousVariance
Residual = str | ResidualStructure | list[ResidualStructure] | tuple[ResidualStructure, ...]


def structures_of(residual: Residual) -> tuple[ResidualStructure, ...]:
    """Return the structures named: none for `independent`, at most one of each kind."""
    if isinstance(residual, str) and residual == "independent":
        return ()
    kinds = (ContinuousAR1, HeterogeneousVariance)
    given = tuple(residual) if isinstance(residual, (list, tuple)) else (residual,)
    wrong = [item for item in given if not isinstance(item, kinds)]
    if wrong or len({type(item) for item in given}) != len(given):
        raise ModelError(
            "residual: expected 'independent', ContinuousAR1(time=...), "
            f"HeterogeneousVariance(by=...) or one of each, got {residual!r}."
        )
    return tuple(item for item in given if isinstance(item, kinds))


def structure_columns(structures: Sequence[ResidualStructure]) -> tuple[str, ...]:
    """Columns of the frame that the structures need."""
    names: list[str] = []
    for one in structures:
        if isinstance(one, ContinuousAR1):
            names += [one.time, *structure_labels([one])]
        else:
            names.append(one.by)
    return tuple(names)


def structure_labels(structures: Sequence[ResidualStructure]) -> tuple[str, ...]:
    """Those of the columns that only tell rows apart."""
    serial = _serial(structures)
    return () if serial is None or serial.within is None else (serial.within,)


def _serial(structures: Sequence[ResidualStructure]) -> ContinuousAR1 | None:
    return next((one for one in structures if isinstance(one, ContinuousAR1)), None)


@dataclass(frozen=True, kw_only=True)
class ResidualLayout:
    """What a residual structure needs to know of rows sorted by site, person and time.

    Attributes
    ----------
    row_starts : array (n_persons + 1,)
        First row of each person, and the number of rows.
    gaps : array (n,)
        Time since the person's row before, in units of `unit`: 0 of first rows, and infinite where
        a new day begins, over which nothing correlates.
    levels : array (n,)
        Level of each row.
    labels : tuple
        Levels of the heterogeneous variance in their order; one if there is none.
    unit : float
        Median time between rows of a person.
    is_correlated : bool
        Whether neighbours correlate.
    time, by : str or None
        The columns.
    """

    row_starts: Int
    gaps: Float
    levels: Int
    labels: tuple[Any, ...]
    unit: float
    is_correlated: bool
    time: str | None
    by: str | None

    @property
    def n_parameters(self) -> int:
        """Parameters of the structure."""
        return self.is_correlated + len(self.labels) - 1


def sorted_rows(frame: pl.DataFrame, structures: Sequence[ResidualStructure], units: Int) -> Int:
    """Return the order of rows by unit (a person's place) and, where there are, by day and time."""
    serial = _serial(structures)
    if serial is None:
        return np.argsort(units, kind="stable")
    times, steps = _times(frame, serial.time), np.diff(units)
    if serial.within is not None:
        return np.lexsort((times, _days(frame, serial.within), units))
    if ((steps > 0) | ((steps == 0) & (np.diff(times) >= 0))).all():
        return np.arange(len(units))  # files mostly come in this order
    return np.lexsort((times, units))


def learn_residuals(
    frame: pl.DataFrame,
    structures: Sequence[ResidualStructure],
    units: Int,
    row_numbers: Int,
) -> ResidualLayout:
    """Learn the structures from rows that are sorted by unit and time.

    Parameters
    ----------
    frame : polars.DataFrame
        Complete rows.
    structures : sequence
        At most one of each kind.
    units : array (n,)
        Place of each row's person, not falling.
    row_numbers : array (n,)
        Where each row stood in the user's frame, from 1; for messages.

    Raises
    ------
    ModelError
        Two rows of a person at one time, nobody with two rows, time that is not numeric, fewer
        than two levels, or a level with fewer than two rows.
    """
    starts = np.flatnonzero(np.append(True, units[1:] != units[:-1]))
    serial = _serial(structures)
    by = next((s.by for s in structures if isinstance(s, HeterogeneousVariance)), None)
    gaps, unit = np.ones(len(units)), 1.0
    if serial is not None:
        gaps, unit = _gaps(frame, serial, starts, row_numbers)
    levels, labels = np.zeros(len(units), dtype=np.int64), tuple[Any, ...]((None,))
    if by is not None:
        levels, labels = _levels(frame[by])
    return ResidualLayout(
        row_starts=np.append(starts, len(units)).astype(np.int64),
        gaps=gaps,
        levels=levels,
        labels=labels,
        unit=unit,
        is_correlated=serial is not None,
        time=None if serial is None else serial.time,
        by=by,
    )


def _times(frame: pl.DataFrame, name: str) -> Float:
    """The time of each row."""
    dtype = frame.schema[name]
    if not dtype.is_numeric():
        raise ModelError(
            f"ContinuousAR1: {name} holds {dtype}; expected numbers, such as days since the start."
        )
    return numeric(frame, name)


def _days(frame: pl.DataFrame, name: str) -> Int:
    """Number of each row's day."""
    return frame[name].rank("dense").to_numpy().astype(np.int64)


def _gaps(
    frame: pl.DataFrame, serial: ContinuousAR1, starts: Int, row_numbers: Int
) -> tuple[Float, float]:
    """Times between neighbours in units of their median, and that median."""
    name, whose = serial.time, "person"
    gaps = np.append(0.0, np.diff(_times(frame, name)))
    follows = np.ones(len(gaps), dtype=bool)
    if serial.within is not None:
        whose = f"person and {serial.within}"
        follows[1:] = np.diff(_days(frame, serial.within)) == 0
        gaps[~follows] = np.inf
    gaps[starts] = 0.0
    follows[starts] = False
    if not follows.any():
        raise ModelError(
            f"ContinuousAR1: no {whose} has two rows, so nothing correlates over {name}."
        )
    tied = np.flatnonzero(follows & (gaps <= 0))
    if tied.size:
        first = ", ".join(
            f"{row_numbers[row - 1]} and {row_numbers[row]}" for row in tied[:5].tolist()
        )
        raise ModelError(
            f"ContinuousAR1: {tied.size} rows have the same {name} as another row of their "
            f"{whose} (rows {first}). Keep one row per {whose} and time."
        )
    unit = float(np.median(gaps[follows]))
    return gaps / unit, unit


def _levels(column: pl.Series) -> tuple[Int, tuple[Any, ...]]:
    """Level of each row and the levels in sorted order."""
    counts = column.alias("level").value_counts().sort("level")
    labels, sizes = counts["level"].to_list(), counts["count"].to_list()
    if len(labels) < 2:
        raise ModelError(
            f"HeterogeneousVariance: {column.name} has one level only ({labels[0]!r}); "
            "leave the structure out."
        )
    lonely = [repr(label) for label, size in zip(labels, sizes, strict=True) if size < 2]
    if lonely:
        raise ModelError(
            f"HeterogeneousVariance: {column.name} has {len(labels)} levels, {len(lonely)} of them "
            f"with one row ({', '.join(lonely[:5])}); a variance needs more. Join levels first."
        )
    codes = pl.DataFrame({"level": column}).join(
        counts.select("level").with_row_index("code"),
        on="level",
        how="left",
        maintain_order="left",
    )["code"]
    return codes.cast(pl.Int64).to_numpy(), tuple(labels)
