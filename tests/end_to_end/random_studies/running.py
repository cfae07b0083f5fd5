"""Run one random study from its files to its output folder, and judge what came of it."""

from __future__ import annotations

import json
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

import salutogen as sg
from salutogen.context import silent as untold
from salutogen.errors import NormError, PanelError, SalutogenError, ScoreError, StudyError
from salutogen.findings import Finding, refusals
from salutogen.norm import fit_norm
from salutogen.norm.norm_file import write_norm
from salutogen.pipeline.output_folder import claimed
from salutogen.pipeline.writing import write_results
from salutogen.scores import Scores, score
from tests.blank_figures import BlankFigures
from tests.end_to_end.random_studies.analyses import add_analyses
from tests.end_to_end.random_studies.answers import random_answers
from tests.end_to_end.random_studies.drawing import Lot
from tests.end_to_end.random_studies.files import write_files
from tests.end_to_end.random_studies.layouts import Table
from tests.end_to_end.random_studies.plan import Plan
from tests.end_to_end.random_studies.plans import random_plan

MAY_REFUSE = (StudyError, PanelError, ScoreError, NormError)
DONOR = 1_000_000_007  # numbers of the studies that lend their lines


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a study.

    Attributes
    ----------
    seed, number : int
    kind : {"results", "refused", "failed"}
    codes : tuple of str
        Of the refusals that ended the run, or that stopped single analyses.
    words : str
        Why it failed, or the sentences of the refusals.
    """

    seed: int
    number: int
    kind: str
    codes: tuple[str, ...] = ()
    words: str = ""


def write_study(seed: int, number: int, folder: Path) -> None:
    """Write the files of study `number` of a seed."""
    lot = Lot(seed, number)
    plan, tables = _drawn(lot)
    if plan.borrowed:
        _borrow(plan, seed, number, folder)
    _write(plan, tables, folder, lot)


def scored_both_ways(seed: int, number: int, folder: Path) -> list[Scores | list[str]]:
    """Score a study from its tables and from its files; codes where its answers are refused."""
    lot = Lot(seed, number)
    plan, tables = _drawn(lot)
    plain = _scored(sg.read_study(plan.values), tables)
    _write(plan, tables, folder, lot)
    return [plain, _scored(sg.read_study(folder / "study.yaml"), folder)]


def _drawn(lot: Lot) -> tuple[Plan, dict[str, Table]]:
    plan = random_plan(lot)
    add_analyses(plan)
    return plan, random_answers(plan, lot)


def _write(plan: Plan, tables: dict[str, Table], folder: Path, lot: Lot) -> None:
    write_files(plan, tables, folder, lot)
    text = yaml.safe_dump(plan.values, sort_keys=False, allow_unicode=True)
    (folder / "study.yaml").write_text(text, encoding="utf-8")


def _scored(study: sg.Study, data: Any) -> Scores | list[str]:
    try:
        return score(study.read(data))
    except (PanelError, ScoreError) as error:
        return sorted({one.code for one in refusals(error.findings)})


def _borrow(plan: Plan, seed: int, number: int, folder: Path) -> None:
    """Fit the lines of another study of the same plan, and let this one use them."""
    tables = random_answers(plan, Lot(seed, DONOR + number))
    try:
        study = sg.read_study(plan.values)
        norm = fit_norm(score(study.read(tables)))
    except SalutogenError:
        return  # the other study has no lines to lend
    write_norm(norm, folder / "norm.json")
    plan.values["norm"]["file"] = "norm.json"


def outcome_of(seed: int, number: int, folder: Path) -> Outcome:
    """Write a study, run it, write its results, and judge the outcome."""

    def ended(kind: str, words: str = "", found: Sequence[Finding] = ()) -> Outcome:
        codes = tuple(one.code for one in found)
        return Outcome(seed=seed, number=number, kind=kind, codes=codes, words=words)

    try:
        write_study(seed, number, folder)
        results = sg.run(folder / "study.yaml", seed=1)
        with claimed(folder / "out") as place:
            results = write_results(results, place, untold, drawing=BlankFigures())
    except MAY_REFUSE as error:
        told = refusals(error.findings)
        words = "; ".join(one.text for one in error.findings)
        if not told or not all(one.text and one.mend for one in told):
            return ended("failed", f"refused without words: {error!r}")
        return ended("refused", words, told)
    except Exception:
        return ended("failed", traceback.format_exc())
    wrong = _wrong(results, folder / "out")
    failed = [one for one in results.findings if one.code == "analysis-failed"]
    if failed:
        wrong += [one.text for one in failed]
    wrong += [f"refused without a reason: {label}" for label in _without_reason(results)]
    if wrong:
        return ended("failed", "; ".join(wrong), failed)
    return ended("results", found=refusals(results.findings))


def _wrong(results: sg.Results, out: Path) -> list[str]:
    """What is wrong with the output folder of a run."""
    wrong = []
    if "<html" not in (out / "report.html").read_text("utf-8"):
        wrong.append("no report")
    for name in ("results.json", "findings.json", "norm.json", "manifest.json"):
        try:
            json.loads((out / name).read_text("utf-8"), parse_constant=_refuse)
        except (OSError, ValueError) as error:
            wrong.append(f"{name}: {error}")
    if results.scores["SR"].drop_nulls().is_empty():
        wrong.append("nobody has SR")
    columns = {
        name: table[name]
        for table in (results.scores, results.persons, results.windows)
        for name in table.columns
        if table[name].dtype.is_float()
    }
    wrong += [f"infinite {name}" for name, values in columns.items() if values.is_infinite().any()]
    return wrong


def _without_reason(results: sg.Results) -> list[str]:
    """Labels of analyses that were not done and do not say why."""
    silent = []
    for outcome in results.analyses:
        if outcome.result is None and not refusals(outcome.findings):
            silent.append(outcome.label)
    return silent


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} in JSON")
