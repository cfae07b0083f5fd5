"""Whether the answers span the occasions and the days that were planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.findings import Findings, Persons
from salutogen.page.audience import smallest_of, told_median

if TYPE_CHECKING:
    from salutogen.study import Study

SHORTEST, LONGEST = 0.8, 1.25  # of the planned span, that a usual person's may have
FEWEST_PERSONS = 5  # fewer are not told as a median


def check_occasions_seen(study: Study, rows: pl.DataFrame, findings: Findings, label: str) -> None:
    """Say which planned occasions nobody answered."""
    seen = set(rows["occasion"].unique().to_list())
    unseen = [one for one in study.occasions if one.index not in seen]
    if not unseen or not seen:
        return
    last = study.occasions[max(seen)]
    at_end = len(unseen) == len(study.occasions) - 1 - last.index
    findings.tell(
        "occasions-unseen",
        variant="at-end" if at_end else "",
        file=label,
        unseen=len(unseen),
        planned=len(study.occasions),
        names=[one.label for one in unseen],
        last=last.label,
    )


def check_span(study: Study, rows: pl.DataFrame, findings: Findings, label: str) -> None:
    """Say where persons' answers span much more or less time than was planned for them.

    Compared are the days from a person's first to the last answer with a time, and the planned days
    between these two occasions.
    """
    planned = np.array(study.days)
    person, occasion = rows["person"].to_numpy(), rows["occasion"].to_numpy()
    days = rows["time"].to_numpy()
    first = np.flatnonzero(np.diff(person.astype(np.int64), prepend=-1))
    last = np.append(first[1:], person.size) - 1
    expected = planned[occasion[last]] - planned[occasion[first]]
    observed = days[last] - days[first]
    usable = np.isfinite(expected) & (expected > 0) & (observed >= 0)
    if int(usable.sum()) < FEWEST_PERSONS:
        return
    ratios = observed[usable] / expected[usable]
    if SHORTEST <= float(np.median(ratios)) <= LONGEST:
        return
    smallest = smallest_of(study.plan.report.individuals)
    findings.tell(
        "span-not-planned",
        file=label,
        persons=Persons(int(usable.sum())),
        ratio=told_median(ratios, smallest),
        observed=told_median(observed[usable], smallest),
        planned=told_median(expected[usable], smallest),
    )
