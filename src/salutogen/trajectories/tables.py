"""Anchors and locks as tables: for files (with subject ids) and for the page (without)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.report.codebook import POINTS, SIGN, OutputColumn
from salutogen.trajectories.labels import HIGH, LABELS
from salutogen.trajectories.locks import POSITIONS, FloatArray

if TYPE_CHECKING:
    from salutogen.trajectories.trajectories import Trajectories

SMALL_NOTE = "Counts under 5 are blank."


def anchor_table(result: Trajectories) -> pl.DataFrame:
    """`anchors.csv`: subject, occasion, event, rating."""
    anchors = result.anchors
    return pl.DataFrame(
        {
            "subject": [result.subjects[person] for person in anchors.person],
            "occasion": [result.occasions[place] for place in anchors.occasion],
            "event": [result.grid.items[place] for place in anchors.item],
            "rating": anchors.rating,
        },
        schema={
            "subject": pl.String,
            "occasion": pl.String,
            "event": pl.String,
            "rating": pl.Float64,
        },
    )


def lock_table(result: Trajectories) -> pl.DataFrame:
    """`lock.csv`: subject, position, occasion, SR, P; four rows for each anchor."""
    lock, n = result.lock, result.anchors.n
    places = lock.occasion.ravel().tolist()
    return pl.DataFrame(
        {
            "subject": [result.subjects[p] for p in result.anchors.person for _ in POSITIONS],
            "position": list(POSITIONS) * n,
            "occasion": [None if place < 0 else result.occasions[place] for place in places],
            "SR": lock.SR.ravel(),
            "P": lock.P.ravel(),
        },
        schema={
            "subject": pl.String,
            "position": pl.String,
            "occasion": pl.String,
            "SR": pl.Float64,
            "P": pl.Float64,
        },
    ).with_columns(pl.col("SR", "P").fill_nan(None))


def anchor_columns() -> tuple[OutputColumn, ...]:
    """Describe `anchors.csv`."""
    file = "anchors.csv"
    return (
        OutputColumn(file, "subject", "text", "Person, as written in the data"),
        OutputColumn(file, "occasion", "label", "Occasion the trajectory is locked to"),
        OutputColumn(file, "event", "item", "Item of the checklist that is the anchor event"),
        OutputColumn(file, "rating", "code", "Answer to that item", "as answered"),
    )


def lock_columns() -> tuple[OutputColumn, ...]:
    """Describe `lock.csv`."""
    file = "lock.csv"
    return (
        OutputColumn(file, "subject", "text", "Person, as written in the data"),
        OutputColumn(file, "position", "pre, peri, post1, post2", "Place around the anchor"),
        OutputColumn(file, "occasion", "label", "Planned occasion at that place"),
        OutputColumn(file, "SR", POINTS, "Stressor reactivity: observed minus expected", SIGN),
        OutputColumn(file, "P", POINTS, "Mental-health problems", "higher = more problems"),
    )


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


def mean_rows(values: FloatArray, smallest: int) -> pl.DataFrame:
    """Mean with its 95 % interval by position, over the persons with a value there."""
    rows = []
    for name, column in zip(POSITIONS, values.T, strict=True):
        found = column[np.isfinite(column)]
        shown = found.size >= max(2, smallest)
        mean = float(np.mean(found)) if shown else None
        half = 1.96 * float(np.std(found, ddof=1) / np.sqrt(found.size)) if shown else None
        rows.append(
            {
                "position": name,
                "n": shown_count(int(found.size), smallest),
                "mean": mean,
                "low": None if mean is None or half is None else mean - half,
                "high": None if mean is None or half is None else mean + half,
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
    first = mean_rows(lock.SR, smallest)
    table = pl.DataFrame({"position": first["position"], "n": first["n"], "SR": first["mean"]})
    if result.other_background is not None:
        other = mean_rows(result.other_background.SR, smallest)["mean"]
        table = table.with_columns(other.alias("SR_other"))
    complete = mean_rows(lock.SR[lock.complete], smallest)["mean"]
    return table.with_columns(
        complete.alias("SR_complete"), mean_rows(lock.P, smallest)["mean"].alias("P")
    )


def label_table(result: Trajectories) -> pl.DataFrame | None:
    """Persons by label, the share expected from the draws, and the rate without change."""
    labels = result.labels
    if labels is None or not labels.codes.size:
        return None
    n, smallest = labels.codes.size, result.audience.smallest
    counts = shown_counts(labels.counts.tolist(), smallest)
    unchanged = [*labels.no_change.tolist()[:HIGH], None]
    return pl.DataFrame(
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
