"""Dated events put to the occasions whose answers first cover them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.events import EventGrid, unknown_event
from salutogen.analyses.trajectories.anchors.settings import EventSettings
from salutogen.errors import AnalysisError
from salutogen.findings import Finding, finding
from salutogen.panel import Panel
from salutogen.scores import Scores

DATED = ("date", "datetime", "days since 1970-01-01", "seconds since 1970-01-01")


def dated_grid(
    panel: Panel, scores: Scores, settings: EventSettings
) -> tuple[EventGrid, list[Finding]]:
    """Put each dated event to the first occasion with answers on or after its day.

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
    table = _chosen(panel, settings)
    answered = _timed(panel, scores, str(settings.source))
    if settings.threshold is None:
        table = table.with_columns(pl.col("rating").fill_null(1.0))
    placed = (
        table.sort("day")
        .join_asof(
            answered.sort("time"),
            left_on="day",
            right_on="time",
            by="person",
            strategy="forward",
            check_sortedness=False,
        )
        .sort("person", "day", "data_row")
    )
    late = placed["occasion_index"].null_count()
    placed = placed.drop_nulls("occasion_index")
    if not placed.height:
        told = finding(
            "nobody-anchored",
            variant="dated",
            events=table.height,
            source=str(settings.source),
        )
        raise AnalysisError([told])
    early = int((placed["occasion_index"] == placed["first"]).sum())
    items = tuple(sorted(table["event"].unique().to_list()))
    shape = (panel.n_persons, len(panel.study.occasions), len(items))
    observed = np.zeros(shape[:2], dtype=bool)
    observed[answered["person"].to_numpy(), answered["occasion_index"].to_numpy()] = True
    ratings, since = _spread(placed, observed, items)
    grid = EventGrid(
        ratings=ratings,
        observed=observed,
        items=items,
        instruments=(str(settings.source),) * len(items),
        threshold=settings.threshold,
        rated=settings.threshold is not None,
        days_since=since,
    )
    return grid, _outside(early, late, table.height)


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
    days = (placed["time"] - placed["day"]).to_numpy()
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
    """Observed occasions with a time, as far as times can be compared with the events' days."""
    sources = panel.study.plan.sources
    own = sources[source].time
    units = [sources[name].time for name in panel.study.plan.answer_sources if sources[name].time]
    comparable = own is not None and all(
        time is not None and (time.unit in DATED) == (own.unit in DATED) for time in units
    )
    timed = scores.table.select("person", "occasion_index", "time").drop_nulls("time")
    if not timed.height or not comparable:
        variant = "otherwise" if timed.height else "no-time"
        told = finding("event-times-not-comparable", variant=variant, source=source)
        raise AnalysisError([told])
    first = pl.col("occasion_index").min().over("person").alias("first")
    return timed.with_columns(first)


def _outside(early: int, late: int, n: int) -> list[Finding]:
    if not early and not late:
        return []
    return [finding("events-outside-study", events=n, early=early, late=late)]
