"""What SR keeps of exposure between persons and within them, as far as intervals tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salutogen.analyses.quality.intervals import LEFT_BETWEEN, LEFT_WITHIN
from salutogen.page.words import enumeration, signed

if TYPE_CHECKING:
    import polars as pl

NOTHING = 1e-6  # a correlation that least squares makes 0


def left_in_words(intervals: pl.DataFrame, over_all: float | None) -> str:
    """Say in a sentence what correlation with exposure SR of single occasions keeps.

    Only what its interval over persons tells from 0 is said to be kept; nothing is said where there
    are no figures.
    """
    known = _left(intervals)
    if not known:
        return ""
    if any(row["low"] is None for row in known):
        each = enumeration([f"{signed(row['estimate'])} {_where(row)}" for row in known])
        told = f"correlates with exposure by {each} (without an interval)"
    else:
        kept, open_ = ([row for row in known if told_from_0(row) is told] for told in (True, False))
        told = _kept_words(kept, open_)
    return f"SR of single occasions {told}{_total(over_all)}."


def leftover_words(intervals: pl.DataFrame) -> str:
    """Say whether one line serves between persons and within them; nothing where not known."""
    known = [row for row in _left(intervals) if row["low"] is not None]
    if len(known) < 2:
        return ""
    told = [row for row in known if told_from_0(row)]
    if len(told) == 2:
        return (
            "Both leave out 0 (95 % intervals below): over all rows one line does not serve "
            "both. Events that raise both and reactions that outlast the time asked about, or "
            "persons who differ in more than exposure, may make the two slopes differ."
        )
    if told:
        return (
            f"Only that {_where(told[0])} is told from 0; whether one line serves both is not "
            "settled."
        )
    return "Neither is told from 0: that one line does not serve both is not shown."


def told_from_0(row: dict[str, Any]) -> bool:
    """Whether the interval of a figure leaves out 0."""
    return bool(row["low"] * row["high"] > 0)


def _left(intervals: pl.DataFrame) -> list[dict[str, Any]]:
    found = {row["figure"]: row for row in intervals.rows(named=True)}
    return [found[name] for name in (LEFT_BETWEEN, LEFT_WITHIN) if name in found]


def _kept_words(kept: list[dict[str, Any]], open_: list[dict[str, Any]]) -> str:
    each = enumeration([_with_interval(row) for row in kept])
    if not open_:
        return f"keeps a correlation with exposure of {each}"
    rest = enumeration([_with_interval(row) for row in open_])
    if not kept:
        return f"is not shown to keep any correlation with exposure: {rest}"
    return f"keeps a correlation with exposure of {each}; that it keeps one of {rest} is not shown"


def _with_interval(row: dict[str, Any]) -> str:
    low, high = signed(row["low"]), signed(row["high"])
    return f"{signed(row['estimate'])} {_where(row)} (95 % interval {low} to {high})"


def _where(row: dict[str, Any]) -> str:
    return str(row["figure"]).removeprefix("r(SR, E) ")


def _total(r: float | None) -> str:
    if r is None:
        return ""
    if abs(r) < NOTHING:
        return "; over all rows it is 0 by the arithmetic of least squares, which is no finding"
    return f"; over all rows it is {signed(r)}"
