"""What fails stops itself and its dependents, never the run; nothing a person said is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.contract import (
    Analysis,
    AnalysisInputs,
    AnalysisResult,
    AnalysisSettings,
    ResultFile,
)
from salutogen.analyses.planning import PlannedAnalysis
from salutogen.analyses.running import Outcome, run_analyses
from salutogen.columns import Column, Kind, figure, record
from salutogen.context import RunContext
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import finding
from salutogen.page.audience import Audience
from salutogen.page.section import Section
from salutogen.resilience.levels import completed
from tests.analyses.small_cohort import PERSONS, results_of

HERE = "tests.analyses.test_running"


class Settings(AnalysisSettings):
    """What to do."""

    do: str = "well"


@record
class Number(AnalysisResult):
    """A number."""

    n: int = figure("A number")

    def sections(self, audience: Audience) -> tuple[Section, ...]:
        if self.n == 13:
            raise ZeroDivisionError("MUC-1007 answered 3")
        return (Section(title="A number", paragraphs=(f"It is {self.n}.",)),)


def compute(inputs: AnalysisInputs, settings: Settings) -> Number:
    if settings.do == "refuse":
        raise AnalysisError([finding("unknown-variant", name="robbust", near="")])
    if settings.do == "model":
        raise ModelError("Collinear terms: 'E'.")
    if settings.do == "fail":
        raise ValueError("MUC-1007 answered 3")
    if settings.do == "stop":
        raise KeyboardInterrupt
    if settings.do == "sections":
        return Number(n=13)
    needed = inputs.needed.get("number")
    inputs.run.tell(1, 2)
    return Number(n=1 + (needed.n if isinstance(needed, Number) else 0))


NUMBER = Analysis(name="number", title="A number", settings="x:y", compute=f"{HERE}:compute")
SUM = Analysis(
    name="sum", title="A sum", settings="x:y", compute=f"{HERE}:compute", needs=("number",)
)


def plan(label: str, do: str = "well", **needs: str) -> PlannedAnalysis:
    analysis = SUM if needs else NUMBER
    return PlannedAnalysis(analysis=analysis, label=label, settings=Settings(do=do), needs=needs)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> sg.Results:
    return results_of(tmp_path_factory.mktemp("cohort"))


def outcomes(
    results: sg.Results, *planned: PlannedAnalysis, told: list[Any] | None = None
) -> list[Outcome]:
    def progress(*step: Any) -> None:
        if told is not None:
            told.append(step)

    context = RunContext(
        seed=1,
        audience=Audience(individuals=True, n_persons=PERSONS, seed=1),
        progress=progress,
    )
    return list(run_analyses(planned, results.backbone, context))


def test_dependents_take_the_result_that_was_planned_for_them(results: sg.Results) -> None:
    found = outcomes(results, plan("a"), plan("b", number="a"), plan("c", number="b"))
    assert [item.content for item in found] == [{"n": 1}, {"n": 2}, {"n": 3}]


@pytest.mark.parametrize(
    ("do", "code"),
    [
        ("refuse", "unknown-variant"),
        ("model", "step-refused"),
        ("fail", "analysis-failed"),
        ("sections", "analysis-failed"),
    ],
)
def test_what_fails_stops_itself_and_its_dependents_alone(
    results: sg.Results, do: str, code: str
) -> None:
    found = outcomes(results, plan("a", do), plan("b", number="a"), plan("c"))
    assert [item.result is not None for item in found] == [False, False, True]
    assert found[0].findings[0].code == code
    assert [item.code for item in found[1].findings] == ["analysis-need-refused"]
    assert "'a'" in found[1].findings[0].text


def test_a_refusal_is_one_finding_that_names_the_analysis(results: sg.Results) -> None:
    for do, why in (("refuse", "robbust"), ("model", "Collinear")):
        (found,) = outcomes(results, plan("a", do))
        (told,) = found.findings
        assert told.text.startswith("The analysis 'a' was refused: ")
        assert why in told.text
        assert told.mend


def test_a_failure_names_its_place_and_no_answer(results: sg.Results) -> None:
    (found,) = outcomes(results, plan("a", "fail"))
    (told,) = found.findings
    assert "ValueError" in told.text
    assert f"{HERE}, line " in told.text
    assert "in compute" in told.text
    assert "MUC" not in str(told.to_dict())


def test_ctrl_c_goes_through(results: sg.Results) -> None:
    with pytest.raises(KeyboardInterrupt):
        outcomes(results, plan("a", "stop"))


def test_progress_tells_the_analysis(results: sg.Results) -> None:
    told: list[Any] = []
    outcomes(results, plan("a"), plan("long work"), told=told)
    assert told == [("analyses", 0, 2), ("a", 1, 2), ("analyses", 1, 2), ("long work", 1, 2)]


def test_analyses_see_labels_and_files_get_identifiers(results: sg.Results, tmp_path: Path) -> None:
    from salutogen.analyses.labelled import identified, labelled

    audience = results.context.audience
    seen = labelled(results.backbone, audience)
    frames = (
        seen.panel.persons,
        seen.resilience.persons,
        completed(seen.resilience.occasions, "occasion", seen.norm),
        completed(seen.resilience.windows, "window", seen.norm),
    )
    for frame in frames:
        assert frame["subject"].str.starts_with("Person ").all()
        assert frame["subject"].to_list() == [audience.label(place) for place in frame["person"]]
    assert seen.norm.scores.persons["subject"][0] == audience.label(0)
    back = identified(seen.resilience.persons, results.panel.persons, audience)
    assert back.equals(results.resilience.persons)
    assert results.persons["subject"][0] == "MUC-1000"


def test_a_file_without_declared_columns_is_personal() -> None:
    table = pl.DataFrame({"x": [1]})
    assert ResultFile(table=table, columns=()).personal
    assert not ResultFile(table=table, columns=(Column(name="x", meaning=""),)).personal
    person = Column(name="x", meaning="", kind=Kind.PERSON)
    assert ResultFile(table=table, columns=(person,)).personal


def test_a_model_that_cannot_be_fitted_says_why(results: sg.Results) -> None:
    (found,) = outcomes(results, plan("a", "model"))
    assert [one.text for one in found.findings] == [
        "The analysis 'a' was refused: Collinear terms: 'E'."
    ]
