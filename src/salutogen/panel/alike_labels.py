"""Labels of a category that people would take for one: `m`, `M` and `m` after a space."""

from __future__ import annotations

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.alike import text_as_seen


def tell_alike(raw: pl.Series, column: str, label: str, findings: Findings) -> None:
    """Say which labels count as several categories, or as one, although they differ in writing.

    Spaces at the ends do not count; capitals, the form of characters and invisible ones do.

    Parameters
    ----------
    raw : Series of str
        Cells as they stand in the file.
    column, label : str
        Column and file.
    """
    written = [text for text in raw.drop_nulls().unique(maintain_order=True) if text.strip()]
    kept = list(dict.fromkeys(text.strip() for text in written))
    several = _groups(kept)
    if several:
        findings.tell("categories-alike", file=label, column=column, labels=several)
    spaced = [text for text in written if text != text.strip() and text.strip() in written]
    if spaced:
        labels = [repr(text) for text in spaced]
        findings.tell("categories-with-spaces", file=label, column=column, labels=labels)


def _groups(labels: list[str]) -> list[str]:
    """Labels that look alike, each group in words."""
    found: dict[str, list[str]] = {}
    for label in labels:
        found.setdefault(text_as_seen(label), []).append(label)
    return [" and ".join(map(repr, group)) for group in found.values() if len(group) > 1]
