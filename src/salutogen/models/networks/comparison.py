"""Whether two groups have the same network, by permutation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import refuse_not_whole
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.networks.correlations import correlations_of
from salutogen.models.networks.edges import edge_names
from salutogen.models.networks.graphical_lasso import GraphicalLasso, refuse_few
from salutogen.models.networks.rows import read_network_rows
from salutogen.models.networks.stability import LOST, networks_of
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]

UNLIKE = 0.05  # chance, over all variables, that groups with the same answers are named


@short_repr("groups", "structure_p", "strength_p", "draws")
@dataclass(frozen=True, kw_only=True, repr=False)
class NetworkComparison:
    """Two networks, and how often chance makes them differ as much.

    Attributes
    ----------
    variables : tuple of str
    groups : tuple of str
        Labels, in sorted order.
    n_persons : tuple of int
        Of each group.
    edges : array (2, k (k − 1)/2)
        Of each group's network.
    structure, structure_p : float
        Largest difference of an edge, and the share of permutations with one as large.
    strength, strength_p : float
        Difference (second less first) of the sums of edges' sizes, and the share of permutations
        with one as large in either direction.
    edge_p : array (k (k − 1)/2,)
        The same of each edge.
    draws : int
    messages : tuple of str
    """

    variables: tuple[str, ...]
    groups: tuple[str, ...]
    n_persons: tuple[int, ...]
    edges: Float
    structure: float
    structure_p: float
    strength: float
    strength_p: float
    edge_p: Float
    draws: int
    messages: tuple[str, ...]

    def table(self) -> pl.DataFrame:
        """Return one row per edge: `edge, first, second, difference, p_value, p_adjusted`.

        The difference is the second group less the first; p is adjusted over the edges
        (Benjamini & Hochberg 1995).
        """
        return pl.DataFrame(
            {
                "edge": edge_names(self.variables),
                "first": self.edges[0],
                "second": self.edges[1],
                "difference": self.edges[1] - self.edges[0],
                "p_value": self.edge_p,
                "p_adjusted": adjusted_p(self.edge_p),
            }
        )


def compare_networks(
    model: GraphicalLasso, data: Any, *, group: str, draws: int = 1000, seed: int = 1
) -> NetworkComparison:
    """Test whether two groups have the same network.

    Persons are given to the groups anew, at random, and networks are chosen and fitted as those of
    the groups were (van Borkulo et al. 2022). Variables are first brought to mean 0 and variance
    1 within each group (but for polychoric correlations): networks are compared, and groups that
    differ in their means would otherwise be linked by these in every permutation.

    Parameters
    ----------
    model : GraphicalLasso
    data : data frame or mapping of arrays
        A row per person.
    group : str
        Column with two labels.
    draws, seed : int
        Permutations.

    Returns
    -------
    NetworkComparison

    Raises
    ------
    ModelError
        As `GraphicalLasso.fit`, for each group; not two groups.

    Notes
    -----
    The larger of two groups can have the denser network only because it is larger: the test
    allows for that, the eye does not. That no difference is found says little with few persons.

    Polychoric correlations are of answers, which cannot be brought to the same mean. Where the
    groups answer differently, persons dealt anew are mixtures of both, whose correlations hold
    that difference: p is not exact then, and `messages` names the variables.
    """
    refuse_not_whole(20, draws=draws)
    refuse_not_whole(0, seed=seed)
    rows = read_network_rows(data, model.variables, group)
    assert rows.group is not None
    labels = rows.group.unique().sort().to_list()
    if len(labels) != 2:
        raise ModelError(f"{group}: expected two groups, got {len(labels)} ({labels[:5]}).")
    second = (rows.group == labels[1]).to_numpy()
    members = [np.flatnonzero(~second), np.flatnonzero(second)]
    values = rows.values.copy()
    for label, own in zip(labels, members, strict=True):
        refuse_few(len(own), values.shape[1], f" of {label}")
        correlations_of(values, own, model.method, rows.names)  # refuses what has no network
        if model.method != "polychoric":
            values[own] = _standardised(values[own])
    edges = networks_of(model, rows.names, values, members)
    permuted = _permuted(model, rows.names, values, len(members[0]), draws, seed)
    differences, observed = permuted[:, 1] - permuted[:, 0], edges[1] - edges[0]
    sums, sum_observed = _strengths(permuted), float(_strengths(edges[None])[0])
    largest = float(np.max(np.abs(observed)))
    return NetworkComparison(
        variables=rows.names,
        groups=tuple(str(label) for label in labels),
        n_persons=tuple(len(own) for own in members),
        edges=edges,
        structure=largest,
        structure_p=float(_share(np.max(np.abs(differences), axis=1), largest)),
        strength=sum_observed,
        strength_p=float(_share(np.abs(sums), abs(sum_observed))),
        edge_p=np.asarray(_share(np.abs(differences), np.abs(observed))),
        draws=len(permuted),
        messages=(*rows.messages, *_answered_differently(model, rows.names, values, members)),
    )


def _answered_differently(
    model: GraphicalLasso, names: tuple[str, ...], values: Float, members: list[NDArray[np.int64]]
) -> list[str]:
    """Name variables whose answers differ between the groups, where that makes p inexact."""
    from scipy.stats import chi2_contingency

    if model.method != "polychoric":
        return []
    differ = []
    for name, column in zip(names, values.T, strict=True):
        answers = np.unique(column)
        counts = [np.sum(column[own][:, None] == answers, axis=0) for own in members]
        if chi2_contingency(counts).pvalue < UNLIKE / len(names):
            differ.append(name)
    if not differ:
        return []
    return [
        f"{', '.join(differ)}: answered differently in the groups. Polychoric correlations of "
        "persons dealt anew hold that difference, so that p values are not exact; "
        "method='spearman' brings the groups to the same mean first."
    ]


def _permuted(
    model: GraphicalLasso,
    names: tuple[str, ...],
    values: Float,
    n_first: int,
    draws: int,
    seed: int,
) -> Float:
    """Edges (draws, 2, k (k − 1)/2) of random groups of the same sizes."""
    samples = []
    for own in np.random.SeedSequence(seed).spawn(draws):
        order = np.random.default_rng(own).permutation(len(values))
        samples += [np.sort(order[:n_first]), np.sort(order[n_first:])]
    found = networks_of(model, names, values, samples)
    both = found.reshape(draws, 2, -1)
    known = both[np.isfinite(both).all(axis=(1, 2))]
    if len(known) < (1 - LOST) * draws:
        raise ModelError(
            f"{draws - len(known)} of {draws} permutations have no network: a variable does not "
            "vary in them, or follows from others. Leave out variables that hardly vary."
        )
    return known


def _standardised(values: Float) -> Float:
    away = values - values.mean(axis=0)
    scaled: Float = away / np.sqrt(np.mean(away**2, axis=0))
    return scaled


def _strengths(edges: Float) -> Float:
    """Sum of the sizes of edges (…, 2, m) in the second group, less that in the first."""
    sums = np.sum(np.abs(edges), axis=-1)
    found: Float = sums[..., 1] - sums[..., 0]
    return found


def _share(drawn: Float, observed: float | Float) -> Any:
    """Share of permutations at least as large, the groups themselves among them."""
    reached = np.sum(drawn >= np.asarray(observed) - 1e-9, axis=0)
    return (1 + reached) / (1 + len(drawn))
