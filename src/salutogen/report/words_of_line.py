"""What the opening says of the E-P line, made from the whole line."""

from __future__ import annotations

import numpy as np

from salutogen.findings import Persons
from salutogen.norm import Line
from salutogen.norm.findings import not_shown_to_rise
from salutogen.norm.line_claims import LineClaims
from salutogen.norm.shape import Bend, bend_of
from salutogen.page.audience import Audience
from salutogen.page.section import Text
from salutogen.page.words import enumeration, number, percent, points, say, signed
from salutogen.report.context import Context

PERCENTILES = "the 10th, 50th and 90th percentile of exposure"
LITTLE = 0.1  # share of the variance of P
NO_RESILIENCE = "SR is not to be read as resilience here"
BENDS = {
    "rises": "They rise with exposure throughout.",
    "falls": "They fall with more exposure throughout.",
    "lowest": "They are lowest{near} and higher on both sides.",
    "highest": "They are highest{near} and lower on both sides.",
    "several": "They rise and fall more than once.",
    "unsettled": "Whether they turn in between is not settled.",
}


def line_in_words(context: Context) -> Text:
    """Say how problems go with exposure between persons."""
    line = context.norm.lines.person
    told = _line_words(line, context.audience)
    if leaves_out_curve(context):
        told = (
            f"along a straight line, {told} But the data show a curve, which this line leaves out: "
            "part of SR is the distance between the two."
        )
    return _who(line, context) + told + no_resilience_words(line)


def no_resilience_words(line: Line) -> str:
    """Say that SR is no resilience where problems are not shown to rise; nothing elsewhere."""
    if not not_shown_to_rise(line):
        return ""
    return f" Problems are not shown to rise from low to high exposure, so that {NO_RESILIENCE}."


def leaves_out_curve(context: Context) -> bool:
    """Whether a straight line was laid through what the test of the shape finds curved."""
    norm = context.norm
    test = norm.shape_test
    straight = norm.lines.person.shape == "linear" and norm.external is None
    return straight and test is not None and test.chosen != "linear"


def _who(line: Line, context: Context) -> Text:
    n = Persons(line.n)
    if context.norm.external is not None:
        whole = "By a line taken over from {file}, fitted there on {n:# person|# persons}, "
        return say(whole, n=n, file=context.norm.external)
    if line.reference == "all":
        return say("In {n:# person|# persons}, ", n=n)
    return say(
        "In {n:# person|# persons} of the reference set ({reference}), ",
        n=n,
        reference=line.reference,
    )


def _line_words(line: Line, audience: Audience) -> str:
    claims = line.claims
    if claims is None:
        return (
            f"expected problems follow exposure with a whole R² of {percent(line.r_squared)}; the "
            "file tells neither exposure's own share nor errors of the line."
        )
    given = f"given {enumeration(line.covariates)}, " if line.covariates else ""
    if not claims.shows_exposure:
        scale = scale_in_words(line) if line.slope is not None else ""
        return f"{given}{_not_told(line, claims)}{scale} {share_in_words(line, audience)}"
    return f"{given}{_direction(line, claims, audience)} {share_in_words(line, audience)}"


def _not_told(line: Line, claims: LineClaims) -> str:
    """Say that no relation is told: because it is small at most, or because it is not settled."""
    if not little_at_most(claims):
        known = _left_open(line, claims) or (
            ": too little is known to take SR for more than problems, or for no more."
        )
        return (
            "whether exposure to stressors and mental-health problems hang together is not settled "
            f"({_weak(line, claims)}){known}"
        )
    rest = "what the covariates let expect" if line.covariates else "the mean"
    return (
        "exposure to stressors and mental-health problems hang together too weakly to say in which "
        f"direction ({_weak(line, claims)}): what exposure lets expect is then little more than "
        f"{rest}, and SR little more than problems{' given these' if line.covariates else ''}."
    )


def _left_open(line: Line, claims: LineClaims) -> str:
    """What an interval excludes and what it leaves open, where one side of it holds little only.

    Ends are told as correlations over persons as well. Nothing where both sides may hold more, and
    of lines whose ends are none of one correlation: curves, several kinds, covariates.
    """
    low, high = slope_interval(line)
    if low is None or high is None or not line.slope or line.covariates:
        return ""
    scale = float(np.sqrt(claims.share.share)) / abs(line.slope)
    ends = {"rise": high, "fall": low}
    little = [way for way, end in ends.items() if (scale * end) ** 2 <= LITTLE]
    if len(little) != 1:
        return ""
    shut, open_ = little[0], "fall" if little[0] == "rise" else "rise"

    def told(way: str) -> str:
        size = points(abs(ends[way]), 3)
        return f"{size} points (a correlation over persons of {signed(scale * ends[way])})"

    return (
        f". A {shut} of more than {told(shut)} is excluded by this interval, so that problems "
        f"{'rise' if shut == 'rise' else 'fall'} little with exposure, if at all; a {open_} of up "
        f"to {told(open_)} is not."
    )


def little_at_most(claims: LineClaims) -> bool:
    """Whether the interval of exposure's own share leaves room for little only."""
    return claims.share.high is not None and claims.share.high <= LITTLE


def _weak(line: Line, claims: LineClaims) -> str:
    if line.slope is not None:
        low, high = slope_interval(line)
        return (
            f"slope {signed(line.slope, 3)} points for each {unit_of(line)} of exposure, 95 % "
            f"interval {signed(low, 3)} to {signed(high, 3)}"
        )
    change = claims.change
    return (
        f"from low to high exposure {signed(change.change)} points, 95 % interval "
        f"{signed(change.low)} to {signed(change.high)}"
    )


def _direction(line: Line, claims: LineClaims, audience: Audience) -> str:
    if line.slope is not None:
        more = "more" if line.slope > 0 else "fewer"
        low, high = slope_interval(line)
        return (
            f"those who reported more stressors had {more} problems: {signed(line.slope, 3)} "
            f"points for each {unit_of(line)} of exposure (95 % interval {signed(low, 3)} to "
            f"{signed(high, 3)}, scatter taken as unequal: HC3).{scale_in_words(line)}"
        )
    scale = scale_in_words(line) if tells_exposure(line, audience) else ""
    told = f"{expected_in_words(line, audience)}.{scale}"
    if len(line.predictors) == 1:
        return f"{told} {bend_in_words(line, audience)}"
    return f"{told} {_types_in_words(line)}".strip()


def slope_interval(line: Line) -> tuple[float | None, float | None]:
    """95 % interval of the slope, with errors for unequal scatter."""
    if line.claims is None or line.slope is None:
        return None, None
    half = float(line.claims.half_widths()[line.terms.index("E")])
    return (line.slope - half, line.slope + half) if np.isfinite(half) else (None, None)


def unit_of(line: Line) -> str:
    """What a step of exposure is called; one kind alone is standardised by its own SD."""
    if line.standardiser is None:
        return "point"
    return "unit of the composite" if len(line.standardiser.columns) > 1 else "SD"


def scale_in_words(line: Line) -> str:
    """Say what one unit of standardised exposure is, in points of each kind; else nothing."""
    if line.standardiser is None:
        return ""
    kinds = [
        f"{points(sd)} points of {name.removeprefix('E_')}"
        for name, sd in zip(line.standardiser.columns, line.standardiser.sds, strict=True)
        if name not in line.untold_types
    ]
    if not kinds:
        return ""
    if len(line.standardiser.columns) == 1:
        return f" One SD of persons' means is {kinds[0]}."
    return (
        f" A unit of the composite is one SD of persons' means in every kind at once: "
        f"{enumeration(kinds)}."
    )


def exposure_in_words(line: Line) -> str:
    """Name the unit of persons' exposure for an axis."""
    if line.standardiser is None:
        return "points, mean over occasions"
    several = len(line.standardiser.columns) > 1
    what = "mean of the z scores of the types" if several else "z score"
    return f"{what}, over persons' means"


def expected_in_words(line: Line, audience: Audience) -> str:
    """Say what problems are expected at low, middle and high exposure, with intervals."""
    if line.claims is None:
        return ""
    parts = []
    tells = tells_exposure(line, audience)
    for name, place in line.claims.at.items():
        at = f"{name} exposure"
        inner = []
        if tells and place.E is not None:
            inner.append(f"E = {number(place.E)}")
        inner.append(f"95 % interval {points(place.low)} to {points(place.high)}")
        parts.append(f"{points(place.P)} points at {at} ({'; '.join(inner)})")
    held = ", covariates at their means" if line.covariates else ""
    several = ", each kind of exposure at its own" if len(line.predictors) > 1 else ""
    one = tells and all(place.E is not None for place in line.claims.at.values())
    unit = f"; E in {_plural(unit_of(line))} of exposure" if one else ""
    return f"expected problems are {enumeration(parts)} ({PERCENTILES}{several}{held}{unit})"


def _plural(unit: str) -> str:
    first, *rest = unit.split(" ", 1)
    return " ".join((f"{first}s", *rest))


def bend_in_words(line: Line, audience: Audience) -> str:
    """Say how a curve goes between low and high exposure."""
    bend: Bend | None = bend_of(line)
    if bend is None:
        return ""
    near = f" near E = {number(bend.at)}" if tells_exposure(line, audience) else " in between"
    return BENDS[bend.kind].format(near=near)


def tells_exposure(line: Line, audience: Audience) -> bool:
    """Whether enough persons lie beyond low and high exposure for these to be told."""
    return audience.individuals or 0.1 * line.n >= audience.smallest


def _types_in_words(line: Line) -> str:
    """Say what each kind of exposure adds beside the others, where their lines are straight."""
    claims = line.claims
    if claims is None or line.shape != "linear":
        return ""
    halves = dict(zip(line.terms, claims.half_widths().tolist(), strict=True))
    told = [
        f"{name.removeprefix('E_')} {signed(line.coefficient(name), 3)} "
        f"({signed(line.coefficient(name) - halves[name], 3)} to "
        f"{signed(line.coefficient(name) + halves[name], 3)})"
        for name in line.predictors
        if np.isfinite(line.coefficient(name))
    ]
    return f"Points for each point beside the other kinds (95 % interval): {enumeration(told)}."


def share_interval(line: Line, audience: Audience) -> str:
    """Write the interval of exposure's own share; nothing where it is not told."""
    # With n, R² and its interval to a digit would tell how few were left out.
    if line.claims is None or line.claims.share.interval is None:
        return ""
    if audience.leaves_few(Persons(line.n)):
        return ""
    share = line.claims.share
    return f"95 % interval {percent(share.low)} to {percent(share.high)}"


def share_in_words(line: Line, audience: Audience) -> str:
    """Say with what share of the differences in problems exposure goes itself, and the line."""
    claims = line.claims
    if claims is None:
        return f"The line goes with {percent(line.r_squared)} of the differences in problems."
    share = claims.share
    interval = f" ({reach})" if (reach := share_interval(line, audience)) else ""
    several = len(line.predictors) > 1
    who = "The kinds of exposure together go" if several else "Exposure goes"
    cause = "they cause" if several else "it causes"
    told = (
        f"{who} with {percent(share.share)}{interval} of the differences in persons' mean problems"
    )
    if not line.covariates:
        return f"{told}, whether or not {cause} them; SR is what is left of them."
    return (
        f"{told} beside {enumeration(line.covariates)}, whether or not {cause} them; the whole "
        f"line, covariates included, goes with {percent(line.r_squared)}. SR is what the whole "
        "line leaves."
    )
