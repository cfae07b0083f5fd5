"""What a continuous-time model says of gaps of any length, and derivatives of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.models.parallel.threads import share_work
from salutogen.models.state_space.layout import Dynamics

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
    """

    transition: Float
    noise: Float
    held: Float
    rest: Float
    integral: Float


def pass_over(dynamics: Dynamics, gaps: Gaps) -> Passage | None:
    """Return how processes go on; None where a drift has no inverse or no solution.

    With Q the solution of A Q + Q A' = −S, the noise over a gap is Q − exp(A t) Q exp(A t)'.
    """
    from salutogen.models.state_space import _kernels_exponential as kernels

    k = dynamics.drift.shape[1]
    transition = np.empty((len(gaps.lengths), k, k))

    def fill(first: int, last: int) -> None:
        kernels.exponentials(first, last, dynamics.drift, gaps.kind, gaps.lengths, transition)

    with np.errstate(over="ignore", invalid="ignore"):
        share_work(fill, len(gaps.lengths), cost=COST)
        try:
            rest = lyapunov(
                dynamics.drift, np.broadcast_to(dynamics.diffusion, dynamics.drift.shape)
            )
            inverse = np.linalg.inv(dynamics.drift)
        except np.linalg.LinAlgError:
            return None
        own = rest[gaps.kind]
        noise = own - transition @ own @ transition.transpose(0, 2, 1)
        integral = inverse[gaps.kind] @ (transition - np.eye(k))
    if not (np.isfinite(noise).all() and np.isfinite(integral).all()):
        return None
    return Passage(
        transition=transition,
        noise=noise,
        held=integral @ dynamics.inputs[gaps.kind],
        rest=rest,
        integral=integral,
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
    from salutogen.models.state_space import _kernels_exponential as kernels

    kinds, k = dynamics.drift.shape[:2]
    own, phi = passage.rest[gaps.kind], passage.transition
    back = phi.transpose(0, 2, 1)
    inverse = np.linalg.inv(dynamics.drift).transpose(0, 2, 1)
    d_integral = d_held @ dynamics.inputs[gaps.kind].transpose(0, 2, 1)
    through = inverse[gaps.kind] @ d_integral
    weight = d_transition - 2 * d_noise @ phi @ own + through
    along = np.empty_like(weight)

    def fill(first: int, last: int) -> None:
        kernels.exponential_gradients(
            first, last, dynamics.drift, gaps.kind, gaps.lengths, weight, along
        )

    share_work(fill, len(gaps.lengths), cost=8 * COST)
    along -= through @ passage.integral.transpose(0, 2, 1)
    d_inputs = passage.integral.transpose(0, 2, 1) @ d_held
    at_rest = d_rest + _by_kind(d_noise - back @ d_noise @ phi, gaps.kind, kinds)
    of_diffusion = lyapunov(dynamics.drift.transpose(0, 2, 1), at_rest)
    return {
        "drift": _by_kind(along, gaps.kind, kinds) + 2 * of_diffusion @ passage.rest,
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


def _by_kind(values: Float, kind: Int, kinds: int) -> Float:
    """Sums of values (gaps, …) over the gaps of each kind, which stand together."""
    if kinds == 1:
        everyone: Float = np.sum(values, axis=0, keepdims=True)
        return everyone
    total = np.zeros((kinds, *values.shape[1:]))
    np.add.at(total, kind, values)
    return total
