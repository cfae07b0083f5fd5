"""Findings that many columns of a file share, told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from salutogen.findings import Finding, Findings

_MOST_NAMED = 3


def blank_words_once(findings: Iterable[Finding]) -> Findings:
    """Tell words that stand for a blank cell once for each file, with how many columns hold them.

    A file that a program wrote holds them in every column; a note for each buries the rest.
    """
    by_file: dict[str | None, list[Finding]] = {}
    order: list[Finding | str | None] = []
    for one in findings:
        if one.code != "blank-words":
            order.append(one)
            continue
        if one.evidence.file not in by_file:
            order.append(one.evidence.file)
        by_file.setdefault(one.evidence.file, []).append(one)
    told = Findings()
    for entry in order:
        if isinstance(entry, Finding):
            told.extend([entry])
        elif len(by_file[entry]) == 1:
            told.extend(by_file[entry])
        else:
            _tell(by_file[entry], entry, told)
    return told


def _tell(found: list[Finding], file: str | None, told: Findings) -> None:
    counts: Counter[str] = Counter()
    for one in found:
        numbers = one.evidence.numbers.items()
        counts.update({word: count for word, count in numbers if isinstance(count, int)})
    columns = list(dict.fromkeys(one.evidence.column for one in found))
    named = ", ".join(repr(column) for column in columns[:_MOST_NAMED])
    told.tell(
        "blank-words",
        variant="columns",
        file=file,
        columns=len(columns),
        named=named if len(columns) <= _MOST_NAMED else f"{named} and others",
        n_rows=sum(counts.values()),
        words=", ".join(f"{word!r} ({count})" for word, count in sorted(counts.items())),
        numbers=dict(sorted(counts.items())),
    )
