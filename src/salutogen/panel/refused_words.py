"""Words where numbers are expected: told once for each instrument, with a `recode` to fill in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from salutogen.findings import ROWS_SHOWN, Finding, Findings, listed
from salutogen.page.identifiers import Identifiers
from salutogen.panel.findings_once import named_columns, told_once
from salutogen.study.answers_in_words import MOST_WORDS, are_yes_no, plain_word, proposed
from salutogen.study.format import GAP
from salutogen.study.format.yaml_text import quoted, scalar

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study

WORDS = "words"  # evidence of a refused column: how often each word stands there


def refused_words_once(
    study: Study, findings: Iterable[Finding], identifiers: Identifiers
) -> Findings:
    """Tell words that are no answers once for each instrument, not for each column.

    The mend is a `recode` ready to be copied: the numbers of a response scale in common use are
    proposed, any other word waits for its number. Identifiers are counted, never shown.
    """
    return told_once(findings, _instrument_of_words, partial(_tell, study, identifiers))


def _instrument_of_words(one: Finding) -> Hashable | None:
    if one.code != "impossible-answer" or WORDS not in one.evidence.numbers:
        return None
    return (one.evidence.numbers["instrument"],)


def _tell(study: Study, identifiers: Identifiers, found: Sequence[Finding], told: Findings) -> None:
    counts: Counter[str] = Counter()
    for one in found:
        counts.update(one.evidence.numbers[WORDS])
    instrument = study.instruments[found[0].evidence.numbers["instrument"]]
    shown = _shown(counts, identifiers)
    if not shown or not _are_answers(found):
        told.extend(found)
        return
    recode = _snippet(instrument, shown)
    columns, named = named_columns(found)
    files = list(dict.fromkeys(one.evidence.file for one in found))
    rows = sorted({row for one in found for row in one.evidence.rows})
    cells = sum(one.evidence.n_rows or 0 for one in found)
    told.tell(
        "impossible-answer",
        variant=_variant(instrument, list(counts), recode),
        file=files[0],
        column=found[0].evidence.column if columns == 1 else None,
        rows=rows[:ROWS_SHOWN],
        n_rows=cells,
        instrument=instrument.name,
        where=f"column {named}" if columns == 1 else f"{columns} columns ({named})",
        files=listed(files),
        words=_counted(shown, sum(counts.values()) - sum(shown.values())),
        source=instrument.source,
        expected=found[0].evidence.numbers["expected"],
        answers=sum(one.evidence.numbers["answers"] for one in found),
        recode=recode,
        numbers={"counts": shown},
    )


def _are_answers(found: Sequence[Finding]) -> bool:
    """Whether words are repeated or several stand in a column; else each is a slip of its own."""
    counts: Counter[str] = Counter()
    for one in found:
        counts.update(one.evidence.numbers[WORDS])
    several = any(len(one.evidence.numbers[WORDS]) > 1 for one in found)
    return several or max(counts.values()) > 1


def _variant(instrument: Instrument, words: Sequence[str], recode: str) -> str:
    if instrument.recode:
        return "more-words"
    if are_yes_no(words):
        return "boolean"
    return "open-words" if GAP in recode else "words"


def _shown(counts: Mapping[str, int], identifiers: Identifiers) -> dict[str, int]:
    """The most frequent words, each in its most frequent spelling; identifiers are none of them."""
    spelt: dict[str, str] = {}
    found: Counter[str] = Counter()
    for word, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        if word not in identifiers.all and not identifiers.stand_in(word):
            found[spelt.setdefault(plain_word(word), word)] += count
    return dict(found.most_common(MOST_WORDS))


def _counted(shown: Mapping[str, int], others: int) -> str:
    words = [f"{word!r} ({count:,})" for word, count in shown.items()]
    return ", ".join([*words, *([f"others ({others:,})"] if others else [])])


def _snippet(instrument: Instrument, shown: Mapping[str, int]) -> str:
    """Write the words as a `recode` of the study file, with numbers where they are known."""
    answers = instrument.answers
    length, first = None, 0.0
    if answers is not None and answers.is_whole:
        length, first = int(answers.maximum - answers.minimum) + 1, answers.minimum
    numbers = proposed(list(shown), length, first)
    if instrument.recode:
        numbers = dict.fromkeys(shown, GAP)
    pairs = (
        f"{quoted(word)}: {scalar(number) if number == GAP else number}"
        for word, number in numbers.items()
    )
    return f"{{{', '.join(pairs)}}}"
