"""What is said of adherence: in the opening, in the methods, in findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.adherence.quality import FAST, NIGHT, STRAIGHT
from salutogen.analyses.adherence.settings import AdherenceSettings
from salutogen.findings import Findings, Persons
from salutogen.page.words import Coarse, number, percent, say

if TYPE_CHECKING:
    from salutogen.analyses.adherence.analysis import AdherenceResult
    from salutogen.page.section import Text

LOW = 0.5  # share of answered prompts below which most of what happened was not seen
ODD = 0.05  # share of prompts from which on something odd is a finding
RELATED = 0.2  # size of a correlation from which on adherence is said to go with something
PUBLISHED = (
    "43 % (SD 22) in a trial of young adults at risk with prompts by smartphone (DynaM-INT), 77 % "
    "of 89,100 prompts over 180 days (Chavarría-Elizondo and others) and 90 % in two weeks of "
    "students (Fried and others 2021)"
)


def answer_of(result: AdherenceResult) -> Text:
    """Say how many of the planned prompts were answered."""
    spread = result.spread.row(0, named=True)
    sd = "" if spread["sd"] is None else Coarse(f", SD {100 * spread['sd']:.0f}", "")
    return say(
        "{share} of the planned momentary prompts of {n:# person|# persons} were answered (mean "
        "of persons {mean}{sd}).",
        share=percent(result.share), n=Persons(result.n), mean=percent(spread["mean"]), sd=sd,
    )  # fmt: skip


def in_short_of(result: AdherenceResult) -> Text:
    """Say in a clause how many were answered."""
    return f"{percent(result.share)} of the planned momentary prompts were answered"


def methods_of(result: AdherenceResult) -> Text:
    """Say what counts as answered, and that nobody was left out."""
    made = (
        " Prompts of the plan that the data have no row of were counted as missed."
        if result.rebuilt
        else ""
    )
    return (
        "Adherence was the share of answered among planned momentary prompts; prompts answered in "
        f"part and those that were not sent were counted as planned.{made} Nobody was left out for "
        "low adherence."
    )


def tell_doubts(result: AdherenceResult, settings: AdherenceSettings, found: Findings) -> None:
    """Tell what is doubtful about the answers to prompts."""
    spread = result.spread.row(0, named=True)
    found.tell(
        "adherence-low" if result.share < LOW else "adherence-beside-others",
        share=percent(result.share),
        mean=percent(spread["mean"]),
        published=PUBLISHED,
    )
    for row in result.related.iter_rows(named=True):
        if row["what"] != "exposure E" and abs(row["r"]) >= RELATED:
            found.tell("adherence-related", what=row["what"], r=number(row["r"], 2))
    odd = {STRAIGHT: "prompts-straight", FAST: "prompts-too-fast", NIGHT: "prompts-at-night"}
    more: dict[str, dict[str, float]] = {
        STRAIGHT: {"least": settings.straight},
        FAST: {"seconds": settings.too_fast},
        NIGHT: {"first": settings.night[0], "last": settings.night[1]},
    }
    for row in result.quality.iter_rows(named=True):
        if row["what"] in odd and row["share"] >= ODD:
            found.tell(
                odd[row["what"]],
                share=percent(row["share"]),
                persons=Persons(row["n"]),
                **more[row["what"]],
            )
