"""Text in CSV files that no spreadsheet takes for a formula.

A cell that begins with `=`, `+`, `-` or `@` is run as a formula by spreadsheet programs, which may
send other cells away (OWASP, *CSV injection*). An apostrophe in front makes it text. Texts that
begin with apostrophes and one of these get another one, so that taking one away gives every text
back. The same is done behind a semicolon, tab or line break within a text: where the decimal mark
is a comma, spreadsheets cut lines at semicolons, and what stands behind one begins a cell. Numbers
are left alone: only columns of text are looked at, and the names of all columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import polars as pl

# Also in the width of East Asian scripts, and after a tab or line break, as spreadsheets read it.
LIKE_A_FORMULA = r"^'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]"
BEGINS_A_CELL = r"([;\t\r\n])('*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])"
_MADE_HARMLESS = r"([;\t\r\n])'('*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])"
_TEXT = (pl.String, pl.Categorical, pl.Enum)
IN_CODEBOOK = "an apostrophe stands before texts that begin as a formula"


def harmless_name(name: str) -> str:
    """Return a column's name, with an apostrophe in front where it begins as a formula.

    >>> harmless_name("=1+1"), harmless_name("hassles"), harmless_name("a;=1+1")
    ("'=1+1", 'hassles', "a;'=1+1")
    """
    inside = re.sub(BEGINS_A_CELL, r"\1'\2", name)
    return f"'{inside}" if re.match(LIKE_A_FORMULA, name) else inside


def to_the_letter(text: str) -> str:
    """Return what a text or name was before it was made harmless.

    >>> to_the_letter("'=1+1"), to_the_letter("'tis")
    ('=1+1', "'tis")
    """
    own = text[1:] if text.startswith("'") and re.match(LIKE_A_FORMULA, text) else text
    return re.sub(_MADE_HARMLESS, r"\1\2", own)


def harmless(table: pl.DataFrame) -> tuple[pl.DataFrame, Mapping[str, int]]:
    """Put an apostrophe before each text, and each column's name, that begins as a formula.

    Returns
    -------
    DataFrame, mapping of str to int
        The table, and how many texts were changed in each column (by the name it had; its name
        counts as one of them). Columns without any are left out.
    """
    texts = [name for name, kind in table.schema.items() if kind.base_type() in _TEXT]
    found = {name: _is_formula(pl.col(name).cast(pl.String)) for name in texts}
    counted = table.select(**{f"{at}": one.sum() for at, one in enumerate(found.values())})
    cells = dict(zip(found, counted.row(0) if found else (), strict=True))
    changed = [
        pl.when(found[name])
        .then(_made_harmless(pl.col(name).cast(pl.String)))
        .otherwise(pl.col(name).cast(pl.String))
        .alias(name)
        for name, n in cells.items()
        if n
    ]
    renamed = {name: harmless_name(name) for name in table.columns}
    counts = {name: (cells.get(name) or 0) + (renamed[name] != name) for name in table.columns}
    made = table.with_columns(changed).rename(renamed)
    return made, {name: n for name, n in counts.items() if n}


def _is_formula(text: pl.Expr) -> pl.Expr:
    return text.str.contains(LIKE_A_FORMULA) | text.str.contains(BEGINS_A_CELL)


def _made_harmless(text: pl.Expr) -> pl.Expr:
    front = pl.when(text.str.contains(LIKE_A_FORMULA)).then(pl.lit("'")).otherwise(pl.lit(""))
    return front + text.str.replace_all(BEGINS_A_CELL, "${1}'${2}")
