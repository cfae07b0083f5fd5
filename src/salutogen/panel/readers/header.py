"""Where the header of a file stands, and whether its names can be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from salutogen.findings import Findings

LOOKED_AT = 40  # records in which a header is searched


def header_row(records: Sequence[Sequence[str]], expected: Collection[str]) -> int | None:
    """Find the record that holds the names a study expects, where the first holds none of them.

    Parameters
    ----------
    records : sequence of sequence of str
        The first records of a file.
    expected : collection of str
        Column names the study knows.

    Returns
    -------
    Place of the record, from 1 (0 is the first record, which is then taken as it is); None where
    the first record holds such a name, or no record holds at least two and half of what a header
    could hold.
    """
    known = set(expected)
    held = [len(known.intersection(cell.strip() for cell in record)) for record in records]
    if not held or held[0]:
        return None
    most = max(held)
    place = held.index(most)
    width = sum(1 for cell in records[place] if cell.strip())
    return place if most >= 2 and 2 * most >= min(len(known), width) else None


def row_above(records: Sequence[Sequence[str]], expected: Collection[str]) -> int | None:
    """Find a header among the rows that were to be skipped: its place, counted from the first."""
    place = header_row([[], *records], expected)
    return place - 1 if place else None


def tell_header_elsewhere(
    place: int, above: int, label: str, expected: int, findings: Findings
) -> None:
    """Say that the header stands `place` rows below (or above) where it was looked for."""
    findings.tell(
        "header-elsewhere",
        variant="below",
        file=label,
        place=above + place + 1,
        skip_rows=above + place,
        looked=above + 1,
        expected=expected,
    )


def tell_rows_above_data(above: int, further: int, label: str, findings: Findings) -> None:
    """Say which rows of a file were not read as answers."""
    if above or further:
        variant = "both" if above and further else "above" if above else "further"
        findings.tell("rows-above-data", variant=variant, file=label, above=above, further=further)


def named_columns(header: Sequence[str]) -> list[str]:
    """Give a name to columns without one (row names written by R, for example)."""
    taken = set(header)
    names: list[str] = []
    for number, column in enumerate(header, start=1):
        name = column
        while not name or (not column and name in taken):
            name = f"column {number}" if not name else name + "_"
        names.append(name)
    return names


def header_is_sound(
    header: Sequence[str], expected: Collection[str], label: str, findings: Findings
) -> bool:
    """Refuse column names that occur twice; where none is expected, this is no header."""
    twice = [column for column, times in Counter(header).items() if times > 1 and column]
    if twice and expected and not set(expected).intersection(header):
        findings.tell("header-elsewhere", file=label, expected=len(expected))
        return False
    for column in twice:
        places = [str(place) for place, name in enumerate(header, start=1) if name == column]
        findings.tell(
            "column-twice", times=len(places), places=", ".join(places), file=label, column=column
        )
    return not twice
