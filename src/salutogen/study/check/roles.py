"""Refuses instruments in roles they cannot fill, and warns where a role needs a reason."""

from __future__ import annotations

from salutogen.study.check.coverage import unequal_recalls
from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.format import GAP
from salutogen.study.instruments.instrument import Instrument
from salutogen.study.study import Study

LONGEST_RECALL_DAYS = 92.0


def check_roles(study: Study, found: FindingsByLine) -> None:
    """Check what stands as exposure and as problems, and whether both look back equally far."""
    for index, name in enumerate(study.exposure_types):
        if name in study.instruments:
            _check_exposure(study.instruments[name], f"exposure.types.{index}", found)
    several = not isinstance(study.plan.problems, str)
    for index, name in enumerate(study.problems.instruments):
        if name in study.instruments:
            path = f"problems.instruments.{index}" if several else "problems"
            _check_problems(study.instruments[name], path, found)
    _check_recall(study, found)
    _check_selection(study, found)
    _check_both(study, found)


def _check_exposure(instrument: Instrument, path: str, found: FindingsByLine) -> None:
    name, measures = instrument.name, instrument.measures
    answers, never = instrument.answers, instrument.did_not_occur
    if answers and answers.minimum < 0 and never is not None and never == answers.minimum:
        found.tell(
            "codes-below-zero",
            at=f"instruments.{name}.answers",
            name=name,
            answers=str(answers),
            did_not_occur=never,
        )
    if measures == "physiology" and instrument.justification is None:
        found.tell("physiology-as-exposure", at=path, name=name)
    elif measures == "perceived-stress":
        found.tell("perceived-stress-as-exposure", at=path, name=name)
    elif measures in ("problems", "wellbeing"):
        found.tell("response-as-exposure", at=path, variant="outcome", name=name, measures=measures)
    elif measures in ("trait", "resource", "perceived-recovery", "risk") and (
        instrument.justification is None
    ):
        found.tell("response-as-exposure", at=path, variant="person", name=name, measures=measures)
    if instrument.measured == "baseline":
        found.tell("role-not-repeated", at=path, name=name, role="exposure")


def _check_problems(instrument: Instrument, path: str, found: FindingsByLine) -> None:
    name, measures = instrument.name, instrument.measures
    if measures in ("trait", "resource", "perceived-recovery"):
        found.tell("trait-as-outcome", at=path, name=name, measures=measures)
    elif measures == "perceived-stress":
        found.tell("perceived-stress-as-problems", at=path, name=name)
    elif measures == "physiology" and instrument.justification is None:
        found.tell("physiology-as-problems", at=path, name=name)
    elif measures in ("exposure", "adversity"):
        found.tell("exposure-as-problems", at=path, variant="stressors", name=name)
    if instrument.higher == "better" and instrument.answers is None:
        found.tell("range-needed", at=f"instruments.{name}", name=name)
    if instrument.measured == "baseline":
        found.tell("role-not-repeated", at=path, name=name, role="P")


def _check_recall(study: Study, found: FindingsByLine) -> None:
    """Exposure needs a recall window, and P should look back as far as E does."""
    for name in study.exposure_types:
        instrument = study.instruments.get(name)
        if instrument is None:
            continue
        if instrument.recall is None and not found.is_open(f"instruments.{name}.recall"):
            found.tell("recall-missing", at=f"instruments.{name}", name=name)
        recall = instrument.recall
        if recall is not None and recall.days > LONGEST_RECALL_DAYS:
            path = f"instruments.{name}"
            found.tell("recall-long", at=path, name=name, recall=str(recall), days=recall.days)
    for one in unequal_recalls(study):
        found.tell(
            "recall-differs",
            at=f"instruments.{one.instrument}",
            name=one.instrument,
            recall=str(one.recall),
            problems=one.problems,
            problems_recall=str(one.problems_recall),
            exposure_days=one.recall.days,
            problems_days=one.problems_recall.days,
        )


def _check_selection(study: Study, found: FindingsByLine) -> None:
    for index, name in enumerate(study.plan.population.selected_on):
        if name in study.problems.instruments:
            found.tell("selected-on-problems", at=f"population.selected_on.{index}", name=name)


def _check_both(study: Study, found: FindingsByLine) -> None:
    """One instrument cannot be both sides of the line."""
    for index, name in enumerate(study.exposure_types):
        if name in study.problems.instruments and name != GAP:
            found.tell(
                "exposure-as-problems", at=f"exposure.types.{index}", variant="both", name=name
            )
