"""The reference set: which persons and occasions the lines are fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.findings import Finding, finding
from salutogen.norm.periods import Period, ValidRows
from salutogen.scores import Scores
from salutogen.study.format import NormSettings, Reference


@dataclass(frozen=True, kw_only=True)
class ReferenceSet:
    """Persons and occasions of the reference.

    Attributes
    ----------
    words : str
        What the set is called in outputs: `all`, `first-window`, `window 2`, `arm control`.
    period : Period
        Occasions of the persons in the set, for the occasion and person lines.
    frozen : Period or None
        Occasions of SR_frozen's line: the first window unless a window or phase is named.
    valid : int
        Fewest valid occasions of a person in `period`.
    """

    words: str
    period: Period
    frozen: Period | None
    valid: int
    restricted: bool


def reference_set(
    scores: Scores,
    rows: ValidRows,
    windows: tuple[Period, ...],
    phases: tuple[Period, ...],
    settings: NormSettings,
) -> tuple[ReferenceSet, list[Finding]]:
    """Resolve the study file's `norm.reference`; problems come back as findings."""
    wanted = settings.reference
    plan = scores.study.plan.resilience.windows
    valid = plan.valid if plan is not None else 1
    if wanted == "all":
        wanted = Reference()
        words = "all"
    elif wanted == "first-window":
        wanted = Reference(window=1)
        words = "first-window"
    else:
        words = _words(wanted)
    problems: list[Finding] = []
    persons = _arm_members(scores, wanted, problems)
    stretch = _stretch(wanted, windows, phases, problems)
    frozen = stretch if stretch is not None else (windows[0] if windows else None)
    everyone = np.arange(rows.n)
    base = everyone if stretch is None else stretch.rows
    if persons is not None:
        base = base[persons[rows.person[base]]]
        if frozen is not None:
            frozen = _only(frozen, frozen.rows[persons[rows.person[frozen.rows]]])
    period = Period(name=words, rows=base, first=None, last=None)
    return (
        ReferenceSet(
            words=words,
            period=period,
            frozen=frozen,
            valid=valid if wanted.window is not None else 1,
            restricted=base.size < rows.n or persons is not None,
        ),
        problems,
    )


def _only(period: Period, rows: np.ndarray) -> Period:
    return Period(
        name=period.name,
        rows=rows,
        first=period.first,
        last=period.last,
        number=period.number,
        labels=period.labels,
    )


def _words(wanted: Reference) -> str:
    parts = [
        f"{name} {value}"
        for name, value in (
            ("arm", wanted.arm),
            ("phase", wanted.phase),
            ("window", wanted.window),
        )
        if value is not None
    ]
    return ", ".join(parts) or "all"


def _arm_members(scores: Scores, wanted: Reference, problems: list[Finding]) -> np.ndarray | None:
    if wanted.arm is None:
        return None
    if "arm" not in scores.persons.columns:
        text = f"The reference is the arm {wanted.arm!r}, but the study names no arms."
        problems.append(finding("reference-missing", text, numbers={"arm": wanted.arm}))
        return None
    arms = scores.persons["arm"].cast(pl.String)
    members: np.ndarray = (arms == wanted.arm).fill_null(False).to_numpy()
    if not members.any():
        known = sorted(arms.drop_nulls().unique().to_list())
        text = f"No person is in the reference arm {wanted.arm!r}; arms in the data: {known}."
        problems.append(
            finding("reference-missing", text, numbers={"arm": wanted.arm, "arms": known})
        )
        return None
    return members


def _stretch(
    wanted: Reference,
    windows: tuple[Period, ...],
    phases: tuple[Period, ...],
    problems: list[Finding],
) -> Period | None:
    if wanted.window is not None:
        found = next((item for item in windows if item.number == wanted.window), None)
        if found is None:
            text = (
                f"The reference is window {wanted.window}, but the study has "
                f"{len(windows)} windows."
            )
            numbers: dict[str, object] = {"window": wanted.window, "windows": len(windows)}
            problems.append(finding("reference-missing", text, numbers=numbers))
        return found
    if wanted.phase is not None:
        found = next((item for item in phases if item.name == wanted.phase), None)
        if found is None:
            known = [item.name for item in phases]
            text = f"The reference is the phase {wanted.phase!r}; phases of the study: {known}."
            problems.append(
                finding("reference-missing", text, numbers={"phase": wanted.phase, "phases": known})
            )
        return found
    return None
