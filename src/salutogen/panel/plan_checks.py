"""Whether times, persons and occasions look as planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salutogen.errors import PanelError
from salutogen.findings import Findings, Persons
from salutogen.panel.observed_span import check_occasions_seen
from salutogen.panel.odd_times import check_times
from salutogen.panel.panel_tables import PanelTables

if TYPE_CHECKING:
    from salutogen.study import Study


def check_against_plan(study: Study, tables: PanelTables, findings: Findings, label: str) -> None:
    """Say what is odd about times, numbers of occasions and empty instruments.

    Raises
    ------
    PanelError
        Times of the answers cannot be compared with one another.
    """
    check_occasions_seen(study, tables.rows, findings, label)
    check_times(study, tables.rows, findings, label)
    findings.raise_refusals(PanelError)
    _check_persons(tables, findings)
    for name, frame in tables.answers.items():
        if all(column.null_count() == column.len() for column in frame.iter_columns()):
            findings.tell(
                "instrument-empty", variant="repeated", instrument=name, forms=frame.height
            )
    for name, frame in tables.baseline.items():
        if all(column.null_count() == column.len() for column in frame.iter_columns()):
            findings.tell(
                "instrument-empty",
                variant="baseline",
                instrument=name,
                persons=Persons(frame.height),
            )


def _check_persons(tables: PanelTables, findings: Findings) -> None:
    occasions = np.bincount(tables.rows["person"].to_numpy(), minlength=tables.persons.height)
    if tables.persons.height == 1:
        findings.tell("one-person")
    single = int((occasions == 1).sum())
    if single and occasions.max(initial=0) > 1:
        findings.tell(
            "few-occasions",
            persons=Persons(single, of=tables.persons.height),
            of=Persons(tables.persons.height),
        )
