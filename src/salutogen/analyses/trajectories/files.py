"""Anchors and locks as files: rows stand for persons, with their subject ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.contract import StepFile
from salutogen.analyses.trajectories.classes.tables import member_columns, member_table
from salutogen.analyses.trajectories.courses.locks import POSITIONS
from salutogen.analyses.trajectories.labels.labels import LABELS, Labels
from salutogen.analyses.trajectories.recovery.individual import response_about, response_columns
from salutogen.columns import LESS_RESILIENT, POINTS
from salutogen.pipeline.codebook import OutputColumn

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

SUBJECT = ("subject", "text", "Person, as written in the data")
EPISODE = ("episode", "number", "Number of the episode within its person, from 1")


def files_of(result: Trajectories) -> dict[str, StepFile]:
    """Tables by file name; all are personal data."""
    unit = "occasions" if result.real_time is None else "days"
    tables = {
        "anchors.csv": (anchor_table(result), _ANCHOR_COLUMNS),
        "lock.csv": (lock_table(result), _LOCK_COLUMNS),
        "response.csv": (
            with_episode(result, response_columns(result).insert_column(0, subjects_of(result))),
            (SUBJECT, EPISODE, *response_about(unit)),
        ),
    }
    if result.labels is not None:
        tables["labels.csv"] = (label_table(result, result.labels), _LABEL_COLUMNS)
    if result.real_time is not None:
        tables["lock_time.csv"] = (time_table(result), _TIME_COLUMNS)
    classes = result.classes
    if classes is not None and classes.passed:
        members = member_table(classes, subjects_of(result).to_list())
        tables["classes.csv"] = (members, (SUBJECT, *member_columns(classes.n_classes)))
    return {
        name: StepFile(
            table=table,
            columns=tuple(
                OutputColumn(name, *about) for about in columns if about[0] in table.columns
            ),
        )
        for name, (table, columns) in tables.items()
    }


def with_episode(result: Trajectories, table: pl.DataFrame, repeats: int = 1) -> pl.DataFrame:
    """Put the number of the episode behind the subject, where persons may have several."""
    if result.settings.episodes == "first":
        return table
    numbers = np.repeat(result.anchors.episode, repeats)
    return table.insert_column(1, pl.Series("episode", numbers))


def subjects_of(result: Trajectories, repeats: int = 1) -> pl.Series:
    """Subject of each anchor, as written in the data, `repeats` times each."""
    names = [result.subjects[person] for person in result.anchors.person for _ in range(repeats)]
    return pl.Series("subject", names, dtype=pl.String)


def anchor_table(result: Trajectories) -> pl.DataFrame:
    """`anchors.csv`: subject, occasion, event, rating."""
    anchors = result.anchors
    table = pl.DataFrame(
        {
            "subject": subjects_of(result),
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
    return with_episode(result, table)


_ANCHOR_COLUMNS = (
    SUBJECT,
    EPISODE,
    ("occasion", "label", "Occasion the trajectory is locked to"),
    ("event", "item", "Item of the checklist, or kind of dated event, that is the anchor"),
    ("rating", "code", "Answer to that item, or rating of the event", "as answered"),
)


def lock_table(result: Trajectories) -> pl.DataFrame:
    """`lock.csv`: subject, position, occasion, SR, P; four rows for each anchor."""
    lock, n = result.lock, result.anchors.n
    places = lock.occasion.ravel().tolist()
    table = pl.DataFrame(
        {
            "subject": subjects_of(result, len(POSITIONS)),
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
    return with_episode(result, table, len(POSITIONS))


_SCORES = (
    ("SR", POINTS, "Stressor reactivity: observed minus expected", LESS_RESILIENT),
    ("P", POINTS, "Mental-health problems", "higher = more problems"),
)
_LOCK_COLUMNS = (
    SUBJECT,
    EPISODE,
    ("position", "pre, peri, post1, post2", "Place around the anchor"),
    ("occasion", "label", "Planned occasion at that place"),
    *_SCORES,
)


def label_table(result: Trajectories, labels: Labels) -> pl.DataFrame:
    """`labels.csv`: a row per complete course with its label and the chance of each label."""
    full = pl.DataFrame({"subject": subjects_of(result)})
    rows = with_episode(result, full)[labels.rows]
    chances = [
        pl.Series(f"p_{name.replace(' ', '_').replace('-', '_')}", labels.probability[:, code])
        for code, name in enumerate(LABELS)
    ]
    named = pl.Series("label", [LABELS[code] for code in labels.codes], dtype=pl.String)
    return rows.with_columns(named, *chances)


_LABEL_COLUMNS = (
    SUBJECT,
    EPISODE,
    ("label", "label", "Label by rule of the course from pre to post2"),
    *(
        (
            f"p_{name.replace(' ', '_').replace('-', '_')}",
            "probability",
            f"Chance of the label {name}, given the error of SR",
        )
        for name in LABELS
    ),
)


def time_table(result: Trajectories) -> pl.DataFrame:
    """`lock_time.csv`: a row per occasion of the anchored persons, in days since the event."""
    locked = result.real_time
    if locked is None:
        raise ValueError("events have no dates")
    n, k = locked.days.shape
    table = pl.DataFrame(
        {
            "subject": subjects_of(result, k),
            "occasion": list(result.occasions) * n,
            "days": locked.days.ravel(),
            "SR": locked.SR.ravel(),
            "P": locked.P.ravel(),
        }
    ).with_columns(pl.col("days", "SR", "P").fill_nan(None))
    return with_episode(result, table, k).drop_nulls("days")


_TIME_COLUMNS = (
    SUBJECT,
    EPISODE,
    ("occasion", "label", "Planned occasion"),
    ("days", "days", "Time from the event to the answers; negative before it"),
    *_SCORES,
)
