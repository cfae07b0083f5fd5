"""What the page opens with, as plain data, and findings in words. Templates only render it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from salutogen.findings import Finding, Severity
from salutogen.page.audience import PERSONS_DRAWN, Audience
from salutogen.page.privacy import Guard
from salutogen.page.words import enumeration, number, plural

ORDER = (Severity.REFUSAL, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True)
class Fact:
    """One figure of the opening with its name, and what belongs beside it, such as an interval."""

    name: str
    value: str
    beside: str = ""


@dataclass(frozen=True)
class ShownFinding:
    """A finding as the page shows it: evidence as pairs of words."""

    code: str
    severity: str
    text: str
    mend: str
    evidence: tuple[Fact, ...]


@dataclass(frozen=True)
class Passage:
    """Paragraphs of the answer that belong together, with their heading."""

    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Opening:
    """What was asked, the answer in plain words, the sign, the findings.

    Attributes
    ----------
    clauses : tuple of str
        The answer in short, a clause each; the page lists them.
    sentence : str
        The clauses as one sentence; empty where there is none.
    passages : tuple of Passage
        The answer in numbers, with what it stands on.
    """

    title: str
    description: str
    question: str
    clauses: tuple[str, ...]
    sentence: str
    passages: tuple[Passage, ...]
    sign: str
    facts: tuple[Fact, ...]
    mode: str
    findings_summary: str
    findings: tuple[ShownFinding, ...]

    @property
    def answer(self) -> tuple[str, ...]:
        """All paragraphs of the answer, the one sentence first."""
        told = (text for passage in self.passages for text in passage.paragraphs)
        return tuple(text for text in (self.sentence, *told) if text)


def mode_in_words(audience: Audience) -> str:
    """Say whether single persons are on the page."""
    if not audience.individuals:
        return (
            "This page is in the mode “individuals: hide”: it draws densities and groups only, "
            f"cells with fewer than {audience.smallest} persons are left empty, and its source "
            "holds no data of single persons. Its counts are rounded to five, but for the number "
            "of persons in the study; shares are those of such counts."
        )
    if not audience.draws_persons:
        return (
            "This page is in the mode “individuals: show”. Above "
            f"{PERSONS_DRAWN:,} persons its figures show groups; the few single courses carry "
            "labels whose order has nothing to do with the data file."
        )
    return (
        "This page is in the mode “individuals: show”: it draws single persons under labels such "
        "as “Person A7”, whose order has nothing to do with the data file. It is personal data; "
        "write “report: {individuals: hide}” in the study file for a page to pass on."
    )


def count_in_words(findings: Sequence[Finding]) -> str:
    """Count findings by severity."""
    counts = {level: sum(item.severity is level for item in findings) for level in ORDER}
    if not findings:
        return "Nothing in the study file, the answers or the results was found doubtful."
    parts = [plural(n, level.value) for level, n in counts.items() if n]
    return (
        f"{enumeration(parts)}. A refusal means that something could not be given, a warning "
        "that it needs judgement, a note that it should be known."
    )


def shown_findings(findings: Sequence[Finding], guard: Guard) -> tuple[ShownFinding, ...]:
    """Sort by severity, keeping the rooms' order, and turn evidence into words."""
    ranked = sorted(findings, key=lambda item: ORDER.index(item.severity))
    return tuple(shown_finding(item, guard) for item in ranked)


def shown_finding(item: Finding, guard: Guard) -> ShownFinding:
    """Turn one finding into words; where persons are hidden, what points at rows is left out."""
    audience = guard.audience
    item = guard.finding(item)
    evidence = item.evidence
    pairs: list[tuple[str, Any]] = [
        ("file", evidence.file),
        ("line of the study file", evidence.line),
        ("column", evidence.column),
    ]
    if audience.individuals:
        pairs.append(("data rows (the first)", ", ".join(map(str, evidence.rows)) or None))
        # Words that stand in the sentence itself are no evidence of it.
        pairs += [
            (name, value)
            for name, value in _flat(evidence.numbers)
            if not (isinstance(value, str) and value in item.text)
        ]
    if evidence.n_rows is not None:
        pairs.append(("number of rows", audience.count(evidence.n_rows)))
    facts = (Fact(name, _word(value)) for name, value in pairs if value is not None)
    told = tuple(fact for fact in facts if not guard.forbids(fact.value))
    return ShownFinding(item.code, item.severity.value, item.text, item.mend, told)


def _flat(numbers: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in numbers.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{before}{name} ")
        else:
            found.append((f"{before}{name}".replace("_", " "), value))
    return found


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | np.ndarray):
        shown = [_word(item) for item in list(value)[:10]]
        return ", ".join(shown) + (" …" if len(value) > 10 else "")
    if isinstance(value, np.generic):
        value = value.item()
    return number(value, 4) if isinstance(value, int | float) else str(value)
