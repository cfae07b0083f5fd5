"""What a continuous-time model says of gaps of any length, and derivatives of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.parallel.threads import share_work
from salutogen.models.state_space.layout import Dynamics
from salutogen.models.state_space.spectrum import Spectrum

Float = NDArray[np.float64]
Int = NDArray[np.int64]

COST = 4000  # numbers touched for one exponential


@dataclass(frozen=True, kw_only=True)
class Gaps:
    """Lengths of time between rows.

    Attributes
    ----------
    lengths : array (gaps,)
    kind : array (gaps,)
        Kind of persons that each is of.
    """

    lengths: Float
    kind: Int


@dataclass(frozen=True, kw_only=True)
class Passage:
    """How processes go on over gaps.

    Attributes
    ----------
    transition, noise : array (gaps, k, k)
        What deviations become, and covariance of what comes on the way.
    held : array (gaps, k, p)
        Effect of inputs that are held.
    rest : array (kinds, k, k)
        Covariance at rest: after a very long time, where the drift is stable.
    integral : array (gaps, k, k)
        Of the transition over the gap.
    inverse : array (kinds, k, k)
        Of the drift.
    spectrum : Spectrum or None
        Of the drift, where there is one.
    """

    transition: Float
    noise: Float
    held: Float
    rest: Float
    integral: Float
    inverse: Float
    spectrum: Spectrum | None


def pass_over(dynamics: Dynamics, gaps: Gaps) -> Passage | None:
    """Return how processes go on; None where a drift has no inverse or no solution.

    With Q the solution of A Q + Q A' = −S, the noise over a gap is Q − exp(A t) Q exp(A t)'.
    """
    from salutogen.models.state_space import _kernels_gaps as kernels

    n, (_, k, p) = len(gaps.lengths), dynamics.inputs.shape
    try:
        inverse = np.linalg.inv(dynamics.drift)
        rest = lyapunov(dynamics.drift, np.broadcast_to(dynamics.diffusion, dynamics.drift.shape))
    except np.linalg.LinAlgError:
        return None
    spectrum = Spectrum.of(dynamics.drift)
    transition = exponentials(dynamics.drift, gaps, spectrum)
    noise, integral, held = np.empty((n, k, k)), np.empty((n, k, k)), np.empty((n, k, p))

    def fill(first: int, last: int) -> None:
        kernels.pass_over(
            first, last, inverse, rest, dynamics.inputs, gaps.kind, transition, noise, held,
            integral,
        )  # fmt: skip

    share_work(fill, n, cost=COST)
    if not (np.isfinite(noise).all() and np.isfinite(integral).all()):
        return None
    return Passage(
        transition=transition,
        noise=noise,
        held=held,
        rest=rest,
        integral=integral,
        inverse=inverse,
        spectrum=spectrum,
    )


def pass_back(
    dynamics: Dynamics, gaps: Gaps, passage: Passage, d_transition: Float, d_noise: Float,
    d_held: Float, d_rest: Float,
) -> dict[str, Float]:  # fmt: skip
    """Return derivatives over drift and inputs (by kind) and diffusion from those over a passage.

    Parameters
    ----------
    d_transition, d_noise : array (gaps, k, k)
    d_held : array (gaps, k, p)
    d_rest : array (kinds, k, k)
        Symmetric, as `d_noise`.
    """
    from salutogen.models.state_space import _kernels_gaps as kernels

    kinds, rest = len(dynamics.drift), passage.rest
    weight, d_drift, of_rest = (np.empty_like(d_noise) for _ in range(3))
    d_inputs = np.empty_like(d_held)

    def fill(first: int, last: int) -> None:
        kernels.pass_back(
            first, last, passage.inverse, rest, dynamics.inputs, gaps.kind, passage.transition,
            passage.integral, d_transition, d_noise, d_held, weight, d_drift, d_inputs, of_rest,
        )  # fmt: skip

    share_work(fill, len(gaps.lengths), cost=COST)
    of_exponential = derivatives(dynamics.drift, gaps, passage.spectrum, weight)
    at_rest = d_rest + _by_kind(of_rest, gaps.kind, kinds)
    of_diffusion = lyapunov(dynamics.drift.transpose(0, 2, 1), at_rest)
    return {
        "drift": _by_kind(d_drift, gaps.kind, kinds) + of_exponential + 2 * of_diffusion @ rest,
        "inputs": _by_kind(d_inputs, gaps.kind, kinds),
        "diffusion": np.sum(of_diffusion, axis=0),
    }


def lyapunov(A: Float, S: Float) -> Float:
    """Return the solutions Q (kinds, k, k) of A Q + Q A' = −S, S symmetric.

    Raises
    ------
    numpy.linalg.LinAlgError
        Two eigenvalues of A add up to 0.
    """
    k = A.shape[-1]
    unit = np.eye(k)
    both = np.einsum("nij,kl->nikjl", A, unit) + np.einsum("ij,nkl->nikjl", unit, A)
    solved = np.linalg.solve(both.reshape(-1, k * k, k * k), -S.reshape(-1, k * k, 1))
    found = solved.reshape(-1, k, k)
    half: Float = (found + found.transpose(0, 2, 1)) / 2
    return half


def exponentials(drift: Float, gaps: Gaps, spectrum: Spectrum | None) -> Float:
    """Return exp(A t) of each gap (gaps, k, k)."""
    from salutogen.models.state_space import _kernels_gaps as kernels

    if spectrum is not None:
        return spectrum.exponentials(gaps.lengths)
    found = np.empty((len(gaps.lengths), *drift.shape[1:]))

    def fill(first: int, last: int) -> None:
        kernels.exponentials(first, last, drift, gaps.kind, gaps.lengths, found)

    share_work(fill, len(found), cost=COST)
    return found


def derivatives(drift: Float, gaps: Gaps, spectrum: Spectrum | None, weight: Float) -> Float:
    """Return derivatives of sum(weight * exp(A t)) over each kind's A (kinds, k, k)."""
    from salutogen.models.state_space import _kernels_gaps as kernels

    if spectrum is not None:
        return spectrum.derivatives(gaps.lengths, weight)
    found = np.empty_like(weight)

    def fill(first: int, last: int) -> None:
        kernels.derivatives_of_exponentials(
            first, last, drift, gaps.kind, gaps.lengths, weight, found
        )

    share_work(fill, len(found), cost=2 * COST)
    return _by_kind(found, gaps.kind, len(drift))


def _by_kind(values: Float, kind: Int, kinds: int) -> Float:
    """Sums of values (gaps, …) over the gaps of each kind, which stand together."""
    if kinds == 1:
        everyone: Float = np.sum(values, axis=0, keepdims=True)
        return everyone
    total = np.zeros((kinds, *values.shape[1:]))
    np.add.at(total, kind, values)
    return total
