"""Whether every name used in a study file leads somewhere, and stands once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import GAP
from salutogen.study.study import Study


def check_names(study: Study, named: Collection[str], found: FindingsByLine) -> None:
    """Check the names of instruments, covariates and occasions.

    Parameters
    ----------
    study : Study
        The study as far as it could be read.
    named : collection of str
        Every instrument the file names, those included that could not be read.
    found : FindingsByLine
        Takes what is wrong.
    """
    _check_instruments(study, named, found)
    _check_covariates(study, found)
    _check_asked(study, found)


def _check_instruments(study: Study, named: Collection[str], found: FindingsByLine) -> None:
    plan = study.plan
    several = not isinstance(plan.problems, str)
    uses: list[tuple[str, str]] = [
        (f"problems.instruments.{index}" if several else "problems", name)
        for index, name in enumerate(study.problems.instruments)
    ]
    uses += [(f"exposure.types.{index}", name) for index, name in enumerate(plan.exposure.types)]
    uses += [(f"factors.{index}", name) for index, name in enumerate(plan.factors)]
    for path, name in uses:
        if name not in named:
            found.unknown_name(path, name, named, "instrument")
    if isinstance(plan.exposure.score, dict):
        for name in plan.exposure.score:
            if name not in plan.exposure.types:
                path = f"exposure.score.{name}"
                found.unknown_name(path, name, plan.exposure.types, "exposure type")
    known = (*named, *plan.background)
    for index, name in enumerate(plan.population.selected_on):
        if name not in known:
            found.unknown_name(f"population.selected_on.{index}", name, known, "instrument")
    for key in ("problems", "exposure", "factors"):
        _check_named_once(key, [name for path, name in uses if path.startswith(key)], found)
    uncombined = study.problems.combine == "single" and not found.is_open("problems.combine")
    if several and len(study.problems.instruments) > 1 and uncombined:
        found.tell("problems-not-combined", at="problems", number=len(study.problems.instruments))


def _check_named_once(key: str, names: list[str], found: FindingsByLine) -> None:
    for name, number in Counter(names).items():
        if number > 1 and name != GAP:
            found.tell("named-twice", at=key, variant="list", name=name, number=number)


def _check_covariates(study: Study, found: FindingsByLine) -> None:
    """Covariates are background; a factor among them would be adjusted away."""
    plan = study.plan
    for index, name in enumerate(plan.norm.covariates):
        path = f"norm.covariates.{index}"
        if name in plan.factors:
            found.tell("factor-in-norm", at=path, name=name)
        elif name not in plan.background:
            found.unknown_name(path, name, plan.background, "background column")


def _check_asked(study: Study, found: FindingsByLine) -> None:
    """Occasions at which lists change must be planned."""
    for name, instrument in study.instruments.items():
        for label in instrument.asked or {}:
            if study.labels and label not in study.labels:
                path = f"instruments.{name}.asked.{label}"
                found.unknown_name(path, label, study.labels, "occasion")
