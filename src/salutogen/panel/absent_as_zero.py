"""Absent forms that look as if they were answered: 0 where the rest of the row is blank."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.counts import forms_of
from salutogen.findings import Findings
from salutogen.page.words import Share

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study

Mask = NDArray[np.bool_]

NEARLY_ALL = 0.9  # of the persons without the other form have 0
FEWEST_PERSONS = 3
SELDOM = 1e-3  # chance that so many would have 0, were they like those with both forms
SHOWN = 10


def check_absent_as_zero(
    study: Study, answers: Mapping[str, pl.DataFrame], rows: pl.DataFrame, findings: Findings
) -> None:
    """Warn where those without one side of the line have exactly 0 on the other.

    Exposure is looked at in the rows without any answer to the problem scales, problems in those
    without any to the exposure. Persons are counted, not rows, since one person's are alike.
    """
    problems = [name for name in study.problems.instruments if name in answers]
    exposure = [name for name in study.exposure_types if name in answers]
    person = rows["person"].to_numpy()
    for own, other in ((exposure, problems), (problems, exposure)):
        if not own or not other:
            continue
        lacking = ~np.logical_or.reduce(
            [_is_there(study.instruments[name], answers[name]) for name in other]
        )
        if not lacking.any() or lacking.all():
            continue
        for name in own:
            _check(study.instruments[name], answers[name], lacking, person, other, rows, findings)


def _check(
    instrument: Instrument,
    frame: pl.DataFrame,
    lacking: Mask,
    person: NDArray[np.uint32],
    other: list[str],
    rows: pl.DataFrame,
    findings: Findings,
) -> None:
    answered = _any_answer(frame)
    zero = _all_nothing(instrument, frame)
    here, both = answered & lacking, answered & ~lacking
    persons = np.unique(person[here])
    unlike = np.unique(person[here & ~zero])
    n, with_zero = persons.size, persons.size - unlike.size
    if n < FEWEST_PERSONS or with_zero < NEARLY_ALL * n or not both.any():
        return
    usual = (int((zero & both).sum()) + 1) / (int(both.sum()) + 2)
    if chance_of_so_many(with_zero, n, usual) > SELDOM:
        return
    found = here & zero
    numbers = np.sort(rows["data_row"].to_numpy()[found])
    findings.tell(
        "absent-as-zero",
        variant="total" if instrument.total else "items",
        instrument=instrument.name,
        other=other,
        extent="All" if bool(zero[here].all()) else "Nearly all",
        share=Share((zero & both).sum() / both.sum(), of=int(both.sum())),
        column=instrument.columns[instrument.items[0]] if frame.width == 1 else None,
        rows=[int(row) for row in numbers[:SHOWN]],
        n_rows=int(found.sum()),
        when_hidden={"n_rows": forms_of(found, person)},
    )


def chance_of_so_many(k: int, n: int, share: float) -> float:
    """Upper bound of the chance of k or more of n at a share each (Hoeffding 1963); exact at k = n.

    Examples
    --------
    >>> chance_of_so_many(4, 4, 0.1) <= 0.1**4 * (1 + 1e-9)
    True
    """
    seen = k / n
    if seen <= share:
        return 1.0
    distance = seen * math.log(seen / share)
    if seen < 1:
        distance += (1 - seen) * math.log((1 - seen) / (1 - share))
    return math.exp(-n * distance)


def _is_there(instrument: Instrument, frame: pl.DataFrame) -> Mask:
    """Rows in which a form was answered; a tick-list without a tick may as well be absent."""
    answered = _any_answer(frame)
    if instrument.form == "tick-list":
        answered &= ~_all_nothing(instrument, frame)
    return answered


def _any_answer(frame: pl.DataFrame) -> Mask:
    if any(column.null_count() == 0 for column in frame.iter_columns()):
        return np.ones(frame.height, dtype=bool)
    there = frame.select(pl.any_horizontal(pl.all().is_not_null())).to_series()
    return np.array(there.to_numpy(), dtype=bool)


def _all_nothing(instrument: Instrument, frame: pl.DataFrame) -> Mask:
    """Rows in which every item is answered with the code of nothing."""
    none = frame.select(pl.all_horizontal(pl.all() == _nothing(instrument)).fill_null(value=False))
    return np.asarray(none.to_series().to_numpy(), dtype=bool)


def _nothing(instrument: Instrument) -> float:
    """Value of an unticked box, and of a sum of nothing."""
    if instrument.total or not instrument.is_checklist:
        return 0.0
    if instrument.did_not_occur is not None:
        return instrument.did_not_occur
    if instrument.form == "tick-list" or instrument.answers is None:
        return 0.0
    return instrument.answers.minimum
