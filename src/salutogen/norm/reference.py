"""The reference set: which persons and occasions the lines are fitted on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.namespaces import ARM
from salutogen.norm.periods import PeriodRows, ValidRows, whole_follow_up
from salutogen.scores import Scores
from salutogen.study import Period
from salutogen.study.format import NormSettings, Reference


@dataclass(frozen=True, kw_only=True)
class ReferenceSet:
    """Persons and occasions of the reference.

    Attributes
    ----------
    words : str
        What the set is called in outputs: `all`, `first-window`, `window 2`, `arm control`.
    named : Period or None
        The window or phase that the study names, if it names one.
    rows : PeriodRows
        Rows of the set, for the occasion and person lines.
    frozen : PeriodRows or None
        Rows of SR_frozen's line: the first window unless a window or phase is named.
    valid : int
        Fewest valid occasions of a person in the set.
    one_arm : bool
        Whether only persons of one arm are in it.
    restricted : bool
        Whether it leaves out anybody or anything.
    """

    words: str
    named: Period | None
    rows: PeriodRows
    frozen: PeriodRows | None
    valid: int
    one_arm: bool
    restricted: bool


def reference_set(
    scores: Scores,
    rows: ValidRows,
    windows: tuple[PeriodRows, ...],
    phases: tuple[PeriodRows, ...],
    settings: NormSettings,
    findings: Findings,
) -> ReferenceSet:
    """Resolve the study file's `norm.reference`; problems are told as findings."""
    plan = scores.study.plan.resilience.windows
    words, chosen = _chosen(settings)
    persons = _arm_members(scores, chosen, findings)
    named = _named(chosen, windows, phases, findings)
    frozen = named if named is not None else (windows[0] if windows else None)
    base = whole_follow_up(rows).rows if named is None else named.rows
    if persons is not None:
        base = base[persons[rows.person[base]]]
        if frozen is not None:
            frozen = replace(frozen, rows=frozen.rows[persons[rows.person[frozen.rows]]])
    return ReferenceSet(
        words=words,
        named=None if named is None else named.period,
        rows=replace(whole_follow_up(rows), rows=base),
        frozen=frozen,
        valid=plan.valid if plan is not None and chosen.window is not None else 1,
        one_arm=chosen.arm is not None,
        restricted=base.size < rows.n or persons is not None,
    )


def _chosen(settings: NormSettings) -> tuple[str, Reference]:
    """What the set is called, and what it is made of."""
    if settings.reference == "all":
        return "all", Reference()
    if settings.reference == "first-window":
        return "first-window", Reference(window=1)
    reference = settings.reference
    parts = [
        f"{name} {value}"
        for name, value in (
            ("arm", reference.arm),
            ("phase", reference.phase),
            ("window", reference.window),
        )
        if value is not None
    ]
    return ", ".join(parts) or "all", reference


def _arm_members(scores: Scores, chosen: Reference, findings: Findings) -> np.ndarray | None:
    if chosen.arm is None:
        return None
    if ARM not in scores.persons.columns:
        findings.tell("reference-missing", variant="no-arms", arm=chosen.arm)
        return None
    arms = scores.persons[ARM].cast(pl.String)
    members: np.ndarray = (arms == chosen.arm).fill_null(False).to_numpy()
    if not members.any():
        known = sorted(arms.drop_nulls().unique().to_list())
        findings.tell("reference-missing", variant="arm", arm=chosen.arm, arms=known)
        return None
    return members


def _named(
    chosen: Reference,
    windows: tuple[PeriodRows, ...],
    phases: tuple[PeriodRows, ...],
    findings: Findings,
) -> PeriodRows | None:
    """Rows of the window or phase that the study names."""
    if chosen.window is not None:
        same = (item for item in windows if item.period.number == chosen.window)
        found = next(same, None)
        if found is None:
            findings.tell(
                "reference-missing", variant="window", window=chosen.window, windows=len(windows)
            )
        return found
    if chosen.phase is not None:
        found = next((item for item in phases if item.period.label == chosen.phase), None)
        if found is None:
            known = [item.period.label for item in phases]
            findings.tell("reference-missing", variant="phase", phase=chosen.phase, phases=known)
        return found
    return None
