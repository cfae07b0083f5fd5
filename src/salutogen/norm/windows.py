"""Sliding windows and named phases: which valid rows fall into each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salutogen.norm.periods import Period, ValidRows

if TYPE_CHECKING:
    from salutogen.study import Study
    from salutogen.study.format import ResilienceSettings, Windows

MOST_WINDOWS = 2000
TINY = 1e-9


def windows_of(study: Study, rows: ValidRows, settings: ResilienceSettings) -> tuple[Period, ...]:
    """Return the study's sliding windows, numbered from 1.

    Whole-number widths count planned occasions: window k covers `width` occasions from the
    `(k - 1) * step`-th on, as long as all of them are planned. Widths of time count days on each
    person's own clock (see `study_days`): window k covers `[(k - 1) step, (k - 1) step + width)`,
    until the last day of the study is covered.
    """
    plan = settings.windows
    if plan is None or rows.n == 0:
        return ()
    if isinstance(plan.width, int):
        return _by_occasion(study.labels, rows, plan)
    return _by_time(study, rows, plan)


def phases_of(study: Study, rows: ValidRows, settings: ResilienceSettings) -> tuple[Period, ...]:
    """Return the study's named phases, in the order of the study file."""
    position = {label: index for index, label in enumerate(study.labels)}
    phases = []
    for number, (name, phase) in enumerate(settings.phases.items(), start=1):
        if phase.first not in position or phase.last not in position:
            continue
        inside = (rows.occasion >= position[phase.first]) & (rows.occasion <= position[phase.last])
        phases.append(
            Period(
                name=name,
                number=number,
                rows=np.flatnonzero(inside),
                first=phase.first,
                last=phase.last,
            )
        )
    return tuple(phases)


def _by_occasion(labels: tuple[str, ...], rows: ValidRows, plan: Windows) -> tuple[Period, ...]:
    width = int(plan.width) if isinstance(plan.width, int) else 1
    step = plan.step if isinstance(plan.step, int) else 1
    periods = []
    for number, start in enumerate(range(0, max(len(labels) - width, 0) + 1, step), start=1):
        last = min(start + width, len(labels)) - 1
        inside = (rows.occasion >= start) & (rows.occasion <= last)
        periods.append(
            Period(
                name=str(number),
                number=number,
                rows=np.flatnonzero(inside),
                first=labels[start],
                last=labels[last],
                labels=labels[start : last + 1],
            )
        )
    return tuple(periods)


def _by_time(study: Study, rows: ValidRows, plan: Windows) -> tuple[Period, ...]:
    assert not isinstance(plan.width, int)
    width = plan.width.days
    step = width if isinstance(plan.step, int) else plan.step.days
    days = study_days(study, rows)
    known = np.isfinite(days)
    if not known.any():
        return ()
    horizon = float(days[known].max())
    count = min(max(int(np.floor((horizon - width) / step + TINY)) + 2, 1), MOST_WINDOWS)
    periods = []
    for index in range(count):
        start = index * step
        inside = known & (days >= start - TINY) & (days < start + width - TINY)
        periods.append(Period(name=str(index + 1), number=index + 1, rows=np.flatnonzero(inside)))
    return tuple(periods)


def study_days(study: Study, rows: ValidRows) -> np.ndarray:
    """Return each valid row's day on its person's own clock, shape (n,).

    The clock starts so that a person's first valid occasion falls on its planned day; where the
    plan names no days, it falls on day 0. Late starters and missed first occasions therefore do
    not shift the windows.
    """
    planned = np.array(
        [float("nan") if item.day is None else item.day for item in study.occasions], dtype=float
    )
    first_row = np.full(rows.n_persons, -1)
    first_row[rows.person[::-1]] = np.arange(rows.n)[::-1]
    start = first_row[rows.person]
    offset = np.nan_to_num(planned[rows.occasion[start]], nan=0.0)
    days: np.ndarray = rows.time - rows.time[start] + offset
    return days
