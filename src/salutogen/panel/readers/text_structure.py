"""The shape of a delimited text: its delimiter, its header, its fields per record."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

CANDIDATES = (",", ";", "\t", "|", ":", " ")
_CHUNK = 32 * 2**20
_SAMPLE = 256 * 1024
_QUOTE, _NEWLINE, _RETURN = 34, 10, 13
_ANNOUNCED = re.compile(rb'"?sep=([^\r\n])"?\r?\n', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FieldCounts:
    """Fields per record (header first); `open_quote` tells that a quotation never closes."""

    fields: NDArray[np.int64]
    blank: NDArray[np.bool_]
    open_quote: bool


def count_fields(data: bytes, delimiter: str) -> FieldCounts:
    """Count the fields of each record, delimiters and line ends inside quotation marks aside.

    Parameters
    ----------
    data : bytes
        UTF-8 text with line feeds (a carriage return before one is allowed).
    """
    separator = ord(delimiter)
    fields: list[NDArray[np.int64]] = []
    lengths: list[NDArray[np.int64]] = []
    inside, pending_fields, record_start, offset = 0, 0, 0, 0
    whole = np.frombuffer(data, dtype=np.uint8)
    has_quotes = b'"' in data
    for start in range(0, whole.size, _CHUNK):
        block = whole[start : start + _CHUNK]
        ends = block == _NEWLINE
        marks = ends | (block == separator)
        if has_quotes:
            parity = (np.cumsum(block == _QUOTE, dtype=np.uint8) + np.uint8(inside)) & 1
            marks &= parity == 0
            inside = int(parity[-1])
        places = np.flatnonzero(marks)
        is_end = ends[places]
        stops = np.flatnonzero(is_end)
        if stops.size:
            counts = np.diff(stops, prepend=-1)
            counts[0] += pending_fields
            positions = places[stops] + offset
            fields.append(counts)
            lengths.append(np.diff(positions, prepend=record_start - 1) - 1)
            record_start = int(positions[-1]) + 1
            pending_fields = int(places.size - stops[-1] - 1)
        else:
            pending_fields += int(places.size)
        offset += block.size
    if record_start < len(data):
        fields.append(np.array([pending_fields + 1]))
        lengths.append(np.array([len(data) - record_start]))
    empty = np.zeros(0, dtype=np.int64)
    all_fields = np.concatenate(fields) if fields else empty
    all_lengths = np.concatenate(lengths) if lengths else empty
    blank = (all_fields == 1) & (all_lengths == 0)
    alone = np.flatnonzero((all_fields == 1) & (all_lengths == 1))  # one character, or a return
    begins = np.cumsum(all_lengths + 1) - all_lengths - 1
    blank[alone] = whole[begins[alone]] == _RETURN
    return FieldCounts(all_fields, blank, bool(inside))


def read_header(data: bytes, delimiter: str) -> list[str]:
    """Read the names in the first record, however long it is."""
    size = _SAMPLE
    while True:
        text = data[:size].decode("utf-8", errors="ignore")
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            header = next(reader, [])
            if size >= len(data) or next(reader, None) is not None:
                return header
        except csv.Error:
            return text.split("\n", 1)[0].split(delimiter)
        size *= 4


def first_records(data: bytes, delimiter: str, most: int) -> list[list[str]]:
    """Read the first records, as far as they can be read."""
    text = data[:_SAMPLE].decode("utf-8", errors="ignore")
    try:
        return list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), most))
    except csv.Error:
        return [line.split(delimiter) for line in text.split("\n")[:most]]


def after_lines(data: bytes, lines: int) -> bytes:
    """Leave out the first lines and blank lines after them."""
    place = 0
    for _ in range(lines):
        place = data.find(b"\n", place) + 1
        if not place:
            return b""
    return data[place:].lstrip(b"\r\n")


def announced_delimiter(data: bytes) -> str | None:
    """Return the delimiter that a first line such as `sep=;` announces to spreadsheets."""
    found = _ANNOUNCED.match(data)
    return found[1].decode("ascii", errors="replace") if found else None


def closes_amid_text(data: bytes, delimiter: str) -> bool:
    """Whether a cell in quotation marks goes on after them, which would lose the marks."""
    whole = np.frombuffer(data, dtype=np.uint8)
    starts = np.array([ord(delimiter), _NEWLINE, _QUOTE], dtype=np.uint8)
    ends = np.append(starts, np.uint8(_RETURN))
    before, opening = 0, -1
    for start in range(0, whole.size, _CHUNK):
        places = np.flatnonzero(whole[start : start + _CHUNK] == _QUOTE) + start
        if not places.size:
            continue
        if before % 2:  # the first mark of this piece closes one of the piece before
            places = np.append(opening, places)
        before += places.size - before % 2
        opening = int(places[-1])
        first, second = places[: places.size // 2 * 2 : 2], places[1::2]
        begins = (first == 0) | np.isin(whole[first - 1], starts)
        closes = (second == whole.size - 1) | np.isin(
            whole[np.minimum(second + 1, whole.size - 1)], ends
        )
        if bool((begins & ~closes).any()):
            return True
    return False


def stray_quote(data: bytes, delimiter: str) -> int | None:
    """Find the first record in which a quotation mark stands where it does not belong.

    Returns
    -------
    Number of the record, the header being 0; None where each is as it should be.
    """
    mark = re.escape(delimiter.encode())
    plain = rb'[^"\r\n%b](?:[^"\r\n%b]|"[^"\r\n]*")*+' % (mark, mark)
    field = rb'(?:"(?:[^"]|"")*+"|%b|)' % plain
    record = re.compile(rb"(?:%b%b)*+%b(?:\r?\n|\r|\Z)" % (field, mark, field))
    place, number = 0, 0
    while place < len(data):
        found = record.match(data, place)
        if found is None:
            return number
        place, number = found.end(), number + 1
    return None


def sniff_delimiter(data: bytes, expected: Collection[str]) -> str:
    """Find the delimiter: the one that splits the header into names the study knows.

    Where no name is known, the delimiter that gives every record the same number of fields (more
    than one), or most of them where a title stands above, the largest number first. A decimal comma
    cannot win: it is not in the header.
    """
    sample = data[:_SAMPLE]
    if len(data) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    known = set(expected)
    best, best_rank = CANDIDATES[0], (-1, -1, -1.0, -1)
    for candidate in CANDIDATES:
        header = read_header(sample, candidate)
        counts = count_fields(sample, candidate)
        seen = counts.fields[~counts.blank]
        consistent = int(len(header) > 1 and bool((seen == len(header)).all()))
        alike = 0.0 if known else _share_alike(seen)
        rank = (len(known.intersection(header)), consistent, alike, len(header))
        if rank > best_rank:
            best, best_rank = candidate, rank
    return best


def _share_alike(fields: NDArray[np.int64]) -> float:
    """Share of the records that have the usual number of fields, if that is more than one."""
    usual = _usual(fields)
    return float((fields == usual).mean()) if usual > 1 else 0.0


def _usual(fields: NDArray[np.int64]) -> int:
    """The most frequent number of fields."""
    return int(np.bincount(fields).argmax()) if fields.size else 0


def lines_above(data: bytes, delimiter: str) -> int:
    """Count the first lines that hold far fewer fields than most records, such as a title."""
    sample = data[:_SAMPLE]
    if len(data) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    counts = count_fields(sample, delimiter)
    usual = _usual(counts.fields[~counts.blank])
    wide = np.flatnonzero(2 * counts.fields > usual)
    return int(wide[0]) if usual > 1 and wide.size else 0
