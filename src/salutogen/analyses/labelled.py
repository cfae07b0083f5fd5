"""The rooms' results with labels in the place of identifiers: what analyses and the page see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import Backbone
from salutogen.panel.missing_reasons import MissingReasons

if TYPE_CHECKING:
    from salutogen.page.audience import Audience

SUBJECT, PERSON = "subject", "person"
ROOMS = ("panel", "scores", "norm", "resilience")


def labelled(backbone: Backbone, audience: Audience) -> Backbone:
    """Return the same results in which every column `subject` holds the page's labels.

    Labels such as "Person A7" come from the seed and have nothing to do with the data file.
    """
    persons = backbone.panel.persons
    labels = pl.Series(SUBJECT, audience.labels(persons[PERSON].to_numpy()), dtype=pl.String)
    known = persons[SUBJECT]
    made: dict[tuple[int, int], tuple[NDArray[Any], pl.Series]] = {}

    def labels_of(rows: pl.Series) -> pl.Series:
        """Label each row; tables whose rows are the same persons share one column."""
        places = rows.to_numpy()
        key = (places.ctypes.data, places.size)
        if key not in made:  # the rows are kept with it, so that no others can stand there
            made[key] = (places, labels.gather(rows).alias(SUBJECT))
        return made[key][1]

    def with_labels(frame: pl.DataFrame) -> pl.DataFrame:
        if SUBJECT not in frame.columns:
            return frame
        if PERSON in frame.columns and frame[PERSON].dtype.is_integer():
            return frame.with_columns(labels_of(frame[PERSON]))
        return frame.with_columns(pl.col(SUBJECT).replace_strict(known, labels, default=None))

    done: dict[int, tuple[Any, Any]] = {}
    return replace(
        backbone,
        **{room: _walked(getattr(backbone, room), with_labels, done) for room in ROOMS},
    )


def identified(table: pl.DataFrame, persons: pl.DataFrame, audience: Audience) -> pl.DataFrame:
    """Return a table with the study's identifiers in the place of the labels."""
    if SUBJECT not in table.columns:
        return table
    labels = audience.labels(persons[PERSON].to_numpy())
    back = pl.col(SUBJECT).replace_strict(
        pl.Series(labels, dtype=pl.String), persons[SUBJECT], default=None
    )
    return table.with_columns(back)


def _walked(
    value: Any, change: Callable[[pl.DataFrame], pl.DataFrame], done: dict[int, tuple[Any, Any]]
) -> Any:
    """Copy a frozen result with every frame in it changed; what has no frame stays the same."""
    if isinstance(value, pl.DataFrame):
        return change(value)
    if isinstance(value, MissingReasons):
        return value  # names nobody, and its frames are made anew each time
    if isinstance(value, Mapping):
        found = {key: _walked(item, change, done) for key, item in value.items()}
        return found if any(found[key] is not value[key] for key in found) else value
    if isinstance(value, tuple):
        parts = tuple(_walked(item, change, done) for item in value)
        return parts if any(a is not b for a, b in zip(parts, value, strict=True)) else value
    if not is_dataclass(value) or isinstance(value, type) or not _of_a_room(value):
        return value
    if id(value) not in done:
        own = {item.name: getattr(value, item.name) for item in fields(value) if item.init}
        new = {name: _walked(item, change, done) for name, item in own.items()}
        changed = {name: item for name, item in new.items() if item is not own[name]}
        done[id(value)] = (value, replace(value, **changed) if changed else value)
    return done[id(value)][1]


def _of_a_room(value: Any) -> bool:
    parts = type(value).__module__.split(".")
    return parts[0] == "salutogen" and len(parts) > 1 and parts[1] in ROOMS
