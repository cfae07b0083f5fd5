"""Which items do not measure alike: each with parameters of its own, in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import polars as pl

from salutogen.errors import ModelError
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.sem.estimates import NamedEstimates
from salutogen.models.sem.one_factor.result import (
    ITEM_COLUMNS,
    SHIFT_COLUMNS,
    SUM_COLUMNS,
    Difference,
)
from salutogen.models.sem.one_factor.shifts import Amount, Place, places_of

LEVEL = 0.05  # false-discovery rate at which an item is called
FEWEST_EQUAL = 2


class ItemPlan(Protocol):
    """What a model of items holds equal."""

    @property
    def items(self) -> tuple[str, ...]:
        """All items."""

    @property
    def own(self) -> tuple[str, ...]:
        """Items that have parameters of their own."""

    @property
    def occasions(self) -> tuple[str, ...]:
        """Labels of occasions."""


class Parts(Protocol):
    """Parts of the difference of means between places, of one fit."""

    def of_item(self, item: str, place: Place, first: Place) -> Amount:
        """How much higher an item is answered at a place than it would be at the first."""

    def of_factor(self, place: Place, first: Place) -> Amount:
        """How much higher the sum is at a place because the factor is."""

    def of_items(self, place: Place, first: Place) -> Amount:
        """How much higher the sum is at a place because items are answered differently."""


@dataclass(frozen=True)
class Fitting[Plan: ItemPlan, Fit: NamedEstimates]:
    """How one kind of items is fitted, compared and told.

    Attributes
    ----------
    fit : callable
        Fits a plan.
    free : callable
        A plan in which an item, too, has parameters of its own.
    compare : callable
        Tests a fit against one in which less is equal.
    parts : callable
        What a fit of a plan says of differences of means.
    groups : tuple of str
        Labels; one empty label without a grouping.
    fewest_equal : int
        Items that must be equal, for the others to be compared with. Default 2.
    """

    fit: Callable[[Plan], Fit]
    free: Callable[[Plan, str], Plan]
    compare: Callable[[Fit, Fit], Difference]
    parts: Callable[[Fit, Plan], Parts]
    groups: tuple[str, ...]
    fewest_equal: int = FEWEST_EQUAL


@dataclass(frozen=True)
class Freed:
    """What is known of one item from the model in which it is free."""

    test: dict[str, Any]
    shifts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class ItemTests[Fit]:
    """Items tested, and the model in which those that are not alike are free.

    Attributes
    ----------
    items, shifts, sums : polars.DataFrame
        As in `SteppedResult`.
    partial : fit
    """

    items: pl.DataFrame
    shifts: pl.DataFrame
    sums: pl.DataFrame
    partial: Fit


def test_items[Plan: ItemPlan, Fit: NamedEstimates](
    fitting: Fitting[Plan, Fit], scalar: Plan, equal: Fit
) -> ItemTests[Fit]:
    """Find items that are not alike, the clearest first, each then left out of the standard.

    Parameters
    ----------
    fitting : Fitting
    scalar : Plan
        Everything equal.
    equal : fit
        Its fit.
    """
    found: dict[str, Freed] = {}
    while len(scalar.items) - len(scalar.own) > fitting.fewest_equal:
        tests = _test_each(fitting, scalar, equal)
        clearest = min(tests, key=lambda item: _order(tests[item]))
        if not tests[clearest].test["p_adjusted"] < LEVEL:
            found |= tests
            break
        tests[clearest].test["biased"] = True
        found[clearest] = tests[clearest]
        scalar = fitting.free(scalar, clearest)
        equal = fitting.fit(scalar)
    tested = [item for item in scalar.items if item in found]
    return ItemTests(
        items=_frame([{"item": one, **found[one].test} for one in tested], ITEM_COLUMNS),
        shifts=_frame([row for one in tested for row in found[one].shifts], SHIFT_COLUMNS),
        sums=_frame(_sums(fitting, equal, scalar), SUM_COLUMNS),
        partial=equal,
    )


def _order(one: Freed) -> tuple[bool, float]:
    return bool(np.isnan(one.test["p_adjusted"])), -one.test["chi_square"]


def _test_each[Plan: ItemPlan, Fit: NamedEstimates](
    fitting: Fitting[Plan, Fit], scalar: Plan, equal: Fit
) -> dict[str, Freed]:
    """Each item's own parameters against those that hold everywhere."""
    tests = {
        item: _tested(fitting, fitting.free(scalar, item), item, equal)
        for item in scalar.items
        if item not in scalar.own
    }
    adjusted = adjusted_p([one.test["p_value"] for one in tests.values()])
    for one, p in zip(tests.values(), adjusted.tolist(), strict=True):
        one.test.update(p_adjusted=p, biased=False)
    return tests


def _tested[Plan: ItemPlan, Fit: NamedEstimates](
    fitting: Fitting[Plan, Fit], plan: Plan, item: str, equal: Fit
) -> Freed:
    try:
        free = fitting.fit(plan)
        test = fitting.compare(equal, free)
    except ModelError:  # a search that ended elsewhere tells nothing of this item
        return Freed({"chi_square": np.nan, "df": None, "p_value": np.nan})
    told = {"chi_square": test.chi_square, "df": test.df, "p_value": test.p_value}
    parts, shifts = fitting.parts(free, plan), []
    first, *others = places_of(len(plan.occasions), fitting.groups)
    for place in others:
        shift, factor = parts.of_item(item, place, first), parts.of_factor(place, first)
        shifts.append(
            {"item": item, **_where(plan, place), **_told("shift", shift, free),
             **_told("factor", factor, free)}
        )  # fmt: skip
    return Freed(told, shifts)


def _sums[Plan: ItemPlan, Fit: NamedEstimates](
    fitting: Fitting[Plan, Fit], fit: Fit, plan: Plan
) -> list[dict[str, Any]]:
    """Change of the sum of all items, and which part of it is the factor's."""
    parts = fitting.parts(fit, plan)
    first, *others = places_of(len(plan.occasions), fitting.groups)
    rows = []
    for place in others:
        factor, items = parts.of_factor(place, first), parts.of_items(place, first)
        rows.append(
            {**_where(plan, place), **_told("total", factor + items, fit),
             **_told("factor", factor, fit), **_told("items", items, fit)}
        )  # fmt: skip
    return rows


def _where(plan: ItemPlan, place: Place) -> dict[str, str]:
    return {"occasion": plan.occasions[place.t], "group": place.group}


def _told(name: str, amount: Amount, fit: NamedEstimates) -> dict[str, float]:
    return {name: amount.value, f"{name}_error": amount.error(fit)}


def _frame(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col(pl.Float64).fill_nan(None))
