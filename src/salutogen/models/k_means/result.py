"""What longitudinal k-means found: a partition for each number of classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.k_means.criteria import CRITERIA, Criteria
from salutogen.models.short_repr import short_repr

if TYPE_CHECKING:
    import polars as pl

    from salutogen.models.k_means.model import LongitudinalKMeans

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@short_repr("n_classes", "within", "n_best", "converged")
@dataclass(frozen=True, kw_only=True)
class KMeansPartition:
    """The best partition found into a given number of classes.

    Attributes
    ----------
    n_classes : int
        Number k of classes.
    labels : array (n_persons,)
        Class of each person, 0 … k − 1, the largest class first.
    sizes : array (k,)
        Persons by class.
    centres : array (k, n_occasions)
        Mean of the values that were compared (after the person's mean was taken off, for
        distance "shape"); NaN where nobody of the class was seen. With Fréchet distances the
        values of the person in the middle of the class.
    criteria : Criteria
        By name; larger is better.
    posterior : array (n_persons, k)
        Probability of each class if trajectories were normal about the class means.
    log_likelihood : float
        Of that normal mixture.
    within : float
        Sum of squared distances from the class means over the values seen, or of squared Fréchet
        distances.
    starts : array (n_starts,)
        Each start's final sum of squares between classes of completed trajectories; with Fréchet
        distances minus its sum of squares within.
    n_best : int
        Starts that reached the partition kept; 0 where only exchanges of centres found it.
    iterations : int
        Iterations of the run that is kept.
    converged : bool
        Whether nobody moved any more.
    """

    n_classes: int
    labels: Int
    sizes: Int
    centres: Float
    criteria: Criteria
    posterior: Float
    log_likelihood: float
    within: float
    starts: Float
    n_best: int
    iterations: int
    converged: bool

    @property
    def shares(self) -> Float:
        """Share of persons by class (k,)."""
        shares: Float = self.sizes / self.sizes.sum()
        return shares


@short_repr("numbers", "n_persons", "n_obs", "converged")
@dataclass(frozen=True, kw_only=True)
class LongitudinalKMeansResult:
    """Partitions for each number of classes.

    Attributes
    ----------
    spec : LongitudinalKMeans
        What was asked, with the seed.
    partitions : mapping of int to KMeansPartition
        By number of classes.
    occasions : tuple of str
        Names of the occasions.
    n_persons, n_obs : int
        Persons, and values seen.
    messages : tuple of str
        What is doubtful.
    version : str
        Version of the program.
    """

    spec: LongitudinalKMeans
    partitions: Mapping[int, KMeansPartition]
    occasions: tuple[str, ...]
    n_persons: int
    n_obs: int
    messages: tuple[str, ...]
    version: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """Numbers of classes that were tried."""
        return tuple(self.partitions)

    def best_by(self, criterion: str = "calinski_harabasz") -> int:
        """Return the number of classes with the largest criterion, the smaller of equal ones.

        Raises
        ------
        ModelError
            Unknown criterion, or one that has no value for any number of classes.
        """
        try:
            values = {k: found.criteria[criterion] for k, found in self.partitions.items()}
        except KeyError as error:
            raise ModelError(
                f"criterion: expected one of {', '.join(CRITERIA)}, got {criterion!r}."
            ) from error
        known = {k: value for k, value in values.items() if not np.isnan(value)}
        if not known:
            raise ModelError(f"criterion: {criterion} has no value for any number of classes.")
        return min(known, key=lambda k: (-known[k], k))

    @property
    def best(self) -> int:
        """Number of classes with the largest Caliński–Harabasz criterion."""
        return self.best_by()

    @property
    def labels(self) -> Int:
        """Class of each person in the best partition (n_persons,), from 0."""
        return self.partitions[self.best].labels

    @property
    def centres(self) -> Float:
        """Class means of the best partition (k, n_occasions)."""
        return self.partitions[self.best].centres

    @property
    def criteria(self) -> dict[int, Criteria]:
        """Criteria by number of classes and name, all of them larger where better."""
        return {k: found.criteria for k, found in self.partitions.items()}

    @property
    def converged(self) -> bool:
        """Whether every partition had settled."""
        return all(found.converged for found in self.partitions.values())

    def to_frame(self) -> pl.DataFrame:
        """Return a row per number of classes: criteria, smallest share, starts at the best."""
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "classes": k,
                    **found.criteria,
                    "smallest_share": float(found.shares.min()),
                    "starts_at_best": found.n_best,
                    "converged": found.converged,
                }
                for k, found in self.partitions.items()
            ]
        )
