"""What the opening says of how much of the time the answers look back on."""

from __future__ import annotations

from salutogen.page.words import percent
from salutogen.report.context import Context
from salutogen.study import Study
from salutogen.study.check.coverage import LOW_SHARE, coverage, unequal_recalls


def little_was_asked(study: Study) -> bool:
    """Whether the answers of some type of exposure look back on little of the time."""
    return any(one.share < LOW_SHARE for one in coverage(study))


def design_in_words(context: Context) -> str:
    """Say what of the time was not asked about; nothing where the answers look back on most."""
    study = context.study
    told = [
        f"{one.instrument!r} looks back on {percent(one.share)} of the time between planned "
        "occasions; what it would tell of the rest is not in exposure."
        for one in coverage(study)
        if one.share < LOW_SHARE
    ]
    told += [
        f"{one.instrument!r} (exposure) looks back {one.recall} and {one.problems!r} (problems) "
        f"{one.problems_recall}, so that they describe different stretches of time."
        for one in unequal_recalls(study)
    ]
    return f"What was asked limits this. {' '.join(told)}" if told else ""
