"""Effects that are told in one breath: of one variable on another, at several occasions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.change.agreement import HIGHER, claim
from salutogen.page.words import enumeration, signed

if TYPE_CHECKING:
    from salutogen.analyses.change.analysis import ChangeResult

Row = Mapping[str, Any]
MOST_NAMED = 3  # occasions in a clause


def together(rows: Iterable[Row], *, extra: Mapping[str, Any] | None = None) -> list[list[Row]]:
    """Return rows of one source, outcome, lag and claim together, in the order of the first.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of the table of effects.
    extra : mapping, optional
        By path, what has to be the same as well.
    """
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        more = str((extra or {}).get(row["path"]))
        found.setdefault((row["source"], row["outcome"], row["lag"], claim(row), more), []).append(
            row
        )
    return list(found.values())


def way(rows: Sequence[Row]) -> str:
    """Words for the direction that rows claim."""
    return "a higher" if claim(rows[0]) == HIGHER else "a lower"


def later(result: ChangeResult, lag: int) -> str:
    """Words for how much later: in occasions, and in days where time is known."""
    days = "" if result.gap is None else f" ({lag * result.gap:.3g} days)"
    return f"{_occasions(lag)}{days} later"


def when_in_short(result: ChangeResult, rows: Sequence[Row]) -> str:
    """Words for the lag, where there are several, and for occasions, where these differ."""
    back = f" {_occasions(rows[0]['lag'])} later" if result.lag > 1 else ""
    named = [row["occasion"] for row in rows if row["occasion"]]
    whole = len(result.occasions) - result.lag
    if not named:
        return back
    if len(named) == whole:
        return f"{back} at each occasion"
    at = enumeration(named) if len(named) <= MOST_NAMED else f"{len(named)} of {whole} occasions"
    return f"{back} at {at}"


def path_of(title: Callable[[str], str], rows: Sequence[Row]) -> str:
    """Words for an effect by the variables' titles: which on which, how far back, and when."""
    back = f", lag {rows[0]['lag']}" if rows[0]["lag"] > 1 else ""
    named = [row["occasion"] for row in rows if row["occasion"]]
    at = f", at {enumeration(named)}" if named else ""
    return f"{title(rows[0]['source'])} → {title(rows[0]['outcome'])}{back}{at}"


def paths_in_titles(paths: pl.DataFrame, title: Callable[[str], str]) -> dict[str, str]:
    """Words for each effect of a table, by its path in names."""
    return {row["path"]: path_of(title, [row]) for row in paths.unique("path").to_dicts()}


def in_titles(result: ChangeResult, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a table of the result with what variables are called in the place of their names."""
    paths = paths_in_titles(result.paths, result.title)
    titles = {name: result.title(name) for name in result.variables}
    told = {"path": paths, "effect": paths, "source": titles, "outcome": titles, "one": titles,
            "two": titles}  # fmt: skip
    return frame.with_columns(
        pl.col(name).replace(words) for name, words in told.items() if name in frame.columns
    )


def effect_of(result: ChangeResult, rows: Sequence[Row]) -> str:
    """Words for what follows, with its size; over several occasions from which to which."""
    named = [row["occasion"] for row in rows if row["occasion"]]
    at = f", at {enumeration(named)}" if named else ""
    source, outcome = result.title(rows[0]["source"]), result.title(rows[0]["outcome"])
    return (
        f"{source} above the usual level was followed by {way(rows)} {outcome} "
        f"{later(result, rows[0]['lag'])}{at} ({size_of(rows)})"
    )


def size_of(rows: Sequence[Row]) -> str:
    """Words for an effect in SDs, with its interval; of several the smallest and the largest."""
    if len(rows) == 1:
        row = rows[0]
        return (
            f"{signed(row['standardised'])} SD per SD, 95 % interval "
            f"{signed(row['standardised_low'])} to {signed(row['standardised_high'])}"
        )
    sizes = sorted(row["standardised"] for row in rows)
    return f"{signed(sizes[0])} to {signed(sizes[-1])} SD per SD, intervals in the table"


def _occasions(lag: int) -> str:
    return "one occasion" if lag == 1 else f"{('zero', 'one', 'two')[lag]} occasions"
