"""What is said of change on baseline, made from what was fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salutogen.analyses.change_on_baseline.slopes import of_baseline, told_otherwise
from salutogen.analyses.completing_shown import how_drawn
from salutogen.findings import Persons, listed
from salutogen.page.words import Sentence, enumeration, points, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.change_on_baseline.analysis import ChangeOnBaselineResult
    from salutogen.page.section import Text

RISES = "positive: problems rise more in those who had more"
FALLS = "negative: problems fall more (or rise less) in those who had more"


def answer_of(result: ChangeOnBaselineResult) -> Text:
    """Say what of the slope is left without regression to the mean."""
    plain, *corrected = of_baseline(result.slopes)
    return (
        f"Taken as it is, change goes with {signed(plain['slope'])} points per point of problems "
        f"before{_interval(plain)}; it would be negative even if nobody changed. "
        f"{_left(corrected, 'Corrected for regression to the mean it is')}{_pooled(result)}"
    )


def _pooled(result: ChangeOnBaselineResult) -> str:
    """Say what is left over completed sets, and whether it is the same."""
    made = result.completed
    if made is None:
        return ""
    start, rows = f"Pooled over {made.sets} completed sets it is", of_baseline(made.slopes)[1:]
    if told_otherwise(result.slopes, made.slopes):
        told = _left(rows, start)
        return f" {told} Both do not tell the same: nothing is claimed that only one of them tells."
    known = _known(rows)
    return f" {_ends(known, start)}: the same." if known else ""


def _interval(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return ""
    return f" (95 % interval {signed(row['low'])} to {signed(row['high'])})"


def _left(rows: list[dict[str, Any]], start: str) -> str:
    """Say for which k a slope is told, and which way."""
    known = _known(rows)
    if not known:
        return "How much of it is regression to the mean cannot be told from these measurements."
    start = _ends(known, start)
    above, below = (
        [row for row in known if row["low"] > 0],
        [row for row in known if row["high"] < 0],
    )
    if not above and not below:
        return f"{start}: for no k is it told from 0."
    if above and below:
        return f"{start}: positive for {_ks(above)}, negative for {_ks(below)}; k decides."
    told, way = (above, RISES) if above else (below, FALLS)
    which = "for every k" if len(told) == len(known) else f"for {_ks(told)} only"
    return f"{start}: {which} it is {way}."


def _known(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["possible"] and row["low"] is not None]


def _ends(known: list[dict[str, Any]], start: str) -> str:
    """Slopes at the smallest and at the largest k."""
    told = [
        f"{signed(row['slope'])}{_interval(row)} at k = {row['k']:g}"
        for row in (known[0], known[-1])[: len(known)]
    ]
    return f"{start} {' and '.join(told)}"


def _ks(rows: list[dict[str, Any]]) -> str:
    return f"k = {enumeration([f'{row["k"]:g}' for row in rows])}"


def what_k_is(result: ChangeOnBaselineResult) -> str:
    """Say what k stands for, in correlations."""
    rows = [row for row in of_baseline(result.slopes) if row["k"] is not None]
    told = [
        f"{points(row['without_stressor'])} at k = {row['k']:g}" for row in rows if row["possible"]
    ]
    out = [f"{row['k']:g}" for row in rows if not row["possible"]]
    said = (
        f"Problems before and after correlate {points(result.correlation)}. Without the stressor "
        "they would correlate more, by how much these data cannot tell: k times as much is "
        f"{listed(told, most=8)}. " if told else
        f"Problems before and after correlate {points(result.correlation)}. "
    )  # fmt: skip
    if out:
        said += f"No correlation is above 1, so that k = {enumeration(out)} is not possible here. "
    return (
        f"{said}With k = 1 the stressor changes nothing in how persons keep their places, and all "
        "that the correlation falls short of 1 is regression to the mean; the larger k is, the "
        "more of it is the stressor's. A retest over the same time without a stressor would tell "
        "k. What is left at k = 1 is that problems spread more or less after than before (SD "
        f"{points(result.sd_before)} before, {points(result.sd_after)} after), which a floor or a "
        "ceiling of the scale brings about as well."
    )


def how_completed(result: ChangeOnBaselineResult) -> Sentence:
    """Say who was completed and from what, and how sure that is."""
    made = result.completed
    assert made is not None
    return say(
        "Of {n:# person|# persons} with problems before or after, {without_after:# lacks|# lack} "
        "those after and {without_before:# lacks|# lack} those before. {drawn}",
        n=Persons(result.n_completed or 0),
        without_after=Persons(made.n_without_after, of=result.n_completed),
        without_before=Persons(made.n_without_before, of=result.n_completed),
        drawn=how_drawn(made, what="measurements and covariates", pooled="slopes"),
    )


def methods_of(result: ChangeOnBaselineResult) -> Sentence:
    """Say how it was corrected."""
    given = f" and on {listed(result.covariates)}" if result.covariates else ""
    made = result.completed
    pooled = ""
    if made is not None:
        pooled = f", and pooled over {made.sets} sets completed {made.how}"
    return say(
        "Change of problems of {n:# person|# persons} from {baseline} to {after} was regressed on "
        "problems before{given}, corrected for regression to the mean over several assumptions "
        "(Varadhan, Zhu and Bandeen-Roche 2024), with intervals over draws of persons{pooled}.",
        baseline=result.baseline, after=result.after, given=given, pooled=pooled,
        n=Persons(result.n, of=result.n_completed),
    )  # fmt: skip
