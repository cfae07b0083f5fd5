"""What a person may know better than the columns of a data file tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salutogen.drafting.roles import ROLES, DraftedInstrument
from salutogen.study.answers_in_words import are_yes_no
from salutogen.study.format import GAP

if TYPE_CHECKING:
    from salutogen.drafting.draft import Draft


@dataclass(frozen=True, slots=True)
class Question:
    """Something a person may know better: where it goes, what is asked, the draft."""

    path: str
    text: str
    default: str


def questions(draft: Draft) -> Iterator[Question]:
    """Ask for each gap of a draft, and for each guess that only a person can confirm."""
    layout = draft.layout
    yield Question("title", "Title of the study", GAP)
    if len(layout.person) < 2:
        person = layout.person[0] if layout.person else GAP
        yield Question("sources.answers.person", "Column that identifies the person", person)
    by_row = layout.kind == "row-per-occasion" and not draft.files and not layout.single
    if by_row and len(layout.occasion) < 2:
        occasion = layout.occasion[0] if layout.occasion else GAP
        yield Question("sources.answers.occasion", "Column that names the occasion", occasion)
    time = layout.time
    if time is not None and time.unit is None:
        text = f"What does {time.column} count (days, weeks, date, ...)"
        yield Question("sources.answers.time.unit", text, GAP)
    if not layout.single:
        interval = time.interval if time is not None else None
        every = GAP if interval is None or interval < 1 else f"{interval:.0f} days"
        every = "1 day" if every == "1 days" else every
        yield Question("occasions.every", "Planned time between occasions", every)
    for one in draft.instruments:
        yield from _of_instrument(one)


def _of_instrument(one: DraftedInstrument) -> Iterator[Question]:
    here = f"instruments.{one.name}"
    looks = one.remarks[0].rstrip(".") if one.remarks else one.name
    shown = ", ".join(one.block.patterns[:3])
    roles = ", ".join(ROLES)
    yield Question(f"{here}.role", f"Role of {shown} ({looks}): {roles}", one.role)
    codes = one.block.codes
    if one.range_open and codes is not None:
        text = f"Lowest and highest answer of {one.name} ({codes.seen} seen)"
        yield Question(f"{here}.answers", text, GAP)
    if one.role in ("exposure", GAP) and needs_recall(one):
        text = f"How far back {one.name} reaches, if it is exposure (e.g. 7 days)"
        yield Question(f"{here}.recall", text, GAP)
    if one.role == "exposure" and needs_code_of_none(one) == GAP:
        text = f"Code of {one.name} for an event that did not occur"
        yield Question(f"{here}.did_not_occur", text, GAP)


def needs_recall(one: DraftedInstrument) -> bool:
    """Whether only a person can say how far back an instrument's answers reach."""
    return one.entry is None or one.entry.recall is None


def needs_code_of_none(one: DraftedInstrument) -> str:
    """The code of an event that did not occur: known, `???`, or empty where none is needed."""
    codes = one.block.codes
    if one.block.in_words and are_yes_no(one.block.words):
        return "0"
    if one.block.n_items == 1 or (one.entry is not None and not one.range_open):
        return ""
    if codes is None or one.range_open or codes.minimum != 0:
        return GAP
    return "0"
