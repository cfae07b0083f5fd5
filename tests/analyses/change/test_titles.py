"""Variables by their titles, on the page and in findings."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from salutogen.analyses.change.analysis import ChangeResult, compute
from salutogen.analyses.change.doubts import tell_doubts
from salutogen.analyses.change.paths import RANDOM, Path, path_table
from salutogen.analyses.change.settings import ChangeSettings
from salutogen.analyses.change.variables import read_variables
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.titles import titles_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.page.privacy import texts_of
from salutogen.study.format.quantities import Duration
from tests.analyses.change.studies import change_inputs
from tests.analyses.inputs import shown

ASKED = ChangeSettings(variables=("SR", "support"))


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return change_inputs()


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> ChangeResult:
    return compute(inputs, ASKED)


def test_variables_are_told_by_their_titles(inputs: AnalysisInputs, result: ChangeResult) -> None:
    assert titles_of(inputs, ("SR", "factor:support", "factor:P")) == {
        "SR": "SR", "factor:support": "support", "factor:P": "P (factor)",
    }  # fmt: skip
    named = replace(result, titles=("SR", "Seeing friends"))
    assert str(named.in_short()).startswith("Seeing friends above a person's usual level")
    (section,), _ = shown(named, inputs, individuals=True)
    told = " ".join(map(str, (*section.paragraphs, section.figures[0].description)))
    assert "support" not in told
    cells = [text for table in section.tables[1:] for text in texts_of(table.frame)]
    assert "Seeing friends → SR" in cells
    assert not [text for text in cells if "support" in text]


def test_findings_tell_variables_and_covariates_by_their_titles(inputs: AnalysisInputs) -> None:
    titles = {"support": "Seeing friends", "other": "Seeing friends", "optimism": "Hope"}
    instruments = {
        name: SimpleNamespace(title=title, recall=Duration.parse("4 weeks"), name=name)
        for name, title in titles.items()
    }
    named = replace(inputs, study=replace(inputs.study, instruments=cast(Any, instruments)))
    assert titles_of(named, ("support", "factor:other", "E")) == {
        "support": "Seeing friends", "factor:other": "Seeing friends (other)", "E": "E",
    }  # fmt: skip
    found = Findings()
    data = read_variables(named, ASKED.model_copy(update={"covariates": ("optimism",)}), found)
    assert (data.title("support"), data.title("optimism")) == ("Seeing friends", "Hope")
    paths = path_table({RANDOM: [path("support", "SR")]}, {"support": 1.0, "SR": 1.0})
    apart = pl.DataFrame(
        {"path": ["support → SR"], "random_intercepts": ["lower"],
         "lagged_regression": ["not shown"], "one_step": ["not shown"]}
    )  # fmt: skip
    tell_doubts(named, data, found, messages={}, fit={"cfi": None, "rmsea": None, "p": None},
                tests=pl.DataFrame(schema={"claim": pl.String, "p": pl.Float64}), paths=paths,
                agreement=apart, lag=1, lags="equal")  # fmt: skip
    texts = {item.code: item.text for item in found}
    assert "Seeing friends → SR" in texts["change-models-disagree"]
    assert "Seeing friends → SR" in texts["change-one-way-only"]
    assert texts["change-answers-overlap"].startswith("Seeing friends ask")
    with pytest.raises(AnalysisError) as caught:
        compute(named, ASKED.model_copy(update={"variables": ("SR", "optimism")}))
    assert caught.value.findings[0].text.startswith("Hope is measured once")
    table = inputs.scores.table.with_columns(pl.col("factor:support").alias("factor:other"))
    scores = replace(inputs.scores, table=table, factors_repeated=("support", "other"))
    with pytest.raises(AnalysisError) as caught:
        compute(
            replace(named, scores=scores),
            ASKED.model_copy(update={"variables": ("support", "other")}),
        )
    assert "Seeing friends (other)" in caught.value.findings[0].text


def path(source: str, outcome: str) -> Path:
    return Path(source=source, outcome=outcome, lag=1, occasion="", estimate=1.0, se=0.1, low=0.8,
                high=1.2, p=0.001)  # fmt: skip
