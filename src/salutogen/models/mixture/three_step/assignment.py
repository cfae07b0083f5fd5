"""How a mixture's classes are assigned to persons, and how often that errs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import complete_rows, read_columns

if TYPE_CHECKING:
    from salutogen.models.mixture.result import GrowthMixtureResult

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Correction = Literal["ml", "bch", "none"]
Assignment = Literal["modal", "proportional"]

NEARLY_SINGULAR = 1e8  # condition of the error matrix beyond which it cannot be inverted


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """Classes given to some persons, and what is known of the errors in them.

    Attributes
    ----------
    weight : array (n, K)
        Share of each person in each assigned class: one class (modal) or the posterior
        (proportional).
    error : array (K, K)
        Probability of being assigned to the class of the column for members of the row's class;
        the identity where no correction is wanted.
    correction : str
        `ml`, `bch` or `none`.
    """

    weight: Float
    error: Float
    correction: Correction

    @property
    def is_certain(self) -> bool:
        """Whether weights of the classes are known, and need no estimation (all but ML)."""
        return self.correction != "ml"

    @property
    def membership(self) -> Float:
        """Weights (n, K) of the true classes that have the right expectation, some negative.

        The inverse of the errors applied to the assignments (Bolck, Croon & Hagenaars 2004).
        """
        return np.linalg.solve(self.error.T, self.weight.T).T

    def expected(self, log_density: Float) -> tuple[Float, Float, Float]:
        """Return log-likelihoods (n,), memberships (n, K) and their scatter (n, K, K).

        Parameters
        ----------
        log_density : array (n, K)
            Logarithm of P(class) × density of what was observed beside the assignment.

        Returns
        -------
        tuple
            Under ML: log Σ_t exp(log_density_t) P(assigned | t), averaged over the assigned
            classes; the probabilities of the true classes given assignment and observation; and
            the mean over the assigned classes of their covariance.
        """
        K = self.weight.shape[1]
        with np.errstate(divide="ignore"):
            joint = log_density[:, None, :] + np.log(self.error.T)  # (n, s, t)
        highest = joint.max(axis=2)
        highest = np.where(np.isfinite(highest), highest, 0.0)  # a class that nobody is put into
        joint = np.exp(joint - highest[:, :, None])
        total = np.maximum(joint.sum(axis=2), np.finfo(float).tiny)
        probability = joint / total[:, :, None]
        value = np.sum(self.weight * (np.log(total) + highest), axis=1)
        mean = np.sum(self.weight[:, :, None] * probability, axis=1)
        outer = np.einsum("ns,nst,nsu->ntu", self.weight, probability, probability)
        scatter = mean[:, :, None] * np.eye(K) - outer
        return value, mean, scatter


def classification_error(result: GrowthMixtureResult, *, assignment: Assignment = "modal") -> Float:
    """Return the probability of each assigned class (columns) given the true one (rows) (K, K).

    Estimated from the posterior: Σ_i p_it w_is / Σ_i p_it (Vermunt 2010).

    Parameters
    ----------
    result : GrowthMixtureResult
        With at least 2 classes.
    assignment : {"modal", "proportional"}
        To the most probable class, or to each class as far as it is probable.
    """
    if assignment not in get_args(Assignment):
        raise ModelError(
            f"assignment: expected one of {', '.join(get_args(Assignment))}, got {assignment!r}."
        )
    if result.n_classes < 2:
        raise ModelError("result: one class leaves nothing to assign; expected at least 2.")
    p = result.posterior
    error: Float = (p.T @ _weights(p, assignment)) / p.sum(axis=0)[:, None]
    return error


def assign(
    result: GrowthMixtureResult, persons: Int, correction: Correction, assignment: Assignment
) -> Assigned:
    """Assign classes to some persons (their places in the result)."""
    if correction not in get_args(Correction):
        raise ModelError(
            f"correction: expected one of {', '.join(get_args(Correction))}, got {correction!r}."
        )
    error = classification_error(result, assignment=assignment)
    if correction == "none":
        error = np.eye(result.n_classes)
    elif np.linalg.cond(error) > NEARLY_SINGULAR:
        raise ModelError(
            "correction: the classes overlap so much that assignments say nothing about them (the "
            "matrix of classification errors cannot be inverted). Use fewer classes."
        )
    weight = _weights(result.posterior[persons], assignment)
    return Assigned(weight=weight, error=error, correction=correction)


def person_rows(
    result: GrowthMixtureResult, data: Any, names: Iterable[str]
) -> tuple[pl.DataFrame, Int, int]:
    """Return complete rows of a frame, one per person of the result, and their places in it.

    Returns
    -------
    tuple
        The rows in the order of the result's persons; places (n,) in `result.persons`; how many
        of these persons are left out, because they are not in the frame or something is missing.

    Raises
    ------
    ModelError
        Unknown columns; persons of another type; a column that varies within a person.
    """
    key, wanted = result.persons.name, list(dict.fromkeys(names))
    rows = read_columns(data, [key, *wanted], labels=(key,)).unique(maintain_order=True)
    if rows.schema[key] != result.persons.dtype:
        given, wanted_type = rows[key], result.persons.dtype
        same = given.cast(wanted_type, strict=False)
        if not same.cast(given.dtype, strict=False).equals(given):  # 1.7 is not 1, nor is "01"
            raise ModelError(
                f"{key}: persons are {wanted_type} in the model and {given.dtype} in the frame."
            )
        rows = rows.with_columns(same)
    rows = rows.filter(pl.col(key).is_not_null())
    if rows[key].n_unique() < rows.height:
        varying = [
            name for name in wanted if rows.select(key, name).unique().height > rows[key].n_unique()
        ]
        raise ModelError(
            f"{', '.join(varying)}: expected one value for each person, got several for some. "
            "Take one (the first, a mean) before this step."
        )
    known = pl.DataFrame({key: result.persons, "place of the person": range(result.n_persons)})
    joined = known.join(rows, on=key, how="inner", maintain_order="left")
    found = joined.height
    joined = joined.filter(pl.Series(complete_rows(joined), dtype=pl.Boolean))
    if found and not joined.height:
        raise ModelError(f"{', '.join(wanted)}: missing for all {found} persons of the model.")
    if joined.height == 0:
        raise ModelError(
            f"None of the {result.n_persons} persons of the model has a complete row in the frame; "
            f"is {key!r} the same label in both?"
        )
    places = joined["place of the person"].to_numpy().astype(np.int64)
    return joined, places, result.n_persons - joined.height


def wald(estimates: Float, covariance: Float) -> tuple[float, int, float]:
    """Return the Wald statistic that all estimates are zero, degrees of freedom and p."""
    from scipy.special import chdtrc

    values, vectors = np.linalg.eigh(covariance)
    kept = values > 1e-10 * max(float(values[-1]), 0.0)
    along = vectors[:, kept].T @ estimates
    statistic, df = float(np.sum(along**2 / values[kept])), int(kept.sum())
    return statistic, df, float(chdtrc(df, statistic)) if df else 1.0


def _weights(posterior: Float, assignment: Assignment) -> Float:
    if assignment == "proportional":
        return posterior
    return np.eye(posterior.shape[1])[np.argmax(posterior, axis=1)]
