"""Which signs speak against a step of a comparison, and which do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from salutogen.models.sem.one_factor.result import MOST_FALL, MOST_RISE
from salutogen.page.words import p_value

if TYPE_CHECKING:
    from salutogen.analyses.invariance.fitted import Comparison

EQUAL = {"metric": "loadings", "scalar": "intercepts"}
LEVEL = 0.05


@dataclass(frozen=True, kw_only=True)
class Signs:
    """Signs of the first step that does not hold by the rule.

    Attributes
    ----------
    equal : str
        What is held equal in it.
    against, silent : tuple of str
        Signs that speak against it, and those that do not.
    tested : bool
        Whether a test is among the first: of the step, or of a single item.
    """

    equal: str
    against: tuple[str, ...]
    silent: tuple[str, ...]
    tested: bool


def signs_of(one: Comparison) -> Signs | None:
    """Sort the signs of the step that does not hold; None where every step does."""
    failed = one.steps.filter(pl.col("step").is_in(list(EQUAL)) & ~pl.col("holds"))
    if one.established == "scalar" or not failed.height:
        return None
    row = failed.row(0, named=True)
    signs: list[tuple[str, bool]] = []
    if row["cfi_change"] is not None:
        signs.append(("the rule for CFI", row["cfi_change"] < -MOST_FALL))
    if row["rmsea_change"] is not None:
        signs.append(("the rule for RMSEA", row["rmsea_change"] > MOST_RISE))
    p = row["difference_p"]
    if p is not None:
        signs.append((f"the likelihood ratio ({p_value(p)})", p < LEVEL))
    if one.items["p"].drop_nulls().len():
        signs.append(("the tests of single items", bool(one.called)))
    return Signs(
        equal=EQUAL[row["step"]],
        against=tuple(sign for sign, speaks in signs if speaks),
        silent=tuple(sign for sign, speaks in signs if not speaks),
        tested=bool(one.called)
        or any(value is None or value < LEVEL for value in failed["difference_p"].to_list()),
    )
