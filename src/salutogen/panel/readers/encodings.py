"""The encoding of texts in a file of a statistics program, as the study file gives it."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any

from salutogen.findings import Findings
from salutogen.panel.readers.source_table import SourceFile, reason_of

_SAYS_ENCODING = ("convert string", "character set")
_ISO = "iso8859-"


def read_encoded(
    read: Callable[..., tuple[Any, Any]], file: SourceFile, findings: Findings, **settings: Any
) -> tuple[Any, Any] | None:
    """Read a file in the encoding that the study file gives, if any.

    Returns
    -------
    Frame and description; None, and a finding, where texts are in another encoding.
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
        return read(str(file.path), output_format="polars", encoding=name, **settings)
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
