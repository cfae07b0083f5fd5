"""Anchors, means and labels as tables for the page, without subject ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.clustered import mean_of
from salutogen.analyses.trajectories.courses.locks import POSITIONS, FloatArray
from salutogen.analyses.trajectories.labels.labels import HIGH, LABELS

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

SMALL_NOTE = "Counts under 5 are blank."


def shown_count(n: int, smallest: int) -> int | None:
    """A count, or None where it is too small to be shown."""
    return n if n >= smallest or n == 0 else None


def shown_counts(counts: Sequence[int], smallest: int) -> list[int | None]:
    """Counts whose total is known: where one alone is too small, the next smallest goes too."""
    shown = [shown_count(int(n), smallest) for n in counts]
    if sum(n is None for n in shown) == 1:
        rest = [(n, place) for place, n in enumerate(shown) if n]
        if rest:
            shown[min(rest)[1]] = None
    return shown


def flow_table(result: Trajectories) -> pl.DataFrame:
    """Who is left after each condition, one column per rule."""
    smallest = result.audience.smallest
    columns: dict[str, list[str] | list[int | None]] = {"step": list(result.flow.steps)}
    for rule, counts in result.flow.counts.items():
        columns[rule] = [shown_count(n, smallest) for n in counts]
    return pl.DataFrame(columns)


def event_table(result: Trajectories) -> pl.DataFrame:
    """Anchors by event; by occasion too, where persons may be shown."""
    anchors, audience = result.anchors, result.audience
    places, totals = np.unique(anchors.item, return_counts=True)
    columns: dict[str, list[str] | list[int | None]] = {
        "event": [result.grid.items[place] for place in places]
    }
    for label in result.by_occasion() if audience.individuals else ():
        at = anchors.occasion == result.occasions.index(label)
        counts = [int((at & (anchors.item == place)).sum()) for place in places]
        columns[f"occasion {label}"] = shown_counts(counts, audience.smallest)
    columns["all"] = shown_counts(totals.tolist(), audience.smallest)
    return pl.DataFrame(columns)


def mean_rows(values: FloatArray, person: NDArray[np.int64], smallest: int) -> pl.DataFrame:
    """Mean with its 95 % interval by position, over the courses with a value there.

    Parameters
    ----------
    values : ndarray, shape (n, 4)
    person : ndarray of int, shape (n,)
        Whose course it is; errors are clustered by person.
    smallest : int
        Fewest persons a shown mean may stand for.
    """
    rows = []
    for name, column in zip(POSITIONS, values.T, strict=True):
        found = mean_of(column, person)
        shown = found.persons >= max(2, smallest)
        rows.append(
            {
                "position": name,
                "n": shown_count(found.n, smallest),
                "mean": found.mean if shown else None,
                "low": found.low if shown else None,
                "high": found.high if shown else None,
            }
        )
    kinds = {"position": pl.String, "n": pl.Int64} | dict.fromkeys(
        ("mean", "low", "high"), pl.Float64
    )
    return pl.DataFrame(rows, schema=kinds)


def means_table(result: Trajectories) -> pl.DataFrame:
    """Means of SR with both backgrounds, of P, and of SR over complete courses."""
    smallest = result.audience.smallest
    lock = result.lock
    person = result.anchors.person
    first = mean_rows(lock.SR, person, smallest)
    table = pl.DataFrame({"position": first["position"], "n": first["n"], "SR": first["mean"]})
    if result.other_background is not None:
        other = mean_rows(result.other_background.SR, person, smallest)["mean"]
        table = table.with_columns(other.alias("SR_other"))
    complete = mean_rows(lock.SR[lock.complete], person[lock.complete], smallest)["mean"]
    return table.with_columns(
        complete.alias("SR_complete"), mean_rows(lock.P, person, smallest)["mean"].alias("P")
    )


def label_table(result: Trajectories) -> pl.DataFrame | None:
    """Persons by label, the share expected from the draws, and the rate without change."""
    labels = result.labels
    if labels is None or not labels.codes.size:
        return None
    n, smallest = labels.codes.size, result.audience.smallest
    counts = shown_counts(labels.counts.tolist(), smallest)
    unchanged = [*labels.no_change.tolist()[:HIGH], None]
    others = [
        pl.Series(
            words,
            [None if k is None else k / n for k in shown_counts(found.tolist(), smallest)],
            dtype=pl.Float64,
        )
        for words, found in labels.variants.items()
    ]
    table = pl.DataFrame(
        {
            "label": list(LABELS),
            "n": counts,
            "share": [None if count is None else count / n for count in counts],
            "expected": (labels.probability.sum(axis=0) / n).tolist(),
            "no_change": unchanged,
        },
        schema={
            "label": pl.String,
            "n": pl.Int64,
            "share": pl.Float64,
            "expected": pl.Float64,
            "no_change": pl.Float64,
        },
    )
    return table.with_columns(others)
