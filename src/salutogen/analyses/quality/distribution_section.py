"""The page's section on the floor of problems; with it, that on who left."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.quality.floor import QUANTILES, ProblemDistribution
from salutogen.analyses.quality.leavers_section import leavers_section
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import lies_among_few
from salutogen.page.section import Section, Table, Text
from salutogen.page.words import number, points, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.quality.analysis import QualityResult
    from salutogen.page.audience import Audience

UNEQUAL = 1.25  # ratio of SDs worth a sentence
ALIKE = 1.1  # ratio of SDs below which there is nothing to give a reason for
QUANTILE_COLUMNS = (
    Column(name="quantile", meaning="Share of the occasions below", kind=Kind.LABEL,
           heading="Share below"),
    Column(name="P", meaning="Problems", unit="points", heading="Problems (points)"),
)  # fmt: skip


def distribution_sections(result: QualityResult, audience: Audience) -> Iterator[Section]:
    """The floor of problems, then those who left; each only where there is something to say."""
    if result.problems is not None:
        yield _floor_section(result.problems, audience)
    if result.leavers.height:
        yield leavers_section(result.leavers, result.closing)


def _floor_section(one: ProblemDistribution, audience: Audience) -> Section:
    quantiles = pl.DataFrame(
        {
            "quantile": [f"{100 * share:.0f} %" for share in QUANTILES],
            "P": [
                None if lies_among_few(share, audience.n_persons, audience.smallest) else value
                for share, value in zip(QUANTILES, one.quantiles, strict=True)
            ],
        }
    )
    return Section(
        title="Distribution of problems, and its floor",
        paragraphs=tuple(_floor_words(one, audience)),
        tables=(
            Table(
                name="problem-quantiles",
                title="Quantiles of problems over valid occasions",
                frame=quantiles,
                columns=QUANTILE_COLUMNS,
            ),
        ),
    )


def _floor_words(one: ProblemDistribution, audience: Audience) -> Iterator[Text]:
    skewness = "" if one.skewness is None else f"Their skewness is {number(one.skewness, 2)}. "
    if one.floor_share is None or one.ceiling_share is None or one.floor is None:
        yield f"The ends of the scale of problems are not known. {skewness}".strip()
        return
    yield say(
        "Problems are at the lowest possible score ({floor}) in {low} of the valid occasions and "
        "at the highest in {high}.{skewness}",
        floor=points(one.floor, 0),
        low=one.floor_share,
        high=one.ceiling_share,
        skewness=f" {skewness}".rstrip(),
    )
    if (
        one.floor_share
        and one.lowest_SR_low_exposure is not None
        and one.lowest_SR_high_exposure is not None
    ):
        yield say(
            "At the lowest score SR is that score less what is expected, however resilient a "
            "person is: {few} points where few problems are expected (their 10 % quantile) and "
            "{many} where many are (90 %).{room}{always}",
            few=signed(one.lowest_SR_low_exposure, 1),
            many=signed(one.lowest_SR_high_exposure, 1),
            room=_room_words(one.rises),
            always=_always_words(one),
        )
    if one.residual_sd_low and one.residual_sd_high:
        spread = _spread_words(one.residual_sd_low, one.residual_sd_high, one.rises)
        yield " ".join((spread, *_floor_as_reason(one, audience), *_slope_words(one)))


def _room_words(rises: bool | None) -> str:
    """Say at which exposure there is less room, where the direction of the line is told."""
    if rises is None:
        return ""
    less, more = ("low", "high") if rises else ("high", "low")
    return f" So {less} exposure leaves less room below 0 than {more} exposure."


def _always_words(one: ProblemDistribution) -> Text:
    if not one.persons_at_floor:
        return ""
    return say(
        " {n:# person is|# persons are} there at each of their occasions; how they differ in "
        "resilience cannot be seen.",
        n=Persons(one.persons_at_floor),
    )


def _spread_words(low: float, high: float, rises: bool | None) -> str:
    told = (
        f"SR spreads by an SD of {points(low)} points in the third of occasions with the fewest "
        f"expected problems, and by {points(high)} in that with the most"
    )
    if high / low > UNEQUAL:
        whose = "where many problems are expected"
        if rises is not None:
            whose = "at high exposure" if rises else "at low exposure"
        return f"{told}: the same distance from 0 is less unusual {whose}."
    return f"{told}."


def _floor_as_reason(one: ProblemDistribution, audience: Audience) -> Iterator[str]:
    """Say whether the floor may be why SR spreads by more where many problems are expected."""
    few, most = one.few_expected, one.most_expected
    if few is None or most is None or most.sd < ALIKE * few.sd:
        return
    if few.sd_without_floor is None or most.sd_without_floor is None:
        yield "The floor may be why: most of the first are at it."
        return
    left = math.log(most.sd_without_floor / few.sd_without_floor)
    verdict = "The floor may be why"
    if left > math.log(most.sd / few.sd) / 2:
        verdict = "The floor is not shown to be why"
    told = (
        f"{verdict}: {audience.share(few.at_floor, few.n)} of the first are at it and "
        f"{audience.share(most.at_floor, most.n)} of the last"
    )
    if any(audience.hides(third.at_floor, third.n) for third in (few, most)):
        yield f"{told}."  # the SDs would tell the shares
        return
    yield (
        f"{told}, and were SR normal it would spread by {points(few.sd_without_floor)} and "
        f"{points(most.sd_without_floor)} without it."
    )


def _slope_words(one: ProblemDistribution) -> Iterator[str]:
    if one.slope_above_floor is None or one.slope_all is None:
        return
    yield (
        f"The slope of problems on exposure is {signed(one.slope_all, 3)}, and "
        f"{signed(one.slope_above_floor, 3)} without the occasions at the lowest score."
    )
    if one.rises is not None:
        yield (
            "A floor flattens a slope, and so does leaving occasions out by their problems: if the "
            "floor hides lower scores, both are nearer 0 than the slope would be without it."
        )
