"""A study of ready-made scores from answers to page: nothing is made of items they have not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.concordance.analysis import ConcordanceResult
from salutogen.analyses.quality.analysis import QualityResult

STUDY = """\
salutogen: 1
title: Totals alone
occasions: {every: 1 month, count: 4}
sources:
  answers: {file: a.csv, person: pid, occasion: wave}
instruments:
  bdi: {columns: BDI_SUM, measures: problems, total: true, answers: 0..63, recall: 2 weeks}
  hassles: {columns: DH_SUM, measures: exposure, recall: 1 month}
problems: bdi
exposure: {types: [hassles]}
resilience: {bootstrap: 20}
analyses:
  - {step: quality}
  - {step: concordance}
  - {step: trajectories}
  - {step: event-weights}
"""


@pytest.fixture(scope="module")
def answers() -> pl.DataFrame:
    rng = np.random.default_rng(8)
    persons, waves = 80, 4
    level = np.repeat(rng.normal(size=persons), waves)
    load = rng.poisson(np.exp(2.2 + 0.3 * level))
    mood = np.round(12 + 0.8 * (load - 9) + 3 * level + rng.normal(0, 3, persons * waves), 1)
    return pl.DataFrame(
        {
            "pid": np.repeat([f"p{number}" for number in range(persons)], waves),
            "wave": ["1", "2", "3", "4"] * persons,
            "BDI_SUM": np.clip(mood, 0, 63),
            "DH_SUM": load,
        }
    )


def test_a_study_of_totals_goes_through(answers: pl.DataFrame, tmp_path: Path) -> None:
    results = sg.run(STUDY, data=answers, out=tmp_path / "out", seed=1)
    scores = results.scores
    assert scores["E_hassles"].to_list() == answers["DH_SUM"].cast(pl.Float64).to_list()
    assert scores["P"].to_list() == answers["BDI_SUM"].to_list()
    codes = {one.code for one in results.findings}
    assert {"taken-for-total", "total-taken-as-given", "total-without-range"} <= codes
    assert not codes & {"item-close-to-problems", "item-never-happened", "unexpected-failure"}
    quality = results.analysis("quality")
    assert isinstance(quality, QualityResult)
    assert quality.items.height == 0
    assert quality.scales["alpha"].null_count() == quality.scales.height
    variants = results.analysis("concordance")
    assert isinstance(variants, ConcordanceResult)
    assert not {"count", "severity"} & set(variants.names)
    refused = {one.label for one in results.analyses if one.result is None}
    assert {"trajectories", "event-weights"} <= refused
    assert "total-holds-no-events" in codes
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "measured with bdi, a ready-made score" in page
    assert "hassles (a ready-made score, as the data give it)" in page
    assert "formative" not in page


def test_declared_and_found_totals_give_the_same(answers: pl.DataFrame) -> None:
    plain = STUDY[: STUDY.index("analyses:")] + "analyses: []\n"
    declared = plain.replace("recall: 1 month}", "recall: 1 month, total: true}")
    found, told = (sg.run(text, data=answers, seed=1) for text in (plain, declared))
    assert found.scores.equals(told.scores)
    assert found.persons.equals(told.persons)
    counted = sg.run(plain.replace("1 month}", "1 month, total: false}"), data=answers, seed=1)
    assert set(counted.scores["E_hassles"].unique()) <= {0.0, 1.0}
    assert "one-item-counted" in {one.code for one in counted.findings}
