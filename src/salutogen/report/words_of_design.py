"""What the opening says of how much of the time the answers look back on."""

from __future__ import annotations

from salutogen.page.words import percent
from salutogen.report.context import Context
from salutogen.study import Study
from salutogen.study.check.coverage import LOW_SHARE, coverage, unequal_recalls


def little_asked_about(study: Study) -> tuple[str, ...]:
    """Types of exposure whose answers look back on little of the time, and on how much."""
    return tuple(
        f"{one.instrument!r} looks back on {percent(one.share)} of the time"
        for one in coverage(study)
        if one.share < LOW_SHARE
    )


def design_in_words(context: Context) -> str:
    """Say what of the time was not asked about; nothing where the answers look back on most."""
    study = context.study
    told = [
        f"{one} between planned occasions; what it would tell of the rest is not in exposure."
        for one in little_asked_about(study)
    ]
    told += [
        f"{one.instrument!r} (exposure) looks back {one.recall} and {one.problems!r} (problems) "
        f"{one.problems_recall}, so that they describe different stretches of time."
        for one in unequal_recalls(study)
    ]
    return f"What was asked limits this. {' '.join(told)}" if told else ""
