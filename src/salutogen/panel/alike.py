"""Texts that look the same on a screen: spaces, capitals, accents and signs that nobody sees."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.findings import Findings, Persons
from salutogen.panel.readers.source_table import SourceTable

_PLAIN = r"^[\x21-\x7e]+( [\x21-\x7e]+)*$"
_UNSEEN = ("Cc", "Cf", "Cn", "Co", "Mn")  # Mn: variation selectors, once letters are composed
_SPACES = ("Zs", "Zl", "Zp")


def as_seen(texts: pl.Series) -> pl.Series:
    """Write texts as they look: small letters, single spaces, composed letters, nothing unseen."""
    trimmed = texts.str.strip_chars()
    odd = trimmed.filter(~trimmed.str.contains(_PLAIN)).unique().drop_nulls()
    seen = trimmed.str.to_lowercase()
    if not odd.len():
        return seen
    written = pl.Series([text_as_seen(text) for text in odd.to_list()], dtype=pl.String)
    return pl.select(
        pl.coalesce(trimmed.replace_strict(odd, written, default=None), seen)
    ).to_series()


def text_as_seen(text: str) -> str:
    """Write one text as it looks."""
    signs = []
    for sign in unicodedata.normalize("NFKC", text):
        kind = unicodedata.category(sign)
        if sign in "\t\n\r" or kind in _SPACES:
            signs.append(" ")
        elif kind not in _UNSEEN:
            signs.append(sign)
    return " ".join("".join(signs).casefold().split())


@dataclass(frozen=True, kw_only=True)
class _Ids:
    """The identifiers of one table: `text`, its number `code`, and how it looks, `seen`."""

    label: str
    column: str
    codes: NDArray[np.int64]
    frame: pl.DataFrame

    def first_rows(self, codes: pl.Series) -> list[int]:
        """Data rows, from 1, in which the first ten of some identifiers first stand."""
        return [int(np.argmax(self.codes == code)) + 1 for code in codes.head(10).to_list()]


def tell_similar_ids(
    tables: Mapping[str, Sequence[SourceTable]],
    columns: Mapping[str, Sequence[str]],
    coded: Mapping[str, Sequence[tuple[NDArray[np.int64], pl.Series]]],
    findings: Findings,
) -> None:
    """Say which rows have identifiers that look the same and differ, within a file or between two.

    Parameters
    ----------
    columns : mapping of source name to its columns of identifiers
    coded : mapping of source name to the number of each row's person, and their texts
    """
    every = [
        _ids(table, columns[name], codes, texts)
        for name, parts in coded.items()
        for table, (codes, texts) in zip(tables[name], parts, strict=True)
    ]
    told: set[str] = set()
    for ids in every:
        found = ids.frame.filter(pl.col("seen").is_duplicated())
        told |= set(found["seen"].to_list())
        if found.height:
            findings.tell(
                "similar-subjects",
                variant=_variant(found),
                file=ids.label,
                column=ids.column,
                rows=sorted(ids.first_rows(found["code"])),
                n_rows=found.height,
                persons=Persons(found.height),
            )
    for place, ids in enumerate(every):
        for other in every[:place]:
            _tell_between(ids, other, told, findings)


def _tell_between(ids: _Ids, other: _Ids, told: set[str], findings: Findings) -> None:
    """Compare the identifiers that only one of two tables has."""
    mine = ids.frame.join(other.frame, on="text", how="anti")
    theirs = other.frame.join(ids.frame, on="text", how="anti")
    pairs = mine.join(theirs, on="seen", suffix="_there").filter(~pl.col("seen").is_in(list(told)))
    if not pairs.height:
        return
    told |= set(pairs["seen"].to_list())
    both = pl.concat([pairs.select("seen", "text"), pairs.select("seen", text="text_there")])
    findings.tell(
        "similar-subjects",
        variant=f"{_variant(both)}-between",
        file=ids.label,
        column=ids.column,
        rows=ids.first_rows(pairs["code"]),
        n_rows=pairs.height,
        persons=Persons(pairs.height),
        other=other.label,
        first=other.first_rows(pairs["code_there"]),
    )


def _ids(
    table: SourceTable, columns: Sequence[str], codes: NDArray[np.int64], texts: pl.Series
) -> _Ids:
    numbers = pl.int_range(texts.len(), dtype=pl.Int64, eager=True)
    frame = pl.DataFrame({"text": texts, "code": numbers, "seen": as_seen(texts)})
    return _Ids(label=table.label, column=", ".join(columns), codes=codes, frame=frame)


def _variant(found: pl.DataFrame) -> str:
    """Which sentence: texts that differ by spaces and capitals, or also by signs nobody sees."""
    plain = found.with_columns(text=pl.col("text").str.strip_chars().str.to_lowercase())
    differ = plain.group_by("seen").agg(pl.col("text").n_unique() > 1)["text"].any()
    return "signs" if differ else "spaces"
