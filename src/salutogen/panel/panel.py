"""`Panel`: the answers by person, occasion and item, each missing value with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property

import polars as pl

from salutogen.display import card
from salutogen.findings import Finding
from salutogen.page.identifiers import Identifiers
from salutogen.panel.momentary import Momentary
from salutogen.study import Study


class Reason(IntEnum):
    """Why an answer has no positive value.

    `DID_NOT_OCCUR` is an answer (exposure 0), the others are missing. Stored as UInt8.
    """

    ANSWERED = 0
    DID_NOT_OCCUR = 1
    NOT_ASKED = 2
    SKIPPED = 3
    ABSENT = 4
    INVALID = 5


@dataclass(frozen=True)
class InputFile:
    """One input as it was read: for the manifest."""

    source: str
    name: str
    sha256: str | None
    rows: int
    columns: int
    encoding: str | None = None


@dataclass(frozen=True, kw_only=True, repr=False)
class Panel:
    """One canonical table, whatever the layout of the files.

    Attributes
    ----------
    rows : DataFrame
        One row per person and occasion found in the data, sorted by person, then occasion:
        `person` (UInt32, index into `persons`), `occasion` (UInt16, index into the study's planned
        occasions), `time` (Float64 days that went by, as the source of problems has it, else the
        first that knows; null where unknown), `local_time` (the same by the clock on the wall: its
        whole part is the day of the person's own calendar), `clock`
        (UInt8 `Clock`: what is known of the time), `data_row` (UInt32, 1-based row of the first
        source it came from, in the file of its occasion where each has its own; 0 where a
        person-occasion exists only by layout).
    answers : mapping of instrument name to DataFrame
        Repeated instruments: one column per item in the instrument's order, same height and order
        as `rows`. Whole-number items are the smallest signed integer that holds them, others
        Float64. Null where missing; codes are already decoded to values as answered (an event that
        did not occur is its `did_not_occur` code, normally 0), items are NOT yet reversed.
    reasons : mapping of instrument name to DataFrame
        UInt8 `Reason` columns, only for items with at least one null.
    persons : DataFrame
        One row per person in order of first appearance: `person` (UInt32), `subject` (text, to the
        letter), then background columns by their name in the study file, and `arm` if planned.
    baseline : mapping of instrument name to DataFrame
        Instruments measured at baseline, one row per person, same order as `persons`.
    events : mapping of source name to DataFrame
        Dated events, one row per event, sorted by person, day and row of the file: `person`
        (UInt32), `day` (Float64, as `time` of the rows), `local_time` and `clock` (as there),
        `event` (text), `rating` (Float64, null where none is given), `data_row` (UInt32, 1-based).
    times : mapping of instrument name to DataFrame
        Instruments whose source has times of its own that the rows do not hold: `time`,
        `local_time` and `clock` as there, null where unknown; a row per row of `rows`, or per
        person for what was measured at baseline (the time of the person's first answer).
    momentary : Momentary or None
        Prompts and momentary answers, where the study has a source with a row per prompt.
    findings : tuple of Finding
        What was read, with what had to be said about it.
    """

    study: Study
    rows: pl.DataFrame
    answers: Mapping[str, pl.DataFrame]
    reasons: Mapping[str, pl.DataFrame]
    persons: pl.DataFrame
    baseline: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    events: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    times: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    momentary: Momentary | None = None
    inputs: tuple[InputFile, ...] = ()
    findings: tuple[Finding, ...] = ()

    @cached_property
    def identifiers(self) -> Identifiers:
        """Everyone's identifier, to keep them out of what others read; made once."""
        from salutogen.panel.identifiers import columns_of_identifiers

        return Identifiers(self.persons["subject"], columns_of_identifiers(self.study))

    @property
    def n_persons(self) -> int:
        """Number of persons with at least one row."""
        return self.persons.height

    @property
    def n_rows(self) -> int:
        """Number of person-occasions."""
        return self.rows.height

    def long(self) -> pl.DataFrame:
        """Return the long form: subject, occasion, time, instrument, item, value, reason."""
        from salutogen.panel.long_form import to_long

        return to_long(self)

    def __repr__(self) -> str:
        """Say how much was read, in a line."""
        instruments = ", ".join((*self.answers, *self.baseline))
        return (
            f"Panel({self.study.title!r}: {self.n_persons:,} persons, {self.n_rows:,} rows, "
            f"instruments {instruments}; {len(self.findings)} findings)"
        )

    def _repr_html_(self) -> str:
        facts = {
            "Persons": self.n_persons,
            "Answer forms": self.n_rows,
            "Instruments": tuple(self.answers) + tuple(self.baseline),
        }
        return card(f"Panel: {self.study.title}", facts, self.findings)
