"""Dated events put to the occasions whose answers first cover them.

Events and answers are compared by the moment where both have a time of day, else by the day of the
person's own calendar: what is dated by day belongs to all of that day.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.events import EventGrid, unknown_event
from salutogen.analyses.trajectories.anchors.settings import EventSettings
from salutogen.errors import AnalysisError
from salutogen.findings import Finding, finding
from salutogen.panel import Panel
from salutogen.panel.times import Clock
from salutogen.scores import Scores

IN_UTC = (Clock.ZONED, Clock.UTC)


def dated_grid(
    panel: Panel, scores: Scores, settings: EventSettings
) -> tuple[EventGrid, list[Finding]]:
    """Put each dated event to the first occasion with answers on or after its day (or moment).

    Between two occasions with answers an event that is not listed did not happen. Of several
    events of one kind between the same two occasions the most severe one counts, then the first.

    Parameters
    ----------
    panel : Panel
        With dated events of the source that the settings name.
    scores : Scores
        Its rows with a time are the observed occasions.
    settings : EventSettings
        `source`, and kinds of events as `items`.

    Returns
    -------
    EventGrid
        With `days_since`. A rating is 1 where none is given and no threshold asked for.
    list of Finding
        Events before the first or after the last answers of their person.

    Raises
    ------
    AnalysisError
        No such source or kind; no times; times that cannot be compared; a threshold without
        ratings; no event of a person of the study up to the last answers.
    """
    source = str(settings.source)
    table = _chosen(panel, settings)
    answered = _timed(panel, scores, source)
    told: list[Finding] = []
    table, answered, by_day = _on_one_clock(table, answered, source, told)
    if settings.threshold is None:
        table = table.with_columns(pl.col("rating").fill_null(1.0))
    placed = (
        table.sort("happened")
        .join_asof(
            answered.sort("at", "time"),
            left_on="happened",
            right_on="at",
            by="person",
            strategy="forward",
            check_sortedness=False,
        )
        .sort("person", "day", "data_row")
    )
    late = placed["occasion_index"].null_count()
    placed = placed.drop_nulls("occasion_index")
    if not placed.height:
        refused = finding("nobody-anchored", variant="dated", events=table.height, source=source)
        raise AnalysisError([refused])
    early = int((placed["occasion_index"] == placed["first"]).sum())
    items = tuple(sorted(table["event"].unique().to_list()))
    shape = (panel.n_persons, len(panel.study.occasions), len(items))
    times = np.full(shape[:2], np.nan)
    place = answered["person"].to_numpy(), answered["occasion_index"].to_numpy()
    times[place] = answered["at"].to_numpy()
    observed = np.isfinite(times)
    ratings, since = _spread(placed, observed, items)
    grid = EventGrid(
        ratings=ratings,
        observed=observed,
        items=items,
        instruments=(source,) * len(items),
        threshold=settings.threshold,
        rated=settings.threshold is not None,
        days_since=since,
        times=times,
        by_day=by_day,
    )
    return grid, [*told, *_outside(early, late, table.height)]


def _on_one_clock(
    events: pl.DataFrame, answered: pl.DataFrame, source: str, told: list[Finding]
) -> tuple[pl.DataFrame, pl.DataFrame, bool]:
    """Put events (`happened`) and answers (`at`) on the clock by which they can be compared.

    Returns
    -------
    DataFrame, DataFrame
        The tables with one column more, in days.
    bool
        Whether days of the calendar are compared.
    """
    sides = [set(table["clock"].unique()) for table in (events, answered)]
    clocks = set().union(*sides)
    counted = Clock.COUNTED in clocks
    if counted and len(clocks) > 1:
        raise AnalysisError([finding("event-times-not-comparable", source=source)])
    by_day = Clock.DAY in clocks
    own = by_day or not clocks.issubset(IN_UTC)
    if own and any(Clock.UTC in side and Clock.ZONED not in side for side in sides):
        told.append(finding("event-days-in-utc", source=source))
    happened, at = pl.col("day"), pl.col("time")
    if own and not counted:
        happened, at = pl.col("local_time"), pl.col("local_time")
    if by_day:
        happened, at = happened.floor(), at.floor()
    return events.with_columns(happened=happened), answered.with_columns(at=at), by_day


def _spread(
    placed: pl.DataFrame, observed: NDArray[np.bool_], items: tuple[str, ...]
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Ratings and days since the event by person, occasion and kind."""
    shape = (*observed.shape, len(items))
    ratings = np.full(shape, np.nan, dtype=np.float32)
    ratings[observed] = 0.0
    since = np.full(shape, np.nan)
    order = placed.with_columns(pl.col("rating").fill_null(-np.inf)).with_row_index("row")
    worst = order.sort("rating", "row", descending=[False, True])["row"].to_numpy()
    person, occasion = placed["person"].to_numpy(), placed["occasion_index"].to_numpy()
    kind = np.searchsorted(np.asarray(items), placed["event"].to_numpy().astype(str))
    given = placed["rating"].fill_null(np.nan).to_numpy()
    days = (placed["at"] - placed["happened"]).to_numpy()
    place = (person[worst], occasion[worst], kind[worst])  # of repeated places the last one holds
    ratings[place] = given[worst]
    since[place] = days[worst]
    return ratings, since


def _chosen(panel: Panel, settings: EventSettings) -> pl.DataFrame:
    """Rows of the source that are asked for; refuses what does not fit."""
    name = str(settings.source)
    if name not in panel.events:
        raise AnalysisError([unknown_event("source of dated events", name, list(panel.events))])
    table = panel.events[name]
    kinds = sorted(table["event"].unique().to_list())
    wrong = [
        unknown_event("kind of event", item, kinds) for item in settings.items if item not in kinds
    ]
    if wrong:
        raise AnalysisError(wrong)
    if settings.items:
        table = table.filter(pl.col("event").is_in(settings.items))
    if (
        table.height
        and settings.threshold is not None
        and table["rating"].null_count() == table.height
    ):
        told = finding("event-without-rating", source=name, threshold=settings.threshold)
        raise AnalysisError([told])
    return table


def _timed(panel: Panel, scores: Scores, source: str) -> pl.DataFrame:
    """Observed occasions with a time, by both clocks."""
    timed = scores.table.select("person", "occasion_index").join(
        panel.rows.select(
            "person", pl.col("occasion").alias("occasion_index"), "time", "local_time", "clock"
        ).drop_nulls("time"),
        on=["person", "occasion_index"],
        maintain_order="left",
    )
    if not timed.height:
        raise AnalysisError(
            [finding("event-times-not-comparable", variant="no-time", source=source)]
        )
    first = pl.col("occasion_index").min().over("person").alias("first")
    return timed.with_columns(first)


def _outside(early: int, late: int, n: int) -> list[Finding]:
    if not early and not late:
        return []
    return [finding("events-outside-study", events=n, early=early, late=late)]
