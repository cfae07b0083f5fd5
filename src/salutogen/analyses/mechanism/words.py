"""Words for what a mechanism's analysis found, by what its order and its earlier values allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.mechanism.completed_words import how_pooled, over_sets, told_otherwise
from salutogen.analyses.two_steps_and_one import accounted_for, told_ratio
from salutogen.findings import Persons
from salutogen.page.words import enumeration, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.mechanism.analysis import MechanismResult
    from salutogen.page.section import Text


def answer(result: MechanismResult) -> Text:
    """Say what is shown, in the words that the order of the measurements allows."""
    return f"{_shown(result)}{over_sets(result)}"


def _shown(result: MechanismResult) -> str:
    x, m = result.factor_title, result.mechanism_title
    two, one = result.two_step, result.one_step
    figures = (
        f"indirect effect on SR {signed(two.estimate)} points for {result.per} of {x} "
        f"(95 % interval {signed(two.interval[0])} to {signed(two.interval[1])}), on problems "
        f"with exposure in the same model {signed(one.estimate)} "
        f"({signed(one.interval[0])} to {signed(one.interval[1])})"
    )
    if two.told == 0 or two.told != one.told:
        shown = "is not shown"
        if two.told != one.told:
            shown = "is shown in one of two models only"
        if two.told * one.told < 0:
            shown = "goes in opposite directions in two models"
        return f"A way from {x} over {m} to later SR {shown}: {figures}."
    if told_otherwise(result):
        return (
            f"A way from {x} over {m} to later SR is shown of persons who lack nothing, and not "
            f"the same over completed sets: {figures}."
        )
    together = f"{x}, {m} and later SR go together as a way over {m} would have it"
    if result.kind != "mediation":
        return f"{together}, but the order of their measurements does not show one: {figures}."
    given = result.given_earlier
    order = " Factor, mechanism and SR were measured in this order."
    if given is None:
        head = f"The data fit a way from {x} over {m} to later SR"
        return f"{head}: {figures}.{order}"
    earlier = (
        f"Given {m} and SR of {result.mechanism_before}, it is "
        f"{signed(given.estimate)} ({signed(given.interval[0])} to {signed(given.interval[1])})."
    )
    if given.told != two.told:
        return (
            f"{together}, but not beyond what was there before: {figures}. {earlier} A trait "
            "that lasts is the simpler account."
        )
    return (
        f"The data fit a way from {x} over {m} to later SR, also beyond "
        f"what was there before: {figures}. {earlier}{order}"
    )


def why_the_ratio(result: MechanismResult) -> str:
    """Say why two steps give another indirect effect than one."""
    x, m = result.factor_title, result.mechanism_title
    ratio, share = result.ratio, result.shared_with_exposure
    if ratio is None or share is None:
        return ""
    held = dict(zip((result.factor, *result.covariates), (x, *result.covariates), strict=True))
    # What the line of SR holds already is not what it lacks.
    lacking = [name for key, name in held.items() if key not in result.covariates_of_line]
    beside = [name for name in result.covariates_of_line if name not in held]
    told = told_ratio(
        ratio, share, effect="indirect effect", of=f"{m}, at equal {enumeration([*held.values()])}",
        line=f"a line that also holds {enumeration(lacking)}" if lacking else "the line of SR",
        exposure=enumeration(["exposure", *beside]),
    )  # fmt: skip
    told = f"{told[:1].upper()}{told[1:]}"
    if lacking and not accounted_for(ratio, share):
        told += (
            f" The rest comes from the line of SR, which is without {enumeration(lacking)}: what "
            f"exposure has in common with {'it' if len(lacking) == 1 else 'them'} is taken for "
            "exposure's."
        )
    if not result.two_step.told and not result.one_step.told:
        told += " As neither of both differs from 0, their ratio says little."
    return told


def in_short(result: MechanismResult) -> str:
    """Say in a clause whether a way over the mechanism is told, as far as `answer` says it."""
    way = f"a way from {result.factor_title} over {result.mechanism_title} to later SR"
    told = result.two_step.told
    if told == 0 or told != result.one_step.told or result.kind != "mediation":
        return f"{way} is not told"
    if told_otherwise(result):
        return f"{way} is told with completed sets or without them only"
    given = result.given_earlier
    if given is not None and given.told != told:
        return f"the data fit {way}, but not beyond what was there before"
    return f"the data fit {way}"


def methods(result: MechanismResult) -> Text:
    """Say what was fitted."""
    given = f", given {enumeration(result.covariates)}" if result.covariates else ""
    return say(
        "In {n:# person|# persons}, {mechanism} ({mechanism_at}) was regressed on {factor} "
        "({factor_at}), and the mean of later SR on both{given}; the indirect effect is the "
        "product of both paths, with percentile intervals over persons drawn with replacement "
        "in which the line of SR is fitted anew. The same was done for problems with exposure "
        "in the same equation.{pooled}",
        pooled=how_pooled(result),
        n=Persons(result.n, of=result.n_completed),
        mechanism=result.mechanism_title,
        mechanism_at=result.mechanism_at,
        factor=result.factor_title,
        factor_at=result.factor_at,
        given=given,
    )
