"""What the same analysis of several completed data sets says together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import as_numbers
from salutogen.models.pooling.estimates import PooledEstimates, pool_estimates
from salutogen.models.regression.least_squares import Line, LinearFit
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]

# What fits call their estimates and errors: those of this package, mixed models, statsmodels.
CALLED = (("estimates", "standard_errors"), ("fixed_effects", "standard_errors"), ("params", "bse"))
# Rooms of models whose classes are others in each set.
CLASSES = ("salutogen.models.mixture", "salutogen.models.k_means")


@short_repr("names", "n_sets")
@dataclass(frozen=True, kw_only=True)
class PooledAnalysis:
    """Pooled estimates by name.

    Attributes
    ----------
    names : tuple of str
    pooled : PooledEstimates
        All figures, arrays in the order of the names.
    messages : tuple of str
        What is doubtful or assumed.
    """

    names: tuple[str, ...]
    pooled: PooledEstimates
    messages: tuple[str, ...]

    @property
    def n_sets(self) -> int:
        """Number of completed sets."""
        return self.pooled.n_sets

    @property
    def estimates(self) -> dict[str, float]:
        """Pooled estimates."""
        return self._by_name(self.pooled.estimate)

    @property
    def standard_errors(self) -> dict[str, float]:
        """Their standard errors, with what is unknown of the missing values."""
        return self._by_name(self.pooled.standard_error)

    @property
    def df(self) -> dict[str, float]:
        """Degrees of freedom of t (Barnard & Rubin 1999)."""
        return self._by_name(self.pooled.df)

    @property
    def fraction_missing(self) -> dict[str, float]:
        """Share of the information on each estimate that is missing."""
        return self._by_name(self.pooled.fraction_missing)

    @property
    def intervals(self) -> dict[str, tuple[float, float]]:
        """95 % limits."""
        low, high = np.asarray(self.pooled.interval)
        return {n: (float(a), float(b)) for n, a, b in zip(self.names, low, high, strict=True)}

    @property
    def p(self) -> dict[str, float]:
        """Two-sided p of t."""
        return self._by_name(self.pooled.p)

    def _by_name(self, figures: Any) -> dict[str, float]:
        values = np.asarray(figures)
        return {name: float(value) for name, value in zip(self.names, values, strict=True)}


def pool_analyses(found: Sequence[Any], df_complete: float | None) -> PooledAnalysis:
    """Pool what an analysis gave for each of at least two completed sets.

    Raises
    ------
    ModelError
        It searched for classes, gave no errors, or not the same terms in each set.
    """
    read = [_estimates_of(one) for one in found]
    names = read[0][0]
    other = next((one[0] for one in read if one[0] != names), None)
    if other is not None:
        raise ModelError(
            f"The analysis gives {', '.join(names)} for one completed set and {', '.join(other)} "
            "for another: what is pooled has to be the same in each."
        )
    if df_complete is None and all(isinstance(one, LinearFit) for one in found):
        df_complete = float(min(one.df_inference for one in found))
    pooled = pool_estimates(
        np.array([one[1] for one in read]), np.array([one[2] for one in read]), df_complete
    )
    return PooledAnalysis(names=names, pooled=pooled, messages=tuple(_messages(names, pooled)))


def _messages(names: tuple[str, ...], pooled: PooledEstimates) -> list[str]:
    share = np.asarray(pooled.fraction_missing)
    worst = int(np.argmax(share))
    if pooled.n_sets >= 100 * share[worst]:
        return []
    return [
        f"{100 * share[worst]:.0f} % of the information on {names[worst]} is missing: with "
        f"{pooled.n_sets} completed sets its error depends on the seed; take "
        f"{int(np.ceil(100 * share[worst]))} (White, Royston & Wood 2011)."
    ]


def _estimates_of(found: Any) -> tuple[tuple[str, ...], Float, Float]:
    """Names, estimates and standard errors of what an analysis gave."""
    if type(found).__module__.startswith(CLASSES):
        raise ModelError(
            "Classes are not pooled over completed sets: those of one set are others in the next, "
            "and drawn values make classes of their own. Growth mixtures take gaps as they are; "
            "k-means fills them by `copy_mean`."
        )
    if isinstance(found, Line):
        return found.names, found.coefficients, found.standard_errors
    given, errors = _pair(found)
    if isinstance(given, Mapping):
        if not isinstance(errors, Mapping) or not set(given) <= set(errors):
            raise ModelError("analysis: expected a standard error for each estimate, by name.")
        names = tuple(str(name) for name in given)
        errors = [errors[name] for name in given]
        return names, as_numbers(list(given.values()), "estimates"), as_numbers(errors, "errors")
    values = np.atleast_1d(as_numbers(given, "estimates"))
    sizes = np.atleast_1d(as_numbers(errors, "standard errors"))
    if values.ndim != 1 or values.shape != sizes.shape:
        raise ModelError(f"analysis: {values.shape} estimates, {sizes.shape} standard errors.")
    names = (
        ("estimate",)
        if len(values) == 1
        else tuple(f"estimate {i + 1}" for i in range(len(values)))
    )
    return names, values, sizes


def _pair(found: Any) -> tuple[Any, Any]:
    """Estimates and standard errors; a labelled series as a mapping."""
    pair = found if isinstance(found, tuple) and len(found) == 2 else None
    for names in CALLED:
        if pair is None and all(hasattr(found, name) for name in names):
            pair = (getattr(found, names[0]), getattr(found, names[1]))
    if pair is None:
        raise ModelError(
            "analysis: expected a fit with `estimates` and `standard_errors`, or a pair of both, "
            f"got {type(found).__name__}."
        )
    given, errors = (one.to_dict() if hasattr(one, "to_dict") else one for one in pair)
    return given, errors
