"""CSV and other delimited text, of any delimiter and encoding, as columns of text."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.panel.collecting import Gathering, counted, quoted
from salutogen.panel.panel import InputFile
from salutogen.panel.tables import SourceTable
from salutogen.panel.text_structure import count_fields, read_header, sniff_delimiter

if TYPE_CHECKING:
    from salutogen.study.format import Source

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DETECTION_SAMPLE = 200_000
_USUAL = "cp1252"
_WESTERN = frozenset(
    "àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØŒÙÚÛÜÝŸ€§°´–—‘’‚“”„«»¿¡ªº…\xa0"
)
_CHECKED = 4096


def read_text(
    name: str, path: Path, source: Source, expected: Collection[str], gathering: Gathering
) -> SourceTable | None:
    """Read one delimited text file; everything stays text.

    Parameters
    ----------
    expected : collection of str
        Column names the study knows: they decide the delimiter.
    """
    raw = path.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    if path.name.lower().endswith(".gz"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            gathering.add(
                "unreadable-file",
                f"{path.name} ends in .gz but cannot be unpacked: {error}.",
                file=path.name,
            )
            return None
    if not raw[:_CHECKED].strip() and not raw.strip():
        gathering.add("empty-file", f"{path.name} is empty.", file=path.name)
        return None
    decoded = _to_utf8(raw, source.encoding, path.name, gathering)
    if decoded is None:
        return None
    data, encoding = decoded
    data = data.lstrip(b"\r\n")
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    delimiter = source.delimiter or sniff_delimiter(data, expected)
    if len(delimiter) != 1 or ord(delimiter) > 127:
        gathering.add(
            "bad-delimiter",
            f"The delimiter {delimiter!r} of the source {name!r} is not one plain character.",
        )
        return None
    frame = _parse(data, delimiter, path.name, gathering)
    if frame is None:
        return None
    info = InputFile(name, path.name, digest, frame.height, frame.width, encoding)
    return SourceTable(
        name=name,
        label=path.name,
        frame=frame,
        columns=tuple(frame.columns),
        n_rows=frame.height,
        info=info,
    )


def _parse(data: bytes, delimiter: str, label: str, gathering: Gathering) -> pl.DataFrame | None:
    header = read_header(data, delimiter)
    if not header_is_sound(header, label, gathering):
        return None
    counts = count_fields(data, delimiter)
    if counts.open_quote:
        gathering.add(
            "open-quotation",
            f'{label} has a quotation mark (") that is never closed.',
            file=label,
        )
        return None
    body = counts.fields[1:]
    uneven = np.flatnonzero((body != len(header)) & ~counts.blank[1:])
    if len(header) > 1 and uneven.size:
        _say_uneven(body, uneven, len(header), label, gathering)
        return None
    if not body.size or bool(counts.blank[1:].all()):
        gathering.add("no-rows", f"{label} has a header but no row of data.", file=label)
        return None
    try:
        frame = pl.read_csv(data, separator=delimiter, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        gathering.add(
            "unreadable-file",
            f"{label} cannot be read as delimited text: {str(error).splitlines()[0]}.",
            file=label,
        )
        return None
    if frame.height != body.size or frame.width != len(header):
        gathering.add(
            "unreadable-file",
            f"{label} has {body.size} rows of {len(header)} fields by its line ends and "
            f"delimiters, but {frame.height} rows of {frame.width} fields could be read: "
            "quotation marks stand where they do not belong.",
            file=label,
        )
        return None
    frame.columns = named_columns(header)
    return frame


def named_columns(header: list[str]) -> list[str]:
    """Give a name to columns without one (row names written by R, for example)."""
    taken = set(header)
    names: list[str] = []
    for number, column in enumerate(header, start=1):
        name = column
        while not name or (not column and name in taken):
            name = f"column {number}" if not name else name + "_"
        names.append(name)
    return names


def header_is_sound(header: list[str], label: str, gathering: Gathering) -> bool:
    """Refuse column names that occur twice."""
    twice = [column for column, times in Counter(header).items() if times > 1 and column]
    for column in twice:
        places = [str(place) for place, name in enumerate(header, start=1) if name == column]
        gathering.add(
            "column-twice",
            f"The column {column!r} occurs {len(places)} times in the header of {label} "
            f"(as columns {', '.join(places)}).",
            file=label,
            column=column,
        )
    return not twice


def _say_uneven(
    body: np.ndarray, uneven: np.ndarray, width: int, label: str, gathering: Gathering
) -> None:
    first = int(uneven[0])
    text = (
        f"{counted(uneven.size, 'row')} of {label} "
        f"{'has' if uneven.size == 1 else 'have'} another number of fields than the header's "
        f"{width}: row {first + 1} has {int(body[first])}."
    )
    if uneven.size == body.size and bool((body == width + 1).all()):
        text += " Every row has one more: the header lacks a name for the row numbers."
    gathering.add(
        "uneven-rows", text, file=label, rows=[int(row) + 1 for row in uneven[:10]],
        n_rows=int(uneven.size), numbers={"expected": width, "found": int(body[first])},
    )  # fmt: skip


def _to_utf8(
    raw: bytes, encoding: str | None, label: str, gathering: Gathering
) -> tuple[bytes, str] | None:
    """Return the text as UTF-8 and the name of the encoding it came in; never lossy."""
    if encoding is None:
        encoding = _declared(raw)
    if encoding is None:
        if b"\x00" in raw:
            place = raw.index(b"\x00")
            gathering.add(
                "null-bytes",
                f"{label} holds null bytes (the first in line {raw.count(10, 0, place) + 1}), so "
                "it is not plain text or was damaged.",
                file=label,
            )
            return None
        try:
            _check_utf8(raw)
        except UnicodeDecodeError:
            return _detected(raw, label, gathering)
        return raw, "utf-8"
    try:
        text = raw.decode(encoding)
    except LookupError:
        gathering.add("unknown-encoding", f"The encoding {encoding!r} is not known.", file=label)
        return None
    except UnicodeError as error:
        gathering.add(
            "wrong-encoding",
            f"{label} is not written in {encoding}: {error}.",
            file=label,
        )
        return None
    if "\x00" in text:
        gathering.add("null-bytes", f"{label} holds null characters.", file=label)
        return None
    return text.removeprefix("\ufeff").encode(), encoding


def _declared(raw: bytes) -> str | None:
    """Return the encoding by byte-order mark, or by the zeros of UTF-16 without one."""
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return name
    head = raw[:2000]
    if len(head) >= 4 and len(raw) % 2 == 0:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if odd > 0.8 * len(head) / 2 and even == 0:
            return "utf-16-le"
        if even > 0.8 * len(head) / 2 and odd == 0:
            return "utf-16-be"
    return None


def _check_utf8(raw: bytes) -> None:
    """Raise UnicodeDecodeError unless the bytes are UTF-8, in pieces to spare memory."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    piece = 8 * 2**20
    for start in range(0, len(raw), piece):
        decoder.decode(raw[start : start + piece])
    decoder.decode(b"", final=True)


def _is_western(raw: bytes) -> bool:
    """Whether the bytes, read as the usual encoding, give Western letters and signs alone."""
    try:
        text = raw.decode(_USUAL)
    except UnicodeError:
        return False
    return all(sign.isascii() or sign in _WESTERN for sign in set(text))


def _detected(raw: bytes, label: str, gathering: Gathering) -> tuple[bytes, str] | None:
    from charset_normalizer import from_bytes

    lines = [line for line in raw.split(b"\n") if not line.isascii()]
    matches = from_bytes(b"\n".join(lines)[:_DETECTION_SAMPLE])
    likely = [match.encoding for match in matches]
    best = matches.best()
    if best is not None and best.bom is False:
        by_name = {match.encoding: match for match in matches}
        usual = by_name.get(_USUAL)
        fits = _is_western(raw) if usual is None else usual.chaos <= best.chaos
        if fits:
            likely.insert(0, _USUAL)
    for encoding in likely:
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            continue
        gathering.add(
            "encoding-detected",
            f"{label} is not UTF-8; it was read as {encoding}, without loss, because its "
            f"{counted(len(lines), 'line')} with special characters fit that best.",
            file=label,
            numbers={"encoding": encoding, "lines": len(lines), "other": likely[1:4]},
        )
        return text.encode(), encoding
    gathering.add(
        "unknown-encoding",
        f"{label} is not UTF-8 and no other encoding fits all of it"
        + (f" (tried {quoted(likely)})." if likely else "."),
        file=label,
    )
    return None
