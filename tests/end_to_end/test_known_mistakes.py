"""Mistakes of released scripts: each is impossible here, or a finding names it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.errors import NormError, ScoreError, StudyError
from salutogen.findings import catalogue
from salutogen.norm.shape import shape_test
from tests.end_to_end.small_plan import WAVES, plan

PAGE = Path(__file__).parents[2] / "docs" / "known-mistakes.md"
PERSONS = 60


@pytest.fixture(scope="module")
def answers() -> pl.DataFrame:
    random = np.random.default_rng(11)
    rows = PERSONS * WAVES
    level = np.repeat(random.normal(size=PERSONS), WAVES)
    stable = np.repeat(random.uniform(0.1, 0.6, size=PERSONS), WAVES)
    happened = random.random((rows, 12)) < stable[:, None]
    burden = np.where(happened, random.integers(1, 6, size=(rows, 12)), 0)
    mean = 0.6 + 0.4 * level[:, None] + 0.05 * burden[:, :10].sum(1)[:, None]
    problems = np.clip(np.round(mean + random.normal(size=(rows, 6))), 0, 3).astype(int)
    columns: dict[str, object] = {
        "id": np.repeat(np.arange(PERSONS), WAVES),
        "wave": np.tile(np.arange(1, WAVES + 1), PERSONS),
    }
    columns |= {f"P_{item + 1}": problems[:, item] for item in range(6)}
    columns |= {f"H_{item + 1:02d}": burden[:, item] for item in range(12)}
    return pl.DataFrame(columns)


@pytest.fixture(scope="module")
def results(answers: pl.DataFrame) -> sg.Results:
    return sg.run(sg.read_study(plan()), data=answers)


def test_every_code_of_the_page_exists() -> None:
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PAGE.read_text("utf-8")))
    assert len(named) >= 15
    assert named <= set(catalogue())


def test_a_line_of_another_level_is_refused(results: sg.Results) -> None:
    persons = results.norm.period_tables["person"]
    with pytest.raises(NormError) as refused:
        results.norm.lines.occasion.expected(persons, level="person")
    assert [item.code for item in refused.value.findings] == ["level-differs"]


def test_z_scores_are_refused_by_a_line_in_points(results: sg.Results) -> None:
    table = results.norm.period_tables["person"]
    z = table.with_columns(
        (pl.col(name) - pl.col(name).mean()) / pl.col(name).std() for name in "EP"
    )
    with pytest.raises(NormError) as refused:
        results.norm.lines.person.expected(z, level="person")
    assert {item.code for item in refused.value.findings} == {"units-differ"}


def test_repeated_persons_are_no_independent_units(results: sg.Results) -> None:
    once = results.norm.period_tables["person"]
    with pytest.raises(NormError) as refused:
        shape_test(pl.concat([once, once]), seed=1)
    assert [item.code for item in refused.value.findings] == ["repeated-persons"]


def test_a_pattern_takes_exactly_its_columns(answers: pl.DataFrame, results: sg.Results) -> None:
    expected = answers.select(pl.sum_horizontal(f"H_{item:02d}" for item in range(1, 11)))
    assert results.scores["E"].to_list() == expected.to_series().cast(pl.Float64).to_list()


def test_sr_keeps_its_sign(results: sg.Results) -> None:
    signed = results.scores["P"] - results.scores["P_expected"]
    assert (signed - results.scores["SR"]).abs().max() < 1e-12
    assert (results.scores["SR"] < 0).any()
    assert (results.scores["SR"] > 0).any()


def test_refitted_windows_are_shown_beside_frozen_ones(results: sg.Results) -> None:
    means = results.analysis("windows").to_dict()["windows"]
    assert means["mean_SR_refit"].abs().max() < 1e-10
    assert means["mean_SR_frozen"][1:].abs().max() > 1e-3
    assert "windows-refitted" in {item.code for item in results.findings}


def test_an_absent_form_is_not_zero_exposure(answers: pl.DataFrame) -> None:
    hassles = [f"H_{item:02d}" for item in range(1, 11)]
    absent = answers.with_columns(
        pl.when(pl.int_range(pl.len()) < 5).then(None).otherwise(pl.col(hassles)).name.keep()
    )
    found = sg.run(sg.read_study(plan()), data=absent)
    assert found.scores["E"][:5].null_count() == 5
    assert found.scores["SR"][:5].null_count() == 5
    assert "exposure-absent" in {item.code for item in found.findings}


@pytest.mark.parametrize(
    ("instrument", "role", "code"),
    [
        ({"measures": "physiology", "recall": "7 days"}, "exposure", "physiology-as-exposure"),
        ({"measures": "perceived-stress", "recall": "7 days"}, "exposure",
         "perceived-stress-as-exposure"),
        ({"measures": "trait"}, "problems", "trait-as-outcome"),
        ({"measures": "perceived-recovery"}, "problems", "trait-as-outcome"),
    ],
)  # fmt: skip
def test_what_may_not_stand_for_exposure_or_problems(
    instrument: dict[str, str], role: str, code: str
) -> None:
    study = plan()
    instruments = dict(study["instruments"])  # type: ignore[call-overload]
    instruments["other"] = {"columns": "X_{1..5}", "answers": "0..4", **instrument}
    study["instruments"] = instruments
    if role == "exposure":
        study["exposure"] = {"types": ["hassles", "other"], "score": "severity", "combine": "sum"}
    else:
        study["problems"] = "other"
    with pytest.raises(StudyError) as refused:
        sg.read_study(study)
    assert code in {item.code for item in refused.value.findings}


def test_constant_exposure_is_refused(answers: pl.DataFrame) -> None:
    same = answers.with_columns(pl.lit(1).alias(f"H_{item:02d}") for item in range(1, 11))
    with pytest.raises(ScoreError) as refused:
        sg.run(sg.read_study(plan()), data=same)
    assert "exposure-never-varies" in {item.code for item in refused.value.findings}


def test_mixed_slope_is_shown_with_what_it_leaves(results: sg.Results) -> None:
    left = results.resilience.summary.sr_exposure_correlation
    assert abs(left.primary) < 1e-10
    mixed = results.norm.mixed
    assert mixed is not None
    assert mixed.within_slope != pytest.approx(mixed.between_slope, abs=1e-3)


def test_another_scoring_is_refused(results: sg.Results, tmp_path: Path) -> None:
    from salutogen.norm.norm_file import write_norm

    file = tmp_path / "norm.json"
    write_norm(results.norm, file)
    study = sg.read_study(
        plan(
            norm={"file": str(file)},
            exposure={"types": ["hassles"], "score": "count", "combine": "sum"},
        )
    )
    counted = sg.score(replace(results.panel, study=study))
    with pytest.raises(NormError) as refused:
        sg.fit_norm(counted)
    assert "norm-scoring-differs" in {item.code for item in refused.value.findings}
