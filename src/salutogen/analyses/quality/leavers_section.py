"""The page's section on who left: how they began, and what was seen of them before they left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.quality.leavers import LEAVER_COLUMNS
from salutogen.analyses.quality.methods import last_seen_words
from salutogen.page.audience import SMALL_CELL
from salutogen.page.section import Section, Table
from salutogen.page.words import enumeration, number, points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized

SCORE_WORDS = {
    "P": ("fewer problems", "more problems"),
    "E": ("less exposure", "more exposure"),
    "SR": ("lower SR", "higher SR"),
}
NAMES = {"P": "problems", "E": "exposure", "SR": "SR"}
FOLLOWS = (
    "Means over those present come to be of other persons. A model that uses what was seen of "
    "everyone allows for this, as far as leaving depends on what was seen; whether it goes with "
    "problems at the occasion that was missed cannot be seen."
)
MADE_OF_TWO = (
    "These are not independent, as SR is made of problems and exposure: which of them it is, was "
    "not asked."
)

UNADJUSTED = " (problems, exposure and SR looked at one by one, their intervals not adjusted)"


def leavers_section(leavers: pl.DataFrame, closing: int) -> Section:
    """Put who left beside who stayed, at the first occasion and at each before leaving."""
    return Section(
        title="Who left, beside who stayed",
        paragraphs=(leaver_words(leavers, closing),),
        tables=(
            Table(
                name="leavers",
                title="Persons who left and persons who stayed, at the first valid occasion and "
                "before leaving",
                frame=leavers,
                columns=LEAVER_COLUMNS,
                note="Differences at the first occasion in pooled SDs (Hedges' g); positive = "
                "those who left had more. Odds of leaving are of every occasion after which a "
                "person could leave; above 1 = more of it goes with leaving.",
            ),
        ),
    )


def leaver_words(leavers: pl.DataFrame, closing: int) -> str:
    """Say how those who left began, and what leaving goes with."""
    begun = f"Persons {last_seen_words(closing)} count as having left."
    return " ".join((begun, _at_first(leavers), *_before_leaving(leavers)))


def leaving_in_words(leavers: pl.DataFrame) -> str:
    """Say what leaving goes with; nothing where nothing is told, or of few.

    Problems, exposure and SR hang together: all that are told are named, and none is credited.
    """
    if not leavers.height or leavers["n_stayed"][0] < SMALL_CELL:
        return ""
    told = _told(leavers)
    if not told:
        return ""
    apart = f" {MADE_OF_TWO}" if len(told) > 1 else ""
    return f"{_goes_with(told)}{apart} {FOLLOWS}"


def _at_first(leavers: pl.DataFrame) -> str:
    differ = [
        SCORE_WORDS[row["score"]][row["difference"] > 0]
        for row in leavers.iter_rows(named=True)
        if row["difference"] is not None and row["low"] * row["high"] > 0
    ]
    if differ:
        return (
            f"At their first occasion they had {enumeration(differ)} than those who stayed"
            f"{UNADJUSTED}: means over those present may speak of other persons later than at "
            "first."
        )
    ends = [leavers[name].abs().max() for name in ("low", "high")]
    known = [end for end in ends if isinstance(end, float)]
    hidden = ""
    if known:
        hidden = f"; differences of up to {points(max(known))} SDs cannot be ruled out"
    return (
        "At their first occasion they did not differ from those who stayed by more than the "
        f"error, in problems, exposure or SR{hidden}."
    )


def _before_leaving(leavers: pl.DataFrame) -> Iterator[str]:
    """Say what leaving goes with at the occasion before it."""
    told = _told(leavers)
    if told:
        yield _goes_with(told)
        if len(told) > 1:
            yield MADE_OF_TWO
        yield FOLLOWS
        return
    known = leavers.filter(pl.col("odds_ratio").is_not_null())
    if not known.height:
        yield (
            "What leaving goes with at the occasion before it is not estimated: too few left, or "
            "nothing varied."
        )
        return
    reach = enumeration([f"{NAMES[row['score']]} {_odds(row)}" for row in known.rows(named=True)])
    yield (
        "Whether leaving goes with what was seen at the occasion before it is not settled (odds "
        "ratios of leaving before the last occasions, for each SD, with 95 % "
        f"intervals{_alone(known)}: "
        f"{reach})."
    )


def _told(leavers: pl.DataFrame) -> list[dict[str, Any]]:
    """Rows whose interval of the odds leaves out 1."""
    clear = (pl.col("odds_low") > 1) | (pl.col("odds_high") < 1)
    return leavers.filter(clear).rows(named=True)


def _goes_with(told: list[dict[str, Any]]) -> str:
    words = [SCORE_WORDS[row["score"]][row["odds_ratio"] > 1] for row in told]
    reach = enumeration([f"{NAMES[row['score']]} {_odds(row)}" for row in told])
    return (
        f"Leaving goes with {enumeration(words)} at the occasion before it{_alone(told)} (odds "
        f"ratios of leaving before the last occasions, for each SD, with 95 % intervals: {reach})."
    )


def _alone(several: Sized) -> str:
    """Say that scores which hang together were looked at one by one."""
    return ", each looked at alone" if len(several) > 1 else ""


def _odds(row: dict[str, Any]) -> str:
    low, high = number(row["odds_low"], 3), number(row["odds_high"], 3)
    return f"{number(row['odds_ratio'], 3)} ({low} to {high})"
