"""Multiple imputation by chained equations (van Buuren & Groothuis-Oudshoorn 2011)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import refuse_not_whole
from salutogen.models.imputation.completed import CompletedSets, Trace
from salutogen.models.imputation.design import Design, Method, read_design
from salutogen.models.parallel.executors import Progress, run_each
from salutogen.models.parallel.threads import n_threads, share_work
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Bool = NDArray[np.bool_]

FEWEST_ITERATIONS = 5


@short_repr("columns", "method", "imputations", "iterations", "seed")
@dataclass(frozen=True, kw_only=True)
class ChainedImputation:
    """Complete wide data several times, each column with gaps drawn given the others.

    One row per person and one column per score and occasion: what a person scored at other
    occasions then tells of the gap, so that persons stay themselves. (Rows of occasions, completed
    without regard to the person, would make persons alike.)

    Parameters
    ----------
    columns : sequence of str, optional
        Columns to complete, and those that tell something of them: outcomes of the later analysis
        too, and what goes with being missing. For an array without names, all.
    method : {"norm", "pmm"} or mapping from column to one of them
        `norm` (default): Bayesian linear regression (Rubin 1987, 5.3): coefficients and scatter are
        drawn, then values. `pmm`: predictive mean matching (Little 1988): the value of one of the
        persons whose expected value is nearest, so that scales keep their steps and limits; where
        hardly anyone with such values is left, means are pulled towards those who are.
    imputations : int
        Completed sets m; at least the percentage of what is missing (White, Royston & Wood 2011).
    iterations : int
        Rounds over all columns before a set is taken.
    donors : int
        Persons of whom predictive mean matching takes one.
    predictors : mapping from column to sequence of columns, optional
        What a column is drawn from; all others where it is not named.
        `neighbouring_predictors` makes one for long designs.
    seed : int

    Notes
    -----
    Right where whether a value is missing depends on what was seen (missing at random). Chains
    start from values drawn at random from each column; regressions use the rows in which the
    column was seen, in the order of the columns, as in R's mice. Collinear predictors get a ridge
    of 1e-5 of their squares, and a message. Categories enter as columns of 0 and 1 and must be
    complete, or be drawn by matching one by one.

    Do not search for classes in completed sets (what is one class in one is none in another), and
    do not fill gaps of P or E for the SR of a single occasion: it would be a drawn SR.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> first = rng.normal(size=200)
    >>> second = 0.6 * first + rng.normal(size=200)
    >>> second[first > 0.5] = np.nan
    >>> sets = ChainedImputation().fit(np.column_stack([first, second]))
    >>> sets.arrays().shape, bool(np.isnan(sets.arrays()).any())
    ((20, 200, 2), False)
    """

    columns: Sequence[str] | None = None
    method: Method | Mapping[str, Method] = "norm"
    imputations: int = 20
    iterations: int = 10
    donors: int = 5
    predictors: Mapping[str, Sequence[str]] | None = None
    seed: int = 1

    def fit(
        self, data: Any, *, executor: Executor | None = None, progress: Progress | None = None
    ) -> CompletedSets:
        """Draw the completed sets.

        Parameters
        ----------
        data : array (n, p), data frame or mapping of arrays
            One row per person; columns that are not named in `columns` are passed on as they are.
        executor : concurrent.futures.Executor, optional
            Where the chains run (see `executor_for`); by default in threads of this process. The
            result is the same.
        progress : callable, optional
            Called as ``progress(done, total)``.

        Raises
        ------
        ModelError
            No numbers, infinite values, columns that are constant or wholly missing, nothing
            missing, more predictors than rows.
        """
        refuse_not_whole(1, imputations=self.imputations, donors=self.donors)
        refuse_not_whole(1, iterations=self.iterations)
        refuse_not_whole(0, seed=self.seed)
        design = read_design(data, self.columns, self.method, self.predictors)
        chains = _Chains(design, self.iterations, self.donors)
        seeds = np.random.SeedSequence(self.seed).spawn(self.imputations)
        size = n_threads() if executor is None else 1
        batches = [seeds[first : first + size] for first in range(0, len(seeds), size)]
        done = run_each(chains.run, batches, executor=executor, progress=progress)
        return _gathered(data, design, [chain for batch in done for chain in batch], self)


@dataclass(frozen=True)
class _Chain:
    """One chain at its end: the values in the order of the gaps, its trace, where ridges were."""

    imputed: Float
    trace: Float  # (iterations, v, 2)
    ridged: Bool  # (v,)


@dataclass(frozen=True)
class _Chains:
    """All that chains share; can be sent to another process."""

    design: Design
    iterations: int
    donors: int

    def run(self, seeds: Sequence[np.random.SeedSequence]) -> list[_Chain]:
        """Run a chain for each seed, in threads."""
        plan = _Plan.of(self.design)
        found: list[_Chain | None] = [None] * len(seeds)

        def some(first: int, last: int) -> None:
            for place in range(first, last):
                found[place] = self._run(plan, np.random.default_rng(seeds[place]))

        share_work(some, len(seeds), cost=self.iterations * plan.cost)
        return [chain for chain in found if chain is not None]

    def _run(self, plan: _Plan, rng: np.random.Generator) -> _Chain:
        from salutogen.models.imputation._kernels_chained import one_round

        design, visits = self.design, self.design.visits
        values = plan.start(rng)
        donors = np.full(plan.n_gaps, -1, dtype=np.int64)
        trace = np.empty((self.iterations, visits.size, 2))
        ridged = np.zeros(visits.size, dtype=bool)
        for round_ in range(self.iterations):
            failed = one_round(
                values, visits + 1, plan.gap_starts, plan.gap_rows, plan.seen_starts,
                plan.seen_rows, plan.predictor_starts, plan.predictors, design.matched,
                self.donors, rng.normal(size=plan.n_normals), rng.chisquare(plan.df),
                rng.random(2 * plan.n_gaps), donors, trace[round_], ridged,
            )  # fmt: skip
            if failed >= 0:
                raise ModelError(
                    f"{design.columns[visits[failed]]}: its predictors are collinear even with a "
                    "ridge. Name fewer in `predictors`."
                )
        trace *= design.scales[visits, None]
        trace[:, :, 0] += design.centres[visits]
        return _Chain(plan.taken(values, donors), trace, ridged)


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """The design as the kernel wants it: a column of ones first, rows one visit after another."""

    design: Design
    gap_starts: Int
    gap_rows: Int
    seen_starts: Int
    seen_rows: Int
    predictor_starts: Int
    predictors: Int
    df: Int

    @classmethod
    def of(cls, design: Design) -> _Plan:
        gaps = design.gaps
        seen = [np.flatnonzero(~np.isnan(design.values[:, j])) for j in design.visits]
        own = [np.concatenate([[0], columns + 1]) for columns in design.predictors]
        counts = [rows.size - columns.size for rows, columns in zip(seen, own, strict=True)]
        return cls(
            design=design,
            gap_starts=_starts(gaps),
            gap_rows=np.concatenate(gaps),
            seen_starts=_starts(seen),
            seen_rows=np.concatenate(seen),
            predictor_starts=_starts(own),
            predictors=np.concatenate(own),
            df=np.array(counts),
        )

    @property
    def n_gaps(self) -> int:
        return self.gap_rows.size

    @property
    def n_normals(self) -> int:
        drawn = np.diff(self.gap_starts)[~self.design.matched]
        return int(self.predictors.size + drawn.sum())

    @property
    def cost(self) -> float:
        """Numbers touched in a round, about."""
        return float(self.n_gaps * np.max(np.diff(self.predictor_starts)) ** 2)

    def start(self, rng: np.random.Generator) -> Float:
        """Values in SD, gaps filled by values drawn from their columns, behind a column of ones."""
        design = self.design
        filled = np.ones((len(design.values), len(design.columns) + 1))
        filled[:, 1:] = (design.values - design.centres) / design.scales
        for place, j in enumerate(design.visits):
            seen = self.seen_rows[self.seen_starts[place] : self.seen_starts[place + 1]]
            rows = self.gap_rows[self.gap_starts[place] : self.gap_starts[place + 1]]
            filled[rows, j + 1] = filled[seen[rng.integers(seen.size, size=rows.size)], j + 1]
        return filled

    def taken(self, values: Float, donors: Int) -> Float:
        """Values of the gaps in their own units; what was taken from a donor, to the last digit."""
        design = self.design
        column = np.repeat(design.visits, np.diff(self.gap_starts))
        drawn = values[self.gap_rows, column + 1] * design.scales[column] + design.centres[column]
        found: Float = np.where(donors >= 0, design.values[donors, column], drawn)
        return found


def _starts(parts: Sequence[Int]) -> Int:
    return np.concatenate([[0], np.cumsum([part.size for part in parts])]).astype(np.int64)


def _gathered(
    data: Any, design: Design, chains: Sequence[_Chain], asked: ChainedImputation
) -> CompletedSets:
    ridged = np.any([chain.ridged for chain in chains], axis=0)
    names = tuple(design.columns[j] for j in design.visits)
    trace = Trace(
        columns=names,
        n_missing=tuple(rows.size for rows in design.gaps),
        values=np.array([chain.trace for chain in chains]),
    )
    return CompletedSets(
        original=data,
        columns=design.columns,
        observed=design.values,
        imputed=np.array([chain.imputed for chain in chains]),
        kept_type=tuple(
            name for name, matched in zip(names, design.matched, strict=True) if matched
        ),
        trace=trace,
        messages=tuple(_messages(design, names, ridged, trace, asked)),
    )


def _messages(
    design: Design, names: Sequence[str], ridged: Bool, trace: Trace, asked: ChainedImputation
) -> list[str]:
    said = []
    if ridged.any():
        which = ", ".join(name for name, one in zip(names, ridged, strict=True) if one)
        said.append(
            f"Collinear predictors of {which}: a ridge of 1e-5 was added. Leave out columns that "
            "can be computed from others, such as a total beside its parts."
        )
    share = float(np.max(np.mean(design.missing, axis=0)))
    if asked.imputations < 100 * share:
        said.append(
            f"{asked.imputations} completed sets where up to {100 * share:.0f} % of a column are "
            f"missing: take {int(np.ceil(100 * share))} so that errors hardly depend on the seed."
        )
    if asked.iterations < FEWEST_ITERATIONS:
        said.append(f"{asked.iterations} iterations are few; take 10 and look at the trace.")
    unsettled = trace.unsettled
    if unsettled:
        said.append(
            f"Chains of {', '.join(unsettled)} have not come together: take more iterations, and "
            "look at the trace."
        )
    return said
