"""Asks for the range of ready-made scores and other single columns."""

from __future__ import annotations

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.study import Study


def check_totals(study: Study, found: FindingsByLine) -> None:
    """Ask, in one note, for the range of each score that is one column without it.

    Asked are those of P and E, and whatever is said to be a ready-made score.
    """
    roles = {*study.problems.instruments, *study.exposure_types}
    names = [
        name
        for name, one in study.instruments.items()
        if one.may_be_total
        and (one.total or name in roles)
        and one.answers is None
        and not one.recode
        and not found.is_open(f"instruments.{name}.answers")
    ]
    if names:
        at = f"instruments.{names[0]}"
        found.tell("total-without-range", at=at, names=names, n=len(names))
