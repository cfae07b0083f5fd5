"""Checks of windows, phases and the reference set, against the study's schedule."""

from __future__ import annotations

from typing import Any

from salutogen.findings import finding
from salutogen.study.model import Reference
from salutogen.study.notes import Notes
from salutogen.study.study import Study

HERE = "norm.reference"


def check_schedule(study: Study, notes: Notes) -> None:
    """Check that windows, phases and the reference set exist in the plan.

    Parameters
    ----------
    study : Study
        The study as far as it could be read.
    notes : Notes
        Takes what is wrong.
    """
    _check_windows(study, notes)
    _check_phases(study, notes)
    _check_reference_set(study, notes)


def _check_windows(study: Study, notes: Notes) -> None:
    settings, schedule = study.plan.resilience, study.schedule
    windows, here = settings.windows, "resilience.windows"
    if windows is None:
        return
    number = len(schedule.planned)
    if isinstance(windows.width, int):
        if windows.width > number > 0 and "windows" in settings.model_fields_set:
            _tell(notes, "window-too-wide", here, width=windows.width, occasions=number)
        if windows.valid > windows.width:
            _tell(
                notes,
                "window-invalid",
                here,
                variant="valid",
                valid=windows.valid,
                width=windows.width,
            )
    if isinstance(windows.width, int) != isinstance(windows.step, int):
        _tell(notes, "window-invalid", here, variant="units")
    elif schedule.windows_in_time and not schedule.names_time and schedule.planned:
        known = schedule.last_day is not None
        _tell(notes, "windows-by-planned-days" if known else "windows-need-time", here)


def _check_phases(study: Study, notes: Notes) -> None:
    labels = study.schedule.labels
    for name, phase in study.plan.resilience.phases.items():
        ends = {"from": phase.first, "to": phase.last}
        for key, label in ends.items():
            if labels and label not in labels:
                notes.unknown_name(f"resilience.phases.{name}.{key}", label, labels, "occasion")
        if all(label in labels for label in ends.values()) and (
            labels.index(phase.last) < labels.index(phase.first)
        ):
            _tell(notes, "phase-invalid", f"resilience.phases.{name}", phase=name)


def _check_reference_set(study: Study, notes: Notes) -> None:
    """The persons and occasions a line is fitted on must exist."""
    plan = study.plan
    reference = plan.norm.reference
    if not isinstance(reference, Reference):
        _check_first_window(study, notes)
        return
    given = [key for key in ("arm", "phase", "window") if getattr(reference, key) is not None]
    if not given and not notes.is_open(HERE):
        _tell(notes, "reference-invalid", HERE, variant="nothing")
    if reference.arm is not None:
        arms = plan.arms.labels or (plan.arms.control,) if plan.arms else ()
        if plan.arms is None or (plan.arms.labels is not None and reference.arm not in arms):
            notes.unknown_name(f"{HERE}.arm", reference.arm, arms, "arm")
    phases = plan.resilience.phases
    if reference.phase is not None and reference.phase not in phases:
        notes.unknown_name(f"{HERE}.phase", reference.phase, phases, "phase")
    if reference.window is not None:
        _check_window(study, reference.window, f"{HERE}.window", notes)


def _check_first_window(study: Study, notes: Notes) -> None:
    if study.plan.norm.reference == "first-window":
        _check_window(study, 1, HERE, notes)


def _check_window(study: Study, number: int, path: str, notes: Notes) -> None:
    last = study.schedule.number_of_windows if study.schedule.planned else None
    if number < 1 or (last is not None and number > last):
        variant = "window" if last else "no-windows"
        _tell(notes, "reference-invalid", path, variant=variant, window=number, windows=last)


def _tell(notes: Notes, code: str, path: str, **values: Any) -> None:
    made = finding(code, numbers={"key": path}, file=notes.file, line=notes.line_of(path), **values)
    notes.findings.append(made)
