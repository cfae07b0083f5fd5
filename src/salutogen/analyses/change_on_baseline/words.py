"""What is said of change on baseline, made from what was fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from salutogen.findings import Persons, listed
from salutogen.page.words import enumeration, points, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.change_on_baseline.analysis import ChangeOnBaselineResult
    from salutogen.page.section import Text

RISES = "positive: problems rise more in those who had more"
FALLS = "negative: problems fall more (or rise less) in those who had more"


def answer_of(result: ChangeOnBaselineResult) -> Text:
    """Say what of the slope is left without regression to the mean."""
    plain, *corrected = result.of_baseline()
    return (
        f"Taken as it is, change goes with {signed(plain['slope'])} points per point of problems "
        f"before{_interval(plain)}; it would be negative even if nobody changed. "
        f"{_left([row for row in corrected if row['possible']])}"
    )


def _interval(row: dict[str, Any]) -> str:
    if row["low"] is None:
        return ""
    return f" (95 % interval {signed(row['low'])} to {signed(row['high'])})"


def _left(rows: list[dict[str, Any]]) -> str:
    """Say for which k a slope is told, and which way."""
    known = [row for row in rows if row["low"] is not None]
    if not known:
        return "How much of it is regression to the mean cannot be told from these measurements."
    first = known[0]
    start = (
        f"Corrected for regression to the mean it is {signed(first['slope'])}{_interval(first)} "
        f"at k = {first['k']:g}"
    )
    if len(known) > 1:
        last = known[-1]
        start += f" and {signed(last['slope'])}{_interval(last)} at k = {last['k']:g}"
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


def _ks(rows: list[dict[str, Any]]) -> str:
    return f"k = {enumeration([f'{row["k"]:g}' for row in rows])}"


def what_k_is(result: ChangeOnBaselineResult) -> str:
    """Say what k stands for, in correlations."""
    rows = [row for row in result.of_baseline() if row["k"] is not None]
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


def methods_of(result: ChangeOnBaselineResult) -> Text:
    """Say how it was corrected."""
    given = f" and on {listed(result.covariates)}" if result.covariates else ""
    return say(
        "Change of problems from {baseline} to {after} of {n:# person|# persons} was regressed on "
        "problems before{given}, corrected for regression to the mean over several assumptions "
        "(Varadhan, Zhu and Bandeen-Roche 2024), with intervals over draws of persons.",
        baseline=result.baseline, after=result.after, n=Persons(result.n), given=given,
    )  # fmt: skip
