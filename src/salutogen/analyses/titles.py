"""What a study calls its instruments on a page and in findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs


def title_of(inputs: AnalysisInputs, name: str) -> str:
    """Return an instrument's title; the name where there is none, or it is no instrument."""
    instrument = inputs.study.instruments.get(name)
    return name if instrument is None else instrument.title or name
