"""Every effect of a mediation model in samples of persons, and without each person in turn."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import Factored
from salutogen.models.mediation.one_level import OneLevel
from salutogen.models.mediation.two_levels import TwoLevels
from salutogen.models.resampling.bootstrap import bootstrap_sums

Float = NDArray[np.float64]
Model = OneLevel | TwoLevels
MOST_FAILED = 0.05  # share of samples without a fit above which intervals are refused


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Effects of all persons, of samples of them, and without each.

    Attributes
    ----------
    names : tuple of str
    estimates, errors : array (q,)
        Errors by leaving out one person after the other.
    drawn : array (draws, q)
        Of the samples in which all paths could be fitted.
    without : array (persons, q)
    sums : array (draws, m)
        Cross-products of these samples.
    whole : array (1, m)
        Cross-products of all persons.
    """

    names: tuple[str, ...]
    estimates: Float
    errors: Float
    drawn: Float
    without: Float
    sums: Float
    whole: Float

    @property
    def n_persons(self) -> int:
        """Persons."""
        return len(self.without)

    @classmethod
    def of(cls, model: Model, bootstrap: int, seed: int, executor: Executor | None) -> Samples:
        """Draw samples of persons and fit all paths to each.

        Raises
        ------
        ModelError
            Collinear columns, in all persons or in too many samples.
        """
        sums = model.sums()
        whole = np.sum(sums, axis=0)
        found = model.figures(whole[None])
        estimates = np.array([figure[0] for figure in found.values()])
        if not np.isfinite(estimates).all():
            _refuse_collinear(model)
        without = _stacked(model.figures(whole - sums))
        samples = bootstrap_sums(sums, draws=bootstrap, seed=seed, executor=executor)
        drawn = _stacked(model.figures(samples))
        usable = np.isfinite(drawn).all(axis=1)
        draws = int(usable.sum())
        if draws < (1 - MOST_FAILED) * bootstrap:
            raise ModelError(
                f"In {bootstrap - draws} of {bootstrap} samples of persons columns are collinear: "
                "too few persons vary in one of them."
            )
        n = len(sums)
        return cls(
            names=tuple(found),
            estimates=estimates,
            errors=np.sqrt(np.sum((without - estimates) ** 2, axis=0) * (n - 1) / n),
            drawn=drawn[usable],
            without=without,
            sums=samples[usable],
            whole=whole[None],
        )


def is_path(name: str) -> bool:
    """Whether an effect is a coefficient, not a product of some."""
    for begin in ("within:", "between:", "reversed:"):
        name = name.removeprefix(begin)
    return not name.startswith("indirect")


def _stacked(figures: dict[str, Float]) -> Float:
    return np.column_stack(list(figures.values()))


def _refuse_collinear(model: Model) -> None:
    """Name the columns that others give exactly."""
    names = model.columns.numbers
    columns = [model.rows.values[name] for name in names]
    Factored.of(np.column_stack([np.ones(len(columns[0])), *columns]), ("constant", *names))
    raise ModelError(
        f"One of {', '.join(names)} can be computed exactly from the others within or between "
        "persons, or from their products with the moderator. Leave it out."
    )
