"""Findings that many columns share, told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

from salutogen.findings import ROWS_SHOWN, Finding, Findings

_MOST_NAMED = 3


def told_once(
    findings: Iterable[Finding],
    key_of: Callable[[Finding], Hashable | None],
    tell: Callable[[Sequence[Finding], Findings], None],
) -> Findings:
    """Tell findings of the same key as one, in the place of the first.

    Parameters
    ----------
    findings : iterable of Finding
    key_of : function
        What findings have in common; None of those that stay as they are.
    tell : function
        Tells the findings of one key.
    """
    groups: dict[Hashable, list[Finding]] = {}
    order: list[tuple[Finding, Hashable | None]] = []
    for one in findings:
        key = key_of(one)
        if key is None or key not in groups:
            order.append((one, key))
        if key is not None:
            groups.setdefault(key, []).append(one)
    told = Findings()
    for one, key in order:
        if key is None:
            told.extend([one])
        else:
            tell(groups[key], told)
    return told


def named_columns(found: Iterable[Finding]) -> tuple[int, str]:
    """Count the columns in which findings were made, and name the first of them."""
    columns = list(dict.fromkeys(one.evidence.column for one in found))
    named = ", ".join(repr(column) for column in columns[:_MOST_NAMED])
    return len(columns), named if len(columns) <= _MOST_NAMED else f"{named} and others"


def blank_words_once(findings: Iterable[Finding]) -> Findings:
    """Tell words that stand for a blank cell once for each file, with how many columns hold them.

    A file that a program wrote holds them in every column; a note for each buries the rest.
    """
    return told_once(findings, _file_of_blank_words, _tell_blank_words)


def _file_of_blank_words(one: Finding) -> Hashable | None:
    return (one.evidence.file,) if one.code == "blank-words" else None


def _tell_blank_words(found: Sequence[Finding], told: Findings) -> None:
    if len(found) == 1:
        told.extend(found)
        return
    counts: Counter[str] = Counter()
    for one in found:
        numbers = one.evidence.numbers.items()
        counts.update({word: count for word, count in numbers if isinstance(count, int)})
    columns, named = named_columns(found)
    told.tell(
        "blank-words",
        variant="columns",
        file=found[0].evidence.file,
        columns=columns,
        named=named,
        n_rows=sum(counts.values()),
        words=", ".join(f"{word!r} ({count})" for word, count in sorted(counts.items())),
        numbers=dict(sorted(counts.items())),
    )


def dropped_once(findings: Iterable[Finding]) -> Findings:
    """Tell answers that were dropped as impossible once for each instrument, not for each column.

    A word such as `missing` stands in every column of a file.
    """
    return told_once(findings, _instrument_of_dropped, _tell_dropped)


def _instrument_of_dropped(one: Finding) -> Hashable | None:
    if one.code != "impossible-answer-missing":
        return None
    return one.evidence.file, one.evidence.numbers["instrument"]


def _tell_dropped(found: Sequence[Finding], told: Findings) -> None:
    if len(found) == 1:
        told.extend(found)
        return
    numbers = [one.evidence.numbers for one in found]
    columns, named = named_columns(found)
    told.tell(
        "impossible-answer-missing",
        variant="columns",
        file=found[0].evidence.file,
        rows=sorted({row for one in found for row in one.evidence.rows})[:ROWS_SHOWN],
        n_rows=sum(one.evidence.n_rows or 0 for one in found),
        instrument=numbers[0]["instrument"],
        columns=columns,
        named=named,
        examples=str(numbers[0]["examples"]).removesuffix(", …") + ", …",
        expected=numbers[0]["expected"],
        answers=sum(int(one["answers"]) for one in numbers),
        numbers={"minimum": numbers[0]["minimum"], "maximum": numbers[0]["maximum"]},
    )
