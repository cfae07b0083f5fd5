"""The shape of a delimited text: its delimiter, its header, its fields per record."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CANDIDATES = (",", ";", "\t", "|", ":", " ")
_CHUNK = 32 * 2**20
_SAMPLE = 256 * 1024
_QUOTE, _NEWLINE, _RETURN = 34, 10, 13


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
    """Read the names in the first record."""
    sample = data[:_SAMPLE].decode("utf-8", errors="ignore")
    try:
        return next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return sample.split("\n", 1)[0].split(delimiter)


def sniff_delimiter(data: bytes, expected: Collection[str]) -> str:
    """Find the delimiter: the one that splits the header into names the study knows.

    Where no name is known, the delimiter that gives every record the same number of fields (more
    than one), the largest number first. A decimal comma cannot win: it is not in the header.
    """
    sample = data[:_SAMPLE]
    if len(data) > _SAMPLE:
        sample = sample[: sample.rfind(b"\n") + 1] or sample
    known = set(expected)
    best, best_rank = CANDIDATES[0], (-1, -1, -1)
    for candidate in CANDIDATES:
        header = read_header(sample, candidate)
        counts = count_fields(sample, candidate)
        seen = counts.fields[~counts.blank]
        consistent = int(len(header) > 1 and bool((seen == len(header)).all()))
        rank = (len(known.intersection(header)), consistent, len(header))
        if rank > best_rank:
            best, best_rank = candidate, rank
    return best
