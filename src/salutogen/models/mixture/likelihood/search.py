"""Look for a mixture's best solution from many starts: short runs for all, long ones for few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.models.mixture.likelihood._kernels_em import distant_persons, maximise
from salutogen.models.mixture.likelihood._kernels_pass import (
    Classes,
    People,
    pass_over,
    pass_over_starts,
)
from salutogen.models.mixture.likelihood.maximisation import (
    Maximum,
    Tolerance,
    newton,
    quasi_newton,
)
from salutogen.models.mixture.likelihood.parameters import ClassParameters, Layout, Order
from salutogen.models.mixture.likelihood.problem import MixtureProblem, as_compiled
from salutogen.models.parallel.threads import share_work

Float = NDArray[np.float64]
Int = NDArray[np.int64]

FIRST_STEPS = 6  # EM steps of every start
MORE_STEPS = 5  # EM steps of the better third
LEAST_FINALISTS = 4  # starts that are run to the end, at least
SAMPLED = 250  # persons among whom the first steps are made
SAME = 1e-4  # difference of log-likelihoods that counts as the same solution
CLOSE = 1e-3  # difference of curves, in residual SDs, below which two classes are one
ON_BOUND = 1.01  # residual variances below this multiple of their bound lie on it


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the search brought.

    Attributes
    ----------
    best : Maximum or None
        The best solution that is no degenerate one, classes by falling share.
    log_likelihoods : array (starts,)
        Where each start ended.
    verdicts : tuple of str
        `finished`, `left at screening`, `not converged` or what is degenerate about each.
    at_best : int
        Starts that reached the best solution.
    """

    best: Maximum | None
    log_likelihoods: Float
    verdicts: tuple[str, ...]
    at_best: int


def one_class(
    problem: MixtureProblem, blocks: tuple[int, ...], lowest: float = 1e-8, *, polish: bool = True
) -> Maximum:
    """Fit one class: the ordinary mixed model by maximum likelihood."""
    layout = Layout(
        classes=1,
        shared=(False,) * problem.p,
        blocks=blocks,
        random_covariance="equal",
        residual_variance="equal",
        lowest=lowest,
    )
    coefficients, variance = problem.least_squares()
    start = ClassParameters(
        log_share=np.zeros(1),
        coefficients=coefficients[None],
        factors=np.sqrt(variance / 2) * np.eye(problem.q)[None],
        variances=np.full(1, variance / 2),
    )
    end = quasi_newton(problem, layout, layout.pack(start))
    return newton(problem, layout, end) if polish else end


def search(
    problem: MixtureProblem,
    layout: Layout,
    pooled: ClassParameters,
    *,
    starts: int,
    seed: int | np.random.SeedSequence,
    first: ClassParameters | None = None,
    polish: bool = True,
    order: Order = "share",
    tolerance: Tolerance | None = None,
) -> Found:
    """Run all starts a little, the better ones longer and the best to the end.

    Parameters
    ----------
    problem, layout
        Persons' cross-products and what is free.
    pooled : ClassParameters
        The one-class solution, from which starts are drawn.
    starts : int
        Number of starts.
    seed : int or SeedSequence
        Each start has its own stream.
    first : ClassParameters, optional
        Takes the place of the first drawn start.
    polish : bool
        Whether the best solution is brought to the last digits, with second derivatives.
    order : {"share", "level"}
        Order of the classes.
    tolerance : Tolerance, optional
        When the best solution counts as settled.

    Notes
    -----
    Screening leaves covariates of membership out; the further steps have them.
    """
    state = _drawn(problem, layout, pooled, starts, seed)
    if first is not None:
        _put(state, first)
    try:
        values, finalists = _screened(problem, layout, state, starts)
    except KeyboardInterrupt as stop:
        stop.add_note(f"Interrupted: none of {starts} starts had ended; nothing is kept.")
        raise
    ends: dict[int, Maximum] = {}

    def run(a: int, b: int) -> None:
        for index in finalists[a:b].tolist():
            ends[index] = quasi_newton(problem, layout, layout.pack(_at(state, index, layout)))

    try:
        share_work(run, len(finalists), cost=40 * problem.data.size * layout.classes)
    except KeyboardInterrupt as stop:
        stop.add_note(
            f"Interrupted: {len(ends)} of the {len(finalists)} starts that were to be run to the "
            "end had ended; nothing is kept."
        )
        raise
    verdicts = ["left at screening"] * starts
    for index in sorted(ends):
        values[index] = ends[index].value
        verdicts[index] = verdict(problem, layout, ends[index])

    def polished(end: Maximum) -> Maximum:
        ordered = in_order(problem, layout, end, order)
        if not polish:
            return ordered
        done = newton(problem, layout, ordered, tolerance)
        return replace(done, free=in_order(problem, layout, done, order).free)

    return _choose(problem, layout, ends, values, verdicts, polished)


def _screened(
    problem: MixtureProblem, layout: Layout, state: dict[str, Float], starts: int
) -> tuple[Float, Int]:
    """Run all starts a little and the better ones longer; return values and the best ones."""
    every = max(1, problem.data.shape[1] // SAMPLED)
    values = _advance(problem, layout, state, np.arange(starts), FIRST_STEPS, every)
    half = _best(values, min(starts, max(LEAST_FINALISTS, -(-starts // 3))))
    values[half] = _advance(problem, layout, state, half, MORE_STEPS, 1)
    others = np.setdiff1d(np.arange(starts), half)
    if every > 1 and others.size:
        values[others] = _advance(problem, layout, state, others, 0, 1)
    return values, half[_best(values[half], max(LEAST_FINALISTS, -(-starts // 5)))]


def _choose(
    problem: MixtureProblem,
    layout: Layout,
    ends: dict[int, Maximum],
    values: Float,
    verdicts: list[str],
    polished: Callable[[Maximum], Maximum],
) -> Found:
    """Take the best proper solution, order its classes and bring it to the last digits."""
    left = sorted((i for i in ends if verdicts[i] in ("finished", "not converged")),
                  key=lambda i: (-values[i], i))  # fmt: skip
    best: Maximum | None = None
    while left and best is None:
        index = left.pop(0)
        ordered = polished(ends[index])
        name = verdict(problem, layout, ordered)
        if name in ("finished", "not converged"):
            best = ordered
            values[index] = max(ordered.value, values[index])
        verdicts[index] = name
    reached = 0
    if best is not None:
        same = np.abs(values - best.value) < SAME * (1 + abs(best.value) / 1e4)
        reached = sum(bool(same[i]) for i in ends if verdicts[i] == "finished")
    return Found(
        best=best, log_likelihoods=values, verdicts=tuple(verdicts), at_best=max(reached, 0)
    )


def in_order(problem: MixtureProblem, layout: Layout, end: Maximum, order: Order) -> Maximum:
    """Order the classes by falling share or rising level, ties by their coefficients."""
    at = layout.unpack(end.free)
    first = -problem.shares(at) if order == "share" else at.coefficients @ problem.means
    places = np.lexsort((*tuple(at.coefficients.T[::-1]), first))
    if (places == np.arange(layout.classes)).all():
        return end
    return replace(end, free=layout.pack(_reordered(at, places)), hessian=None)


def _reordered(at: ClassParameters, order: Int) -> ClassParameters:
    spreads = order if len(at.factors) > 1 else np.zeros(1, dtype=np.int64)
    return ClassParameters(
        log_share=at.log_share[order],
        membership=at.membership[order],
        coefficients=at.coefficients[order],
        factors=at.factors[spreads],
        variances=at.variances[spreads],
    )


def verdict(problem: MixtureProblem, layout: Layout, end: Maximum) -> str:
    """Name what is degenerate about a solution, else `finished` or `not converged`."""
    at = layout.unpack(end.free)
    if problem.shares(at).min() * problem.weight.sum() < 1:
        return "empty class"
    if at.variances.min() <= ON_BOUND * layout.lowest and layout.classes > 1:
        return "residual variance on its bound"
    for a in range(layout.classes):
        for b in range(a):
            va, vb = (a, b) if len(at.variances) > 1 else (0, 0)
            apart = np.sqrt(np.sum((at.coefficients[a] - at.coefficients[b]) ** 2))
            spread_a = at.factors[va] @ at.factors[va].T
            spread_b = at.factors[vb] @ at.factors[vb].T
            if (
                apart < CLOSE * np.sqrt(at.variances[va])
                and abs(np.log(at.variances[va] / at.variances[vb])) < CLOSE
                and np.all(np.abs(spread_a - spread_b) < CLOSE * (np.trace(spread_b) + 1e-6))
            ):
                return "duplicate classes"
    return "finished" if end.converged else "not converged"


def _drawn(
    problem: MixtureProblem,
    layout: Layout,
    pooled: ClassParameters,
    starts: int,
    seed: int | np.random.SeedSequence,
) -> dict[str, Float]:
    """Draw starts: curves of persons far from each other (k-means++; Arthur & Vassilvitskii 2007).

    Covariates of membership begin without effect.
    """
    K, q = layout.classes, problem.q
    shrunk = _own_curves(problem, pooled)
    sequence = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    uniforms = np.array(
        [np.random.default_rng(child).random(K + 1) for child in sequence.spawn(starts)]
    )
    chosen = np.empty((starts, K), dtype=np.int64)
    distant_persons(shrunk, uniforms, chosen)
    coefficients = pooled.coefficients[0] + shrunk[chosen]
    size = 0.1 + 0.7 * uniforms[:, K]
    coefficients[:, :, list(layout.shared)] = pooled.coefficients[0, list(layout.shared)]
    C = K if not (layout.one_factor and layout.one_variance) else 1
    s = pooled.variances[0]
    least = 0.05 * np.sqrt(s) * np.eye(q)
    return {
        "log_share": np.full((starts, K), -np.log(K)),
        "coefficients": coefficients,
        "factors": size[:, None, None, None] * (pooled.factors[0] + least)
        + np.zeros((starts, C, q, q)),
        "variances": np.full((starts, C), s),
    }


def _own_curves(problem: MixtureProblem, pooled: ClassParameters) -> Float:
    """Each person's deviation from the common curve (n, p), shrunk towards it."""
    p, d = problem.p, problem.p + 1
    packed = np.zeros((d, d), dtype=np.int64)
    packed[np.triu_indices(d)] = 1 + np.arange(d * (d + 1) // 2)
    square = np.moveaxis(problem.data[packed + np.triu(packed, 1).T], 2, 0)
    right = square[:, :p, p] - square[:, :p, :p] @ pooled.coefficients[0]
    curves: Float = np.linalg.solve(
        square[:, :p, :p] + pooled.variances[0] * np.eye(p), right[:, :, None]
    )[:, :, 0]
    return curves


def _put(state: dict[str, Float], first: ClassParameters) -> None:
    state["log_share"][0] = first.log_share
    state["coefficients"][0] = first.coefficients
    state["factors"][0] = first.factors
    state["variances"][0] = first.variances


def _at(state: dict[str, Float], start: int, layout: Layout) -> ClassParameters:
    """Parameters of one start; proportional variances start equal."""
    shape = (layout.n_spreads, layout.q, layout.q)
    return ClassParameters(
        log_share=state["log_share"][start],
        coefficients=state["coefficients"][start],
        factors=state["factors"][start] + np.zeros(shape),
        variances=state["variances"][start] + np.zeros(shape[0]),
        membership=np.zeros((layout.classes, layout.n_membership)),
    )


def _advance(
    problem: MixtureProblem,
    layout: Layout,
    state: dict[str, Float],
    which: Int,
    steps: int,
    every: int,
) -> Float:
    """Run EM steps of some starts on every k-th person; log-likelihoods where they end."""
    people = People(
        data=as_compiled(problem.data[:, ::every]),
        weight=as_compiled(problem.weight[::every]),
        covariates=np.empty((0, 0)),
        p=problem.p,
        q=problem.q,
    )
    names = ("log_share", "coefficients", "factors", "variances")
    part = [np.ascontiguousarray(state[name][which]) for name in names]
    share, slope, factor, variance = part
    S, K, p, q = len(which), layout.classes, problem.p, problem.q
    at = Classes(share, np.empty((S, K, 0)), slope, factor, variance)
    statistics = np.empty((S, K, 4 + (p + 1) * (p + 2) // 2 + q * q))
    values = np.empty(S)
    state_by_start = tuple(a.reshape(S, -1) for a in (statistics, *part))
    kept = tuple(np.empty_like(a) for a in state_by_start)
    kept_values = np.full(S, -np.inf)

    def run(a: int, b: int) -> None:
        posterior = np.empty((K, people.data.shape[1]))
        for step in range(steps + 1):
            pass_over_starts(pass_over.address, a, b, people, at, posterior, statistics, values)
            if step < steps:
                maximise(
                    a, b, statistics, layout.places, layout.n_places, layout.block_of,
                    layout.lowest, layout.one_factor, layout.one_variance, share, slope, factor,
                    variance, values, kept_values, state_by_start, kept,
                )  # fmt: skip

    share_work(run, S, cost=people.data.size * K * (steps + 1))
    for name, array in zip(names, part, strict=True):
        state[name][which] = array
    return values


def _best(values: Float, count: int) -> Int:
    """Places of the highest values, the first of equal ones first, in rising order."""
    clean = np.where(np.isnan(values), -np.inf, values)
    return np.sort(np.argsort(-clean, kind="stable")[:count])
