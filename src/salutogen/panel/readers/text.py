"""CSV and other delimited text, of any delimiter and encoding, as columns of text."""

from __future__ import annotations

import codecs
import hashlib

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.panel.readers.header import (
    LOOKED_AT,
    header_is_sound,
    header_row,
    named_columns,
    row_above,
    tell_header_elsewhere,
    tell_rows_above_data,
)
from salutogen.panel.readers.limits import is_fit, unpacked_text
from salutogen.panel.readers.source_table import SourceFile, SourceTable, file_table, reason_of
from salutogen.panel.readers.text_structure import (
    CANDIDATES,
    FieldCounts,
    after_lines,
    announced_delimiter,
    closes_amid_text,
    count_fields,
    first_records,
    lines_above,
    read_header,
    sniff_delimiter,
    stray_quote,
)

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
        unpacked = unpacked_text(raw, file, findings)
        if unpacked is None:
            return None
        raw = unpacked
    if not raw[:_CHECKED].strip() and not raw.strip():
        findings.tell("empty-file", file=label)
        return None
    decoded = _to_utf8(raw, source.encoding, label, findings)
    if decoded is None:
        return None
    data, encoding = decoded
    if b"\n" not in data and b"\r" in data:
        data = data.replace(b"\r", b"\n")
    whole, announced = data, announced_delimiter(data)
    data, above = _from_header(data, source.skip_rows, announced, file)
    delimiter = source.delimiter or announced or sniff_delimiter(data, file.expected)
    if len(delimiter) != 1 or ord(delimiter) > 127:
        findings.tell("bad-delimiter", delimiter=delimiter, source=file.name)
        return None
    passed = whole.count(b"\n", 0, len(whole) - len(data))  # blank lines among them
    elsewhere = _header_elsewhere(whole, data, passed, delimiter, file)
    if elsewhere is not None:
        tell_header_elsewhere(elsewhere, passed, label, len(file.expected), findings)
        return None
    further = source.header_rows - 1
    frame = _parse(data, delimiter, file, findings)
    if frame is None:
        return None
    tell_rows_above_data(above, further, label, findings)
    return file_table(
        file,
        frame.slice(further),
        findings,
        digest=digest,
        encoding=encoding,
        header=frame.head(further),
    )


def title_lines(file: SourceFile) -> int:
    """Count the lines above the names of the columns, in a text of which no name is known.

    Returns
    -------
    Lines as `skip_rows` counts them, one that announces the delimiter among them; 0 where the file
    cannot be read, which its reader says.
    """
    told = Findings()
    decoded = (
        _to_utf8(file.path.read_bytes(), None, file.label, told) if is_fit(file, told) else None
    )
    if decoded is None:
        return 0
    data, _ = decoded
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    announced = announced_delimiter(data)
    body = data if announced is None else after_lines(data, 1)
    above = lines_above(body, announced or sniff_delimiter(body, ()))
    return above + 1 if above and announced else above


def _from_header(
    data: bytes, skip_rows: int, announced: str | None, file: SourceFile
) -> tuple[bytes, int]:
    """Return the text from its header on, and how many lines stand above.

    A line that announces the delimiter may be counted among the rows to skip, or not.
    """
    body = after_lines(data, skip_rows)
    if announced is None:
        return body, skip_rows
    later = after_lines(data, skip_rows + 1)
    known = set(file.expected)
    here, there = (len(known.intersection(read_header(text, announced))) for text in (body, later))
    counted = skip_rows > 0 and here >= there
    return (body, skip_rows) if counted else (later, skip_rows + 1)


def _header_elsewhere(
    whole: bytes, data: bytes, passed: int, delimiter: str, file: SourceFile
) -> int | None:
    """How many rows below (or above, if negative) where it should the header stands."""
    if not file.expected or set(file.expected).intersection(read_header(data, delimiter)):
        return None
    tried = (file.source.delimiter,) if file.source.delimiter else (delimiter, *CANDIDATES)
    for one in tried:
        below = header_row(first_records(data, one, LOOKED_AT), file.expected)
        if below:
            return below
        skipped = [read_header(line, one) for line in whole.split(b"\n", passed)[:passed]]
        above = row_above(skipped, file.expected)
        if above is not None:
            return above - passed
    return None


def _parse(
    data: bytes, delimiter: str, file: SourceFile, findings: Findings
) -> pl.DataFrame | None:
    """Take the text apart, from its header on."""
    label, further = file.label, file.source.header_rows - 1
    header = read_header(data, delimiter)
    if not header_is_sound(header, file.expected, label, findings):
        return None
    counts = count_fields(data, delimiter)
    if counts.open_quote:
        _tell_stray(data, delimiter, further, "open-quotation", label, findings)
        return None
    body, blank = counts.fields[1:], counts.blank[1:]
    if not body[further:].size or bool(blank[further:].all()):
        findings.tell("no-rows", file=label)
        return None
    if _too_long(counts, len(header), further, label, findings):
        return None
    frame = _cells(data, delimiter, further, label, findings)
    if frame is None:
        return None
    if frame.height != body.size or frame.width != len(header):
        _tell_stray(data, delimiter, further, "stray-quotation", label, findings)
        return None
    short = np.flatnonzero((body < len(header)) & ~blank) - further
    short = short[short >= 0]
    if short.size:
        findings.tell(
            "short-rows",
            file=label,
            rows=[int(row) + 1 for row in short[:10]],
            n_rows=int(short.size),
            expected=len(header),
            found=int(body[further:][short].min()),
        )
    frame.columns = named_columns(header)
    return frame


def _cells(
    data: bytes, delimiter: str, further: int, label: str, findings: Findings
) -> pl.DataFrame | None:
    """Every cell as text; None, and a finding, where quotation marks are in the way."""
    if closes_amid_text(data, delimiter):
        _tell_stray(data, delimiter, further, "stray-quotation", label, findings)
        return None
    try:
        return pl.read_csv(data, separator=delimiter, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        if stray_quote(data, delimiter) is not None:
            _tell_stray(data, delimiter, further, "stray-quotation", label, findings)
            return None
        reason = reason_of(error)
        findings.tell("unreadable-file", variant="delimited", file=label, reason=reason)
        return None


def _too_long(
    counts: FieldCounts, width: int, further: int, label: str, findings: Findings
) -> bool:
    """Refuse rows with more fields than the header has names."""
    body, blank = counts.fields[1:], counts.blank[1:]
    long = np.flatnonzero((body > width) & ~blank)
    if not long.size:
        return False
    first = int(long[0])
    each = long.size == body.size and bool((body == width + 1).all())
    findings.tell(
        "uneven-rows",
        variant="each-one-more" if each else "",
        file=label,
        rows=[max(int(row) + 1 - further, 0) for row in long[:10]],
        n_rows=int(long.size),
        expected=width,
        found=int(body[first]),
        first=max(first + 1 - further, 0),
    )
    return True


def _tell_stray(
    data: bytes, delimiter: str, further: int, code: str, label: str, findings: Findings
) -> None:
    """Say in which row a quotation mark stands where it does not belong."""
    record = stray_quote(data, delimiter)
    row = 0 if record is None else max(record - further, 0)
    variant = "row" if row else "" if record is None else "header"
    findings.tell(code, variant=variant, file=label, rows=[row] if row else [], first=row)


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
