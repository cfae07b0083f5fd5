"""Reasons of missing answers, kept for the missing cells alone: the others follow from the answers.

A full column of reasons for each item would take as much room as the answers themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel.panel import Panel, Reason

Codes = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class MissingReasons(Mapping[str, pl.DataFrame]):
    """Reasons by instrument, as `Panel.reasons` promises; frames are made when asked for.

    Attributes
    ----------
    answers : mapping of instrument name to DataFrame
        The answers that the reasons speak of.
    codes : mapping of instrument name to mapping of item to array
        UInt8 `Reason` of each missing cell of the item, in the order of rows; only items with one.
    did_not_occur : mapping of instrument name to float or None
        Code of an event that did not occur.
    """

    answers: Mapping[str, pl.DataFrame]
    codes: Mapping[str, Mapping[str, Codes]]
    did_not_occur: Mapping[str, float | None]

    def __getitem__(self, name: str) -> pl.DataFrame:
        """Return the reasons of an instrument's items with at least one missing answer."""
        return pl.DataFrame([self._column(name, item) for item in self.codes[name]])

    def __contains__(self, name: object) -> bool:
        """Whether the instrument was read."""
        return name in self.codes

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the instruments."""
        return iter(self.codes)

    def __len__(self) -> int:
        """Count the instruments."""
        return len(self.codes)

    def holding(self, name: str, reason: Reason) -> pl.DataFrame:
        """Return the reasons of those items of an instrument that have this one somewhere."""
        return pl.DataFrame(
            [self._column(name, item) for item, own in self.codes[name].items() if reason in own]
        )

    def cells(self) -> Iterator[tuple[NDArray[np.intp], Codes]]:
        """Give the rows and the reasons of the missing cells, item by item."""
        for name, items in self.codes.items():
            for item, codes in items.items():
                yield _missing_rows(self.answers[name][item]), codes

    def kept(self, rows: pl.Series, answers: Mapping[str, pl.DataFrame]) -> MissingReasons:
        """Return the reasons of some rows (a mask), whose answers are given."""
        chosen = rows.to_numpy()
        codes = {
            name: {
                item: own[chosen[_missing_rows(self.answers[name][item])]]
                for item, own in items.items()
            }
            for name, items in self.codes.items()
        }
        return MissingReasons(
            answers=answers,
            codes={
                name: {item: own for item, own in items.items() if own.size}
                for name, items in codes.items()
            },
            did_not_occur=self.did_not_occur,
        )

    def _column(self, name: str, item: str) -> pl.Series:
        values, none = self.answers[name][item], self.did_not_occur[name]
        reasons = np.full(values.len(), int(Reason.ANSWERED), dtype=np.uint8)
        if none is not None:
            same = (values == none).fill_null(value=False).to_numpy()
            reasons[same] = int(Reason.DID_NOT_OCCUR)
        reasons[_missing_rows(values)] = self.codes[name][item]
        return pl.Series(item, reasons)


def _missing_rows(values: pl.Series) -> NDArray[np.intp]:
    return values.is_null().arg_true().to_numpy().astype(np.intp)


def missing_cells(panel: Panel) -> Iterator[tuple[NDArray[np.intp], Codes]]:
    """Give the rows of a panel and the reasons of its missing answers, item by item."""
    if isinstance(panel.reasons, MissingReasons):
        yield from panel.reasons.cells()
        return
    for frame in panel.reasons.values():
        for column in frame.iter_columns():
            codes = column.fill_null(int(Reason.ANSWERED)).to_numpy()
            rows = np.flatnonzero(codes > int(Reason.DID_NOT_OCCUR))
            yield rows, codes[rows]


def unasked_reasons(panel: Panel, name: str) -> pl.DataFrame | None:
    """Return the reasons of an instrument's items of which some were not asked; None if unknown."""
    if isinstance(panel.reasons, MissingReasons):
        return panel.reasons.holding(name, Reason.NOT_ASKED) if name in panel.reasons else None
    return panel.reasons.get(name)
