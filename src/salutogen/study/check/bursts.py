"""Bursts of momentary answers that a plan asks for, and whether anything holds the answers."""

from __future__ import annotations

from collections import Counter

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import Burst
from salutogen.study.schedule import occasions_in
from salutogen.study.study import Study


def planned_bursts(study: Study) -> dict[Burst, int]:
    """Bursts of the plan, each kind with the number of occasions it goes with."""
    blocks = study.plan.occasions
    number: Counter[Burst] = Counter()
    for block in blocks if isinstance(blocks, tuple) else (blocks,):
        if block.burst is not None:
            number[block.burst] += occasions_in(block)
    return dict(number)


def check_bursts(study: Study, found: FindingsByLine) -> None:
    """Say of each kind of burst that no source holds its answers, where that is so."""
    if study.plan.prompt_sources:
        return
    for burst, number in planned_bursts(study).items():
        found.tell(
            "burst-not-analysed",
            at="occasions",
            days=burst.days,
            prompts_per_day=burst.prompts_per_day,
            occasions=number,
        )
