"""Checks that windows, phases and the reference set lie within the planned occasions."""

from __future__ import annotations

from salutogen.study.findings_by_line import FindingsByLine as Notes
from salutogen.study.format import Duration, Reference
from salutogen.study.study import Study


def _check_periods(study: Study, notes: Notes) -> None:
    """Windows and phases must lie within the planned occasions."""
    settings = study.plan.resilience
    number = len(study.occasions)
    windows = settings.windows
    if windows is not None and isinstance(windows.width, int):
        if windows.width > number > 0 and "windows" in settings.model_fields_set:
            notes.add(
                "window-too-wide",
                "resilience.windows",
                f"Windows take {windows.width} occasions, but only {number} are planned.",
                width=windows.width,
                occasions=number,
            )
        if windows.valid > windows.width:
            notes.add(
                "window-invalid",
                "resilience.windows",
                f"Windows need {windows.valid} valid occasions but take only {windows.width}.",
            )
    if windows is not None and isinstance(windows.width, int) != isinstance(windows.step, int):
        notes.add(
            "window-invalid",
            "resilience.windows",
            "`width` and `step` must both count occasions or both be lengths of time.",
        )
    labels = study.labels
    for name, phase in settings.phases.items():
        ends = {"from": phase.first, "to": phase.last}
        for key, label in ends.items():
            if labels and label not in labels:
                notes.unknown_name(f"resilience.phases.{name}.{key}", label, labels, "occasion")
        if all(label in labels for label in ends.values()) and (
            labels.index(phase.last) < labels.index(phase.first)
        ):
            text = f"The phase {name!r} ends before it begins."
            notes.add("phase-invalid", f"resilience.phases.{name}", text)


def _check_reference_set(study: Study, notes: Notes) -> None:
    """The persons and occasions a line is fitted on must exist."""
    plan = study.plan
    reference = plan.norm.reference
    if not isinstance(reference, Reference):
        return
    here = "norm.reference"
    given = [key for key in ("arm", "phase", "window") if getattr(reference, key) is not None]
    if not given and not notes.is_open(here):
        notes.add("reference-invalid", here, f"`{here}` names neither arm nor phase nor window.")
    if reference.arm is not None:
        arms = plan.arms.labels or (plan.arms.control,) if plan.arms else ()
        if plan.arms is None or (plan.arms.labels is not None and reference.arm not in arms):
            notes.unknown_name(f"{here}.arm", reference.arm, arms, "arm")
    phases = plan.resilience.phases
    if reference.phase is not None and reference.phase not in phases:
        notes.unknown_name(f"{here}.phase", reference.phase, phases, "phase")
    if reference.window is not None:
        last = number_of_windows(study) if study.occasions else None
        if reference.window < 1 or (last is not None and reference.window > last):
            notes.add(
                "reference-invalid",
                f"{here}.window",
                f"`{here}` names window {reference.window}, but the windows are 1 to {last or 0}.",
            )


def number_of_windows(study: Study) -> int | None:
    """Number of planned windows; None if they are lengths of time on unknown days."""
    windows = study.plan.resilience.windows
    if windows is None:
        return 0
    if isinstance(windows.width, Duration) or isinstance(windows.step, Duration):
        return None
    return max(0, (len(study.occasions) - windows.width) // windows.step + 1)
