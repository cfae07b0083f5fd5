"""What is said of recovery: in the opening, in the section, in the methods, in findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salutogen.analyses.recovery.episodes import RETURNED
from salutogen.analyses.recovery.tables import EARLIER
from salutogen.findings import Findings, Persons
from salutogen.page.words import Share, percent, points, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.recovery.analysis import RecoveryResult
    from salutogen.analyses.recovery.episodes import Baselines
    from salutogen.page.section import Text

RELIABLE = 0.7  # from which on persons' half-lives may be ranked, or go into other analyses
UNSEEN = 0.5  # share of episodes without a later prompt from which on that is told
BY_CHANCE = 0.1  # share of prompts of baselines beyond the band from which on that is told
LEVEL = 0.05
CAUTION = (
    "A stressor counts from the prompt that tells it, though it happened some time before; what "
    "persons were in before it, and what they did about it, is not known. Whoever feels bad may "
    "report more stressors. Times are those of the same day: nothing is said of the night."
)


def answer_of(result: RecoveryResult) -> Text:
    """Say how often stressors lead out of the band, how long that lasts, and what piles up."""
    parts: list[Text] = [reacting_in_words(result), time_in_words(result), model_in_words(result)]
    parts += [text for text in (rise_in_words(result), pile_up_in_words(result)) if text]
    told = parts[0]
    for part in parts[1:]:
        told = _joined(told, part)
    return told


def _joined(first: Text, second: Text) -> Text:
    return say("{first} {second}", first=first, second=second)


def in_short_of(result: RecoveryResult) -> Text:
    """Say in a clause after how long half of the episodes are over."""
    back = result.time_back
    if back.median is None:
        return (
            "whom a momentary stressor has put out of the own band is mostly not seen back on the "
            "same day"
        )
    return (
        "half of the reactions to a momentary stressor are over after "
        f"{hours(back.median, back.low, back.high)}"
    )


def hours(value: float, low: float | None, high: float | None) -> str:
    """Write hours with their interval."""
    if low is None:
        return f"{points(value, 1)} hours (no interval)"
    upper = "no upper end" if high is None else points(high, 1)
    return f"{points(value, 1)} hours (95 % interval {points(low, 1)} to {upper})"


def affect_title(result: RecoveryResult) -> str:
    """What is followed."""
    return "negative affect" if result.affect == "negative" else "turned positive affect"


def reacting_in_words(result: RecoveryResult) -> Text:
    """Say how often a stressor leads out of the band."""
    return say(
        "Of the prompts of {n:# person|# persons} that told a stressor, {share} were outside the "
        "person's own band of {affect} (95 % interval {low} to {high}); of those free of "
        "stressors {free}.",
        n=Persons(result.n), affect=affect_title(result),
        share=Share(result.share_reacting, of=result.stressors),
        low=percent(result.share_low), high=percent(result.share_high),
        free=percent(result.share_free),
    )  # fmt: skip


def time_in_words(result: RecoveryResult) -> str:
    """Say when half of the episodes are over, without a form of the curve."""
    back = result.time_back
    if back.median is None:
        return (
            "Fewer than half of these episodes are seen over on the same day, so that their median "
            "is not known."
        )
    return f"Half of these episodes are over after {hours(back.median, back.low, back.high)}."


def model_in_words(result: RecoveryResult) -> str:
    """Say the half-life of the person in the middle, and what is known of single persons."""
    model = result.half_life
    told = (
        "By an exponential model, half of those of the person in the middle are over after "
        f"{hours(model.half_life, model.low, model.high)}"
    )
    if misfits(result):
        told += ", though the curve is not exponential"
    return f"{told}. {persons_in_words(result)}"


def persons_in_words(result: RecoveryResult) -> str:
    """Say whether persons differ, and whether they are told apart."""
    model = result.half_life
    if not model.spread:
        return "That persons differ in it is not shown."
    known = f"reliability {points(model.reliability)}"
    if model.reliability >= RELIABLE:
        return (
            f"Persons' half-lives are told apart ({known}), so that they may be ranked, and used "
            "as a factor or an outcome."
        )
    return (
        f"Persons' half-lives are not told apart well enough ({known}; {RELIABLE} is asked): do "
        "not rank persons by them, nor use them as a factor or an outcome."
    )


def rise_in_words(result: RecoveryResult) -> str:
    """Say how far a stressor raises affect, and when half of it is gone; empty if not fitted."""
    rise = result.rise
    if rise is None:
        return ""
    size = (
        f"A stressor goes with {signed(rise.points, 1)} points of {affect_title(result)} (95 % "
        f"interval {signed(rise.low, 1)} to {signed(rise.high, 1)})"
    )
    if rise.half_life is None or rise.low <= 0:
        return f"{size}; how fast that is gone is not told."
    gone = hours(rise.half_life, rise.half_life_low, rise.half_life_high)
    return f"{size}, half of which is gone after {gone}."


def pile_up_in_words(result: RecoveryResult) -> str:
    """Say what earlier stressors add; empty if not fitted."""
    found = {row["term"]: row for row in result.pile_up.iter_rows(named=True)}
    if EARLIER not in found:
        return ""
    row = found[EARLIER]
    told = (
        f"{signed(row['points'], 1)} points, 95 % interval {signed(row['low'], 1)} to "
        f"{signed(row['high'], 1)}"
    )
    within = f"the {result.pile_up_hours:g} hours before"
    if row["p"] < LEVEL and row["points"] > 0:
        return (
            f"Stressors pile up: each one of {within} on the same day adds to affect beside the "
            f"present one ({told}), what is left of the earlier rises included."
        )
    return f"That stressors of {within} pile up is not shown ({told} each)."


def misfits(result: RecoveryResult) -> bool:
    """Whether the exponential model is farther from the curve than chance has it."""
    model = result.half_life
    return model.largest_gap > model.gap_by_chance


def methods_of(result: RecoveryResult) -> Text:
    """Say what a baseline, an episode and a return are, and what was fitted."""
    asked = result.settings
    return say(
        "Recovery was asked of {n:# person|# persons}: {affect} at prompts without a stressor, now "
        "and in the {free:g} hours before on the same day, gave each person's band (mean plus "
        "{band:g} SD; {fewest} prompts at least). An episode is a prompt with a stressor and "
        "affect beyond the band; it is over between the last prompt beyond and the first within, "
        "and no longer watched from the night, the next stressor or the end of the burst on. The "
        "curve is Turnbull's (1976), its intervals are from {draws} samples of persons. "
        "Half-lives are by an exponential model of these intervals with log-normal rates of "
        "persons; the rise and pile-up by mixed models within persons, with residuals that "
        "correlate over the hours of a day (first-order autoregression in continuous time).",
        n=Persons(result.n), affect=affect_title(result), free=asked.free_hours, band=asked.band,
        fewest=asked.baseline_prompts, draws=asked.bootstrap,
    )  # fmt: skip


def tell_doubts(result: RecoveryResult, bands: Baselines, found: Findings) -> None:
    """Tell what is doubtful about bands, times, persons and rise."""
    model = result.half_life
    if result.n_without:
        found.tell(
            "recovery-baselines-missing", n=Persons(result.n_without),
            fewest=result.settings.baseline_prompts, hours=result.settings.free_hours,
        )  # fmt: skip
    flat = int((bands.has & (bands.sd == 0)).sum())
    if flat:
        found.tell("recovery-band-without-width", n=Persons(flat))
    if result.share_free >= BY_CHANCE:
        found.tell("recovery-band-left-by-chance", share=percent(result.share_free))
    _tell_watch(result, found)
    if misfits(result):
        found.tell(
            "recovery-not-exponential", apart=model.largest_gap, hours=model.gap_at,
            chance=model.gap_by_chance,
        )  # fmt: skip
    if model.spread > 0 and model.reliability < RELIABLE:
        found.tell("recovery-persons-unreliable", reliability=model.reliability, asked=RELIABLE)
    if result.rise is not None and (result.rise.half_life is None or result.rise.low <= 0):
        variant = "" if result.rise.low <= 0 else "search"
        found.tell("recovery-no-half-life-of-the-rise", variant=variant)


def _tell_watch(result: RecoveryResult, found: Findings) -> None:
    """Tell where most episodes are not seen to their end."""
    unseen = 1.0 - result.half_life.episodes / result.episodes
    if unseen >= UNSEEN:
        found.tell("recovery-hardly-watched", share=percent(unseen))
    over = result.endings.filter(ending=RETURNED)["episodes"].item()
    if result.time_back.median is None:
        found.tell("recovery-half-not-back", share=percent(float(np.divide(over, result.episodes))))
