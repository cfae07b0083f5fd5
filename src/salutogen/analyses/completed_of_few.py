"""Completed sets that would tell of the few persons who lack something."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from salutogen.analyses.contract import AnalysisInputs
from salutogen.findings import Findings

if TYPE_CHECKING:
    from salutogen.analyses.completing import Wide


def few_lack_something(
    inputs: AnalysisInputs, wide: Wide, found: Findings, whole: Sequence[int] | None = None
) -> bool:
    """Whether so few lack what enters a model that nothing over completed sets may be told.

    Where persons are hidden, it would tell of these few beside what is found of the others.

    Parameters
    ----------
    inputs : AnalysisInputs
    wide : Wide
    found : Findings
        Told so.
    whole : sequence of int, optional
        Persons with everything that each of several models needs, of which all must be so many; by
        default those without gaps.
    """
    persons = [int((~wide.gaps.any(axis=1)).sum())] if whole is None else whole
    everyone, audience = int(wide.members.sum()), inputs.run.audience
    few = bool(persons) and all(audience.is_small(everyone - n) for n in persons)
    if few:
        found.tell("completed-sets-of-few")
    return few
