"""Ready-made scores: one column that holds a sum or mean, whose items are not in the data."""

from __future__ import annotations

from dataclasses import replace

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import AnswerRange, InstrumentUse
from salutogen.study.instruments.instrument import Instrument, ScoringRule
from salutogen.study.instruments.registry import RegisteredInstrument

TOTAL = "total"
AS_GIVEN = ScoringRule(name=TOTAL)
OF_ITEMS = ("reverse", "subscales", "texts", "scoring", "adaptations")


def as_total(instrument: Instrument) -> Instrument:
    """Take the one column of an instrument for a ready-made score."""
    return replace(instrument, total=True, scoring=AS_GIVEN, scorings={}, reverse=frozenset())


def kind_told(use: InstrumentUse, entry: RegisteredInstrument | None, columns: int) -> bool | None:
    """Whether an instrument is a ready-made score; None where only the answers can tell."""
    if use.total is not None or columns != 1:
        return bool(use.total)
    itemised = entry is not None and entry.items is not None
    return False if itemised or use.recode or use.form == "tick-list" else None


def total_range(use: InstrumentUse, entry: RegisteredInstrument | None) -> AnswerRange | None:
    """Range of a ready-made score: as stated, else what the registered scoring can give."""
    if use.answers is not None or entry is None or entry.items is None:
        return use.answers
    rule = entry.scorings[entry.default_scoring]
    codes = list(rule.recode.values()) if rule.recode else [
        entry.answers.minimum,
        entry.answers.maximum,
    ]  # fmt: skip
    k = len(entry.scored) if entry.scored is not None else entry.items
    times = rule.multiply * (k if rule.method == "sum" else 1)
    return AnswerRange(min(codes) * times, max(codes) * times)


def check_total(name: str, use: InstrumentUse, columns: int, found: FindingsByLine) -> None:
    """Refuse what has no meaning for a ready-made score."""
    here = f"instruments.{name}"
    if columns != 1:
        found.tell("total-of-columns", at=f"{here}.columns", name=name, columns=columns)
    named = [key for key in OF_ITEMS if getattr(use, key)]
    if named:
        found.tell("total-has-no-items", at=f"{here}.{named[0]}", name=name, keys=named)
    if use.form == "tick-list":
        found.tell("total-has-no-items", at=f"{here}.form", variant="form", name=name)
