"""Read and check the columns of a mediation model; scale them; products with a moderator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import (
    complete_rows,
    nothing_complete,
    numeric,
    read_columns,
    refuse_words,
)

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The names of what a model is made of.

    Attributes
    ----------
    factor, outcome : str
    mechanisms, covariates : tuple of str
    exposure : tuple of str
        Terms of the line that says which outcome is expected.
    moderator, person : str or None
    """

    factor: str
    mechanisms: tuple[str, ...]
    outcome: str
    covariates: tuple[str, ...]
    exposure: tuple[str, ...] = ()
    moderator: str | None = None
    person: str | None = None

    @property
    def numbers(self) -> tuple[str, ...]:
        """All columns that enter regressions, as they come."""
        moderator = () if self.moderator is None else (self.moderator,)
        given = (self.factor, *self.covariates, *self.exposure, *moderator)
        return (*given, *self.mechanisms, self.outcome)

    @property
    def moderated(self) -> tuple[str, ...]:
        """Columns of which products with the moderator are made."""
        if self.moderator is None:
            return ()
        return (self.factor, *self.mechanisms, self.outcome)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Complete rows, every column at mean 0 and SD 1.

    Attributes
    ----------
    values : dict from column to array (n,)
        Scaled.
    centres, scales : dict from column to float
        Mean and SD (n - 1) in the units of the data.
    person : integer array (n,)
        Codes 0, 1, …; each row its own without persons.
    n_persons, n_dropped : int
        Rows that lack something are left out.
    is_binary : bool
        Whether the factor has two values.
    moderator_values : tuple of float
        Two values of the moderator: its own two, or one SD below and above its mean.
    """

    values: dict[str, Float]
    centres: dict[str, float]
    scales: dict[str, float]
    person: NDArray[np.int64]
    n_persons: int
    n_dropped: int
    is_binary: bool
    moderator_values: tuple[float, ...]


def read_rows(data: Any, columns: Columns) -> Rows:
    """Read a frame.

    Raises
    ------
    ModelError
        A column that is named twice, absent, no numbers, infinite or without variance; no complete
        row; more coefficients than persons.
    """
    _refuse_repeated(columns)
    labels = () if columns.person is None else (columns.person,)
    frame = read_columns(data, [*labels, *columns.numbers], labels=labels)
    refuse_words(frame, columns.numbers)
    keep = complete_rows(frame)
    if not keep.any():
        raise ModelError(nothing_complete(frame))
    rows = frame.filter(pl.Series(keep, dtype=pl.Boolean))
    n = rows.height
    if columns.person is None:
        person, n_persons = np.arange(n), n
    else:
        codes = rows[columns.person].rank("dense")
        person, n_persons = codes.to_numpy().astype(np.int64) - 1, int(codes.n_unique())
    p = 1 + len(columns.numbers) + len(columns.moderated) - 1
    if n_persons <= p + 1:
        raise ModelError(f"{n_persons} persons with all columns cannot carry {p} coefficients.")
    raw = {name: numeric(rows, name) for name in columns.numbers}
    centres = {name: float(np.mean(column)) for name, column in raw.items()}
    scales = {name: float(np.std(column, ddof=1)) for name, column in raw.items()}
    still = [n for n, s in scales.items() if not s > 1e-12 * max(1.0, abs(centres[n]))]
    if still:
        raise ModelError(
            f"{', '.join(still)}: the same value in every row, so that nothing can go with it."
        )
    values = {name: (raw[name] - centres[name]) / scales[name] for name in raw}
    return Rows(
        values=values,
        centres=centres,
        scales=scales,
        person=person,
        n_persons=n_persons,
        n_dropped=int(frame.height - n),
        is_binary=np.unique(raw[columns.factor]).size == 2,
        moderator_values=_two_values(raw.get(columns.moderator or "")),
    )


def _two_values(moderator: Float | None) -> tuple[float, ...]:
    if moderator is None:
        return ()
    own = np.unique(moderator)
    if own.size == 2:
        return float(own[0]), float(own[1])
    mean, sd = float(np.mean(moderator)), float(np.std(moderator, ddof=1))
    return mean - sd, mean + sd


def _refuse_repeated(columns: Columns) -> None:
    if not columns.mechanisms:
        raise ModelError("mechanism: expected a column, or several.")
    named = [*columns.numbers, *([columns.person] if columns.person else [])]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise ModelError(
            f"{', '.join(twice)}: a column can be only one of factor, mechanism, outcome, "
            "covariate, term of exposure, moderator and person."
        )
