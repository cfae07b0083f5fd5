"""What is said of a mechanism over completed sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.completing_shown import how_drawn
from salutogen.findings import Persons
from salutogen.page.words import Sentence, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.mechanism.analysis import MechanismResult


def told_otherwise(result: MechanismResult) -> bool:
    """Whether sets and persons who lack nothing differ in whether an effect is told, either way."""
    made = result.completed
    if made is None:
        return False
    pairs = [(result.two_step, made.two_step), (result.one_step, made.one_step)]
    return any(one.told != other.told for one, other in pairs)


def over_sets(result: MechanismResult) -> str:
    """Say what the indirect effect is over completed sets, and whether that is the same."""
    made = result.completed
    if made is None:
        return ""
    two, one = made.two_step, made.one_step
    same = (
        "Both do not tell the same: nothing is claimed that only one of them tells."
        if told_otherwise(result)
        else "Both tell the same."
    )
    return (
        f" Pooled over {made.sets} completed sets the indirect effect is "
        f"{signed(two.estimate)} "
        f"({signed(two.interval[0])} to {signed(two.interval[1])}) on SR and "
        f"{signed(one.estimate)} ({signed(one.interval[0])} to {signed(one.interval[1])}) on "
        f"problems with exposure. {same}"
    )


def how_completed(result: MechanismResult) -> Sentence:
    """Say who was completed, from what, and how sure that is."""
    made = result.completed
    assert made is not None
    return say(
        "Of {n:# person|# persons} with {x}, {m} or later SR, {factor:# lacks|# lack} the first, "
        "{mechanism:# lacks|# lack} the second and {later:# lacks|# lack} later SR; "
        "{whole:# lacks|# lack} nothing. {drawn} Limits are percentiles over draws of persons "
        "from all sets together. Who has some of the later occasions keeps the mean of these.",
        n=Persons(result.n_completed or 0),
        x=result.factor_title,
        m=result.mechanism_title,
        factor=Persons(made.n_without_factor, of=result.n_completed),
        mechanism=Persons(made.n_without_mechanism, of=result.n_completed),
        later=Persons(made.n_without_later, of=result.n_completed),
        whole=Persons(made.n_without_gaps, of=result.n_completed),
        drawn=how_drawn(
            made,
            what="factor, mechanism, later problems and exposure, covariates and earlier values",
            pooled="paths",
        ),
    )


def how_pooled(result: MechanismResult) -> str:
    """Say in the methods that paths were pooled."""
    made = result.completed
    if made is None:
        return ""
    return (
        f" Paths were pooled over {made.sets} sets completed {made.how} (Rubin's rules), "
        "with percentile intervals over draws of persons from all sets (Schomaker and Heumann "
        "2018)."
    )
