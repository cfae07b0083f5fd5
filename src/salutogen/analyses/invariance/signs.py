"""Which signs speak against a step of a comparison, and which do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from salutogen.models.sem.one_factor.result import MOST_FALL, MOST_RISE
from salutogen.page.words import p_value

if TYPE_CHECKING:
    from salutogen.analyses.invariance.fitted import Comparison

LEVEL = 0.05
QUANTITIES = {"metric": "loadings", "scalar": "intercepts", "strict": "residual variances"}
LEVELS_ALIKE = ("scalar", "strict")  # steps with which means can be compared
ORDERED = {
    "thresholds": "thresholds",
    "metric": "loadings",
    "scalar": "intercepts of latent responses",
}


def equal_of(one: Comparison) -> dict[str, str]:
    """Return words for what each step of a comparison holds equal, in order."""
    words = ORDERED if one.ordered else QUANTITIES
    named = {step: words[step] for step in one.steps["step"].to_list() if step in words}
    if not one.ordered:
        return named
    if "metric" not in named:  # of two categories all is equal at once
        rest = named["scalar"] if "thresholds" in named else "thresholds"
        named["scalar"] = f"loadings and {rest}"
    return named


def step_test(one: Comparison) -> str:
    """Return words for the test of a step."""
    return "the difference test" if one.ordered else "the likelihood ratio"


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
    equal = equal_of(one)
    asked = [step for step in equal if step != "strict"]  # nothing rests on that one
    failed = one.steps.filter(pl.col("step").is_in(asked) & ~pl.col("holds"))
    if one.established in LEVELS_ALIKE or not failed.height:
        return None
    row = failed.row(0, named=True)
    signs: list[tuple[str, bool]] = []
    if row["cfi_change"] is not None:
        signs.append(("the rule for CFI", row["cfi_change"] < -MOST_FALL))
    if row["rmsea_change"] is not None:
        signs.append(("the rule for RMSEA", row["rmsea_change"] > MOST_RISE))
    p = row["difference_p"]
    if p is not None:
        signs.append((f"{step_test(one)} ({p_value(p)})", p < LEVEL))
    if one.items["p"].drop_nulls().len():
        signs.append(("the tests of single items", bool(one.called)))
    return Signs(
        equal=equal[row["step"]],
        against=tuple(sign for sign, speaks in signs if speaks),
        silent=tuple(sign for sign, speaks in signs if not speaks),
        tested=bool(one.called)
        or any(value is None or value < LEVEL for value in failed["difference_p"].to_list()),
    )
