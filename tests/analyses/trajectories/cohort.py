"""A small cohort with events, as frames; and its study file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from ruamel.yaml import YAML

import salutogen as sg
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.running import Outcome
from salutogen.analyses.trajectories import Trajectories
from salutogen.page.identifiers import Identifiers
from salutogen.page.privacy import Guard
from salutogen.page.section import Section

N_PERSONS, N_OCCASIONS, N_EVENTS, N_PROBLEMS = 90, 7, 5, 6
EVENTS = [f"EV_{place}" for place in range(1, N_EVENTS + 1)]
PROBLEMS = [f"PR_{place}" for place in range(1, N_PROBLEMS + 1)]

STUDY = """
salutogen: 1
title: Small cohort with events
occasions: {{every: 7 days, count: {occasions}}}
sources:
  answers:
    file: cohort
    layout: row-per-occasion
    person: who
    occasion: visit
instruments:
  mood:
    title: Problems
    columns: "PR_{{1..6}}"
    answers: 0..3
    measures: problems
    recall: 7 days
    higher: worse
  events:
    title: Events
    columns: "EV_{{1..5}}"
    answers: 0..5
    did_not_occur: 0
    measures: exposure
    recall: 7 days
problems: mood
exposure: {{types: [events], score: severity}}
norm: {{unit: person, shape: linear, reference: all}}
report: {{individuals: {individuals}}}
analyses:
  - step: trajectories
    events: {{instruments: [events], threshold: 4}}
    {settings}
"""


def cohort_frame(seed: int = 3, occasions: int = N_OCCASIONS) -> pl.DataFrame:
    """Problems rise with the events of the occasion; a tenth of the forms are absent."""
    generator = np.random.default_rng(seed)
    rows = []
    for person in range(N_PERSONS):
        level = generator.normal()
        for visit in range(1, occasions + 1):
            codes = generator.choice(6, size=N_EVENTS, p=[0.62, 0.1, 0.1, 0.08, 0.06, 0.04])
            strain = level + 0.15 * codes.sum() + generator.normal(size=N_PROBLEMS) * 0.7
            moods = np.clip(np.round(0.6 + strain * 0.6), 0, 3).astype(int)
            if generator.random() < 0.1:
                continue
            rows.append(
                {"who": f"secret-{person:03d}", "visit": visit}
                | dict(zip(EVENTS, codes.tolist(), strict=True))
                | dict(zip(PROBLEMS, moods.tolist(), strict=True))
            )
    return pl.DataFrame(rows)


def write_study(
    folder: Path,
    settings: str = "{}",
    individuals: str = "show",
    occasions: int = N_OCCASIONS,
) -> Path:
    """Write the study file; `settings` are further lines of the analysis."""
    lines = "" if settings == "{}" else settings
    path = folder / "study.yaml"
    text = STUDY.format(settings=lines, individuals=individuals, occasions=occasions)
    path.write_text(text, encoding="utf-8")
    return path


def inputs_of(results: sg.Results) -> AnalysisInputs:
    """What an analysis takes, from a finished run, with the identifiers of the data."""
    return AnalysisInputs(
        study=results.study,
        panel=results.panel,
        scores=results.score_table,
        norm=results.norm,
        resilience=results.resilience,
        run=results.context,
    )


def outcome_in(results: sg.Results) -> Outcome:
    """What came of the analysis in a finished run."""
    return next(item for item in results.analyses if item.label == "trajectories")


def result_in(results: sg.Results) -> Trajectories:
    """The result of the analysis in a finished run."""
    found = results.analysis("trajectories")
    assert isinstance(found, Trajectories)
    return found


def shown_sections(results: sg.Results) -> tuple[list[Section], list[str]]:
    """Its sections as the study's audience sees them, and the codes of what was left out."""
    audience = results.context.audience
    guard = Guard(audience, Identifiers(results.panel.persons["subject"]))
    sections, withheld = guard.sections(result_in(results).sections(audience))
    return list(sections), [item.code for item in withheld]


def dated_study(settings: dict[str, Any], **register: Any) -> sg.Study:
    """The cohort's study with days, and a source of dated events beside the answers."""
    plan = YAML(typ="safe").load(
        STUDY.format(settings="", individuals="show", occasions=N_OCCASIONS)
    )
    plan["sources"]["answers"]["time"] = {"column": "day", "unit": "days"}
    plan["sources"]["register"] = {
        "layout": "row-per-event",
        "person": "who",
        "time": {"column": "on", "unit": "days"},
        "event": "kind",
        "rating": "rating",
    } | register
    plan["analyses"] = [{"step": "trajectories", **settings}]
    return sg.read_study(plan)


def dated_frame(seed: int = 6) -> pl.DataFrame:
    """Events of three kinds on any day, some of them after the last answers."""
    generator = np.random.default_rng(seed)
    n = 3 * N_PERSONS
    return pl.DataFrame(
        {
            "who": [f"secret-{person:03d}" for person in generator.integers(0, N_PERSONS, n)],
            "on": generator.integers(0, 48, n),
            "kind": generator.choice(["loss", "move", "quarrel"], n),
            "rating": generator.integers(1, 4, n).astype(float),
        }
    ).unique(["who", "on", "kind"], keep="first", maintain_order=True)
