"""What `check` says of a study file by itself: findings, and the design in a few lines."""

from __future__ import annotations

from pathlib import Path

from salutogen.errors import StudyError
from salutogen.findings import Finding
from salutogen.study.coverage import coverage
from salutogen.study.plan import deviations
from salutogen.study.reading import read_study
from salutogen.study.study import Study


def check_study(path: str | Path) -> tuple[Finding, ...]:
    """Everything that is wrong or doubtful with a study file, its frozen plan included.

    Never raises for what the file says: refusals are among the findings.
    """
    try:
        study = read_study(path)
    except StudyError as error:
        return error.findings
    return (*study.findings, *deviations(study))


def design_lines(study: Study) -> list[str]:
    """Describe the design in plain lines: occasions, instruments, exposure coverage."""
    problems = ", ".join(_sized(study, name) for name in study.problems.instruments)
    lines = [_occasions(study), f"P: {problems}"]
    types = ", ".join(
        f"{_sized(study, name)} by {study.exposure_score(name)}" for name in study.exposure_types
    )
    lines.append(f"E: {types}; types enter as {study.plan.exposure.combine}")
    if study.plan.factors:
        lines.append(f"Factors: {', '.join(study.plan.factors)}")
    windows = study.schedule.number_of_windows
    if windows:
        lines.append(f"Windows: {windows}")
    lines += [
        f"Coverage of {found.instrument}: {100 * found.share:.0f} % of the follow-up "
        f"({found.recall_days:.4g} days looked back on, every {found.interval_days:.4g} days)"
        for found in coverage(study)
    ]
    return lines


def _occasions(study: Study) -> str:
    number = len(study.occasions)
    days = [one.day for one in study.occasions if one.day is not None]
    words = f"{number} planned occasion{'s' if number != 1 else ''}"
    if number > 1 and len(days) == number:
        words += f" over {days[-1] - days[0]:.4g} days"
    return words


def _sized(study: Study, name: str) -> str:
    """Name an instrument with its number of items."""
    number = len(study.instruments[name].items)
    return f"{name} ({number} item{'s' if number != 1 else ''})"
