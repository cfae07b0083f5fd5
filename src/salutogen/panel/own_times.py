"""When each row was answered, and what has a time of its own: sources with a clock of their own.

A row of the panel joins what several sources hold of one person and occasion, and has the time of
the problems. A laboratory's visit of the same occasion may have been weeks later, and a scan that
is kept in a row per person has a day that no row of the panel knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.alignment import PanelRows
from salutogen.panel.layouts.aligned_source import AlignedSource
from salutogen.panel.person_columns import BaselineForm
from salutogen.panel.times import Clock, no_times

if TYPE_CHECKING:
    from salutogen.study import Study


@dataclass(frozen=True, kw_only=True)
class PanelTimes:
    """Times as series of `TIMES`.

    Attributes
    ----------
    rows : Series
        Of each row of the panel.
    repeated, baseline : mapping of instrument name to Series
        Of instruments whose source has times of its own: by row of the panel, or by person.
    """

    rows: pl.Series
    repeated: Mapping[str, pl.Series]
    baseline: Mapping[str, pl.Series]

    def of_rows(self, chosen: pl.Series) -> PanelTimes:
        """Times of these rows only."""
        return replace(
            self,
            rows=self.rows.filter(chosen),
            repeated={name: own.filter(chosen) for name, own in self.repeated.items()},
        )

    def of_persons(self, chosen: pl.Series) -> PanelTimes:
        """Times of these persons only."""
        return replace(
            self, baseline={name: own.filter(chosen) for name, own in self.baseline.items()}
        )

    def by_instrument(self) -> dict[str, pl.DataFrame]:
        """One table for each instrument that has times of its own."""
        every = {**self.repeated, **self.baseline}
        return {name: own.struct.unnest() for name, own in every.items()}


def read_times(
    study: Study,
    aligned: Mapping[str, AlignedSource],
    rows: PanelRows,
    baseline: Mapping[str, BaselineForm],
    findings: Findings,
) -> PanelTimes:
    """Times of the rows by both clocks, and of instruments that have others.

    Rows have the time of the source of problems; where it knows none, of the first that does.
    """
    by_source = _by_source(study, aligned, rows, findings)
    of_problems = _sources_of_problems(study)
    time = no_times(rows.keys.size)
    for name in sorted(by_source, key=lambda name: name not in of_problems):
        time = pl.select(pl.coalesce(time, by_source[name])).to_series()
    apart = {
        name: own
        for name, own in by_source.items()
        if name not in of_problems and _differs(own, time)
    }
    repeated = {
        name: apart[instrument.source]
        for name, instrument in study.instruments.items()
        if instrument.measured == "repeated" and instrument.source in apart
    }
    once = {
        name: form.times
        for name, form in baseline.items()
        if form.times is not None and study.instruments[name].source not in of_problems
    }
    found = PanelTimes(rows=time.rename("time"), repeated=repeated, baseline=once)
    return _comparable(study, found, findings)


def _sources_of_problems(study: Study) -> set[str]:
    return {study.instruments[name].source for name in study.problems.instruments}


def _by_source(
    study: Study, aligned: Mapping[str, AlignedSource], rows: PanelRows, findings: Findings
) -> dict[str, pl.Series]:
    """Times of the rows as each source knows them."""
    found: dict[str, pl.Series] = {}
    for name, source in aligned.items():
        plan = study.plan.sources[name]
        days = source.time(plan.time) if plan.time and name in rows.places else None
        if plan.time is None or days is None:
            continue
        if days.null_count() == days.len():
            findings.tell("time-blank", source=name, column=plan.time.column)
        found[name] = rows.place(name, days)
    return found


def _differs(own: pl.Series, time: pl.Series) -> bool:
    """Whether a source knows another time than that of the rows, in any of them."""
    own, time = (one.struct.field("time") for one in (own, time))
    return bool((own != time).fill_null(value=False).any())


def _comparable(study: Study, times: PanelTimes, findings: Findings) -> PanelTimes:
    """Leave out times that count from another start than those of the rows."""
    kept: list[dict[str, pl.Series]] = []
    for every in (times.repeated, times.baseline):
        own: dict[str, pl.Series] = {}
        for name, one in every.items():
            both = [_counts(one), _counts(times.rows)]
            if None not in both and both[0] != both[1]:
                findings.tell(
                    "own-times-not-comparable", name=name, source=study.instruments[name].source
                )
            elif one.null_count() < one.len():
                own[name] = one
        kept.append(own)
    return replace(times, repeated=kept[0], baseline=kept[1])


def _counts(times: pl.Series) -> bool | None:
    """Whether times count from a start of their own; None where none is known."""
    clocks = times.struct.field("clock").drop_nulls()
    return None if not clocks.len() else bool((clocks == Clock.COUNTED).any())
