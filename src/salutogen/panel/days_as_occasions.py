"""Occasions that are days: the person's first day is the first, each later day one of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salutogen.findings import Findings
from salutogen.panel.identifiers import Codes
from salutogen.panel.times import to_days

if TYPE_CHECKING:
    from salutogen.panel.readers.source_table import SourceTable
    from salutogen.study import Study


def day_codes(
    study: Study,
    table: SourceTable,
    persons: Codes,
    meant: NDArray[np.bool_],
    answered: NDArray[np.bool_],
    findings: Findings,
) -> Codes:
    """Place of each row's day in the plan, counted from the person's first day.

    Parameters
    ----------
    study : Study
    table : SourceTable
        Its source has `occasion_by: day` and a column of times.
    persons : (n,) int64
        Whose each row is; -1 where it is nobody's.
    meant, answered : (n,) bool
        Rows of the form, and rows with answers: of these it is said where they have no day, or a
        day after the last occasion of the plan.
    findings : Findings

    Returns
    -------
    (n,) int64
        -1 where a row is not meant, or has no day of the plan.
    """
    plan = study.plan.sources[table.name]
    if plan.time is None:
        raise ValueError("a source whose occasions are days has `time`")
    times = to_days(
        table.described(plan.time.column), plan.time,
        column=plan.time.column, label=table.label, findings=findings, decimal=plan.decimal,
    )  # fmt: skip
    days = np.floor(times.struct.field("local_time").to_numpy().astype(np.float64))
    known = meant & (persons >= 0) & np.isfinite(days)
    first = np.full(int(persons.max(initial=-1)) + 1, np.inf)
    np.minimum.at(first, persons[known], days[known])
    codes = np.full(table.n_rows, -1, dtype=np.int64)
    codes[known] = (days[known] - first[persons[known]]).astype(np.int64)
    beyond = codes >= len(study.labels)
    codes[beyond] = -1
    undated = meant & (persons >= 0) & ~np.isfinite(days)
    for code, odd in (("day-not-known", undated), ("day-after-plan", beyond)):
        rows = np.flatnonzero(odd & answered)
        if rows.size:
            findings.tell(
                code,
                file=table.label,
                column=plan.time.column,
                rows=[int(row) + 1 for row in rows[:10]],
                n_rows=int(rows.size),
                occasions=len(study.labels),
            )
    return codes
