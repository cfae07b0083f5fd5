"""Estimates by name that are tested, and given intervals, by the likelihood itself."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import is_between
from salutogen.models.sem.estimates import NamedEstimates
from salutogen.names import did_you_mean

Float = NDArray[np.float64]


class Profiled(Protocol):
    """The greatest likelihood as a function of one parameter, in the units it was searched in."""

    def root(self, value: float) -> float:
        """Return the signed root of the likelihood ratio of a value; NaN where it is not found."""
        ...

    def limit(self, sign: int, z: float) -> float:
        """Return the value below (−1) or above (1) the estimate whose root is ±z; NaN if none."""
        ...


@dataclass(frozen=True)
class LikelihoodRatio:
    """A test of one parameter by the likelihood.

    Attributes
    ----------
    root : float
        Signed root of the likelihood ratio, about standard normal under the hypothesis: above 0
        where the value is above the estimate. NaN where it cannot be found.
    p_value : float
        Two-sided.
    """

    root: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class ProfiledEstimates(NamedEstimates):
    """Estimates of a model whose parameters can be held one by one, and the others fitted anew."""

    @abstractmethod
    def _profile(self, j: int) -> Profiled | None:
        """The likelihood as a function of one parameter; None without standard errors."""

    @property
    @abstractmethod
    def _factor_and_shift(self) -> tuple[Float, Float]:
        """What the units of the search are multiplied by, and what is added, for those of data."""

    def likelihood_ratio(self, name: str, value: float = 0.0) -> LikelihoodRatio:
        """Test one parameter against a value by the likelihood, all others fitted anew.

        With robust errors the ratio is multiplied by the quotient of the variances by observed
        information and by robust errors (Rotnitzky & Jewell 1990).

        Parameters
        ----------
        name : str
            A parameter.
        value : float
            What it is under the hypothesis, in units of the data.
        """
        from scipy.special import chdtrc

        j, (factor, shift) = self._index(name), self._factor_and_shift
        profile = self._profile(j)
        root = float("nan")
        if profile is not None:
            root = profile.root((value - float(shift[j])) / float(factor[j]))
        return LikelihoodRatio(root, float(chdtrc(1, root**2)))

    def profile_intervals(self, *names: str, level: float = 0.95) -> pl.DataFrame:
        """Return intervals from the likelihood: `term, estimate, conf_low, conf_high`.

        The values that `likelihood_ratio` does not reject; missing where there is no such limit.

        Parameters
        ----------
        *names : str
            Parameters.
        level : float
            Of the intervals.
        """
        from scipy.special import ndtri

        if not is_between(level, 0, 1):
            raise ModelError(f"level: expected a number between 0 and 1, got {level!r}.")
        z, rows = float(ndtri((1 + level) / 2)), []
        factor, shift = self._factor_and_shift
        for name in names:
            j = self._index(name)
            profile = self._profile(j)
            limits = [float("nan")] * 2
            if profile is not None:
                limits = [float(factor[j]) * profile.limit(sign, z) + float(shift[j])
                          for sign in (-1, 1)]  # fmt: skip
            rows.append((name, float(self.coefficients[j]), *limits))
        columns = ("term", "estimate", "conf_low", "conf_high")
        schema = dict.fromkeys(columns, pl.Float64) | {"term": pl.String}
        table = pl.DataFrame(rows, schema=schema, orient="row")
        return table.with_columns(pl.col(pl.Float64).fill_nan(None))

    def _index(self, name: str) -> int:
        """Place of a parameter; refuse what is none."""
        if name not in self.parameters:
            raise ModelError(
                f"There is no parameter {name!r}.{did_you_mean(name, self.parameters)}"
            )
        return self.parameters.index(name)
