"""Complete persons' scores several times: what gaps are drawn from, how it went, what is doubtful.

Wide, a row per person, so that what a person scored at other times tells of the gap. An analysis
says what enters its model; scores of other occasions may stand beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.completed_elsewhere import sets_of_file
from salutogen.analyses.contract import AnalysisInputs, ResultFile
from salutogen.analyses.imputations_key import CompletedFile, Imputations
from salutogen.columns import Column, Kind, Record, beside, figure, record
from salutogen.errors import ModelError
from salutogen.findings import Findings, listed
from salutogen.models.imputation.apart import Apart
from salutogen.models.imputation.chained import ChainedImputation
from salutogen.models.imputation.completed import CompletedSets, Trace
from salutogen.models.imputation.elsewhere import ROW
from salutogen.namespaces import LABEL_MARK

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
PERSONS_EACH = 10  # persons with everything for each score that gaps are drawn from
MOST_BESIDE = 12  # scores of other occasions that gaps are drawn from
CONSTANT = -1  # the place of a column that is the same in everybody
SAME = 1e-12  # of the largest value: what a mean of equal numbers differs from them
ITERATIONS = (10, 40)  # rounds of the chains; the second where they have not come together
TRACE_COLUMNS = (
    Column(name="column", meaning="What is missing", kind=Kind.LABEL, heading="Measurement"),
    Column(name="persons", meaning="Persons who lack it", kind=Kind.COUNT, of="n_completed",
           heading="Persons"),
    Column(name="chain", meaning="Number of the completed set", kind=Kind.LABEL, heading="Set"),
    Column(name="iteration", meaning="Round", kind=Kind.LABEL, heading="Round"),
    Column(name="mean", meaning="Mean of the values drawn in this round", heading="Mean"),
    Column(name="sd", meaning="SD of the values drawn in this round", heading="SD"),
)  # fmt: skip


@record
class Chains(Record):
    """How completed sets were made."""

    sets: int = figure("Completed sets")
    iterations: int | None = figure(
        "Rounds of the chains before a set is taken; null for sets made elsewhere"
    )
    file: str | None = figure(
        "File of sets that were made elsewhere; null for those made here", kind=Kind.LABEL,
        default=None,
    )  # fmt: skip
    drawn_from: tuple[str, ...] = figure(
        "Scores of other occasions from which values were drawn, too", kind=Kind.LABEL
    )
    r_hat: float | None = figure(
        "Largest potential scale reduction of the chains; 1: they cannot be told apart"
    )
    converged: bool = figure("Whether no chain is known to be still on its way")
    missing: float = figure("Largest share of the information on a coefficient that is missing")
    trace: pl.DataFrame = beside()  # by `TRACE_COLUMNS`
    to_complete: pl.DataFrame = beside()

    @property
    def how(self) -> str:
        """How the sets were completed, in a word or two."""
        return "by chained equations" if self.file is None else f"elsewhere ({self.file})"

    def file_to_complete(self) -> ResultFile:
        """Return the table with its gaps, to be completed elsewhere."""
        keys = (
            Column(name=ROW, meaning="Number of the row", kind=Kind.PERSON),
            Column(name="subject", meaning="Person, as written in the data", kind=Kind.IDENTIFIER),
        )
        scores = [
            Column(name=name, meaning="Score that enters the model, or tells of those that do",
                   kind=Kind.PERSON)
            for name in self.to_complete.columns[len(keys) :]
        ]  # fmt: skip
        return ResultFile(table=self.to_complete, columns=(*keys, *scores))


class Columns:
    """Columns of those whose gaps are drawn, with their names, each once.

    What a column holds of others of the study does not count: of these one source may know a number
    of which another, asked of fewer, does not.

    Parameters
    ----------
    members : array of bool (persons,)
    """

    def __init__(self, members: Bool) -> None:
        self.members = members
        self.names: list[str] = []
        self.values: list[Float] = []

    def add(self, name: str, values: Float) -> int:
        """Return the place of a column (persons,): of one that tells the same, or of a new one."""
        own = values[self.members]
        known = np.isfinite(own)
        if not known.any() or np.ptp(own[known]) == 0:
            return CONSTANT
        near = SAME * np.max(np.abs(own[known]))
        for place, other in enumerate(self.values):
            if np.allclose(own[known], other[known], rtol=0, atol=near):
                return place
        self.names.append(name)
        self.values.append(own)
        return len(self.names) - 1

    @property
    def table(self) -> Float:
        """All columns, a row for each member."""
        return np.column_stack(self.values)

    def add_each(self, names: Sequence[str], values: Float) -> tuple[int, ...]:
        """Return the places of several columns (persons, k)."""
        return tuple(self.add(name, own) for name, own in zip(names, values.T, strict=True))


@dataclass(frozen=True, kw_only=True, eq=False)
class Wide:
    """What is completed, a row per person.

    Attributes
    ----------
    members : array of bool (persons,)
        Persons of the study who have a row.
    values : array (n, p)
        NaN where missing.
    names : tuple of str
        One for each column, no two alike.
    beside : tuple of str
        Names of the last columns: scores that enter no model.
    related : tuple of int
        Places of columns that nearly give each other and are missing together, such as exposure
        and its square: each is drawn beside those before.
    """

    members: Bool
    values: Float
    names: tuple[str, ...]
    beside: tuple[str, ...]
    related: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        inputs: AnalysisInputs,
        members: Bool,
        own: Float,
        names: Sequence[str],
        *,
        near: Sequence[int],
        without: Collection[tuple[str, int]] = (),
        related: Sequence[int] = (),
    ) -> Wide:
        """Put problems and exposure of the nearest occasions beside the columns of a model.

        Parameters
        ----------
        inputs : AnalysisInputs
        members : array of bool (persons,)
        own : array (n, p)
            Columns of the model, a row for each member.
        names : sequence of str
        near : sequence of int
            Places of the occasions to which others are near.
        without : collection of (str, int)
            Scores and places that the model holds already.
        related : sequence of int
            As in the attributes, each once or more.
        """
        beside, others = _beside(inputs, members, own, near, without)
        return cls(
            members=members,
            values=np.column_stack([own, *others]),
            names=_different([*names, *beside]),
            beside=beside,
            related=tuple(dict.fromkeys(related)),
        )

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the columns of the model."""
        return self.names[: len(self.names) - len(self.beside)]

    @property
    def gaps(self) -> Bool:
        """Where values are missing in the columns of the model (n, p)."""
        return np.isnan(self.values[:, : len(self.own)])

    def by_person(self, rows: Float) -> Float:
        """Columns (n, k) with a row for each person of the study; NaN for who is no member."""
        found = np.full((self.members.size, rows.shape[1]), np.nan)
        found[self.members] = rows
        return found


def _beside(
    inputs: AnalysisInputs,
    members: Bool,
    own: Float,
    near: Sequence[int],
    without: Collection[tuple[str, int]],
) -> tuple[tuple[str, ...], list[Float]]:
    """Problems and exposure of the nearest occasions, as far as they tell of those with gaps."""
    labels = inputs.study.labels
    whole = np.isfinite(own).all(axis=1)
    if whole.all():
        return (), []
    room = min(MOST_BESIDE, int(whole.sum()) // PERSONS_EACH - own.shape[1])
    places = sorted(range(len(labels)), key=lambda t: (min(abs(t - place) for place in near), t))
    names: list[str] = []
    columns: list[Float] = []
    for t in places:
        for score in ("P", "E"):
            column = inputs.views.wide(score).values[members, t]
            seen = np.isfinite(column)
            if len(names) >= room or (score, t) in without:
                continue
            told = seen[~whole].mean() >= 0.5 and seen[whole].mean() >= 0.5
            if not told or np.ptp(column[seen]) == 0:
                continue
            if any(np.array_equal(column, other, equal_nan=True) for other in own.T):
                continue
            names.append(f"{score} at {labels[t]}")
            columns.append(column)
    return tuple(names), columns


def _different(names: Sequence[str]) -> tuple[str, ...]:
    """Tell names apart: a covariate may be called as a score of an occasion is here."""
    made: list[str] = []
    for name in names:
        told, times = name, 1
        while told in made:
            times += 1
            told = f"{name} ({times})"
        made.append(told)
    return tuple(made)


def categories_known(terms: Sequence[str], values: Float) -> Bool:
    """Return of whom (persons,) every category among terms (persons, k) is known: none is drawn."""
    of_labels = np.array([LABEL_MARK in term for term in terms], dtype=bool)
    return np.asarray(np.isfinite(values[:, of_labels]).all(axis=1))


def complete(
    inputs: AnalysisInputs, imputations: Imputations, wide: Wide, *, stream: int
) -> CompletedSets:
    """Take the sets of a file, or complete sets here.

    Here it is done on the executor of the run, with more rounds where chains need them.

    Raises
    ------
    ModelError
        As `ChainedImputation` and `sets_of_file`; columns that give each other exactly.
    """
    if isinstance(imputations, CompletedFile):
        own = wide.values[:, : len(wide.own)]
        return sets_of_file(inputs, imputations, own, wide.own)
    apart = Apart.of(wide.values, wide.related)
    with inputs.run.cluster() as executor:
        for iterations in ITERATIONS:
            sets = ChainedImputation(
                columns=[wide.names[place] for place in apart.drawn],
                imputations=imputations, iterations=iterations, seed=inputs.run.seed + stream,
            ).fit(
                apart.beside[:, apart.drawn], executor=executor, progress=inputs.run.tell
            )  # fmt: skip
            if sets.converged:
                break
    if sets.trace is not None and sets.trace.stuck:
        raise ModelError(
            f"{listed(sets.trace.stuck, most=8)}: one follows exactly from the others, as a total "
            "from its parts, and they are missing in the same persons, so that nothing can be "
            "drawn. Leave one of them out."
        )
    return apart.together(sets, wide.names)


def how_made(
    inputs: AnalysisInputs,
    imputations: Imputations,
    sets: CompletedSets,
    wide: Wide,
    *,
    missing: float,
    shown: Sequence[str],
    in_sds: bool = False,
) -> dict[str, Any]:
    """Figures of `Chains`.

    Parameters
    ----------
    inputs : AnalysisInputs
    imputations : int or CompletedFile
        As asked for.
    sets : CompletedSets
    wide : Wide
    missing : float
        Largest share of the information on a coefficient that is missing.
    shown : sequence of str
        Columns of the trace.
    in_sds : bool
        Whether their means and SDs are told in SDs of what was seen, about its mean.
    """
    here = sets.trace
    centres, scales = np.zeros(len(wide.names)), np.ones(len(wide.names))
    if in_sds:
        centres = np.nanmean(wide.values, axis=0)
        scales = np.nanstd(wide.values, axis=0, ddof=1)
    units = {
        name: (float(centre), float(scale))
        for name, centre, scale in zip(wide.names, centres, scales, strict=True)
        if name in shown
    }
    worst = np.empty(0) if here is None else here.r_hat[np.isfinite(here.r_hat)]
    file = Path(imputations.file).name if isinstance(imputations, CompletedFile) else None
    subjects = inputs.scores.persons["subject"].filter(pl.Series(wide.members))
    scores = {
        name: pl.Series(column, nan_to_null=True)
        for name, column in zip(wide.names, wide.values.T, strict=True)
        if name not in (ROW, "subject")
    }
    return {
        "sets": sets.n_sets,
        "iterations": None if here is None else here.n_iterations,
        "file": file,
        "drawn_from": wide.beside if file is None else (),
        "to_complete": pl.DataFrame(
            {ROW: np.arange(1, sets.n_rows + 1), "subject": subjects} | scores
        ),
        "r_hat": float(worst.max()) if worst.size else None,
        "converged": sets.converged,
        "missing": missing,
        "trace": _trace(here, units),
    }


def _trace(trace: Trace | None, units: Mapping[str, tuple[float, float]]) -> pl.DataFrame:
    """Rounds of the chains of some columns, each less its centre and in units of its own."""
    if trace is None:
        return pl.DataFrame(schema={item.name: pl.Float64 for item in TRACE_COLUMNS})
    lacking = dict(zip(trace.columns, trace.n_missing, strict=True))
    kept = {name: unit for name, unit in units.items() if name in lacking}
    frame = trace.frame().filter(pl.col("column").is_in(list(kept)))

    def told(of: Mapping[str, Any], kind: type[pl.DataType]) -> pl.Expr:
        return pl.col("column").replace_strict(of, return_dtype=kind)

    centre = told({name: unit[0] for name, unit in kept.items()}, pl.Float64)
    scale = told({name: unit[1] for name, unit in kept.items()}, pl.Float64)
    return frame.with_columns(
        (pl.col("mean") - centre) / scale,
        pl.col("sd") / scale,
        told(lacking, pl.Int64).alias("persons"),
    ).select(item.name for item in TRACE_COLUMNS)


def tell_doubts_of_sets(made: Chains, sets: CompletedSets, found: Findings) -> None:
    """Say whether chains are still on their way, and whether more sets are needed."""
    if not made.converged:
        assert sets.trace is not None
        names = listed(sets.trace.unsettled, most=8)
        found.tell("chains-not-together", names=names, rounds=made.iterations)
    needed = int(np.ceil(100 * made.missing))
    if made.sets < needed:
        found.tell("completed-sets-few", sets=made.sets, needed=needed, share=made.missing)
