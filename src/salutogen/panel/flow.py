"""Who took part when: participant flow and completeness of forms over occasions."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.panel.panel import Panel, Reason


def answered_forms(panel: Panel) -> NDArray[np.bool_]:
    """Tell for each row of the panel whether any repeated item is answered."""
    answered = np.zeros(panel.n_rows, dtype=bool)
    for frame in panel.answers.values():
        for column in frame.iter_columns():
            if column.null_count() == 0:
                return np.ones(panel.n_rows, dtype=bool)
            answered |= column.is_not_null().to_numpy()
    return answered


def participant_flow(panel: Panel) -> pl.DataFrame:
    """Count persons over the planned occasions.

    Returns
    -------
    DataFrame
        One row per planned occasion: `occasion_index`, `occasion`, `persons` (all in the panel),
        `present` (some repeated item answered), `absent`; the absent are split into `not_yet`
        (before the person's first occasion, or never there), `interrupted` (the person came
        back) and `left` (after the last one); `last_here` counts the persons whose last occasion
        this is. `present + not_yet + interrupted + left = persons`.
    """
    n_persons, n_occasions = panel.n_persons, len(panel.study.occasions)
    there = answered_forms(panel)
    person = panel.rows["person"].to_numpy()[there].astype(np.int64)
    occasion = panel.rows["occasion"].to_numpy()[there].astype(np.int64)
    first = np.full(n_persons, n_occasions, dtype=np.int64)
    last = np.full(n_persons, -1, dtype=np.int64)
    np.minimum.at(first, person, occasion)
    np.maximum.at(last, person, occasion)
    present = np.bincount(occasion, minlength=n_occasions)
    starts = np.bincount(first, minlength=n_occasions + 1)[:n_occasions]
    ends = np.bincount(last + 1, minlength=n_occasions + 1)[1:]
    not_yet = n_persons - np.cumsum(starts)
    left = np.concatenate([[0], np.cumsum(ends)[:-1]])
    return pl.DataFrame(
        {
            "occasion_index": pl.Series(np.arange(n_occasions), dtype=pl.UInt16),
            "occasion": pl.Series(panel.study.labels, dtype=pl.String),
            "persons": [n_persons] * n_occasions,
            "present": present,
            "absent": n_persons - present,
            "not_yet": not_yet,
            "interrupted": n_persons - present - not_yet - left,
            "left": left,
            "last_here": ends,
        }
    )


def planned_occasions(panel: Panel) -> pl.DataFrame:
    """Write a row for every person and planned occasion, the missed ones included.

    Returns
    -------
    DataFrame
        `person`, `subject`, `occasion_index`, `occasion`, `planned_day` (days from the first
        occasion, null where the plan has none), `time` (days, null where missed), `state`:
        `answered`, `opened` (a row without any answer) or `missed` (no row: files rarely hold one
        for a form that was never opened).
    """
    n_occasions = len(panel.study.occasions)
    place = panel.rows["person"].cast(pl.Int64) * n_occasions + panel.rows["occasion"]
    there = panel.rows.select("time").with_columns(
        place=place,
        state=pl.when(pl.Series(answered_forms(panel)))
        .then(pl.lit("answered"))
        .otherwise(pl.lit("opened")),
    )
    persons = panel.persons.select("person", "subject")
    plan = pl.DataFrame(
        {
            "occasion_index": pl.Series(range(n_occasions), dtype=pl.UInt16),
            "occasion": pl.Series(panel.study.labels, dtype=pl.String),
            "planned_day": pl.Series(
                [entry.day for entry in panel.study.occasions], dtype=pl.Float64
            ),
        }
    )
    grid = persons.join(plan, how="cross", maintain_order="left_right").with_columns(
        place=pl.int_range(pl.len(), dtype=pl.Int64)
    )
    return grid.join(there, on="place", how="left", maintain_order="left").select(
        *grid.columns[:-1], "time", pl.col("state").fill_null("missed")
    )


def forms_by_occasion(panel: Panel) -> pl.DataFrame:
    """Count forms and missing answers by repeated instrument and planned occasion.

    Returns
    -------
    DataFrame
        `instrument`, `occasion`, `persons` (all in the panel), `forms` (some item answered),
        `complete` (every asked item answered), then numbers of item answers: `answered`,
        `did_not_occur`, `not_asked`, `skipped`, `absent`, `invalid`; `absent` counts only rows that
        are in the panel.
    """
    occasion = panel.rows["occasion"].to_numpy().astype(np.int64)
    n_occasions = len(panel.study.occasions)
    tables = [
        _forms(panel, name, frame, occasion, n_occasions) for name, frame in panel.answers.items()
    ]
    return pl.concat(tables) if tables else pl.DataFrame()


def _forms(
    panel: Panel, name: str, frame: pl.DataFrame, occasion: NDArray[np.int64], n_occasions: int
) -> pl.DataFrame:
    reasons = panel.reasons[name]
    none = panel.study.instruments[name].did_not_occur
    counts = np.zeros((n_occasions, len(Reason)), dtype=np.int64)
    any_answer = np.zeros(panel.n_rows, dtype=bool)
    complete = np.ones(panel.n_rows, dtype=bool)
    for column in frame.iter_columns():
        if column.name in reasons.columns:
            why = reasons[column.name].to_numpy().astype(np.int64)
        elif none is not None:
            why = (column == none).to_numpy().astype(np.int64)
        else:
            why = np.zeros(panel.n_rows, dtype=np.int64)
        counts += np.bincount(
            occasion * len(Reason) + why, minlength=n_occasions * len(Reason)
        ).reshape(n_occasions, len(Reason))
        any_answer |= why <= Reason.DID_NOT_OCCUR
        complete &= why <= Reason.NOT_ASKED
    forms = np.bincount(occasion[any_answer], minlength=n_occasions)
    table = {
        "instrument": [name] * n_occasions,
        "occasion": list(panel.study.labels),
        "persons": [panel.n_persons] * n_occasions,
        "forms": forms,
        "complete": np.bincount(occasion[any_answer & complete], minlength=n_occasions),
    }
    for reason in Reason:
        table[reason.name.lower()] = counts[:, reason.value]
    return pl.DataFrame(table)
