"""The log-likelihood of a continuous-time model and its exact gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.parallel.threads import share_work
from salutogen.models.state_space.gaps import Gaps, Passage, pass_back, pass_over
from salutogen.models.state_space.layout import Dynamics, Layout

Float = NDArray[np.float64]
Int = NDArray[np.int64]

COST_OF_ROW = 2000  # numbers touched for one row


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What was seen, by person and in the order of time.

    Attributes
    ----------
    starts : array (persons + 1,)
        First row of each person, and the number of rows.
    values : array (n, k)
        NaN where nothing was seen.
    inputs : array (n, p)
        Held from their row to the next; pulses act at their row.
    pulses : array (p,)
        Which inputs are pulses.
    gap : array (n,)
        Gap before each row; −1 in first rows.
    gaps : Gaps
    kind : array (persons,)
        Each person's kind.
    patterns : array (kinds, m)
        Factors of each kind, one column for each parameter that depends on one.
    """

    starts: Int
    values: Float
    inputs: Float
    pulses: NDArray[np.bool_]
    gap: Int
    gaps: Gaps
    kind: Int
    patterns: Float

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.starts) - 1

    def of_person(self, i: int) -> Rows:
        """Return the rows of one person alone."""
        own = slice(int(self.starts[i]), int(self.starts[i + 1]))
        used, gap = np.unique(self.gap[own][1:], return_inverse=True)
        return Rows(
            starts=np.array([0, own.stop - own.start]),
            values=self.values[own],
            inputs=self.inputs[own],
            pulses=self.pulses,
            gap=np.append(-1, gap),
            gaps=Gaps(lengths=self.gaps.lengths[used], kind=np.zeros(len(used), dtype=np.int64)),
            kind=np.zeros(1, dtype=np.int64),
            patterns=self.patterns[self.kind[i] : self.kind[i] + 1],
        )


@dataclass(frozen=True, kw_only=True)
class Scored:
    """The log-likelihood at one set of parameters.

    Attributes
    ----------
    by_person : array (persons,)
        Log-likelihood.
    gradient : array (m,)
        Its derivatives over the parameters.
    smoothed, spread : array (n, d), (n, d, d), or without rows
        Deviations of processes, and behind them of persons' means, given everything.
    ahead, ahead_variances : array (n, k), or without rows
        Each value − what the rows before it let expect, and the variance of that.
    """

    by_person: Float
    gradient: Float
    smoothed: Float
    spread: Float
    ahead: Float
    ahead_variances: Float

    @property
    def log_likelihood(self) -> float:
        """Of all persons."""
        return float(np.sum(self.by_person))


@dataclass(frozen=True, kw_only=True)
class _Slopes:
    """Derivatives over what the filter of each person was given."""

    shift: Float
    transition: Float
    noise: Float
    mean: Float
    error: Float
    state: Float
    covariance: Float


@dataclass(frozen=True)
class Problem:
    """A model and the rows that it is of."""

    layout: Layout
    rows: Rows

    def at(self, natural: Float, *, smooth: bool = False) -> Scored | None:
        """Return the log-likelihood at parameters (m,); None where there is none."""
        dynamics = self.layout.unpack(natural, self.rows.patterns)
        passage = self._passage(dynamics)
        if passage is None:
            return None
        scored, slopes = self._filtered(dynamics, passage, smooth=smooth)
        if not np.isfinite(scored.by_person).all():
            return None
        gradient = self._gradient(dynamics, passage, slopes)
        return Scored(**{**vars(scored), "gradient": gradient})

    def _passage(self, dynamics: Dynamics) -> Passage | None:
        """How processes go on; None where what is to be at rest at first has no rest."""
        if not self.layout.free_first and not is_stable(dynamics.drift):
            return None
        return pass_over(dynamics, self.rows.gaps)

    def _filtered(
        self, dynamics: Dynamics, passage: Passage, *, smooth: bool
    ) -> tuple[Scored, _Slopes]:
        from salutogen.models.state_space import _kernels_filter as kernels

        rows, (n, k) = self.rows, self.rows.values.shape
        first_state, first_covariance = self._first(dynamics, passage)
        persons, d = rows.n_persons, first_state.shape[1]
        counts = np.diff(rows.starts)
        centred = rows.values - np.repeat(dynamics.mean[rows.kind], counts, axis=0)
        shift = self._shift(dynamics, passage)
        found = np.empty(persons)
        variances, surprises = np.empty((n, k)), np.empty((n, k))
        slopes = _Slopes(
            shift=np.empty((n, k)), transition=np.zeros((n, k, k)), noise=np.zeros((n, k, k)),
            mean=np.empty((persons, k)), error=np.empty((persons, k)),
            state=np.empty((persons, d)), covariance=np.empty((persons, d, d)),
        )  # fmt: skip
        kept = n if smooth else 0
        smoothed, spread = np.empty((kept, d)), np.empty((kept, d, d))
        ahead, ahead_variances = np.empty((kept, k)), np.empty((kept, k))

        def score(first: int, last: int) -> None:
            kernels.score_persons(
                first, last, rows.starts, rows.gap, centred, shift, passage.transition,
                passage.noise, dynamics.error, first_state, first_covariance, rows.kind, found,
                variances, surprises, slopes.shift, slopes.transition, slopes.noise, slopes.mean,
                slopes.error, slopes.state, slopes.covariance, smoothed, spread, ahead,
                ahead_variances,
            )  # fmt: skip

        share_work(score, persons, cost=COST_OF_ROW * n / persons)
        scored = Scored(
            by_person=found,
            gradient=np.empty(0),
            smoothed=smoothed,
            spread=spread,
            ahead=ahead,
            ahead_variances=ahead_variances,
        )
        return scored, slopes

    def _first(self, dynamics: Dynamics, passage: Passage) -> tuple[Float, Float]:
        """State of each kind at the first row, and its covariance."""
        kinds, k = dynamics.mean.shape
        d = 2 * k if self.layout.random_means else k
        state, covariance = np.zeros((kinds, d)), np.zeros((kinds, d, d))
        covariance[:, :k, :k] = passage.rest
        if dynamics.first is not None and dynamics.first_covariance is not None:
            state[:, :k] = dynamics.first
            covariance[:, :k, :k] = dynamics.first_covariance
        covariance[:, k:, k:] = dynamics.levels if d > k else 0.0
        return state, covariance

    def _shift(self, dynamics: Dynamics, passage: Passage) -> Float:
        """What inputs add before the values of each row (n, k)."""
        rows = self.rows
        shift = np.zeros(rows.values.shape)
        later = np.flatnonzero(rows.gap >= 0)
        held = np.where(rows.pulses, 0.0, rows.inputs)
        effects = passage.held[rows.gap[later]]
        shift[later] = np.sum(effects * held[later - 1][:, None, :], axis=2)
        if rows.pulses.any():
            kinds = np.repeat(rows.kind, np.diff(rows.starts))
            at_once = np.where(rows.pulses, rows.inputs, 0.0)
            shift += np.sum(dynamics.inputs[kinds] * at_once[:, None, :], axis=2)
        return shift

    def _gradient(self, dynamics: Dynamics, passage: Passage, slopes: _Slopes) -> Float:
        rows, (kinds, k) = self.rows, dynamics.mean.shape
        n_gaps = len(rows.gaps.lengths)
        later = np.flatnonzero(rows.gap >= 0)
        order = later[np.argsort(rows.gap[later], kind="stable")]
        edges = np.searchsorted(rows.gap[order], np.arange(n_gaps))

        def by_gap(values: Float) -> Float:
            if not n_gaps:
                return np.zeros((0, *values.shape[1:]))
            return np.add.reduceat(values, edges, axis=0)

        held = np.where(rows.pulses, 0.0, rows.inputs)[order - 1]
        d_held = by_gap(slopes.shift[order][:, :, None] * held[:, None, :])
        by_kind = np.zeros((kinds, k, k))
        np.add.at(by_kind, rows.kind, slopes.covariance[:, :k, :k])
        at_rest = np.zeros_like(by_kind) if self.layout.free_first else by_kind
        parts = pass_back(
            dynamics, rows.gaps, passage, by_gap(slopes.transition[order]),
            by_gap(slopes.noise[order]), d_held, at_rest,
        )  # fmt: skip
        if rows.pulses.any():
            kind = np.repeat(rows.kind, np.diff(rows.starts))
            at_once = np.where(rows.pulses, rows.inputs, 0.0)
            np.add.at(parts["inputs"], kind, slopes.shift[:, :, None] * at_once[:, None, :])
        parts["mean"] = np.zeros((kinds, k))
        np.add.at(parts["mean"], rows.kind, slopes.mean)
        parts["error"] = np.sum(slopes.error, axis=0)
        parts["levels"] = np.sum(slopes.covariance[:, k:, k:], axis=0)
        parts["first"] = np.sum(slopes.state[:, :k], axis=0)
        parts["first_covariance"] = np.sum(by_kind, axis=0)
        return self.layout.pack_gradient(parts, rows.patterns)


def is_stable(drift: Float) -> bool:
    """Whether processes with drifts (kinds, k, k) come to rest."""
    if not np.isfinite(drift).all():
        return False
    return bool((np.linalg.eigvals(drift).real < 0).all())
