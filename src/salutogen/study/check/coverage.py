"""How much of the follow-up time the recall windows of exposure cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import Duration
from salutogen.study.study import Study

LOW_SHARE = 0.5
SPAN_RATIO = 2.0  # of two recall windows, from which they describe different stretches of time


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Share of the follow-up that one exposure type's answers look back on.

    Attributes
    ----------
    instrument : str
        The exposure type.
    recall_days : float
        How far back its answers reach.
    interval_days : float
        Median planned time between occasions.
    share : float
        Covered part of the time from the first to the last planned occasion, from 0 to 1.
    """

    instrument: str
    recall_days: float
    interval_days: float
    share: float


def coverage(study: Study) -> tuple[Coverage, ...]:
    """Compute the coverage of each exposure type from the planned days.

    The time between the first and the last occasion counts; overlapping windows count once. Types
    without recall window, and plans without days, are left out.

    Examples
    --------
    Hassles of the last 7 days asked every 3 months cover 7 of 91.3 days, 8 %.
    """
    days = [occasion.day for occasion in study.occasions if occasion.day is not None]
    if len(days) < 2 or len(days) < len(study.occasions):
        return ()
    gaps = sorted(later - earlier for earlier, later in pairwise(days))
    interval = (gaps[(len(gaps) - 1) // 2] + gaps[len(gaps) // 2]) / 2
    found = []
    for name in study.exposure_types:
        instrument = study.instruments.get(name)
        if instrument is None or instrument.recall is None:
            continue
        asked = [
            day for day, label in zip(days, study.labels, strict=True) if instrument.is_asked(label)
        ]
        found.append(
            Coverage(
                instrument=name,
                recall_days=instrument.recall.days,
                interval_days=interval,
                share=share_covered(asked, instrument.recall.days, days[0], days[-1]),
            )
        )
    return tuple(found)


def share_covered(days: Iterable[float], recall: float, first: float, last: float) -> float:
    """Share of the time from `first` to `last` that lies within `recall` before one of the days."""
    covered = 0.0
    end_before = first
    for day in sorted(days):
        start = max(day - recall, end_before)
        covered += max(0.0, min(day, last) - start)
        end_before = max(end_before, day)
    return covered / (last - first)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnequalRecall:
    """A type of exposure that looks back much further, or less far, than problems do."""

    instrument: str
    recall: Duration
    problems: str
    problems_recall: Duration


def unequal_recalls(study: Study) -> Iterator[UnequalRecall]:
    """Find each type of exposure whose recall window is not that of problems."""
    for name in study.exposure_types:
        instrument = study.instruments.get(name)
        recall = instrument.recall if instrument else None
        if recall is None or recall.days <= 0:
            continue
        for problem in study.problems.instruments:
            scale = study.instruments.get(problem)
            other = scale.recall if scale else None
            if other is None or other.days <= 0:
                continue
            if max(recall.days / other.days, other.days / recall.days) > SPAN_RATIO:
                yield UnequalRecall(
                    instrument=name, recall=recall, problems=problem, problems_recall=other
                )


def check_coverage(study: Study, found: FindingsByLine) -> None:
    """Say how much of the follow-up exposure covers, in one note; warn of types below one half."""
    every = coverage(study)
    for one in every:
        if one.share < LOW_SHARE:
            found.tell("exposure-coverage-low", at=f"instruments.{one.instrument}", **_told([one]))
    enough = [one for one in every if one.share >= LOW_SHARE]
    if enough:
        at = f"instruments.{enough[0].instrument}" if len(enough) == 1 else "exposure"
        found.tell("exposure-coverage", at=at, **_told(enough))


def _told(types: list[Coverage]) -> dict[str, Any]:
    """Words and numbers of types of exposure."""
    named = [
        f"{one.instrument!r} looks back {one.recall_days:.4g} days at occasions about "
        f"{one.interval_days:.4g} days apart, which covers {100 * one.share:.0f} % of the time "
        "between planned occasions, and less where one is missed"
        for one in types
    ]
    numbers = {
        one.instrument: {
            "share": round(one.share, 10),
            "recall_days": one.recall_days,
            "interval_days": one.interval_days,
        }
        for one in types
    }
    return {"named": "; ".join(named), "numbers": numbers}
