"""What is said of the selection: factors, and groups of them that stand for each other."""

from __future__ import annotations

from collections.abc import Sequence

from salutogen.analyses.factors.records import FactorFound, FactorGroup, Selection
from salutogen.analyses.factors.tables import table
from salutogen.columns import Column, Kind
from salutogen.findings import listed
from salutogen.page.section import Table, Text
from salutogen.page.words import enumeration, percent, points

GROUP_COLUMNS = (
    Column(name="factors", meaning="Factors of the group", kind=Kind.LABEL, heading="Factors"),
    Column(name="lowest", meaning="Weakest correlation of two of them, by size",
           heading="Weakest r"),
    Column(name="highest", meaning="Strongest correlation of two of them, by size",
           heading="Strongest r"),
    Column(name="share", meaning="Share of halves in which any of them comes in first",
           heading="Any first in halves"),
    Column(name="chosen", meaning="Whether the group is selected", kind=Kind.LABEL,
           heading="Selected"),
)  # fmt: skip


def selection_words(factors: Sequence[FactorFound], selection: Selection) -> list[Text]:
    """Say which factors are selected, what all foretell, and which stand for each other."""
    chosen = [item.title for item in factors if item.selected]
    which = f"Selected: {listed(chosen, most=8)}." if chosen else "None was selected."
    ahead = selection.held_out_r_squared
    if ahead is None:
        foretold = ""
    elif ahead > 0:
        foretold = f" All factors together foretell {percent(ahead)} of the variance of SR"
    else:
        foretold = " All factors together foretell SR no better than its mean does"
    told = (
        f"Of all factors, {selection.at_once} at a time were taken in halves of the persons "
        f"(elastic net), and those selected that came in first in at least "
        f"{percent(selection.threshold)} of the halves: at most "
        f"{points(selection.expected_false)} false selections are expected. {which}{foretold}"
        f"{' in persons who had no part in the fit.' if foretold else ''}"
    )
    return [told, *(_group_words(group, factors) for group in selection.groups)]


def _group_words(group: FactorGroup, factors: Sequence[FactorFound]) -> str:
    """Say of correlated factors what is told of them together."""
    own = [item for item in factors if item.name in group.names]
    each = ", ".join(percent(item.selected_share) for item in own[:8])
    names, chosen = enumeration(group.titles), [item.title for item in own if item.selected]
    strength = _strength(group)
    told = f"{names} correlate ({strength}) and may take each other's place. "
    halves = f"Any of them comes in first in {percent(group.share)} of the halves (each: {each})"
    if not group.selected:
        return f"{told}{halves}: not selected as a group either."
    if chosen:
        return f"{told}{halves}: selected as a group, and by itself {listed(chosen, most=8)}."
    return f"{told}{halves}: selected as a group; which of them it is cannot be told."


def _strength(group: FactorGroup) -> str:
    low, high = points(group.lowest_r), points(group.highest_r)
    return f"r = {high} by size" if low == high else f"r = {low} to {high} by size"


def group_table(selection: Selection) -> Table:
    """Groups of correlated factors; empty where there are none."""
    rows = [
        {
            "factors": enumeration(group.titles), "lowest": group.lowest_r,
            "highest": group.highest_r, "share": group.share,
            "chosen": "yes" if group.selected else "no",
        }
        for group in selection.groups
    ]  # fmt: skip
    return table(
        "factors-groups", "Correlated factors, selected as groups", rows, GROUP_COLUMNS,
        f"Factors that correlate {points(selection.grouped_from)} or more, either way, given "
        "covariates, directly or through others. At most "
        f"{points(selection.expected_false_groups)} false selections of groups are expected.",
    )  # fmt: skip
