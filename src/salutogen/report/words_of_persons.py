"""What the opening says of persons and of how far their scores can be believed."""

from __future__ import annotations

import polars as pl

from salutogen.findings import Persons
from salutogen.norm import Line
from salutogen.page.section import Text
from salutogen.page.words import number, percent, points, say, signed
from salutogen.report.context import Context, quantiles
from salutogen.report.words_of_design import little_was_asked
from salutogen.report.words_of_line import leaves_out_curve
from salutogen.resilience.claims import ABOVE, BELOW, PersonClaims, has_few_visits

LITTLE_EXPOSED = (
    "To have fewer problems than expected at little exposure does not tell how a person would do "
    "under much. "
)
FREE_OF_ERROR = (
    "Exposure is taken as free of error in this{unasked}: otherwise some of those called may not "
    "be, and others may. Lasting reactions to events within the period are part of a person's "
    "level."
)
UNASKED = ", and as it was asked about, though little of the time was"
ROUNDING = 0.005  # of a correlation as it is printed
LINGERS = 0.1  # correlation from one occasion to the next from which a state may look like a level
THE_SAME, NEARLY, LARGELY = (
    0.995,
    0.97,
    0.7,
)  # r(SR, P) from which SR orders persons nearly, or largely, as P does


def persons_in_words(context: Context) -> Text:
    """Say how far persons' levels differ, and how many lie clearly off the line."""
    scored = context.persons["SR"].drop_nulls().to_numpy()
    if not scored.size:
        return ""
    first, third = quantiles(scored, (0.25, 0.75), context.audience.smallest)
    spread = (
        "Half of the persons have a mean SR, over the occasions they answered, between "
        f"{signed(first)} and {signed(third)} points. "
        if first is not None
        else ""
    )
    curve = ""
    if leaves_out_curve(context):
        curve = " Part of these differences is the curve that the straight line leaves out."
    return say(
        "{spread}{levels}{curve}", spread=spread, levels=_levels_in_words(context), curve=curve
    )


def _levels_in_words(context: Context) -> Text:
    """Say what is known of persons' levels over the period."""
    found = context.resilience.claims
    if found.clear_below is None or found.clear_above is None:
        return (
            "Whether that is lasting cannot be told: one occasion cannot tell a person's level "
            "from the state of that day, so nobody is called clearly below or above the line."
        )
    if found.autocorrelation is None:
        return (
            "Whether that is lasting cannot be told: these occasions cannot tell a person's level "
            "from a state that lasts from one to the next, so nobody is called clearly below or "
            "above the line."
        )
    interval = variance_in_words(context)
    if found.between_variance_low == 0:
        return _unsettled_levels(found, interval)
    n = found.n
    if found.clear_below + found.clear_above == 0:
        return say(
            "Persons' levels over the period differ ({interval}), but of "
            "{n:# person|# persons} none is clearly below or above the line at a false-discovery "
            "rate of 5 %.",
            interval=interval,
            n=Persons(n),
        )
    chance = (
        f" ({points(found.expected_by_chance, 1)} persons)" if context.audience.individuals else ""
    )
    return say(
        "Persons' levels over the period differ ({interval}). Of {n:# person|# persons} the "
        "levels of {below} lie clearly below the line (fewer problems than expected{exposed_below})"
        " and of {above} clearly above it (more problems than expected{exposed_above}), at a "
        "false-discovery rate of 5 %: up to one in twenty of those called{chance} is expected to "
        "be called by chance. For the others the level is not settled. {little}{error}",
        interval=interval,
        n=Persons(n),
        below=Persons(found.clear_below, of=n),
        above=Persons(found.clear_above, of=n - found.clear_below),
        exposed_below=_exposed_words(context, BELOW),
        exposed_above=_exposed_words(context, ABOVE),
        little=LITTLE_EXPOSED if _exposed_words(context, BELOW) else "",
        error=FREE_OF_ERROR.format(unasked=UNASKED if little_was_asked(context.study) else ""),
        chance=chance,
    )


def _unsettled_levels(found: PersonClaims, interval: str) -> str:
    """Say that levels may or may not differ, and what else would look the same."""
    told = f"Whether persons' levels over the period differ is not settled: {interval}"
    nobody = "nobody is called clearly below or above the line."
    if found.autocorrelation is None or found.autocorrelation < LINGERS:
        return (
            f"{told}. Means over a few occasions would differ as well if nobody differed "
            f"lastingly, so {nobody}"
        )
    return (
        f"{told}, beside a correlation of SR of {signed(found.autocorrelation)} from one occasion "
        "to the next. What a person keeps from one occasion to the next "
        "may be a lasting level or a state that passes slowly, and "
        f"{_occasions(found)} tell them apart only as well as this interval says. A small SD is "
        f"here no sign that persons are alike, and {nobody}"
    )


def _occasions(found: PersonClaims) -> str:
    """Write the median number of a person's occasions."""
    if found.median_occasions is None:
        return "these occasions"
    noun = "occasion" if found.median_occasions == 1 else "occasions"
    return f"{found.median_occasions:g} {noun} (the median)"


def _exposed_words(context: Context, side: str) -> Text:
    """Say how many of those called met much: only they stay well, or not, although exposed."""
    persons = context.persons
    if not {"E", "clear"} <= set(persons.columns) or not (persons["clear"] == side).any():
        return ""
    exposed = persons["E"] > persons.filter(pl.col("SR").is_not_null())["E"].median()
    called = persons["clear"] == side
    return say(
        "; {n} of them at above-median exposure",
        n=Persons((called & exposed).sum(), of=int(called.sum())),
    )


def levels_in_methods(context: Context) -> list[str]:
    """Say how persons' levels, their intervals and who is called were made; nothing without."""
    found = context.resilience.claims
    if found.within_variance is None:
        return []
    rho = "0, which the occasions could not tell"
    if found.autocorrelation is not None:
        rho = number(found.autocorrelation, 2)
    if found.between_variance_low is None:
        ground = "the stability given in the study file"
    else:
        ground = (
            "a random-intercept model with first-order autocorrelated residuals (restricted "
            f"maximum likelihood; correlation at adjacent occasions {rho})"
        )
    return [
        "Intervals of persons' SR are of the level over the period, with Student's quantiles: "
        "their variance is that of the line plus the variance of SR over a person's occasions, "
        f"from {ground}, as it affects the mean over the person's own occasions. Persons were "
        f"{'to be ' if found.between_variance_low == 0 else ''}called clearly below or above the "
        "line at a false-discovery rate of 5 % (Benjamini & Hochberg, 1995), and only if the 95 % "
        f"interval of the variance between persons did not hold 0{_of_few_visits(context)}"
        f"{', which it did' if found.between_variance_low == 0 else ''}."
    ]


def _of_few_visits(context: Context) -> str:
    """Say that those seen once or twice are not called, where there are some beside others."""
    if not has_few_visits(context.persons).any():
        return ""
    return "; none was called from one or two valid occasions"


def variance_in_words(context: Context) -> str:
    """Write the variance of levels as an SD in points of P, with where it comes from."""
    found = context.resilience.claims
    if found.between_variance_low is None or found.between_variance_high is None:
        return f"SD {_root(found.between_variance)} points, by the stability that was given"
    return (
        f"SD of levels {_root(found.between_variance)} points, 95 % interval "
        f"{_root(found.between_variance_low)} to {_root(found.between_variance_high)}"
    )


def spread_of_persons(context: Context) -> tuple[str, str, str]:
    """Name and write how far persons differ, with its interval: in their levels, where told.

    Means over few occasions differ by chance, though nobody's level does.
    """
    found = context.resilience.claims
    if found.between_variance is None:
        line = context.norm.lines.person
        return "SD of persons' mean SR (points)", points(line.residual_sd), ""
    low, high = found.between_variance_low, found.between_variance_high
    reach = "" if low is None or high is None else f"95 % interval {_root(low)} to {_root(high)}"
    return "SD of persons' levels of SR (points)", _root(found.between_variance), reach


def _root(variance: float | None) -> str:
    return points(None if variance is None else variance**0.5)


def belief_in_words(context: Context) -> str:
    """Say of what each reliability is, and how near SR is to P."""
    return " ".join([*_reliabilities(context), *_correlation_with_problems(context)])


def _reliabilities(context: Context) -> list[str]:
    summary, found = context.resilience.summary, context.resilience.claims
    told = []
    if summary.reliability is not None:
        free = ""
        if summary.reliability_E_assumed:
            free = " if exposure is free of error, and less if it is not"
        told.append(
            "The answers of one occasion give that occasion's SR with a reliability of "
            f"{number(summary.reliability, 2)}{free}: how well answers of the same day agree, "
            "which says nothing of how well persons can be ranked."
        )
    if found.reliability is not None and found.median_occasions is not None:
        told.append(
            f"A person's SR over {_occasions(found)} tells the person's level over the period with "
            f"a reliability of {_reliability_of_level(found)}."
        )
    told.extend(_share_between(context))
    return told


def _reliability_of_level(found: PersonClaims) -> str:
    """Write the reliability with its interval, and what it rests on."""
    value, apart = number(found.reliability, 2), "error in exposure is not part of it"
    if found.between_variance_low is None:
        return f"{value} ({apart}), by the stability that was given"
    if found.autocorrelation is None:
        return f"{value} ({apart}), if occasions are independent"
    return f"{value} (95 % interval {reliability_ends(found)}; {apart})"


def reliability_ends(found: PersonClaims) -> str:
    """Write the ends of the interval of the reliability of persons' SR."""
    low = 0.0 if found.between_variance_low == 0 else found.reliability_low
    return f"{number(low, 2)} to {number(found.reliability_high, 2)}"


def _share_between(context: Context) -> list[str]:
    """Say how much of the variance on single occasions lies between persons, and by which model."""
    found, icc = context.resilience.claims, context.resilience.summary.icc_single
    if found.share_between is not None and found.between_variance_low == 0:
        return [
            "How much of the variance of SR on single occasions lies between persons' levels "
            f"within this period is not settled: the estimate is {percent(found.share_between)}, "
            f"and 0 to {percent(found.share_between_high)} fit these data; the rest is within "
            "persons."
        ]
    if found.share_between is not None:
        return [
            f"Of the variance of SR on single occasions {percent(found.share_between)}"
            f"{_share_ends(found)} lies between persons' levels within this period; the rest is "
            "within persons, where it correlates by "
            f"{signed(found.autocorrelation)} from one occasion to the next."
        ]
    if icc is None:
        return []
    return [
        f"Of the variance of SR on single occasions {percent(icc)} lies between persons within "
        "this period (intraclass correlation, occasions taken as independent); the rest is within "
        "persons."
    ]


def _share_ends(found: PersonClaims) -> str:
    """Write the interval of the share between persons; nothing where levels have none."""
    if found.share_between_low is None or found.share_between_high is None:
        return ""
    low, high = percent(found.share_between_low), percent(found.share_between_high)
    return f" (95 % interval {low} to {high})"


def _correlation_with_problems(context: Context) -> list[str]:
    r = context.resilience.summary.r_SR_P.person
    if r is None:
        return []
    return [
        f"SR of persons correlates {signed(r)} with their problems"
        f"{_by_arithmetic(r, context.norm.lines.person)}: {_as_problems(r)}."
    ]


def _by_arithmetic(r: float, line: Line) -> str:
    """Say that r(SR, P) is √(1 − R²), where SR is what the line leaves of the same persons."""
    if abs(r - max(1.0 - line.r_squared, 0.0) ** 0.5) > ROUNDING:
        return ""
    what = "the whole line" if line.covariates or line.claims is None else "exposure"
    return (
        f", which follows from the {percent(line.r_squared)} that go with {what} (the root of what "
        "is left) and is no finding"
    )


def _as_problems(r: float) -> str:
    if r >= THE_SAME:
        return "it orders persons almost exactly as problems alone do"
    if r >= NEARLY:
        return "it orders persons nearly as problems alone do"
    if r >= LARGELY:
        return "it orders persons largely as problems alone do"
    return "it orders persons otherwise than problems alone"
