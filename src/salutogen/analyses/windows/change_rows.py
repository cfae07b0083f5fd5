"""What the model of change over windows takes: rows, blocks of occasions, and their contrast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.findings import Findings
from salutogen.models.mixed.random_intercept_ar1 import PersonRows, person_rows
from salutogen.models.moments.grouping import Int
from salutogen.namespaces import covariate_of
from salutogen.norm import Line
from salutogen.norm.design_matrix import (
    INTERCEPT,
    line_matrix,
    term_matrix,
    with_exposure,
    with_known_labels,
)
from salutogen.norm.periods import PeriodRows, rows_of_windows, valid_rows

Float = np.ndarray

MOST_BLOCKS = 16  # of occasions; where there are more, neighbours share an effect
FEWEST_PERSONS = 10
MOST_FITTED = 5_000


@dataclass(frozen=True, kw_only=True)
class FrozenLine:
    """The line of SR_frozen, as far as it can be put to single occasions and drawn anew.

    Attributes
    ----------
    line : Line
    columns : ndarray, shape (n, q) or None
        Its terms but the intercept at each row; None where it is curved, since a curve of means
        is not the mean of a curve.
    units : ndarray, shape (u, q + 2) or None
        Design and P of the units it was fitted on; None where it comes from elsewhere.
    unit_person : ndarray of int64, shape (u,)
        Person of each unit, as coded in the rows.
    """

    line: Line
    columns: Float | None
    units: Float | None
    unit_person: Int


@dataclass(frozen=True, kw_only=True)
class ChangeRows:
    """Valid person-occasions, sorted by person and occasion.

    Attributes
    ----------
    rows : PersonRows
    occasion : ndarray of int64, shape (n,)
    block : ndarray of int64, shape (n,)
        Block of occasions, from 0; where occasions are few, each is one.
    contrast : ndarray, shape (blocks,)
        Weights of the last window less those of the first.
    P : ndarray, shape (n,)
    score : ndarray, shape (n,)
        SR by the frozen line where it can be put to occasions, else by the line of occasions.
    exposure, covariates : ndarray, shape (n, k), (n, c)
        Terms of the line of occasions, centred.
    absent : ndarray, shape (persons,)
        Weight of the blocks after each person's last row.
    left : ndarray of bool, shape (persons,)
        Whether a person was not seen in the last block of the contrast.
    windows : tuple of int
        Numbers of the windows, in order.
    course : ndarray, shape (windows, blocks)
        Weights of each window less those of the first.
    scale : tuple of float or None
        Lowest and highest possible score of problems, where they are known.
    frozen : FrozenLine or None
    """

    rows: PersonRows
    occasion: Int
    block: Int
    contrast: Float
    P: Float
    score: Float
    exposure: Float
    covariates: Float
    absent: Float
    left: np.ndarray
    windows: tuple[int, ...]
    course: Float
    scale: tuple[float | None, float | None]
    frozen: FrozenLine | None

    def design(self, kept: slice | np.ndarray) -> Float:
        """Design of the model at some rows: a column per block, exposure, covariates."""
        dummies = (self.block[kept][:, None] == np.arange(self.contrast.size)).astype(float)
        found: Float = np.column_stack([dummies, self.exposure[kept], self.covariates[kept]])
        return found

    @property
    def some(self) -> np.ndarray:
        """Rows of up to 5,000 persons, evenly taken, from whom variances are estimated."""
        step = 1 + (self.rows.n_persons - 1) // MOST_FITTED
        found: np.ndarray = self.rows.person % step == 0
        return found

    @property
    def single(self) -> bool:
        """Whether each block is one occasion."""
        return np.unique(self.occasion).size == self.contrast.size


def change_rows(inputs: AnalysisInputs) -> ChangeRows | None:
    """Take the valid rows between which change is told; None where there is nothing to compare."""
    numbers = inputs.resilience.windows["window"].unique().sort().to_list()
    if len(numbers) < 2:
        return None
    table = inputs.scores.valid_rows()
    valid = valid_rows(inputs.scores, table)
    placed = {
        one.period.number: one
        for one in rows_of_windows(inputs.study.schedule, valid, Findings())
        if one.period.number in numbers
    }
    if numbers[0] not in placed or numbers[-1] not in placed:
        return None
    table = inputs.norm.with_covariates(table)
    line = inputs.norm.lines.occasion
    matrix = _terms(line, table)
    known = np.isfinite(matrix).all(axis=1)
    covariate = np.array(
        [covariate_of(term) is not None for term in line.terms if term != INTERCEPT]
    )
    weights = {
        number: found
        for number, one in placed.items()
        if (found := occasion_weights(one, valid.occasion, known)).any()
    }
    if not known.any() or numbers[0] not in weights or numbers[-1] not in weights:
        return None
    person, occasion = valid.person, valid.occasion
    del placed, valid  # of a large study the rows of windows, and times, are a lot
    if not known.all():
        person, occasion, matrix = person[known], occasion[known], matrix[known]
        table = table.filter(pl.Series(known))
    sorted_rows = person_rows(person, occasion)
    if sorted_rows.n_persons < FEWEST_PERSONS:
        return None
    block, course = _blocks(occasion, np.array(list(weights.values())))
    contrast = course[-1]
    matrix = matrix - matrix.mean(axis=0)
    ends = np.flatnonzero(np.append(np.diff(sorted_rows.person) != 0, True))
    last_seen = block[ends]
    after = np.append(np.cumsum(contrast[::-1])[::-1], 0.0)
    final = int(np.flatnonzero(contrast > 0).max(initial=0))
    frozen = _frozen(inputs, table, person)
    P = table["P"].cast(pl.Float64).to_numpy()
    return ChangeRows(
        rows=sorted_rows,
        occasion=occasion,
        block=block,
        contrast=contrast,
        P=P,
        score=_score(P, table, frozen, line),
        exposure=matrix[:, ~covariate],
        covariates=matrix[:, covariate],
        absent=after[last_seen + 1],
        left=last_seen < final,
        windows=tuple(weights),
        course=course,
        scale=(inputs.scores.measures["P"].minimum, inputs.scores.measures["P"].maximum),
        frozen=frozen,
    )


def _terms(line: Line, table: pl.DataFrame) -> Float:
    """Terms of a line but the intercept, at rows of another level."""
    terms = tuple(term for term in line.terms if term != INTERCEPT)
    return term_matrix(
        with_known_labels(line, with_exposure(line, table)),
        terms,
        predictors=line.predictors,
        knots=line.knots,
    )


def occasion_weights(placed: PeriodRows, occasion: Int, known: np.ndarray) -> Float:
    """Weight of each planned occasion in the mean of a window, shape (occasions,).

    Occasions that a window counts weigh the same; windows of days weigh them by their rows.
    """
    size = int(occasion.max()) + 1
    inside = occasion[placed.rows[known[placed.rows]]]
    rows: Float = np.bincount(inside, minlength=size).astype(np.float64)
    if len(placed.period.occasions):
        rows = (rows > 0).astype(np.float64)
    return rows / rows.sum() if rows.any() else rows


def _blocks(occasion: Int, weights: Float) -> tuple[Int, Float]:
    """Put rows to blocks of neighbouring occasions, and weigh the blocks in each window.

    A block never reaches over the end of the first window or the last. The weights (windows,
    blocks) are less those of the first window.
    """
    present = np.unique(occasion)
    kind = 2 * (weights[0, present] > 0) + (weights[-1, present] > 0)
    if present.size <= MOST_BLOCKS:
        number = np.arange(present.size)
    else:
        longest = -(-present.size // MOST_BLOCKS)
        number, length = np.zeros(present.size, dtype=np.int64), 1
        for place in range(1, present.size):
            new = kind[place] != kind[place - 1] or length == longest
            number[place] = number[place - 1] + new
            length = 1 if new else length + 1
    block = number[np.searchsorted(present, occasion)]
    more = (weights - weights[0])[:, present]
    course = np.array([np.bincount(number, one) for one in more])
    return block.astype(np.int64), course


def _score(P: Float, table: pl.DataFrame, frozen: FrozenLine | None, line: Line) -> Float:
    """SR of each row by a line that holds for single occasions."""
    if frozen is None or frozen.columns is None:
        found: Float = P - line.expected(table, level="occasion")
        return found
    coefficients = np.asarray(frozen.line.coefficients)
    found = P - coefficients[0] - np.sum(frozen.columns * coefficients[1:], axis=1)
    return found


def _frozen(inputs: AnalysisInputs, table: pl.DataFrame, person: Int) -> FrozenLine | None:
    """The line of SR_frozen at the rows, with the units that it can be refitted on."""
    line = inputs.norm.lines.reference("window")
    if line is None:
        return None
    columns = _terms(line, table) if line.shape == "linear" else None
    if columns is not None and not np.isfinite(columns).all():
        columns = None
    codes = np.unique(person)
    units: Float | None = None
    own = np.zeros(0, dtype=np.int64)
    reference = inputs.norm.units("window")
    if reference is not None and inputs.norm.external is None:
        found = reference["person"].to_numpy().astype(np.int64)
        if np.isin(found, codes).all():
            own = np.searchsorted(codes, found)
            design = line_matrix(line, reference, level="window")
            units = np.column_stack([design, reference["P"].to_numpy()])
    return FrozenLine(line=line, columns=columns, units=units, unit_person=own)
