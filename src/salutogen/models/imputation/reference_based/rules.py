"""What is expected of persons who left, by arm and rule (Carpenter, Roger & Kenward 2013)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.intp]
Rule = Literal[
    "missing at random", "jump to reference", "copy increments in reference", "copy reference"
]


@dataclass(frozen=True)
class Arms:
    """Moments of the variables in each arm; the first one is the reference.

    Attributes
    ----------
    means : array (n_arms, p)
        Covariates first, then the outcome occasion by occasion.
    covariances : array (n_arms, p, p)
    """

    means: Float
    covariances: Float

    def expected(self, rule: Rule, arm: int, seen: int) -> tuple[Float, Float]:
        """Return means (p,) and covariances (p, p) of persons of an arm who leave.

        Parameters
        ----------
        rule : Rule
        arm : int
            Rules change nothing in the reference arm, 0.
        seen : int
            Number of variables up to and including the last value.
        """
        mean, covariance = self.means[arm], self.covariances[arm]
        own, other = self.means[0], self.covariances[0]
        if arm == 0 or rule == "missing at random":
            return mean, covariance
        if rule == "copy reference":
            return own, other
        after = own[seen:]
        if rule == "copy increments in reference":
            after = mean[seen - 1] + own[seen:] - own[seen - 1]
        # After leaving, values follow from those before as they do in the reference arm.
        first, rest = slice(None, seen), slice(seen, None)
        slopes = np.linalg.solve(other[first, first], other[first, rest]).T
        joint = np.empty_like(covariance)
        joint[first, first] = covariance[first, first]
        joint[rest, first] = slopes @ covariance[first, first]
        joint[first, rest] = joint[rest, first].T
        joint[rest, rest] = (
            other[rest, rest] - slopes @ (other[first, first] - covariance[first, first]) @ slopes.T
        )
        return np.concatenate([mean[first], after]), joint


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Persons of one arm who lack the same.

    Attributes
    ----------
    arm : int
    rows : array
    observed : array (p,)
    seen : int
        Variables up to and including the last value.
    """

    arm: int
    rows: Int
    observed: Bool
    seen: int


def alike(values: Float, arm: Int) -> list[Alike]:
    """Sort persons who lack something by arm and by what they lack."""
    observed = np.isfinite(values)
    keys = np.column_stack([arm, observed])
    kinds, of_person = np.unique(keys, axis=0, return_inverse=True)
    found = []
    for place, kind in enumerate(kinds):
        present = kind[1:].astype(bool)
        if present.all():
            continue
        found.append(
            Alike(
                arm=int(kind[0]),
                rows=np.flatnonzero(of_person.ravel() == place),
                observed=present,
                seen=int(np.flatnonzero(present)[-1]) + 1,
            )
        )
    return found


def complete(
    values: Float,
    groups: list[Alike],
    arms: Arms,
    rule: Rule,
    rng: np.random.Generator | None = None,
) -> Float:
    """Fill gaps with what is expected given a person's own values, or with a draw around it.

    Gaps before the last value are filled at random within the arm (or, where the reference is
    copied, within the reference).
    """
    filled = values.copy()
    for group in groups:
        mean, covariance = arms.expected(rule, group.arm, group.seen)
        there, lacking = group.observed, ~group.observed
        slopes = np.linalg.solve(
            covariance[np.ix_(there, there)], covariance[np.ix_(there, lacking)]
        )
        deviation = values[np.ix_(group.rows, np.flatnonzero(there))] - mean[there]
        new = mean[lacking] + np.einsum("ni,ij->nj", deviation, slopes)
        if rng is not None:
            left = covariance[np.ix_(lacking, lacking)]
            left = left - covariance[np.ix_(lacking, there)] @ slopes
            factor = np.linalg.cholesky((left + left.T) / 2)
            new = new + np.einsum("nj,ij->ni", rng.normal(size=new.shape), factor)
        filled[np.ix_(group.rows, np.flatnonzero(lacking))] = new
    return filled
