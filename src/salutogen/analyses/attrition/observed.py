"""Who was seen when, and after which occasion who was lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.attrition.settings import AttritionSettings
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.columns import Column, Kind
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons
from salutogen.models.dropout.weights import lost_after
from salutogen.norm.periods import ValidRows, valid_rows

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]
FEWEST_AT_END = 10

# Of single persons as it were: the flow of persons tells or withholds it by rules of its own.
SEEN = Column(
    name="n_seen",
    meaning="Persons with exposure and problems at the occasion",
    unit="persons",
    kind=Kind.PERSON,
    heading="Seen at it",
)
OCCASION_COLUMNS = (
    Column(name="occasion", meaning="Planned occasion", heading="Occasion", kind=Kind.LABEL),
    Column(
        name="n_followed",
        meaning="Persons seen by then who were seen then or later",
        unit="persons",
        kind=Kind.COUNT,
        heading="Not lost yet",
        of=("n", "n_left", "n_seen"),
        nested="counts",
    ),
    SEEN,
    Column(
        name="still",
        meaning="Share still observed (Kaplan and Meier)",
        kind=Kind.SHARE,
        heading="Share still observed",
        n="n",
    ),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Observed:
    """Persons' occasions with exposure and problems, sorted by person and occasion.

    Attributes
    ----------
    rows : ValidRows
    SR : array (n,)
        NaN where the line has none.
    lost : array of bool (n,)
        Whether the person was lost after the row.
    end : int
        Occasion from which on nobody who is seen is lost.
    labels : tuple of str
    """

    rows: ValidRows
    SR: Float
    lost: Bool
    end: int
    labels: tuple[str, ...]

    @property
    def n(self) -> int:
        """Persons who were seen at all."""
        return int(np.unique(self.rows.person).size)

    @property
    def n_lost(self) -> int:
        """Persons who were lost."""
        return int(np.count_nonzero(self.lost))

    @property
    def n_left(self) -> int:
        """Persons who were not."""
        return self.n - self.n_lost

    @property
    def n_end(self) -> int:
        """Persons seen at the end itself."""
        return int(np.count_nonzero(self.rows.occasion == self.end))

    @property
    def risk(self) -> Bool:
        """Rows (n,) after which a person can be lost."""
        return np.asarray(self.rows.occasion < self.end)

    @property
    def first(self) -> Int:
        """Place of each seen person's first row."""
        return np.asarray(np.unique(self.rows.person, return_index=True)[1])

    @property
    def entered(self) -> Int:
        """First occasion of each person of the study; beyond the plan for who was never seen."""
        found = np.full(self.rows.n_persons, len(self.labels), dtype=np.int64)
        found[self.rows.person[self.first]] = self.rows.occasion[self.first]
        return found

    @property
    def lost_since(self) -> Int:
        """First occasion at which each person was lost; beyond the plan for who was not."""
        found = np.full(self.rows.n_persons, len(self.labels), dtype=np.int64)
        found[self.rows.person[self.lost]] = self.rows.occasion[self.lost] + 1
        return found

    def values(self, name: str) -> Float:
        """Scores of the rows (n,): P, E or SR."""
        return self.SR if name == "SR" else np.asarray(self.rows.values[name])


def observe(inputs: AnalysisInputs, settings: AttritionSettings, found: Findings) -> Observed:
    """Take persons' occasions, and say who was lost.

    Raises
    ------
    AnalysisError
        One occasion alone, or an end that is not planned or comes before all others.
    """
    rows, labels = valid_rows(inputs.scores), tuple(inputs.study.labels)
    if np.unique(rows.occasion).size < 2:
        found.tell("attrition-single-occasion")
        found.raise_refusals(AnalysisError)
    refuse_unplanned(inputs, [settings.end], found, unknown="attrition-end-unknown")
    end = int(rows.occasion.max()) if settings.end is None else labels.index(settings.end)
    if end <= int(rows.occasion.min()):
        found.tell("attrition-single-occasion", variant="end", label=labels[end])
        found.raise_refusals(AnalysisError)
    SR = inputs.views.wide("SR").values[rows.person, rows.occasion]
    lost = lost_after(rows.person, rows.occasion, end)
    made = Observed(rows=rows, SR=SR, lost=lost, end=end, labels=labels)
    if made.n_end < FEWEST_AT_END:
        later = rows.occasion[(rows.occasion > rows.occasion.min()) & (rows.occasion < end)]
        variant = "" if np.bincount(later, minlength=1).max() >= FEWEST_AT_END else "small"
        n = persons_at_end(made.n_end, made.n_left, made.n)
        found.tell("attrition-end-of-few", variant=variant, label=labels[end], n=n,
                   least=FEWEST_AT_END)  # fmt: skip
    return made


def persons_at_end(n_end: int, n_left: int, n: int) -> Persons:
    """Count those seen at the end, who are a part of those not lost before it."""
    return Persons(n_end, of=n if n_left == n_end else n_left)


def by_occasion(observed: Observed) -> pl.DataFrame:
    """Persons still observed by occasion, up to the end."""
    entered, since = observed.entered, observed.lost_since
    rows = observed.rows
    seen = np.bincount(rows.occasion, minlength=len(observed.labels))
    still, made = 1.0, []
    for at in range(int(entered.min()), observed.end + 1):
        followed = int(np.count_nonzero((entered <= at) & (since > at)))
        made.append((observed.labels[at], followed, int(seen[at]), still))
        gone = int(np.count_nonzero(since == at + 1))
        still *= 1 - gone / followed if followed else 1.0
    schema = {"occasion": pl.String, "n_followed": pl.Int64, "n_seen": pl.Int64,
              "still": pl.Float64}  # fmt: skip
    return pl.DataFrame(made, schema=schema, orient="row")
