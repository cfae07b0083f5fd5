"""What is said of the incremental validity of SR, made from what was fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.findings import Persons, listed
from salutogen.page.words import percent, points, say

if TYPE_CHECKING:
    from salutogen.analyses.incremental_validity.analysis import (
        Added,
        Foretold,
        IncrementalValidityResult,
    )
    from salutogen.page.section import Text

ARITHMETIC = (
    "SR is problems less a straight line of exposure, over the same occasions: a linear "
    "combination of both (and of covariates). Beside them it adds exactly nothing, whatever the "
    "outcome. That SR foretells something alone says that problems and exposure do."
)


def answer_of(result: IncrementalValidityResult) -> Text:
    """Say what P and E foretell, and what SR adds."""
    given = f"beyond {listed(result.given)}, " if result.given else ""
    head = (
        f"In persons who had no part in the fit, {given}problems and exposure together foretell "
        f"{told(of(result, 'P and E'))} of {result.title}; SR alone foretells "
        f"{told(of(result, 'SR'))}."
    )
    if result.exact:
        return f"{head} Beside both SR adds exactly nothing, by arithmetic."
    return f"{head} Beside both {added_words(result.added)}."


def told(found: Foretold) -> str:
    """Say what share of the variance is foretold; below 0 the mean foretells better."""
    within = f"R² {share(found.beyond)}, {interval(found.interval)}"
    if found.beyond <= 0:
        return f"nothing ({within})"
    unsure = "" if found.interval[0] > 0 else ", which may be nothing"
    return f"{share(found.beyond)} of the variance ({interval(found.interval)}{unsure})"


def added_words(added: Added) -> str:
    """Say what SR adds, with its interval."""
    within = f"{share(added.gain)} ({interval(added.interval)})"
    if added.told:
        return f"SR adds {within}"
    return f"it is not shown that SR adds anything: the gain in R² is {within}"


def of(result: IncrementalValidityResult, name: str) -> Foretold:
    """Return what some scores foretell."""
    return next(item for item in result.foretold if item.scores == name)


def share(value: float) -> str:
    """Write a share of variance, which may be below 0."""
    return f"−{percent(-value)}" if value < 0 else percent(value)


def interval(ends: tuple[float, float]) -> str:
    """Write an interval of shares."""
    return f"95 % interval {share(ends[0])} to {share(ends[1])}"


def why(result: IncrementalValidityResult) -> list[Text]:
    """Say where what SR adds comes from."""
    if result.exact:
        return [ARITHMETIC]
    said: list[Text] = [
        f"{_nearly(result.computed_share)} of SR over persons is a linear combination of problems "
        "and exposure. What is left comes from how SR is made: a curved line, lines of several "
        "kinds of exposure, or averages of what is curved over occasions that differ. What SR adds "
        "is this, and no resilience beyond problems and exposure."
    ]
    curve = result.added_to_curve
    if curve is not None:
        said.append(
            f"Beside problems and exposure in the shape of the study's line {added_words(curve)}."
        )
    return said


def _nearly(value: float) -> str:
    return f"{100 * value:.1f} %" if value < 0.9995 else "More than 99.9 %"


def correlations(result: IncrementalValidityResult) -> Text:
    """Say how near SR is to problems and to exposure."""
    return (
        f"Over persons SR correlates {points(result.r_SR_P)} with problems and "
        f"{points(result.r_SR_E)} with exposure."
    )


def methods_of(result: IncrementalValidityResult) -> Text:
    """Say how it was foretold."""
    given = f", beside {listed(result.given)}" if result.given else ""
    return say(
        "In {n:# person|# persons}, {title} was foretold from mean problems, exposure and SR "
        "before it{given}, by least squares in {folds} parts of the persons, each from the others, "
        "over {repeats} random splits.",
        title=result.title, n=Persons(result.n), given=given, folds=result.folds,
        repeats=result.repeats,
    )  # fmt: skip
