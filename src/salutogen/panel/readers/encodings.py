"""The encoding of texts in a file of a statistics program, as the study file gives it."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any

from salutogen.findings import Findings
from salutogen.panel.readers.limits import may_have, most_rows
from salutogen.panel.readers.source_table import SourceFile, reason_of

_SAYS_ENCODING = ("convert string", "character set")
_ISO = "iso8859-"


def read_encoded(
    read: Callable[..., tuple[Any, Any]], file: SourceFile, findings: Findings, **settings: Any
) -> tuple[Any, Any] | None:
    """Read a file in the encoding that the study file gives, if any.

    Returns
    -------
    Frame and description; None, and a finding, where texts are in another encoding, or the file
    says that it has more rows than can be held.
    """
    encoding = file.source.encoding
    name = None
    if encoding is not None:
        try:
            name = codecs.lookup(encoding).name
        except LookupError:
            findings.tell("unknown-encoding", variant="named", file=file.label, encoding=encoding)
            return None
        if name.startswith(_ISO):  # the library knows this family by another spelling
            name = f"ISO-8859-{name.removeprefix(_ISO)}"
    try:
        return _within_limits(read, file, findings, encoding=name, **settings)
    except Exception as error:
        if not any(words in str(error) for words in _SAYS_ENCODING):
            raise
        findings.tell(
            "wrong-encoding",
            variant="" if encoding else "unsaid",
            file=file.label,
            encoding=encoding,
            reason=reason_of(error),
        )
        return None


def _within_limits(
    read: Callable[..., tuple[Any, Any]], file: SourceFile, findings: Findings, **settings: Any
) -> tuple[Any, Any] | None:
    """Read no more rows than can be held; None, and a finding, where there are more."""
    path = str(file.path)
    _, described = read(path, metadataonly=True, encoding=settings["encoding"])
    rows, columns = described.number_rows, described.number_columns
    most = most_rows(rows, columns, file, findings)
    if most is None or not may_have(rows, columns, file, findings):
        return None
    frame, meta = read(path, output_format="polars", row_limit=most, **settings)
    unsaid = rows is None or rows < 0
    if unsaid and frame.height >= most > 0 and most_rows(2 * most, columns, file, findings) is None:
        return None
    return frame, meta
