"""What is said of factors over completed sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.completing_shown import how_drawn
from salutogen.findings import Persons, listed
from salutogen.page.words import Sentence, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.factors.analysis import FactorsResult
    from salutogen.analyses.factors.records import FactorFound


def over_sets(result: FactorsResult) -> str:
    """Say which claims stand over completed sets, too, and which there only."""
    made = result.completed
    if made is None:
        return ""
    start = f" Pooled over {made.sets} completed sets"
    held = [item for item in result.factors if item.claimed and not item.claimed_once_only]
    lost = [item for item in result.factors if item.claimed and item.claimed_once_only]
    come = [item for item in result.factors if not item.claimed and item.claimed_once_only]
    parts = []
    if held:
        parts.append(f"{_each(held)} {_stand(held)}, too")
    if lost:
        parts.append(f"{listed([item.title for item in lost], most=8)} {_do(lost)} not stand")
    if come:
        parts.append(f"{_each(come)} {_stand(come)} which {_do(come)} not otherwise")
    if not parts:
        return f"{start} none stands, either."
    told = f"{start} {'; '.join(parts)}."
    if lost or come:
        told += " Nothing is claimed that only persons who lack nothing, or only the sets, tell."
    return told


def _each(found: list[FactorFound]) -> str:
    told = []
    for item in found:
        assert item.completed is not None
        assert item.completed.alone is not None
        told.append(f"{item.title} ({signed(item.completed.alone.two_step.standardised)})")
    return listed(told, most=8)


def _stand(found: list[FactorFound]) -> str:
    return "stands" if len(found) == 1 else "stand"


def _do(found: list[FactorFound]) -> str:
    return "does" if len(found) == 1 else "do"


def how_completed(result: FactorsResult) -> Sentence:
    """Say who was completed, from what, and how sure that is."""
    made = result.completed
    assert made is not None
    return say(
        "Of {n:# person|# persons} with later SR or a factor, {later:# lacks|# lack} later SR, "
        "{factor:# lacks|# lack} a factor, and {whole:# lacks|# lack} nothing. {drawn} Who has "
        "some of the later occasions keeps the mean of these.",
        n=Persons(result.n_completed or 0),
        later=Persons(made.n_without_later, of=result.n_completed),
        factor=Persons(made.n_without_factor, of=result.n_completed),
        whole=Persons(made.n_without_gaps, of=result.n_completed),
        drawn=how_drawn(
            made, pooled="coefficients",
            what="later problems and exposure, factors, covariates, and problems and exposure "
            "before the factors",
        ),
    )  # fmt: skip


def how_pooled(result: FactorsResult) -> str:
    """Say in the methods that coefficients were pooled."""
    made = result.completed
    if made is None:
        return ""
    return (
        f" Coefficients were pooled over {made.sets} sets completed {made.how}, for "
        "everyone with later SR or a factor (Rubin's rules)."
    )
