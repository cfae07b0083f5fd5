"""What `salutogen explain CODE` tells."""

from __future__ import annotations

import textwrap

from salutogen.errors import StudyError
from salutogen.findings import catalogue, finding
from salutogen.names import did_you_mean


def explanation(code: str) -> str:
    """Tell the story of a finding code.

    Raises
    ------
    StudyError
        The code is unknown; the nearest one is named.
    """
    entries = catalogue()
    if code not in entries:
        mend = did_you_mean(code, entries).strip() or None
        raise StudyError([finding("unknown-code", name=code, mend=mend)])
    entry = entries[code]
    parts = [f"{entry.title}  [{entry.code}, {entry.severity.value}]", "", _wrapped(entry.story)]
    parts += ["", _wrapped(f"Mend: {entry.mend}")]
    if entry.source:
        parts += ["", _wrapped(f"Source: {entry.source}")]
    return "\n".join(parts)


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), width=88)
