"""Notes on what a study file says of its sources beyond the plain case, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.findings import Findings, listed

if TYPE_CHECKING:
    from salutogen.study import Study

_WORDS_SHOWN = 8


def tell_rules_of_reading(study: Study, findings: Findings) -> None:
    """Say what makes a person, which files stand for occasions, and which words are numbers."""
    for name, source in study.plan.sources.items():
        if len(source.person_columns) > 1:
            findings.tell(
                "several-columns",
                variant="person",
                source=name,
                columns=list(source.person_columns),
                example=" and ".join(source.person_columns),
                joined="/".join(source.person_columns),
            )
        if source.files is not None:
            without = [label for label in study.labels if label not in source.files]
            findings.tell(
                "file-per-occasion",
                variant="some" if without else "",
                source=name,
                files=len(source.files),
                without=without,
            )
        if source.boolean == "answer":
            findings.tell("words-as-answers", variant="boolean", source=name)
    for name, instrument in study.instruments.items():
        if instrument.recode:
            pairs = [f"{text!r} as {number:g}" for text, number in instrument.recode.items()]
            findings.tell(
                "words-as-answers",
                variant="recode",
                instrument=name,
                pairs=listed(pairs, most=_WORDS_SHOWN),
            )
