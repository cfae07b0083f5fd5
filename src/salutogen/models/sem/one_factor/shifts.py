"""What items that measure otherwise do to the mean of a sum of all items.

The mean of a sum moves from one occasion or group to another because the factor moves, and because
items are answered differently at the same factor. Item j at place t is answered higher by
(ν_jt − ν_j1) + (λ_jt − λ_j1) α_t than its intercept and loading at the first place say, α_t being
the factor's mean at t; the factor's part of the sum is Σ λ_j1 (α_t − α_1). The two make the whole
change of the sum, as the model has it. Errors are those of the fit, by the delta method.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from salutogen.models.sem.estimates import NamedEstimates
from salutogen.models.sem.one_factor.specification import Plan, factor_mean, parameter
from salutogen.models.sem.result import StructuralFit

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where items are answered: an occasion by its number, and a group (empty where one)."""

    t: int
    group: str


@dataclass(frozen=True)
class Amount:
    """A number that follows from estimates, and its derivatives by them."""

    value: float
    slopes: dict[str, float] = field(default_factory=dict)

    def __add__(self, other: Amount) -> Amount:
        """Add two amounts."""
        names = {**self.slopes, **other.slopes}
        slopes = {name: self.slopes.get(name, 0) + other.slopes.get(name, 0) for name in names}
        return Amount(self.value + other.value, slopes)

    def __sub__(self, other: Amount) -> Amount:
        """Take one amount from another."""
        return self + other * Amount(-1.0)

    def __mul__(self, other: Amount) -> Amount:
        """Multiply two amounts."""
        slopes = {name: slope * other.value for name, slope in self.slopes.items()}
        more = {name: slope * self.value for name, slope in other.slopes.items()}
        joined = Amount(0.0, slopes) + Amount(0.0, more)
        return Amount(self.value * other.value, joined.slopes)

    def over(self, other: Amount) -> Amount:
        """Divide by an amount; NaN where that is zero."""
        if other.value == 0:
            return Amount(float("nan"))
        steep = -self.value / other.value**2
        slopes = {name: slope / other.value for name, slope in self.slopes.items()}
        more = {name: steep * slope for name, slope in other.slopes.items()}
        joined = Amount(0.0, slopes) + Amount(0.0, more)
        return Amount(self.value / other.value, joined.slopes)

    def power(self, exponent: float) -> Amount:
        """Raise a positive amount to a power; NaN where it is not positive."""
        if not self.value > 0:
            return Amount(float("nan"))
        steep = exponent * self.value ** (exponent - 1)
        slopes = {name: steep * slope for name, slope in self.slopes.items()}
        return Amount(self.value**exponent, slopes)

    def share_below(self) -> Amount:
        """Return the share of a standard normal variable that lies below an amount."""
        from scipy.special import ndtr

        density = float(np.exp(-(self.value**2) / 2) / np.sqrt(2 * np.pi))
        slopes = {name: density * slope for name, slope in self.slopes.items()}
        return Amount(float(ndtr(self.value)), slopes)

    def error(self, fit: NamedEstimates) -> float:
        """Return the standard error by a fit's covariance of estimates; NaN where there is none."""
        slopes = np.array([self.slopes.get(name, 0.0) for name in fit.parameters])
        variance = float(np.einsum("a,ab,b->", slopes, fit.covariance, slopes))
        return float(np.sqrt(variance)) if variance >= 0 else float("nan")


@dataclass(frozen=True)
class Shifts:
    """Parts of the difference of means between places, of one fit."""

    fit: StructuralFit
    plan: Plan

    def of_item(self, item: str, place: Place, first: Place) -> Amount:
        """How much higher an item is answered at a place than it would be at the first."""
        apart = self._of(item, "intercept", place) - self._of(item, "intercept", first)
        tilt = self._of(item, "loading", place) - self._of(item, "loading", first)
        return apart + tilt * self._mean(place)

    def of_factor(self, place: Place, first: Place) -> Amount:
        """How much higher the sum is at a place because the factor is."""
        total = Amount(0.0)
        for item in self.plan.items:
            total += self._of(item, "loading", first)
        return total * (self._mean(place) - self._mean(first))

    def of_items(self, place: Place, first: Place) -> Amount:
        """How much higher the sum is at a place because items are answered differently."""
        total = Amount(0.0)
        for item in self.plan.items:
            total += self.of_item(item, place, first)
        return total

    def _mean(self, place: Place) -> Amount:
        return self._estimate(factor_mean(self.plan, place.t, place.group))

    def _of(self, item: str, kind: str, place: Place) -> Amount:
        if item == self.plan.marker:  # it carries the factor's unit
            return Amount(1.0 if kind == "loading" else 0.0)
        return self._estimate(parameter(self.plan, kind, item, place.t, place.group))

    def _estimate(self, name: str) -> Amount:
        return Amount(self.fit.estimates[name], {name: 1.0})


def places_of(occasions: int, groups: tuple[str, ...]) -> list[Place]:
    """Return all places, occasions within groups; the others are compared with the first."""
    return [Place(t, group) for group in groups for t in range(occasions)]
