"""Exposure that the data give as a ready-made score: its value is E, nothing is counted."""

from __future__ import annotations

import numpy as np

from salutogen.findings import Findings
from salutogen.namespaces import type_column
from salutogen.scores.answers import FloatArray, Form
from salutogen.scores.checklist import ChecklistScore, ChecklistTotals, happened
from salutogen.study import Study


def given_scores(form: Form) -> tuple[ChecklistTotals, ChecklistScore]:
    """Take the one column of a form as it is; missing where it is blank.

    A code of `did_not_occur` outside the range of the score stands for 0.
    """
    instrument = form.instrument
    answer = form.item(instrument.items[0])
    values: FloatArray = answer.values.astype(np.float64)
    never, span = instrument.did_not_occur, instrument.answers
    if never is not None and span is not None and not span.minimum <= never <= span.maximum:
        values = np.where(values == never, 0.0, values)
    n = len(values)
    missing = np.zeros(n, dtype=bool) if answer.missing is None else answer.missing
    unasked = np.zeros(n, dtype=bool) if answer.not_asked is None else answer.not_asked
    score = np.where(missing, np.nan, values)
    nothing = np.zeros(n, dtype=bool)
    totals = ChecklistTotals(
        answered=(~missing).astype(np.int16),
        asked=(~unasked).astype(np.int16),
        skipped=(missing & ~unasked).astype(np.int16),
        count=np.where(missing, 0.0, values != 0),
        total=np.where(missing, 0.0, values),
        most=None if span is None else span.maximum,
    )
    return totals, ChecklistScore(
        score=score,
        skipped=nothing,
        answered=~missing,
        too_many_skipped=nothing,
        low=score,
        high=score,
    )


def check_single_columns(study: Study, forms: dict[str, Form], findings: Findings) -> None:
    """Say where a ready-made score is not scored as asked, and where one item is counted."""
    threshold = study.plan.exposure.threshold
    for name, form in forms.items():
        asked, column = study.asked_score(name), type_column(name, forms)
        if form.instrument.total:
            if asked in ("count", "relative"):
                cut = asked == "count" and threshold is not None
                findings.tell(
                    "total-taken-as-given",
                    variant="threshold" if cut else "",
                    type=name,
                    asked=asked,
                    threshold=threshold,
                    column=column,
                )
        elif len(form.instrument.items) == 1 and asked == "count":
            _check_counted_item(name, column, form, threshold, findings)


def _check_counted_item(
    name: str, column: str, form: Form, threshold: float | None, findings: Findings
) -> None:
    """Warn where counting the one item of a list makes many different answers one."""
    answer = form.item(form.instrument.items[0])
    yes = happened(form.instrument, answer, threshold)
    if np.unique(answer.values[yes]).size < 2:
        return
    n = form.n_rows if answer.missing is None else int((~answer.missing).sum())
    findings.tell(
        "one-item-counted",
        type=name,
        ones=int(yes.sum()),
        answers=n,
        column=column,
    )
