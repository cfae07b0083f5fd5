"""What is said of early-warning indicators: opening, section, methods, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.findings import Findings, Persons
from salutogen.models.critical_slowing.indicators import AUTOCORRELATION, SPREAD
from salutogen.page.words import percent, points, say

if TYPE_CHECKING:
    from salutogen.analyses.early_warning.analysis import EarlyWarningResult
    from salutogen.page.section import Text

LITTLE = 0.5  # sensitivity below which a rise would mostly be missed
TOLD = (AUTOCORRELATION, SPREAD)
PLAIN = {
    AUTOCORRELATION: "the autocorrelation", SPREAD: "the spread", "skewness": "the skewness",
    "cross-correlation": "the strength of the correlation of both affects",
}  # fmt: skip
CAUTION = (
    "Whether such indicators rise before a change of mental health is not "
    "settled: in a study of recurrences they were there before a third of them (Smit and others "
    "2025). An indicator that does not rise promises nothing, and one that rises may do so "
    "because the scale ends there, or because the person's days are spent in another way. "
    "Indicators are compared with the same person's earlier ones only: that one person's are "
    "higher than another's says nothing of who is nearer to a change."
)


def answer_of(result: EarlyWarningResult) -> Text:
    """Say in how many they rose, what chance does, and how many could have shown it."""
    told: Text = ""
    for affect in result.affects:
        told = say("{told}{more} ", told=told, more=_in_words(result, affect))
    return say("{told}This is no alarm.", told=told)


def window_words(result: EarlyWarningResult) -> str:
    """Say what windows are."""
    if result.windows == "bursts":
        return "from burst to burst"
    return f"over windows of {result.settings.window_days} days"


def _in_words(result: EarlyWarningResult, affect: str) -> Text:
    rows = {
        row["indicator"]: row
        for row in result.indicators.filter(affect=affect).iter_rows(named=True)
    }
    first, second = (rows[name] for name in TOLD)
    n, asked = first["n"], result.settings
    return say(
        "The autocorrelation of {affect} rose {windows} in {rose:# person|# persons} of {n}, the "
        "spread in {wider} (p < .05 each; of series without any change {chance} and {chance_too} "
        "do so); with the number of persons allowed for, {kept} and {kept_too} are left. Had "
        "everyone slowed down, so that the autocorrelation rose by {rise}, {seen} and {seen_too} "
        "would have shown it; if one person in {one_in:g} does, {among} and {among_too} of those "
        "who show such a rise are among them.",
        affect=result.title(affect), windows=window_words(result), n=Persons(n),
        rose=Persons(first["rose"], of=n), wider=Persons(second["rose"], of=n),
        chance=percent(first["false"]), chance_too=percent(second["false"]),
        kept=Persons(first["kept"], of=n), kept_too=Persons(second["kept"], of=n),
        rise=points(asked.rise, 2), seen=percent(first["sensitivity"]),
        seen_too=percent(second["sensitivity"]), one_in=round(1 / asked.share, 1),
        among=percent(first["predictive"]), among_too=percent(second["predictive"]),
    )  # fmt: skip


def in_short_of(result: EarlyWarningResult) -> Text:
    """Say in a clause that nothing rises beyond chance, or in how many something does."""
    best = result.indicators.sort("kept", descending=True, maintain_order=True).row(0, named=True)
    if not best["kept"]:
        return (
            "no person's early-warning indicators rise by more than chance lets some of so many "
            f"rise, and {percent(_most_seen(result))} of true rises at most would have been seen"
        )
    return say(
        "{what} of {affect} rises beyond chance in {kept:# person|# persons}, which is no alarm",
        what=PLAIN[best["indicator"]], affect=result.title(best["affect"]),
        kept=Persons(best["kept"], of=best["n"]),
    )  # fmt: skip


def _most_seen(result: EarlyWarningResult) -> float:
    """Largest sensitivity of an indicator for which it is told."""
    known: list[float] = result.indicators["sensitivity"].drop_nulls().to_list()
    return max(known)


def methods_of(result: EarlyWarningResult) -> Text:
    """Say what the indicators are, and against what they were held."""
    asked = result.settings
    trends = ", and straight trends over it and over the hours of the day," if asked.trends else ""
    return say(
        "Early-warning indicators were taken {windows} in {n:# person|# persons}: the correlation "
        "of answers that follow each other within the day (up to 1.5 median gaps apart; {gap} "
        "hours), SD, skewness and the correlation of both affects, after the mean of each "
        "window{trends} had been removed; windows with fewer than {least} such pairs were left "
        "out. A rise is the change along a straight line in time from the first to the last "
        "window. Its p value, one-sided, is by {draws} series a person (ten times as many where "
        "it is small) that keep the person's values, times and mean autocorrelation and do not "
        "change; sensitivity is by as many in which the autocorrelation rises by {rise}, and the "
        "SD as it does in a first-order autoregression.",
        windows=window_words(result), n=Persons(result.n), trends=trends,
        gap=" and ".join(points(gap, 1) for gap in result.gap), least=asked.least,
        draws=asked.surrogates, rise=points(asked.rise, 2),
    )  # fmt: skip


def tell_doubts(result: EarlyWarningResult, flat: Persons, found: Findings) -> None:
    """Tell who is left out, whose scale ends, and where hardly anything could be seen."""
    if result.n_without:
        found.tell(
            "early-warning-persons-missing", n=Persons(result.n_without),
            least=result.settings.least,
        )  # fmt: skip
    if flat:
        found.tell("early-warning-at-floor", n=flat)
    if _most_seen(result) < LITTLE:
        found.tell(
            "early-warning-hardly-seen", share=percent(_most_seen(result)),
            rise=points(result.settings.rise, 2),
        )  # fmt: skip
