"""Sentences on bands over errors of exposure: slope, persons' places and factors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.sensitivity.methods import source_words
from salutogen.findings import Persons
from salutogen.page.audience import SMALL_CELL
from salutogen.page.section import Text
from salutogen.page.words import Coarse, Sentence, enumeration, number, percent, points, say
from salutogen.study.check.coverage import LOW_SHARE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from salutogen.analyses.sensitivity.exposure_bands import Band
    from salutogen.analyses.sensitivity.person_bands import PersonBands

OF_EXPOSURE = " (of exposure: mood that colours the factor's own answers is not part of it)"
EDGE = 0.1  # of the slope as scored: an end nearer to 0 holds only just


def words_of_bands(bands: PersonBands) -> tuple[Text, ...]:
    """Say over what was followed through, and what is left of slope and factors."""
    slope = bands.slope
    if slope.value is None:
        return ()
    low, high = number(bands.reliability_low, 2), number(bands.reliability_high, 2)
    why = source_words(bands)
    told: list[Text] = [
        f"Bands over errors of exposure take the reliability of persons' exposure as {low} to "
        f"{high} ({why}) and mood-congruent reporting as {number(bands.mood_low, 2)} to "
        f"{number(bands.mood_high, 2)}; their ends hold the sampling error of persons (95 %). They "
        "stand on the straight line over these persons' means, without covariates. The slope is "
        f"{interval(slope.value, slope.low, slope.high)} {bands.unit} as scored (here, unlike the "
        "line's own interval, over resamples of persons), "
        f"{ends(slope.error_low, slope.error_high)} with error in exposure, "
        f"{ends(slope.joint_low, slope.joint_high)} with mood-congruent reporting as well.",
        *_words_of_places(bands),
    ]
    before = len(told)
    told += [
        words_of_factor(name, band, bands)
        for name, band in bands.factors.items()
        if band.claimed and band.error_low is not None
    ]
    known = [name for name, band in bands.factors.items() if band.value is not None]
    if known and len(told) == before:
        told.append(
            f"No factor's correlation with SR is told from 0 as scored ({enumeration(known)})."
        )
    elif len(told) > before:
        told += _words_beside_problems(bands)
    return tuple(told)


def slope_in_words(
    bands: PersonBands, left_out: Sequence[str] = (), covered: float | None = None
) -> str:
    """Say in a sentence whether the slope outlives error and mood; nothing where it is not told.

    Covariates of the study's line, which the bands leave out, are named; and where the answers look
    back on little of the time (`covered`, a share), that exposure may be less reliable yet.
    """
    slope = bands.slope
    if not slope.claimed or slope.error_low is None:
        return ""
    more = "more" if slope.value is not None and slope.value > 0 else "fewer"
    error = (
        f"a reliability of persons' mean exposure of {number(bands.reliability_low, 2)} to "
        f"{number(bands.reliability_high, 2)} ({source_words(bands)})"
    )
    by_error, both = (
        " to ".join(number(end, 2) for end in pair)  # points would write a small slope 0.00
        for pair in ((slope.error_low, slope.error_high), (slope.joint_low, slope.joint_high))
    )
    mood = ""
    if _with_mood(bands):
        mood = (
            " and with reports that mood colours by "
            f"{number(bands.mood_low, 2)} to {number(bands.mood_high, 2)} SDs of exposure for each "
            "SD of problems"
        )
    without = f", {enumeration(left_out)} left out," if left_out else ""
    begun = f"That those who met more stressors had {more} problems{without}"
    left = (
        f"(slope from {both if mood else by_error} in the same unit; the ends hold the sampling "
        "error of persons)"
    )
    less = ""
    if covered is not None and covered < LOW_SHARE:
        less = (
            " The answers of at least one type of exposure look back on "
            f"{percent(covered)} of the time; what was not asked about is taken to differ from the "
            "rest by chance alone, which would change the size of the slope and the places of "
            "persons, not its direction."
        )
    if _holds(bands):
        just = "only just " if _only_just(bands) else ""
        return f"{begun} would {just}hold at {error}{mood} {left}.{_edge(bands)}{less}"
    alone = ""
    if mood and slope.holds_with_error:
        alone = f" With error in exposure alone it would hold ({by_error})."
    return f"{begun} need not hold at {error}{mood} {left}.{alone}{less}"


def slope_in_short(bands: PersonBands, covered: float | None = None) -> str:
    """Say the same in a clause; where little of the time was asked about, that more may be off."""
    mood = " and reports coloured by mood" if _with_mood(bands) else ""
    little = covered is not None and covered < LOW_SHARE
    holds = "need not"
    if _holds(bands):
        holds = "would only just" if _only_just(bands) else "would"
    apart = " (the time that was not asked about is no part of that error)" if little else ""
    return (
        f"the relation of problems with exposure {holds} hold with the error of exposure{mood} "
        f"assumed below{apart}"
    )


def _with_mood(bands: PersonBands) -> bool:
    return max(abs(bands.mood_low), abs(bands.mood_high)) > 0 and bands.slope.joint_low is not None


def _holds(bands: PersonBands) -> bool:
    slope = bands.slope
    return slope.holds_jointly if _with_mood(bands) else slope.holds_with_error


def _only_just(bands: PersonBands) -> bool:
    """Whether the end nearest to 0 is small beside the slope as scored."""
    slope = bands.slope
    ends_ = (
        (slope.joint_low, slope.joint_high)
        if _with_mood(bands)
        else (slope.error_low, slope.error_high)
    )
    known = [abs(end) for end in ends_ if end is not None]
    return slope.value is not None and bool(known) and min(known) < EDGE * abs(slope.value)


def _edge(bands: PersonBands) -> str:
    """Say that what only just holds may not at stronger mood than was taken."""
    if not _only_just(bands) or not _with_mood(bands):
        return ""
    return (
        " Mood that colours reports a little more than was taken, "
        f"{number(max(abs(bands.mood_low), abs(bands.mood_high)), 2)} at most, may undo it."
    )


def _words_beside_problems(bands: PersonBands) -> tuple[str, ...]:
    """Say which factors are not told, and what the two correlations of the others mean."""
    untold = [
        name for name, one in bands.factors.items() if one.value is not None and not one.claimed
    ]
    told = (
        "By arithmetic a factor's correlation with SR is that with problems, less that with "
        "exposure times that of exposure with problems, on the smaller scale of SR. So the two "
        "differ by the scale alone where the factor does not go with exposure, and not at all "
        "where exposure does not go with problems. Whether a factor changes how problems follow "
        "exposure was not asked."
    )
    if untold:
        told += f" Not told from 0 as scored: {enumeration(untold)}."
    return (told,)


def _words_of_places(bands: PersonBands) -> tuple[Sentence, ...]:
    """Say how many persons change sides: by error in exposure, by mood, and at most by both."""
    known = bands.persons.filter(pl.col("rank_r").is_not_null()).sort("reliability_E")
    error, mood = known.filter(pl.col("g") == 0), known.filter(pl.col("g") != 0)
    if not error.height:
        return ()
    worst = error.row(0, named=True)
    told = say(
        "At a reliability of {reliability}, SR with the corrected slope puts "
        "{n:# person|# persons} on the other side of 0, away from where SR as scored puts "
        "them (rank correlation {r}).",
        reliability=number(worst["reliability_E"], 2),
        n=Persons(worst["n_other_side"], of=worst["n"]),
        r=_rank_correlation(worst),
    )
    return (told + _by_mood(mood) if mood.height else told,)


def _rank_correlation(row: Mapping[str, Any]) -> str | Coarse:
    """Rank correlation beside a count; where that is of few, it would tell how far these move."""
    told = points(row["rank_r"])
    return Coarse(told, "not told") if 0 < row["n_other_side"] < SMALL_CELL else told


def _by_mood(places: pl.DataFrame) -> Sentence:
    """How many change sides by mood-congruent reporting: where E is most reliable, and at most."""
    alone = places.row(-1, named=True)
    most = places.sort("n_other_side", descending=True, maintain_order=True).row(0, named=True)
    told = say(
        " Reports that mood colours by {g} SDs of exposure for each SD of problems put {n} there "
        "at a reliability of {reliability} (rank correlation {r})",
        g=number(alone["g"], 2),
        n=Persons(alone["n_other_side"], of=alone["n"]),
        reliability=number(alone["reliability_E"], 2),
        r=_rank_correlation(alone),
    )
    if most["n_other_side"] == alone["n_other_side"]:
        return told + "."
    return told + say(
        ", and {n} at one of {reliability} (rank correlation {r}).",
        n=Persons(most["n_other_side"], of=most["n"]),
        reliability=number(most["reliability_E"], 2),
        r=_rank_correlation(most),
    )


def words_of_factor(name: str, band: Band, bands: PersonBands) -> Sentence:
    """Say what is left of a factor's correlation with SR where exposure has error."""
    if band.holds_jointly:
        judged = f"it differs from 0 throughout, with mood-congruent reporting as well{OF_EXPOSURE}"
    elif band.holds_with_error:
        judged = (
            "it differs from 0 throughout, but not at every strength of mood-congruent reporting "
            f"({ends(band.joint_low, band.joint_high)})"
        )
    else:
        judged = (
            "it is not told from 0 throughout; the factor may merely go with fewer or more "
            "stressors"
        )
    beside = "".join(
        f", with {what} {interval(one.value, one.low, one.high)}"
        for what, found in (
            ("problems themselves", bands.with_problems),
            ("exposure as reported", bands.with_exposure),
        )
        if (one := found.get(name)) is not None and one.value is not None
    )
    return say(
        "{name} ({n:# person|# persons}): r with SR {r} as scored{beside}; with error in exposure "
        "{error}: {judged}.",
        name=name,
        n=Persons(band.n, of=max(bands.n, band.n)),
        r=interval(band.value, band.low, band.high),
        beside=beside,
        error=ends(band.error_low, band.error_high),
        judged=judged,
    )


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """Write an estimate with its interval."""
    return f"{points(value)} ({ends(low, high)})"


def ends(low: float | None, high: float | None) -> str:
    """Write two ends."""
    return f"{points(low)} to {points(high)}"
