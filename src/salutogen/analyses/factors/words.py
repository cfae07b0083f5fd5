"""What is said of factors, made from what was fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.factors.completed_words import how_pooled, over_sets
from salutogen.analyses.two_steps_and_one import accounted_for, told_ratio
from salutogen.findings import Persons, listed
from salutogen.models.quantiles import NORMAL_95
from salutogen.page.words import Sentence, points, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.factors.analysis import FactorsResult
    from salutogen.analyses.factors.records import FactorFound
    from salutogen.page.section import Text


FEW = 3  # factors that are told one by one where nothing is shown


def claims(result: FactorsResult) -> tuple[list[FactorFound], list[FactorFound]]:
    """Factors that stand both ways over all factors: with fewer, and with more problems."""
    held = [item for item in result.factors if item.claimed]
    return [item for item in held if item.two_step.b < 0], [
        item for item in held if item.two_step.b > 0
    ]


def answer_of(result: FactorsResult) -> Text:
    """Say which factors go with later SR, both ways of asking."""
    if not result.factors:
        return "No factor was measured before the SR that it is to go with: none is a predictor."
    fewer, more = claims(result)
    if not fewer and not more:
        return say(
            "Of {k:# factor|# factors}, none goes with {later} both in two steps and in one model "
            "with exposure (false-discovery rate 5 % over the factors).{pooled}",
            k=len(result.factors), later=_later_sr(result), pooled=over_sets(result),
        )  # fmt: skip
    later, parts = _later_sr(result), []
    if fewer:
        parts.append(f"lower {later} (more resilient) goes with higher {_each(fewer)}")
    if more:
        parts.append(f"higher {later} (less resilient) goes with higher {_each(more)}")
    told = f"{'; '.join(parts)}."
    return (
        f"{told[:1].upper()}{told[1:]} Coefficients are SDs per SD in two steps; each stands in "
        "one model with exposure, too (false-discovery rate 5 % over the factors). Factors were "
        f"measured before, not assigned: that one goes with SR does not say that it protects."
        f"{_disguised([*fewer, *more])}{_may_follow([*fewer, *more])}"
        f"{_within_error([*fewer, *more])}{_weaker([*fewer, *more])}"
        f"{over_sets(result)}"
    )


def _each(found: list[FactorFound]) -> str:
    return listed(
        [f"{item.title} ({signed(item.two_step.standardised)})" for item in found], most=8
    )


def _disguised(found: list[FactorFound]) -> str:
    names = [item.title for item in found if item.problems_in_disguise]
    if not names:
        return ""
    ask = "asks" if len(names) == 1 else "ask"
    return f" {listed(names)} {ask} for problems under another name."


def _may_follow(found: list[FactorFound]) -> str:
    """Say which claims are gone at equal earlier problems, and of which these are not known."""
    told = ""
    if names := [item.title for item in found if item.may_follow]:
        told = (
            f" Of {listed(names, most=8)} nothing is shown at equal earlier problems and exposure: "
            f"{'it' if len(names) == 1 else 'they'} may follow from problems."
        )
    if names := [item.title for item in found if item.little_is_known_before]:
        told += (
            f" Little is known of problems before {listed(names, most=8)}, from which "
            f"{'it' if len(names) == 1 else 'each'} may follow."
        )
    return told


def _within_error(found: list[FactorFound]) -> str:
    """Say which claims would stand over plausible errors of exposure, where that was followed."""
    banded = [item for item in found if item.error_band is not None]
    safe = [item.title for item in banded if not item.within_error]
    if not banded or len(safe) == len(banded):
        return ""
    told = f"Only {listed(safe, most=8)} would" if safe else "None would"
    return f" {told} differ from 0 over all plausible errors of exposure and reports by mood."


def _weaker(found: list[FactorFound]) -> str:
    """Say which claims weaken with the time since the factor was measured."""
    names = [item.title for item in found if item.distance and item.distance.weakens]
    if not names:
        return ""
    return f" With the time since it was measured the association of {listed(names)} weakens."


def clause_of(result: FactorsResult) -> Text:
    """Say what later SR goes with in both ways of asking, and which of it is gone otherwise."""
    fewer, more = claims(result)
    later, parts = _later_sr(result), []
    if fewer:
        parts.append(f"lower {later} goes with higher {_titles(fewer)}")
    if more:
        parts.append(f"higher {later} goes with higher {_titles(more)}")
    if not parts:
        return _none_shown(result)
    limit = ""
    if gone := [item for item in (*fewer, *more) if item.may_follow]:
        limit = f"; of {_titles(gone)} nothing is shown at equal earlier problems and exposure"
    if gone := [item for item in (*fewer, *more) if item.claimed_once_only]:
        limit += f"; not of {_titles(gone)} over completed sets"
    if any(item.little_is_known_before for item in (*fewer, *more)):
        limit += "; little is known of earlier problems, from which a factor may follow"
    return f"{' and '.join(parts)} (in two steps and in one{limit})"


def _none_shown(result: FactorsResult) -> str:
    """Name the factors of which nothing is shown, with sizes where they are few."""
    if not result.factors:
        return ""
    if len(result.factors) > FEW:
        return f"none of {len(result.factors)} factors is shown to go with {_later_sr(result)}"
    told = [f"{item.title}{_size(item)}" for item in result.factors]
    goes = "goes" if len(told) == 1 else "go"
    return (
        f"that {listed(told)} {goes} with {_later_sr(result)} is not shown in both ways of asking"
    )


def _size(item: FactorFound) -> str:
    """Coefficient of two steps in SDs, with its interval."""
    step = item.two_step
    if step.standardised is None or step.interval is None or not step.b:
        return ""
    low, high = sorted(end * step.standardised / step.b for end in step.interval)
    return f" ({signed(step.standardised)} SDs per SD, {signed(low)} to {signed(high)})"


def _titles(found: list[FactorFound]) -> str:
    return listed([item.title for item in found], most=8)


def methods_of(result: FactorsResult) -> Sentence:
    """Say how they were related."""
    line = (
        "errors for unequal scatter that carry the estimation of the line"
        if result.line_estimated
        else "errors for unequal scatter; the line of another study is taken as known"
    )
    given = f", given {listed(result.covariates)}" if result.covariates else ""
    occasions = _range(result.occasions)
    return say(
        "Factors of {n:# person|# persons} were related to SR averaged over {occasions}, strictly "
        "after the factors were measured{given} (two steps; {line}), and in one model of problems "
        "with exposure over the same persons. p values were adjusted over the factors "
        "(Benjamini–Hochberg; Romano–Wolf, {draws} samples of persons).{pooled}",
        pooled=how_pooled(result), occasions=occasions, given=given, line=line,
        n=Persons(result.n, of=result.n_completed), draws=f"{result.drawn:,}",
    )  # fmt: skip


def _later_sr(result: FactorsResult) -> str:
    """Name the SR that was to be foretold, so that two such steps of a study are told apart."""
    word = "at" if len(result.occasions) == 1 else "over"
    return f"SR {word} {_range(result.occasions)}"


def _range(labels: tuple[str, ...]) -> str:
    if len(labels) == 1:
        return f"occasion {labels[0]}"
    return f"occasions {labels[0]} to {labels[-1]}"


def why_the_ratio(result: FactorsResult, item: FactorFound) -> str:
    """Say why two steps give another coefficient than one."""
    share = item.shared_with_exposure
    if item.ratio is None or share is None:
        return ""
    line = "a line over the same persons' means"
    ratio = told_ratio(item.ratio, share, of="the factor", line=line, effect="coefficient")
    told = f"{item.title}: {ratio}"
    if accounted_for(item.ratio, share):
        return told
    occasions, persons = result.slope_of_occasions, result.slope_of_persons
    if occasions is None or persons is None:
        return f"{told} The rest comes from the line of occasions, by which SR is scored."
    way = "flatter" if abs(occasions) < abs(persons) else "steeper"
    return (
        f"{told} The rest comes from the line of occasions, by which SR is scored: it is {way} "
        f"({points(occasions, 3)}) than that over persons' means ({points(persons, 3)}), so that "
        "exposure between persons is left in SR."
    )


def confounded_words(item: FactorFound) -> str:
    """Say of a factor that it goes with problems as far as it goes with exposure, and no further.

    Only where both correlations are told from 0 (Fisher z, 95 %) and nothing is shown beyond.
    """
    if item.holds != "neither" or item.r_P is None or item.r_E is None or item.n <= 3:
        return ""
    least = NORMAL_95 / (item.n - 3) ** 0.5
    if min(abs(item.r_P), abs(item.r_E)) < least or item.r_P * item.r_E < 0:
        return ""
    problems, exposure = ("fewer", "less") if item.r_P < 0 else ("more", "more")
    return (
        f"{item.title} goes with {problems} problems (r = {points(item.r_P)}) and with {exposure} "
        f"exposure (r = {points(item.r_E)}); that it goes with problems at equal exposure is not "
        "shown, so that nothing here says that it protects from stressors that are met."
    )


def turning_words(item: FactorFound) -> str:
    """Say whether a relation turns, both ways of asking."""
    found = item.turning
    if found is None:
        return ""
    if found.turns == "no":
        return (
            f"{item.title}: that its relation to later SR turns is not shown (two lines of "
            "opposite slope, both ways of asking)."
        )
    below, above = ("fewer", "more") if found.turns == "U" else ("more", "fewer")
    return (
        f"{item.title}: its relation turns ({found.turns}). Up to about "
        f"{points(found.two_step.at)} more of it goes with {below} problems than expected, beyond "
        f"that with {above} (two lines, both ways of asking)."
    )


def between_scores(result: FactorsResult) -> str:
    """Say how near SR is to problems themselves."""
    if result.r_SR_P is None:
        return ""
    return (
        f"Over persons, later SR and later problems correlate {points(result.r_SR_P)}: what goes "
        "with one mostly goes with the other. SR is problems less a function of exposure, so that "
        "beside problems and exposure in the same shape it foretells nothing further."
    )


def buffering_words(item: FactorFound) -> str:
    """Say whether a factor buffers, has a main effect, or neither."""
    found = item.buffering
    if found is None:
        return ""
    if found.told:
        low, _, high = (one.slope for one in found.simple_slopes)
        way = "flatter" if found.b < 0 else "steeper"
        kind = (
            "so it buffers against exposure, as far as an interaction can say"
            if found.b < 0 and high < low
            else "so exposure tells more in those who have more of it"
        )
        return (
            f"{item.title}: the slope of problems on exposure is {way} with more of it "
            f"({points(low, 3)} at one SD below the mean, {points(high, 3)} at one SD above), "
            f"{kind}."
        )
    if item.one_step.clear:
        return (
            f"{item.title}: goes with {'fewer' if item.one_step.b < 0 else 'more'} problems at any "
            "exposure (main effect); that the slope on exposure differs with it is not shown."
        )
    return ""
