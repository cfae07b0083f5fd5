"""Further header rows below the names: the questions and ids that survey programs export."""

from __future__ import annotations

import polars as pl

from salutogen.panel.numeric import to_numbers

_MOST_ROWS = 4
_FEWEST_BELOW = 3
_LOOKED_AT = 300
_SHARE = 0.8
_IMPORT_ID = '{"ImportId"'


def further_header_rows(frame: pl.DataFrame) -> int:
    """Count the rows at the top that describe the columns instead of holding answers.

    A row counts where nearly all columns that hold numbers further down hold text.
    """
    most = min(_MOST_ROWS, frame.height - _FEWEST_BELOW)
    texts = [name for name in frame.columns if frame[name].dtype == pl.String]
    if most < 1 or not texts:
        return 0
    frame = frame.select(pl.selectors.by_name(*texts))
    below = frame.slice(most, _LOOKED_AT)
    numbers = [name for name in texts if _holds_numbers(below[name])]
    count = 0
    for row in frame.head(most).iter_rows(named=True):
        ids = sum(str(row[name] or "").startswith(_IMPORT_ID) for name in texts)
        filled = [name for name in numbers if (row[name] or "").strip()]
        worded = [name for name in filled if _holds_text(row[name])]
        described = len(filled) >= 1 and len(worded) >= _SHARE * len(filled)
        if not (ids > len(texts) / 2 or (described and len(worded) >= len(numbers) / 2)):
            break
        count += 1
    return count


def _holds_numbers(cells: pl.Series) -> bool:
    return cells.null_count() < cells.len() and to_numbers(cells).text is None


def _holds_text(cell: str) -> bool:
    return to_numbers(pl.Series([cell])).text is not None
