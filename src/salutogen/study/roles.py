"""Refuses instruments in roles they cannot fill, and warns where a role needs a reason."""

from __future__ import annotations

from salutogen.study.instrument import Instrument
from salutogen.study.notes import GAP, Notes
from salutogen.study.study import Study

SPAN_RATIO = 2.0
LONGEST_RECALL_DAYS = 92.0


def check_roles(study: Study, notes: Notes) -> None:
    """Check what stands as exposure and as problems, and whether both look back equally far."""
    for index, name in enumerate(study.exposure_types):
        if name in study.instruments:
            _check_exposure(study.instruments[name], f"exposure.types.{index}", notes)
    several = not isinstance(study.plan.problems, str)
    for index, name in enumerate(study.problems.instruments):
        if name in study.instruments:
            path = f"problems.instruments.{index}" if several else "problems"
            _check_problems(study.instruments[name], path, notes)
    _check_recall(study, notes)
    _check_selection(study, notes)
    _check_both(study, notes)


def _check_exposure(instrument: Instrument, path: str, notes: Notes) -> None:
    name = instrument.name
    answers, never = instrument.answers, instrument.did_not_occur
    if answers and never is not None and not answers.minimum <= never <= answers.maximum:
        notes.add(
            "did-not-occur-outside",
            path,
            f"{name!r} has answers {answers}, but {never:g} is to mean that an event did not "
            "happen.",
        )
    if instrument.measures == "physiology" and instrument.justification is None:
        notes.add(
            "physiology-as-exposure",
            path,
            f"{name!r} is physiology; arousal is no measure of what happened to a person.",
        )
    elif instrument.measures == "perceived-stress":
        notes.add(
            "perceived-stress-as-exposure",
            path,
            f"{name!r} measures perceived stress, a response to stressors, not exposure to them.",
        )
    elif instrument.measures in ("problems", "wellbeing"):
        notes.add(
            "response-as-exposure",
            path,
            f"{name!r} measures {instrument.measures}, which is an outcome, not exposure.",
        )
    elif instrument.measures in ("trait", "resource", "perceived-recovery", "risk") and (
        instrument.justification is None
    ):
        notes.add(
            "response-as-exposure",
            path,
            f"{name!r} measures a person's {instrument.measures}, not what happened.",
        )
    if instrument.measured == "baseline":
        notes.add(
            "role-not-repeated",
            path,
            f"{name!r} is exposure but measured at baseline only; SR needs it at each occasion.",
        )


def _check_problems(instrument: Instrument, path: str, notes: Notes) -> None:
    name = instrument.name
    if instrument.measures in ("trait", "resource", "perceived-recovery"):
        notes.add(
            "trait-as-outcome",
            path,
            f"{name!r} measures a {instrument.measures}: a belief about being resilient, "
            "not mental health under stressors.",
        )
    elif instrument.measures == "perceived-stress":
        notes.add(
            "perceived-stress-as-problems",
            path,
            f"{name!r} measures perceived stress as problems; it is close to appraisal of E.",
        )
    elif instrument.measures == "physiology" and instrument.justification is None:
        notes.add(
            "physiology-as-problems",
            path,
            f"{name!r} is physiology; it is no measure of mental-health problems by itself.",
        )
    elif instrument.measures in ("exposure", "adversity"):
        notes.add(
            "exposure-as-problems",
            path,
            f"{name!r} lists stressors; they are exposure, not problems.",
        )
    if instrument.higher == "better" and instrument.answers is None:
        notes.add(
            "range-needed",
            f"instruments.{name}",
            f"{name!r} is turned round, which needs its range of answers.",
        )
    if instrument.measured == "baseline":
        notes.add(
            "role-not-repeated",
            path,
            f"{name!r} is P but measured at baseline only; SR needs it at each occasion.",
        )


def _check_recall(study: Study, notes: Notes) -> None:
    """Exposure needs a recall window, and P should look back as far as E does."""
    spans = {}
    for name in study.exposure_types:
        instrument = study.instruments.get(name)
        if instrument is None:
            continue
        if instrument.recall is None and not notes.is_open(f"instruments.{name}.recall"):
            notes.add(
                "recall-missing",
                f"instruments.{name}",
                f"{name!r} is exposure, but it is not said how far back its answers reach.",
            )
        elif instrument.recall is not None:
            spans[name] = instrument.recall
    for name, recall in spans.items():
        if recall.days > LONGEST_RECALL_DAYS:
            notes.add(
                "recall-long",
                f"instruments.{name}",
                f"{name!r} looks back {recall}; events older than three months are forgotten "
                "unevenly.",
                days=recall.days,
            )
        for problem in study.problems.instruments:
            instrument = study.instruments.get(problem)
            other = instrument.recall if instrument else None
            if other is None or other.days <= 0:
                continue
            ratio = max(recall.days / other.days, other.days / recall.days)
            if ratio > SPAN_RATIO:
                notes.add(
                    "recall-differs",
                    f"instruments.{name}",
                    f"{name!r} (E) looks back {recall}, {problem!r} (P) {other}: they describe "
                    "different stretches of time.",
                    exposure_days=recall.days,
                    problems_days=other.days,
                )


def _check_selection(study: Study, notes: Notes) -> None:
    for index, name in enumerate(study.plan.population.selected_on):
        if name in study.problems.instruments:
            notes.add(
                "selected-on-problems",
                f"population.selected_on.{index}",
                f"Persons were admitted by their score on {name!r}, which is also P: those "
                "admitted while high fall back towards their own mean without any recovery.",
            )


def _check_both(study: Study, notes: Notes) -> None:
    """One instrument cannot be both sides of the line."""
    for index, name in enumerate(study.exposure_types):
        if name in study.problems.instruments and name != GAP:
            text = f"{name!r} is both exposure and problems; the line would relate it to itself."
            notes.add("exposure-as-problems", f"exposure.types.{index}", text)
