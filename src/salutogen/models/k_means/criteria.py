"""How well a partition of trajectories fits: criteria of which larger is always better."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.k_means.imputation import Variant, copy_mean, trajectories
from salutogen.models.parallel.threads import share_work
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Labels = NDArray[np.int8]

EVERY_PAIR = 10_000  # persons up to whom Davies–Bouldin takes the distances of all pairs
ROUNDING = 1e-28  # squares below this share of the values' own are rounding errors: zero
SLICES = 64  # parts of the pairs of persons; part of the sums' last digits, so it stays fixed
CRITERIA = (
    "calinski_harabasz",
    "calinski_harabasz_2",
    "calinski_harabasz_3",
    "ray_turi",
    "davies_bouldin",
    "bic",
    "bic2",
    "aic",
    "aicc",
    "aicc2",
    "posterior_probability",
)
_SHORT = {
    "ch": "calinski_harabasz",
    "ch2": "calinski_harabasz_2",
    "ch3": "calinski_harabasz_3",
    "postprobaglobal": "posterior_probability",
}


class Criteria(Mapping[str, float]):
    """Criteria by name, in a fixed order.

    Looking up also understands the names of R's longitudinalData (``Calinski.Harabatz2``) and
    the short ones of the literature (``CH2``).

    Parameters
    ----------
    values : mapping of str to float
        Every name of `CRITERIA` with its value.
    """

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = {name: float(values[name]) for name in CRITERIA}

    def __getitem__(self, name: str) -> float:
        found = _NAMES.get(_plain(str(name)))
        if found is None:
            raise KeyError(f"{name!r}; the criteria are {', '.join(CRITERIA)}")
        return self._values[found]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Criteria({self._values!r})"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower()).replace("harabatz", "harabasz")


_NAMES = {_plain(name): name for name in CRITERIA} | _SHORT


@short_repr("posterior", "log_likelihood")
@dataclass(frozen=True, kw_only=True)
class PartitionQuality:
    """Criteria of one partition, and what they were computed from.

    Attributes
    ----------
    criteria : Criteria
        By name, larger is better.
    posterior : array (n_persons, n_classes)
        Probability of each class if trajectories were normal about the class means.
    log_likelihood : float
        Of that normal mixture; infinite where every trajectory equals its class mean.
    messages : tuple of str
        What could not be computed, or only from a sample of the pairs.
    """

    criteria: Criteria
    posterior: Float
    log_likelihood: float
    messages: tuple[str, ...]


def partition_quality(
    values: ArrayLike, labels: ArrayLike, *, imputation: Variant = "locf"
) -> PartitionQuality:
    """Judge any partition of trajectories into two or more classes.

    Parameters
    ----------
    values : array (n_persons, n_occasions)
        Trajectories with NaN where missing.
    labels : array (n_persons,)
        Classes 0 … k − 1, each with at least one person.
    imputation : str
        Variant of `copy_mean` that fills gaps for the criteria built on distances.

    Raises
    ------
    ModelError
        As `copy_mean`; labels of another length, not whole, or with an empty class.

    Notes
    -----
    With N persons, T occasions, k classes, and sums of squares between (B) and within (W) the
    classes of completed trajectories: ``calinski_harabasz`` = B/W · (N − k)/(k − 1) (Caliński and
    Harabasz 1974), ``_2`` = B/W · (N − 1)/(N − k) (Kryszczuk and Hurley 2010), ``_3`` =
    B/W · (N − k)/√(k − 1) (Genolini et al. 2015). ``ray_turi`` = −W/(N T) over the smallest
    squared distance of two class means (Ray and Turi 1999). ``davies_bouldin`` = minus the mean
    over classes of the worst (d_a + d_b)/d_ab, d the mean distance of pairs of persons (Davies
    and Bouldin 1979). The others are of a normal mixture with the classes' shares, their means
    by occasion and one variance, over the values seen: ``bic``, ``aic``, ``aicc`` count persons,
    ``bic2``, ``aicc2`` persons × occasions, each with minus sign; ``posterior_probability`` is
    the mean posterior probability of the own class. Defined as in R's longitudinalData 2.4.

    Examples
    --------
    >>> quality = partition_quality([[0, 1], [1, 0], [9, 9], [8, 10]], [0, 0, 1, 1])
    >>> round(quality.criteria["calinski_harabasz"], 6)
    145.0
    """
    table = trajectories(values)
    given = np.asarray(labels)
    classes = given.astype(np.int8) if given.dtype.kind in "iu" else None
    if classes is None or given.shape != (len(table),) or (given != classes).any():
        raise ModelError(
            f"labels: expected {len(table)} whole numbers from 0, got {given.dtype} of shape "
            f"{given.shape}."
        )
    sizes = np.bincount(classes) if len(classes) and classes.min() >= 0 else np.zeros(1)
    if len(sizes) < 2 or not sizes.all():
        raise ModelError("labels: expected two or more classes 0 … k − 1, none of them empty.")
    return qualities_of(table, copy_mean(table, variant=imputation), [classes])[0]


def qualities_of(
    values: Float, complete: Float, partitions: Sequence[Labels]
) -> list[PartitionQuality]:
    """Criteria of several partitions of the same trajectories; see `partition_quality`."""
    distances, sampled = _mean_distances(complete, partitions)
    return [
        _quality_of(values, complete, labels, between, sampled)
        for labels, between in zip(partitions, distances, strict=True)
    ]


def class_means(values: Float, labels: Labels, n_classes: int) -> Float:
    """Mean of the values seen, by class and occasion; NaN where a class was not seen."""
    means = np.full((n_classes, values.shape[1]), np.nan)
    for c in range(n_classes):
        members = values[labels == c]
        seen = ~np.isnan(members)
        counts = seen.sum(axis=0)
        total = np.where(seen, members, 0.0).sum(axis=0)
        np.divide(total, counts, out=means[c], where=counts > 0)
    return means


def _quality_of(
    values: Float, complete: Float, labels: Labels, distances: Float, sampled: bool
) -> PartitionQuality:
    n, width = values.shape
    sizes = np.bincount(labels)
    k = len(sizes)
    messages: list[str] = []
    if sampled:
        messages.append(
            f"{k} classes: Davies–Bouldin rests on evenly spaced persons of each class, at most "
            f"{EVERY_PAIR // k} (with more than {EVERY_PAIR} persons not all pairs are taken)."
        )
    posterior, log_likelihood = _normal_mixture(values, labels, sizes)
    own = posterior[np.arange(n), labels]
    p = k * width + 1
    criteria = {
        **_from_squares(complete, labels, sizes),
        "davies_bouldin": -_davies_bouldin(distances),
        "bic": 2 * log_likelihood - p * np.log(n),
        "bic2": 2 * log_likelihood - p * np.log(n * width),
        "aic": 2 * log_likelihood - 2 * p,
        "posterior_probability": float(own.mean()),
    }
    for name, units in (("aicc", n), ("aicc2", n * width)):
        left = units - p - 1
        criteria[name] = criteria["aic"] - 2 * p * (p + 1) / left if left > 0 else np.nan
        if left <= 0:
            messages.append(
                f"{k} classes: {name} needs more than {p + 1} units, there are {units}."
            )
    return PartitionQuality(
        criteria=Criteria(criteria),
        posterior=posterior,
        log_likelihood=log_likelihood,
        messages=tuple(messages),
    )


def _from_squares(complete: Float, labels: Labels, sizes: NDArray[np.int64]) -> dict[str, float]:
    """Criteria of sums of squares, on complete trajectories."""
    n, width = complete.shape
    k = len(sizes)
    centred = complete - complete.mean(axis=0)
    means = class_means(centred, labels, k)
    within = float(np.sum((centred - means[labels]) ** 2))
    between = float(sizes @ np.sum(means**2, axis=1))
    nearest = min(
        float(np.sum((means[a] - means[b]) ** 2)) for a in range(k) for b in range(a + 1, k)
    )
    ratio = between / within if within > ROUNDING * between else np.inf
    return {
        "calinski_harabasz": ratio * (n - k) / (k - 1),
        "calinski_harabasz_2": ratio * (n - 1) / (n - k) if n > k else np.inf,
        "calinski_harabasz_3": ratio * (n - k) / np.sqrt(k - 1),
        "ray_turi": -within / (n * width) / nearest if nearest > 0 else -np.inf,
    }


def _davies_bouldin(distances: Float) -> float:
    """Mean over classes of the worst sum of mean distances within, over that between."""
    k = len(distances)
    inside = np.diag(distances)
    worst = []
    for a in range(k):
        others = [b for b in range(k) if b != a]
        apart = distances[a, others]
        together = inside[a] + inside[others]
        worst.append(max(np.where(apart > 0, together / np.where(apart > 0, apart, 1), np.inf)))
    return float(np.mean(worst))


def _normal_mixture(values: Float, labels: Labels, sizes: NDArray[np.int64]) -> tuple[Float, float]:
    """Posterior probabilities and log-likelihood of persons about their class means."""
    n = len(values)
    k = len(sizes)
    means = class_means(values, labels, k)
    residuals = values - means[labels]
    n_seen = int(np.count_nonzero(~np.isnan(residuals)))
    # Divided as there: by one less than the values seen, times (N T − 1)/(N T).
    variance = float(np.nansum(residuals**2)) / max(n_seen - 1, 1)
    variance *= (residuals.size - 1) / residuals.size
    if not variance > ROUNDING * float(np.nanmax(np.abs(means))) ** 2:
        return np.eye(k)[labels], np.inf
    log_density = np.empty((n, k))
    scale = np.log(2 * np.pi * variance)
    for c in range(k):
        gaps = values - means[c]
        seen = ~np.isnan(gaps)
        square = np.where(seen, gaps, 0.0)
        square *= square
        log_density[:, c] = (
            np.log(sizes[c] / n) - (square.sum(axis=1) / variance + seen.sum(axis=1) * scale) / 2
        )
    top = log_density.max(axis=1, keepdims=True)
    density = np.exp(log_density - top)
    total = density.sum(axis=1, keepdims=True)
    return density / total, float(np.sum(top + np.log(total)))


def _mean_distances(complete: Float, partitions: Sequence[Labels]) -> tuple[list[Float], bool]:
    """Mean Euclidean distance of pairs of persons within and between classes (k, k) each."""
    if len(complete) <= EVERY_PAIR:
        return _sum_pairs(complete, partitions), False
    means = []
    for labels in partitions:
        rows = _evenly_spaced(labels, EVERY_PAIR // (int(labels.max()) + 1))
        means += _sum_pairs(complete[rows], [labels[rows]])
    return means, True


def _evenly_spaced(labels: Labels, most: int) -> NDArray[np.int64]:
    """At most `most` persons of each class, evenly spaced in the order given."""
    chosen = []
    for c in range(int(labels.max()) + 1):
        members = np.flatnonzero(labels == c)
        step = np.arange(min(most, len(members))) * len(members) // min(most, len(members))
        chosen.append(members[step])
    return np.concatenate(chosen)


def _sum_pairs(complete: Float, partitions: Sequence[Labels]) -> list[Float]:
    from salutogen.models.k_means._kernels_pairs import pair_distances

    n, width = complete.shape
    together = np.stack(partitions).astype(np.int64)
    order = np.lexsort(together[::-1])
    crossed = together[:, order]
    new_run = np.ones(n, dtype=bool)
    new_run[1:] = (crossed[:, 1:] != crossed[:, :-1]).any(axis=0)
    runs = np.append(np.flatnonzero(new_run), n)
    by_run = np.ascontiguousarray(crossed[:, runs[:-1]])
    most = int(together.max()) + 1
    values = np.ascontiguousarray(complete[order].T)
    sums = np.zeros((SLICES, len(partitions), most, most))
    share_work(
        lambda first, last: pair_distances(first, last, SLICES, values, runs, by_run, sums),
        SLICES,
        cost=n * n * width / SLICES,
    )
    means = []
    for total, labels in zip(sums.sum(axis=0), partitions, strict=True):
        sizes = np.bincount(labels).astype(float)
        k = len(sizes)
        both = (total + total.T)[:k, :k] / np.outer(sizes, sizes)
        pairs = sizes * (sizes - 1) / 2
        inside = np.zeros(k)
        np.divide(np.diag(total)[:k], pairs, out=inside, where=pairs > 0)
        np.fill_diagonal(both, inside)
        means.append(both)
    return means
