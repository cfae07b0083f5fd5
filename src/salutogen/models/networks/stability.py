"""How far a network can be relied on: persons drawn anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import is_between, refuse_not_whole
from salutogen.models.networks.correlations import LEAST, Method, correlations_if_any
from salutogen.models.networks.edges import edge_names, edges_of, strengths_of
from salutogen.models.networks.lasso_path import search_path
from salutogen.models.parallel.threads import share_work
from salutogen.models.resampling.bootstrap import percentile_interval
from salutogen.models.short_repr import short_repr

if TYPE_CHECKING:
    from salutogen.models.networks.graphical_lasso import GraphicalLasso
    from salutogen.models.networks.graphical_lasso_fit import GraphicalLassoFit

Float = NDArray[np.float64]
Int = NDArray[np.int64]

LOST = 0.1  # share of samples without a network from which the rest say too little


@short_repr("draws", "level")
@dataclass(frozen=True, kw_only=True, repr=False)
class EdgeStability:
    """Edges over samples of persons.

    Attributes
    ----------
    variables : tuple of str
    edges : array (k (k − 1)/2,)
        Estimates, in the order of `GraphicalLassoFit.estimates`.
    drawn : array (draws, k (k − 1)/2)
        The same of each sample.
    level : float
    n_lost : int
        Samples that had no network, since a variable did not vary in them or followed from others.
    """

    variables: tuple[str, ...]
    edges: Float
    drawn: Float
    level: float
    n_lost: int

    @property
    def draws(self) -> int:
        """Samples that had a network."""
        return len(self.drawn)

    def table(self) -> pl.DataFrame:
        """Return one row per edge: `edge, estimate, conf_low, conf_high, chosen`.

        Percentile intervals of edges as they were shrunk, and the share of samples in which the
        edge is not zero. The interval says how much an edge would change in another study; that
        it holds 0 is no test.
        """
        low, high = percentile_interval(self.drawn, self.level)
        return pl.DataFrame(
            {
                "edge": edge_names(self.variables),
                "estimate": self.edges,
                "conf_low": low,
                "conf_high": high,
                "chosen": np.mean(self.drawn != 0, axis=0),
            }
        )

    def strengths(self) -> pl.DataFrame:
        """Return one row per variable: `variable, estimate, conf_low, conf_high`.

        The strength is the sum of the sizes of a variable's edges.
        """
        k = len(self.variables)
        low, high = percentile_interval(strengths_of(self.drawn, k), self.level)
        return pl.DataFrame(
            {
                "variable": list(self.variables),
                "estimate": strengths_of(self.edges, k),
                "conf_low": low,
                "conf_high": high,
            }
        )


def edge_stability(fit: GraphicalLassoFit, *, draws: int, seed: int, level: float) -> EdgeStability:
    """Fit the networks of samples of persons; see `GraphicalLassoFit.stability`."""
    refuse_not_whole(2, draws=draws)
    refuse_not_whole(0, seed=seed)
    if not is_between(level, 0, 1):
        raise ModelError(f"level: expected a number between 0 and 1, got {level!r}.")
    n = fit.n_persons
    samples = [
        np.random.default_rng(own).integers(0, n, n)
        for own in np.random.SeedSequence(seed).spawn(draws)
    ]
    drawn = networks_of(fit.spec, fit.variables, fit.rows.values, samples)
    known = np.isfinite(drawn).all(axis=1)
    lost = int(np.sum(~known))
    if lost > LOST * draws:
        raise ModelError(
            f"{lost} of {draws} samples of persons have no network: a variable does not vary in "
            "them, or follows from others. Leave out variables that hardly anybody differs in."
        )
    return EdgeStability(
        variables=fit.variables,
        edges=edges_of(fit.partial_correlations),
        drawn=drawn[known],
        level=level,
        n_lost=lost,
    )


def networks_of(
    spec: GraphicalLasso, names: tuple[str, ...], values: Float, samples: list[Int]
) -> Float:
    """Edges (samples, k (k − 1)/2) of the network of each set of rows; NaN where there is none."""
    k = values.shape[1]
    found = np.full((len(samples), k * (k - 1) // 2), np.nan)

    def work(first: int, last: int) -> None:
        for place in range(first, last):
            S = _usable(values, samples[place], spec.method, names)
            if S is not None:
                path = search_path(
                    S, len(samples[place]), spec.gamma, spec.n_penalties, spec.smallest
                )
                found[place] = edges_of(path.partial_correlations)

    share_work(work, len(samples), cost=float(spec.n_penalties * 10 * k**3))
    return found


def _usable(values: Float, rows: Int, method: Method, names: tuple[str, ...]) -> Float | None:
    """Correlations of a sample; None where it has none that a network could be made of."""
    try:
        S = correlations_if_any(values, rows, method, names)
    except ModelError:  # polychoric correlations of ±1
        return None
    return S if S is not None and np.linalg.eigvalsh(S)[0] >= LEAST else None
