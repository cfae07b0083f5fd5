"""Which items do not measure alike: each with loadings and intercepts of its own, in turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from salutogen.errors import ModelError
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.sem.comparison import compare_structural_fits
from salutogen.models.sem.one_factor.result import ITEM_COLUMNS, SHIFT_COLUMNS, SUM_COLUMNS
from salutogen.models.sem.one_factor.shifts import Amount, Place, Shifts, places_of
from salutogen.models.sem.one_factor.specification import Plan
from salutogen.models.sem.result import StructuralFit

LEVEL = 0.05  # false-discovery rate at which an item is called
FEWEST_EQUAL = 2  # items that must be equal, for the others to be compared with

Fit = Callable[[Plan], StructuralFit]


@dataclass(frozen=True)
class Freed:
    """What is known of one item from the model in which it is free."""

    test: dict[str, Any]
    shifts: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class ItemTests:
    """Items tested, and the model in which those that are not alike are free.

    Attributes
    ----------
    items, shifts, sums : polars.DataFrame
        As in `InvarianceResult`.
    partial : StructuralFit
    """

    items: pl.DataFrame
    shifts: pl.DataFrame
    sums: pl.DataFrame
    partial: StructuralFit


def test_items(fit: Fit, scalar: Plan, equal: StructuralFit, groups: tuple[str, ...]) -> ItemTests:
    """Find items that are not alike, the clearest first, each then left out of the standard.

    Parameters
    ----------
    fit : callable
        Fits a plan.
    scalar : Plan
        All loadings and intercepts equal.
    equal : StructuralFit
        Its fit.
    groups : tuple of str
        Labels; one empty label without a grouping.
    """
    found: dict[str, Freed] = {}
    while len(scalar.items) - len(scalar.own) > FEWEST_EQUAL:
        tests = _test_each(fit, scalar, equal, groups)
        clearest = min(tests, key=lambda item: _order(tests[item]))
        if not tests[clearest].test["p_adjusted"] < LEVEL:
            found |= tests
            break
        tests[clearest].test["biased"] = True
        found[clearest] = tests[clearest]
        scalar = freed(scalar, clearest)
        equal = fit(scalar)
    tested = [item for item in scalar.items if item in found]
    return ItemTests(
        items=_frame([{"item": one, **found[one].test} for one in tested], ITEM_COLUMNS),
        shifts=_frame([row for one in tested for row in found[one].shifts], SHIFT_COLUMNS),
        sums=_frame(_sums(equal, scalar, groups), SUM_COLUMNS),
        partial=equal,
    )


def freed(plan: Plan, item: str) -> Plan:
    """Return a plan in which an item, too, has loadings and intercepts of its own."""
    return replace(plan, own=(*plan.own, item))


def _order(one: Freed) -> tuple[bool, float]:
    return bool(np.isnan(one.test["p_adjusted"])), -one.test["chi_square"]


def _test_each(
    fit: Fit, scalar: Plan, equal: StructuralFit, groups: tuple[str, ...]
) -> dict[str, Freed]:
    """Each item's own loadings and intercepts against those that hold everywhere."""
    tests = {
        item: _tested(fit, freed(scalar, item), item, equal, groups)
        for item in scalar.items
        if item not in scalar.own
    }
    adjusted = adjusted_p([one.test["p_value"] for one in tests.values()])
    for one, p in zip(tests.values(), adjusted.tolist(), strict=True):
        one.test.update(p_adjusted=p, biased=False)
    return tests


def _tested(
    fit: Fit, plan: Plan, item: str, equal: StructuralFit, groups: tuple[str, ...]
) -> Freed:
    try:
        free = fit(plan)
        test = compare_structural_fits(equal, free)
    except ModelError:  # a search that ended elsewhere tells nothing of this item
        return Freed({"chi_square": np.nan, "df": None, "p_value": np.nan})
    told = {"chi_square": test.chi_square, "df": test.df, "p_value": test.p_value}
    parts, shifts = Shifts(free, plan), []
    first, *others = places_of(plan, groups)
    for place in others:
        shift, factor = parts.of_item(item, place, first), parts.of_factor(place, first)
        shifts.append(
            {"item": item, **_where(plan, place), **_told("shift", shift, free),
             **_told("factor", factor, free)}
        )  # fmt: skip
    return Freed(told, shifts)


def _sums(fit: StructuralFit, plan: Plan, groups: tuple[str, ...]) -> list[dict[str, Any]]:
    """Change of the sum of all items, and which part of it is the factor's."""
    parts, (first, *others) = Shifts(fit, plan), places_of(plan, groups)
    rows = []
    for place in others:
        factor, items = parts.of_factor(place, first), parts.of_items(place, first)
        rows.append(
            {**_where(plan, place), **_told("total", factor + items, fit),
             **_told("factor", factor, fit), **_told("items", items, fit)}
        )  # fmt: skip
    return rows


def _where(plan: Plan, place: Place) -> dict[str, str]:
    return {"occasion": plan.occasions[place.t], "group": place.group}


def _told(name: str, amount: Amount, fit: StructuralFit) -> dict[str, float]:
    return {name: amount.value, f"{name}_error": amount.error(fit)}


def _frame(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col(pl.Float64).fill_nan(None))
