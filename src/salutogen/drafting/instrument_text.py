"""One instrument of a draft as lines of the study file."""

from __future__ import annotations

from collections.abc import Mapping

from salutogen.drafting.answer_codes import written
from salutogen.drafting.questions import needs_code_of_none, needs_recall
from salutogen.drafting.roles import DraftedInstrument
from salutogen.study.answers_in_words import are_yes_no, proposed
from salutogen.study.format import GAP
from salutogen.study.format.yaml_text import comment, quoted, scalar


def instrument_lines(one: DraftedInstrument, role: str, value: Mapping[str, str]) -> list[str]:
    """Write one instrument; the comment before it says what was seen."""
    block = one.block
    here = f"instruments.{one.name}"
    lines = [f"  # {comment(remark)}" for remark in one.remarks]
    lines += [f"  {scalar(one.name)}:", f"    columns: {_columns(block.patterns)}"]
    if one.registered and one.name != one.registered:
        lines.append(f"    instrument: {one.registered}")
    if block.total:
        lines.append("    total: true")
    lines += _answer_lines(one, value.get(f"{here}.answers", GAP))
    if role == "exposure":
        none = value.get(f"{here}.did_not_occur", needs_code_of_none(one))
        if none:
            lines.append(f"    did_not_occur: {scalar_number(none)} # the code of no event")
        if needs_recall(one):
            recall = value.get(f"{here}.recall", GAP)
            lines.append(f"    recall: {scalar(recall)} # how far back the answers reach")
    if not block.repeated:
        lines.append("    measured: baseline")
    if block.absent:
        asked = ", ".join(
            f"{quoted(label)}: [{', '.join(map(quoted, there))}]"
            for label, there in block.absent.items()
        )
        lines.append(f"    asked: {{{asked}}}")
    return lines


def _columns(patterns: tuple[str, ...]) -> str:
    if len(patterns) == 1:
        return quoted(patterns[0])
    return f"[{', '.join(map(quoted, patterns))}]"


def _answer_lines(one: DraftedInstrument, told: str) -> list[str]:
    """Range, missing codes, words and what is to be done with cells that are no answers."""
    block, codes = one.block, one.block.codes
    lines = []
    if one.range_open:
        seen = "" if codes is None else f" # {codes.seen} seen"
        lines.append(f"    answers: {scalar(told) if told == GAP else told}{seen}")
    elif not one.registered and block.n_items > 1:
        lines.append(f"    answers: {_seen(one)}")
    if codes is not None and codes.missing:
        listed_codes = ", ".join(written(code) for code in codes.missing)
        lines.append(f"    codes: {{skipped: [{listed_codes}]}}")
    recode = recoded(one)
    if recode is not None:
        pairs = ", ".join(f"{quoted(word)}: {scalar_number(code)}" for word, code in recode.items())
        lines.append(f"    recode: {{{pairs}}}")
    if not block.in_words and (block.words or (codes is not None and codes.stray)):
        words = comment(", ".join(block.words[:4])) or "odd codes"
        cells = f"{block.odd_cells:,} cell{'s' if block.odd_cells != 1 else ''}"
        lines.append(f"    invalid: {quoted(GAP)} # missing (drops {cells}) or refuse: {words}")
    return lines


def _seen(one: DraftedInstrument) -> str:
    """The range of codes that was seen; of words, that of their codes."""
    codes = one.block.codes
    if codes is not None:
        return codes.seen
    recode = recoded(one)
    if recode is None:
        return "0..1"
    if GAP in recode.values():
        return quoted(GAP)
    numbers = [float(number) for number in recode.values()]
    low, high = min(numbers), max(numbers)
    if low == high:  # a mere tick, beside a blank
        low, high = min(low, 0.0), max(high, 1.0)
    return f"{written(low)}..{written(high)}"


def scalar_number(text: str) -> str:
    """Write a number that was told as a number, anything else as a text."""
    try:
        return written(float(text))
    except ValueError:
        return scalar(text)


def recoded(one: DraftedInstrument) -> dict[str, str] | None:
    """Code of each word of an instrument that is answered in words; None where there are none."""
    block = one.block
    if not block.in_words or are_yes_no(block.words):
        return None
    entry = one.entry
    length = None if entry is None else int(entry.answers.maximum - entry.answers.minimum) + 1
    return proposed(block.words, length, 0.0 if entry is None else entry.answers.minimum)
