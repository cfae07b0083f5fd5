"""Occasions that a study file names in a step."""

from __future__ import annotations

from collections.abc import Iterable

from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.names import did_you_mean


def refuse_unplanned(
    inputs: AnalysisInputs, asked: Iterable[str | None], found: Findings, *, unknown: str
) -> None:
    """Tell each label that no planned occasion has, under a code, and refuse the step.

    Raises
    ------
    AnalysisError
        There is one; None is nobody's label and passes.
    """
    labels = inputs.study.labels
    for label in dict.fromkeys(asked):
        if label is not None and label not in labels:
            found.tell(unknown, label=label, near=did_you_mean(label, labels))
    found.raise_refusals(AnalysisError)
