"""A sparse network of partial correlations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import is_between, not_whole
from salutogen.models.networks.correlations import METHODS, Method, correlations_of
from salutogen.models.networks.graphical_lasso_fit import GraphicalLassoFit
from salutogen.models.networks.lasso_path import LassoPath, search_path
from salutogen.models.networks.rows import NetworkRows, as_names, read_network_rows

Float = NDArray[np.float64]

DENSE = 0.1  # share of the largest penalty below which a network is called dense


@dataclass(frozen=True, kw_only=True)
class GraphicalLasso:
    """Which variables go together when all others are held.

    The precision K (inverse covariance) of standardised variables maximises
    ``log det K − tr(S K) − λ Σ |K_ij|`` over i ≠ j (Friedman, Hastie & Tibshirani 2008), so that
    weak edges are exactly zero. Of 100 penalties λ from 1 % of the largest correlation to the
    largest, evenly spaced in logarithms, the one with the lowest extended criterion is taken,
    ``−2 log L + E log n + 4 γ E log k`` with E edges among k variables of n persons (Foygel &
    Drton 2010). Edges are partial correlations ``−K_ij / √(K_ii K_jj)``. This is the EBICglasso of
    R's qgraph.

    Parameters
    ----------
    gamma : float
        How much denser networks are held against: 0 is the ordinary BIC, 0.5 (default) usual.
    variables : sequence of str
        Columns; by default all of them.
    method : str
        Correlations: `pearson` (default), `spearman`, or `polychoric` (of ordered answers).
    n_penalties : int
        Penalties on the path.
    smallest : float
        The smallest penalty, as a share of the largest.

    Notes
    -----
    An edge that is zero is no finding that there is none; edges are shrunk towards zero, and have
    no standard errors. `GraphicalLassoFit.stability` draws persons anew and says how far edges,
    and what they are chosen by, can be relied on.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> sleep, noise = rng.normal(size=(2, 400))
    >>> frame = {"sleep": sleep, "worry": noise - sleep, "sport": rng.normal(size=400)}
    >>> result = GraphicalLasso().fit(frame)
    >>> bool(result.estimates["sleep--worry"] < -0.5), result.estimates["sleep--sport"]
    (True, 0.0)
    """

    gamma: float = 0.5
    variables: tuple[str, ...] = ()
    method: Method = "pearson"
    n_penalties: int = 100
    smallest: float = 0.01

    def __post_init__(self) -> None:
        """Take a list of variables as a tuple; refuse settings that cannot be used."""
        object.__setattr__(self, "variables", as_names(self.variables))
        problems = not_whole(2, n_penalties=self.n_penalties)
        if self.method not in METHODS:
            problems.append(f"method: expected {', '.join(METHODS)}, got {self.method!r}.")
        if not (self.gamma == 0 or is_between(self.gamma, 0, np.inf)):
            problems.append(f"gamma: expected a number from 0, got {self.gamma!r}.")
        if not is_between(self.smallest, 0, 1):
            problems.append(f"smallest: expected a number between 0 and 1, got {self.smallest!r}.")
        if problems:
            raise ModelError(" ".join(problems))

    def fit(self, data: Any) -> GraphicalLassoFit:
        """Fit to a row per person.

        Parameters
        ----------
        data : data frame, mapping of arrays, or array (n, k)
            Rows with a missing value are left out.

        Returns
        -------
        GraphicalLassoFit

        Raises
        ------
        ModelError
            Columns that cannot be used, variables that do not vary or can be computed from
            others, and fewer persons than variables.
        """
        return self.fit_rows(read_network_rows(data, self.variables))

    def fit_rows(self, rows: NetworkRows) -> GraphicalLassoFit:
        """Fit to complete rows; see `fit`."""
        n, k = rows.values.shape
        refuse_few(n, k, "")
        S = correlations_of(rows.values, np.arange(n), self.method, rows.names)
        path = search_path(S, n, self.gamma, self.n_penalties, self.smallest)
        return GraphicalLassoFit.from_path(self, rows, S, path, self._messages(path, rows))

    def _messages(self, path: LassoPath, rows: NetworkRows) -> tuple[str, ...]:
        messages = list(rows.messages)
        if not path.converged:
            messages.append("The search did not settle for every penalty: do not use this network.")
        if not path.edges[path.place]:
            messages.append("No edge was chosen: these rows do not show that anything is linked.")
        elif path.place == 0:
            messages.append(
                "The smallest penalty was chosen: the network may not be sparse at all, and a "
                "partial correlation matrix without penalty may serve better."
            )
        elif path.penalty < DENSE * path.penalties[-1]:
            messages.append(
                "A small penalty was chosen. In dense networks the weakest edges are often none: "
                "look at `stability` before naming them."
            )
        return tuple(messages)


def refuse_few(n: int, k: int, where: str) -> None:
    """Refuse to make a network of k variables of no more persons."""
    if n <= k:
        raise ModelError(
            f"{n} complete rows{where} cannot carry a network of {k} variables: more rows than "
            "variables are needed, and many more to tell edges apart. Use fewer variables."
        )
