"""Checks of windows, phases and the reference set, against the study's schedule."""

from __future__ import annotations

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import Reference
from salutogen.study.study import Study

HERE = "norm.reference"


def check_schedule(study: Study, found: FindingsByLine) -> None:
    """Check that windows, phases and the reference set exist in the plan.

    Parameters
    ----------
    study : Study
        The study as far as it could be read.
    found : FindingsByLine
        Takes what is wrong.
    """
    _check_windows(study, found)
    _check_phases(study, found)
    _check_reference_set(study, found)


def _check_windows(study: Study, found: FindingsByLine) -> None:
    settings, schedule = study.plan.resilience, study.schedule
    windows, here = settings.windows, "resilience.windows"
    if windows is None:
        return
    number = len(schedule.planned)
    if isinstance(windows.width, int):
        if windows.width > number > 0 and "windows" in settings.model_fields_set:
            found.tell("window-too-wide", at=here, width=windows.width, occasions=number)
        if windows.valid > windows.width:
            found.tell(
                "window-invalid",
                at=here,
                variant="valid",
                valid=windows.valid,
                width=windows.width,
            )
    if isinstance(windows.width, int) != isinstance(windows.step, int):
        found.tell("window-invalid", at=here, variant="units")
    elif schedule.windows_in_time and not schedule.names_time and schedule.planned:
        known = schedule.last_day is not None
        found.tell("windows-by-planned-days" if known else "windows-need-time", at=here)
    width = schedule.width_beyond(schedule.last_day)
    if width is not None:
        days = schedule.last_day
        found.tell("window-too-wide", at=here, variant="time", width=str(width), days=days)


def _check_phases(study: Study, found: FindingsByLine) -> None:
    labels = study.schedule.labels
    for name, phase in study.plan.resilience.phases.items():
        ends = {"from": phase.first, "to": phase.last}
        for key, label in ends.items():
            if labels and label not in labels:
                found.unknown_name(f"resilience.phases.{name}.{key}", label, labels, "occasion")
        if all(label in labels for label in ends.values()) and (
            labels.index(phase.last) < labels.index(phase.first)
        ):
            found.tell("phase-invalid", at=f"resilience.phases.{name}", phase=name)


def _check_reference_set(study: Study, found: FindingsByLine) -> None:
    """The persons and occasions a line is fitted on must exist."""
    plan = study.plan
    reference = plan.norm.reference
    if not isinstance(reference, Reference):
        _check_first_window(study, found)
        return
    given = [key for key in ("arm", "phase", "window") if getattr(reference, key) is not None]
    if not given and not found.is_open(HERE):
        found.tell("reference-invalid", at=HERE, variant="nothing")
    if reference.phase is not None and reference.window is not None:
        found.tell(
            "reference-invalid",
            at=HERE,
            variant="two-periods",
            phase=reference.phase,
            window=reference.window,
        )
    if reference.arm is not None:
        arms = plan.arms.labels or (plan.arms.control,) if plan.arms else ()
        if plan.arms is None or (plan.arms.labels is not None and reference.arm not in arms):
            found.unknown_name(f"{HERE}.arm", reference.arm, arms, "arm")
    phases = plan.resilience.phases
    if reference.phase is not None and reference.phase not in phases:
        found.unknown_name(f"{HERE}.phase", reference.phase, phases, "phase")
    if reference.window is not None:
        _check_window(study, reference.window, f"{HERE}.window", found)


def _check_first_window(study: Study, found: FindingsByLine) -> None:
    if study.plan.norm.reference == "first-window":
        _check_window(study, 1, HERE, found)


def _check_window(study: Study, number: int, path: str, found: FindingsByLine) -> None:
    last = study.schedule.number_of_windows if study.schedule.planned else None
    if number < 1 or (last is not None and number > last):
        variant = "window" if last else "no-windows"
        found.tell("reference-invalid", at=path, variant=variant, window=number, windows=last)
