"""How far ordered items measure alike, step by step and item by item."""

from __future__ import annotations

from dataclasses import dataclass

from salutogen.models.ordered.answers import Categories
from salutogen.models.ordered.one_factor.comparison import compare_ordered_fits
from salutogen.models.ordered.one_factor.fit import OrderedFit
from salutogen.models.sem.one_factor.result import Difference, SteppedResult
from salutogen.models.short_repr import short_repr


@short_repr("established", "biased")
@dataclass(frozen=True, kw_only=True)
class OrderedInvarianceResult(SteppedResult[OrderedFit]):
    """Models of ordered items in which more and more is equal, and tests of items.

    Attributes
    ----------
    fits, items, shifts, sums, partial
        As in `SteppedResult`; steps are `configural`, `thresholds` (where an item has four
        categories), `metric` (where one has three) and `scalar`. A biased item has thresholds and
        loadings of its own.
    categories : dict of Categories
        Of each item; those of few are joined.
    corrected : tuple of str
        Pairs of items with two categories each and an empty cell, to which half a person was given.
    """

    categories: dict[str, Categories]
    corrected: tuple[str, ...]

    @property
    def scaled(self) -> bool:
        """Whether indices of fit are the adjusted ones: always."""
        return True

    def _difference(self, smaller: OrderedFit, larger: OrderedFit) -> Difference:
        return compare_ordered_fits(smaller, larger)
