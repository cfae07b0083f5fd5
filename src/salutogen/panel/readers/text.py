"""CSV and other delimited text, of any delimiter and encoding, as columns of text."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.panel.readers.source_table import (
    SourceFile,
    SourceTable,
    file_table,
    header_is_sound,
    named_columns,
    reason_of,
)
from salutogen.panel.readers.text_structure import count_fields, read_header, sniff_delimiter

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


def read_text(file: SourceFile, findings: Findings) -> SourceTable | None:
    """Read one delimited text file; everything stays text."""
    label, source = file.label, file.source
    raw = file.path.read_bytes()
    digest = hashlib.sha256(raw).hexdigest()
    if label.lower().endswith(".gz"):
        try:
            raw = gzip.decompress(raw)
        except (OSError, EOFError, zlib.error) as error:
            findings.tell("unreadable-file", variant="compressed", file=label, reason=str(error))
            return None
    if not raw[:_CHECKED].strip() and not raw.strip():
        findings.tell("empty-file", file=label)
        return None
    decoded = _to_utf8(raw, source.encoding, label, findings)
    if decoded is None:
        return None
    data, encoding = decoded
    data = data.lstrip(b"\r\n")
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    delimiter = source.delimiter or sniff_delimiter(data, file.expected)
    if len(delimiter) != 1 or ord(delimiter) > 127:
        findings.tell("bad-delimiter", delimiter=delimiter, source=file.name)
        return None
    frame = _parse(data, delimiter, label, findings)
    if frame is None:
        return None
    return file_table(file, frame, findings, digest=digest, encoding=encoding)


def _parse(data: bytes, delimiter: str, label: str, findings: Findings) -> pl.DataFrame | None:
    header = read_header(data, delimiter)
    if not header_is_sound(header, label, findings):
        return None
    counts = count_fields(data, delimiter)
    if counts.open_quote:
        findings.tell("open-quotation", file=label)
        return None
    body = counts.fields[1:]
    uneven = np.flatnonzero((body != len(header)) & ~counts.blank[1:])
    if len(header) > 1 and uneven.size:
        _tell_uneven(body, uneven, len(header), label, findings)
        return None
    if not body.size or bool(counts.blank[1:].all()):
        findings.tell("no-rows", file=label)
        return None
    try:
        frame = pl.read_csv(data, separator=delimiter, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        reason = reason_of(error)
        findings.tell("unreadable-file", variant="delimited", file=label, reason=reason)
        return None
    if frame.height != body.size or frame.width != len(header):
        findings.tell(
            "unreadable-file",
            variant="quotation-marks",
            file=label,
            records=int(body.size),
            fields=len(header),
            records_read=frame.height,
            fields_read=frame.width,
        )
        return None
    frame.columns = named_columns(header)
    return frame


def _tell_uneven(
    body: np.ndarray, uneven: np.ndarray, width: int, label: str, findings: Findings
) -> None:
    first = int(uneven[0])
    each = uneven.size == body.size and bool((body == width + 1).all())
    findings.tell(
        "uneven-rows",
        variant="each-one-more" if each else "",
        file=label,
        rows=[int(row) + 1 for row in uneven[:10]],
        n_rows=int(uneven.size),
        expected=width,
        found=int(body[first]),
        first=first + 1,
    )


def _to_utf8(
    raw: bytes, encoding: str | None, label: str, findings: Findings
) -> tuple[bytes, str] | None:
    """Return the text as UTF-8 and the name of the encoding it came in; never lossy."""
    if encoding is None:
        encoding = _declared(raw)
    if encoding is None:
        if b"\x00" in raw:
            place = raw.index(b"\x00")
            findings.tell("null-bytes", file=label, place=raw.count(10, 0, place) + 1)
            return None
        try:
            _check_utf8(raw)
        except UnicodeDecodeError:
            return _detected(raw, label, findings)
        return raw, "utf-8"
    try:
        text = raw.decode(encoding)
    except LookupError:
        findings.tell("unknown-encoding", variant="named", file=label, encoding=encoding)
        return None
    except UnicodeError as error:
        findings.tell("wrong-encoding", file=label, encoding=encoding, reason=str(error))
        return None
    if "\x00" in text:
        findings.tell("null-bytes", variant="characters", file=label)
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


def _detected(raw: bytes, label: str, findings: Findings) -> tuple[bytes, str] | None:
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
        findings.tell(
            "encoding-detected",
            file=label,
            encoding=encoding,
            lines=len(lines),
            numbers={"other": likely[1:4]},
        )
        return text.encode(), encoding
    variant = "tried" if likely else ""
    findings.tell("unknown-encoding", variant=variant, file=label, tried=likely)
    return None
