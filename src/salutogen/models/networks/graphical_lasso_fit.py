"""A fitted graphical lasso."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.networks.edges import edge_names, edges_of, pairs_of
from salutogen.models.networks.lasso_path import LassoPath
from salutogen.models.networks.rows import NetworkRows
from salutogen.models.short_repr import short_repr
from salutogen.version import VERSION

if TYPE_CHECKING:
    from salutogen.models.networks.graphical_lasso import GraphicalLasso
    from salutogen.models.networks.stability import EdgeStability

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@short_repr("n_persons", "variables", "penalty", "n_edges", "converged")
@dataclass(frozen=True, kw_only=True, repr=False)
class GraphicalLassoFit:
    """A network of partial correlations.

    Attributes
    ----------
    spec : GraphicalLasso
    variables : tuple of str
    partial_correlations : array (k, k)
        Edges, with all other variables held and shrunk by the penalty; 0 on the diagonal.
    precision, correlations : array (k, k)
        Of standardised variables: as estimated, and as observed.
    penalty : float
        The one chosen.
    penalties, criteria : array (m,)
        The path, rising, and the extended BIC along it.
    path_edges : array (m,)
        Number of edges along it.
    log_likelihood : float
        Of standardised variables, without the penalty.
    n_persons : int
        Complete rows.
    converged : bool
        Whether the search settled for every penalty.
    messages : tuple of str
        What is doubtful.
    version : str
    """

    spec: GraphicalLasso
    variables: tuple[str, ...]
    partial_correlations: Float
    precision: Float
    correlations: Float
    penalty: float
    penalties: Float
    criteria: Float
    path_edges: Int
    log_likelihood: float
    n_persons: int
    converged: bool
    messages: tuple[str, ...]
    version: str
    rows: NetworkRows = field(compare=False)

    @classmethod
    def from_path(
        cls,
        spec: GraphicalLasso,
        rows: NetworkRows,
        correlations: Float,
        path: LassoPath,
        messages: tuple[str, ...],
    ) -> Self:
        """Keep what was found along a path."""
        return cls(
            spec=spec,
            variables=rows.names,
            partial_correlations=path.partial_correlations,
            precision=path.precision,
            correlations=correlations,
            penalty=path.penalty,
            penalties=path.penalties,
            criteria=path.criteria,
            path_edges=path.edges,
            log_likelihood=float(path.log_likelihoods[path.place]),
            n_persons=len(rows.values),
            converged=path.converged,
            messages=messages,
            version=VERSION,
            rows=rows,
        )

    @property
    def n_edges(self) -> int:
        """Number of edges that are not zero."""
        return int(np.count_nonzero(edges_of(self.partial_correlations)))

    @property
    def n_parameters(self) -> int:
        """Edges, and a variance for each variable."""
        return self.n_edges + len(self.variables)

    @property
    def estimates(self) -> dict[str, float]:
        """Partial correlation of each pair, as ``x--y`` in the order of the variables."""
        found = edges_of(self.partial_correlations).tolist()
        return dict(zip(edge_names(self.variables), found, strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """NaN for each pair: shrunk edges have none; `stability` has intervals."""
        return dict.fromkeys(edge_names(self.variables), float("nan"))

    def table(self) -> pl.DataFrame:
        """Return one row per pair: `one, other, partial_correlation, correlation`."""
        pairs = pairs_of(self.variables)
        return pl.DataFrame(
            {
                "one": [one for one, _ in pairs],
                "other": [other for _, other in pairs],
                "partial_correlation": edges_of(self.partial_correlations),
                "correlation": edges_of(self.correlations),
            }
        )

    def stability(self, *, draws: int = 1000, seed: int = 1, level: float = 0.95) -> EdgeStability:
        """Draw persons with replacement, and choose and fit the network of each sample.

        Parameters
        ----------
        draws, seed : int
        level : float
            Coverage of the intervals.

        Returns
        -------
        EdgeStability
            Percentile intervals of edges and strengths, and how often each edge is not zero.
        """
        from salutogen.models.networks.stability import edge_stability

        return edge_stability(self, draws=draws, seed=seed, level=level)
