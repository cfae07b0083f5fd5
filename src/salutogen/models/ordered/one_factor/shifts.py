"""What ordered items that measure otherwise do to the mean of a sum of all items.

The mean of an item's answers follows from the shares of its categories: the first category's value,
and for each threshold the step to the next value times the share whose response lies above it. An
item with thresholds and loading of its own is answered higher at a place by its mean there, less
what its mean would be with the first place's thresholds and loading at the factor's mean and
variance there, and at the residual variance that it has there: how far responses spread is free in
all models, so that it is no bias. What is estimated of such an item is standardised at each place,
its residual's spread beside the first place's thus unknown until something is taken as equal: the
distance from the first to the last threshold (Wu & Estabrook 2016), or the loading of an item of
two categories, which has one threshold. Where an item measures alike its shift is zero, however
differently responses spread. All else is the factor's part: that of its mean, and of how far
responses spread. The two make the whole difference of the sum, as the model has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from salutogen.models.ordered.answers import Categories
from salutogen.models.ordered.one_factor.specification import OrderedPlan
from salutogen.models.sem.estimates import NamedEstimates
from salutogen.models.sem.one_factor.shifts import Amount, Place
from salutogen.models.sem.one_factor.specification import in_group

ONE = Amount(1.0)


@dataclass(frozen=True)
class OrderedShifts:
    """Parts of the difference of means between places, of one fit.

    Attributes
    ----------
    fit : NamedEstimates
        In which loadings, thresholds and intercepts of all items but `own` are equal.
    plan : OrderedPlan
    categories : dict of Categories
        Of each item.
    standard : Place
        The first place.
    """

    fit: NamedEstimates
    plan: OrderedPlan
    categories: Mapping[str, Categories]
    standard: Place

    def of_item(self, item: str, place: Place, first: Place) -> Amount:
        """How much higher an item is answered at a place than it would be at the first."""
        if item not in self.plan.own:
            return Amount(0.0)
        return self._mean(item, place) - self._as_at(item, place, first)

    def of_factor(self, place: Place, first: Place) -> Amount:
        """How much higher the sum is at a place because of the factor there."""
        total = Amount(0.0)
        for item in self.plan.items:
            own = item in self.plan.own
            here = self._as_at(item, place, first) if own else self._mean(item, place)
            total += here - self._mean(item, first)
        return total

    def of_items(self, place: Place, first: Place) -> Amount:
        """How much higher the sum is at a place because items are answered differently."""
        total = Amount(0.0)
        for item in self.plan.items:
            total += self.of_item(item, place, first)
        return total

    def _mean(self, item: str, place: Place) -> Amount:
        """Mean of an item's answers at a place, as the model has it."""
        middle = self._of("loading", item, place) * self._factor("mean", place)
        if self.plan.free("intercept", item, first=place == self.standard):
            middle += self._of("intercept", item, place)
        scale = Amount(1.0)
        if self.plan.free("scale", item, first=place == self.standard):
            scale = self._of("scale", item, place)
        return self._answers(item, place, middle, scale)

    def _as_at(self, item: str, place: Place, first: Place) -> Amount:
        """What the mean at a place would be if the item were answered as at the first.

        In units of its response there, which are `unit` of those at the first place.
        """
        unit = self._unit(item, place, first)
        loading, own = unit * self._of("loading", item, first), self._of("loading", item, place)
        more = (loading * loading - own * own) * self._factor("var", place)
        scale = (Amount(1.0) + more).power(-0.5)
        middle = loading * self._factor("mean", place)
        return self._answers(item, first, middle, scale, unit)

    def _unit(self, item: str, place: Place, first: Place) -> Amount:
        """Size of the first place's thresholds and loading in units of the response at a place."""
        last = len(self.categories[item].values) - 1
        if last == 1:
            here, there = (self._of("loading", item, at) for at in (place, first))
        else:
            here, there = (
                self._of("threshold", item, at, last) - self._of("threshold", item, at, 1)
                for at in (place, first)
            )
        return here.over(there)

    def _answers(
        self,
        item: str,
        thresholds: Place,
        middle: Amount,
        scale: Amount,
        unit: Amount = ONE,
    ) -> Amount:
        values = self.categories[item].values
        total = Amount(float(values[0]))
        for number in range(1, len(values)):
            threshold = unit * self._of("threshold", item, thresholds, number)
            above = (scale * (middle - threshold)).share_below()
            total += above * Amount(float(values[number] - values[number - 1]))
        return total

    def _of(self, kind: str, item: str, place: Place, number: int = 0) -> Amount:
        return self._estimate(self.plan.name(kind, item, place.t, place.group, number))

    def _factor(self, kind: str, place: Place) -> Amount:
        """The factor's `mean` or `var` at a place."""
        if place == self.standard:
            return Amount(0.0 if kind == "mean" else 1.0)
        factor = self.plan.seen("factor", place.t)
        return self._estimate(in_group(f"{kind}({factor})", place.group))

    def _estimate(self, name: str) -> Amount:
        return Amount(self.fit.estimates[name], {name: 1.0})
