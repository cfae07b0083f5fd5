"""Periods: `check` and `run` speak of the same windows and phases."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import polars as pl
import pytest
from ruamel.yaml import YAML

import salutogen as sg
from salutogen.errors import SalutogenError, StudyError
from salutogen.findings import Finding
from salutogen.norm.norm_file import norm_to_dict
from tests.end_to_end.small_plan import WAVES, plan

Command = Callable[..., CompletedProcess[str]]
PERSONS = 40
IN_TIME = {"width": "14 days", "step": "7 days", "valid": 2}


def answers(waves: int = WAVES) -> pl.DataFrame:
    random = np.random.default_rng(5)
    rows = PERSONS * waves
    level = np.repeat(random.normal(size=PERSONS), waves)
    happened = (
        random.random((rows, 10)) < np.repeat(random.uniform(0.1, 0.6, PERSONS), waves)[:, None]
    )
    burden = np.where(happened, random.integers(1, 6, size=(rows, 10)), 0)
    mean = 0.6 + 0.4 * level[:, None] + 0.05 * burden.sum(1)[:, None]
    problems = np.clip(np.round(mean + random.normal(size=(rows, 6))), 0, 3).astype(int)
    wave = np.tile(np.arange(1, waves + 1), PERSONS)
    columns: dict[str, object] = {"id": np.repeat(np.arange(PERSONS), waves), "wave": wave}
    columns["day"] = 7.0 * (wave - 1)
    columns |= {f"P_{item + 1}": problems[:, item] for item in range(6)}
    columns |= {f"H_{item + 1:02d}": burden[:, item] for item in range(10)}
    return pl.DataFrame(columns)


def written(folder: Path, study: dict[str, Any], data: pl.DataFrame) -> Path:
    data.write_csv(folder / "answers.csv")
    path = folder / "study.yaml"
    with path.open("w", encoding="utf-8") as stream:
        YAML().dump(study, stream)
    return path


def checked(path: Path) -> tuple[Finding, ...]:
    """What `check` says of the study file alone."""
    try:
        return sg.read_study(path).findings
    except StudyError as error:
        return error.findings


def codes(folder: Path, study: dict[str, Any], data: pl.DataFrame) -> dict[str, list[str]]:
    """Codes that `check` and `run` tell of the same study file."""
    path = written(folder, study, data)
    told = {"check": checked(path)}
    try:
        told["run"] = sg.run(path, data=folder).findings
    except SalutogenError as error:
        told["run"] = error.findings
    return {name: [item.code for item in findings] for name, findings in told.items()}


def test_labels_of_occasions_are_texts_that_other_tables_can_be_joined_by() -> None:
    windows = {"width": 2, "step": 1, "valid": 1}
    study = plan(resilience={"bootstrap": 0, "windows": windows})
    results = sg.run(sg.read_study(study), data=answers())
    weather = pl.DataFrame({"occasion": ["3"], "rain": [True]})
    rained = results.scores.join(weather, on="occasion")
    assert rained.equals(results.scores.filter(occasion="3").with_columns(rain=True))
    assert rained.height > 0
    assert results.windows.schema["first_occasion"] == pl.String


@pytest.mark.parametrize("name", ["1", "late"])
def test_a_phase_is_the_reference_whatever_its_name(name: str) -> None:
    phases = {name: {"from": "3", "to": "4"}}
    study = plan(norm={"reference": {"phase": name}}, resilience={"bootstrap": 0, "phases": phases})
    results = sg.run(sg.read_study(study), data=answers())
    lines = norm_to_dict(results.norm)["lines"]
    means = results.scores.filter(pl.col("occasion").is_in(["3", "4"]))
    means = means.group_by("person", maintain_order=True).agg(pl.col("E", "P").mean())
    slope, intercept = np.polyfit(means["E"].to_numpy(), means["P"].to_numpy(), 1)
    frozen = lines["window_frozen"]
    assert frozen["reference"] == f"phase {name}"
    assert frozen["coefficients"] == pytest.approx({"intercept": intercept, "E": slope})
    assert frozen["coefficients"] == lines["phase"][name]["coefficients"]
    assert frozen["coefficients"] != lines["window"][0]["coefficients"]


def test_two_occasions_have_one_window_by_either_name(tmp_path: Path) -> None:
    found = []
    for reference in ("first-window", {"window": 1}):
        study = plan(occasions={"every": "7 days", "count": 2}, norm={"reference": reference})
        told = codes(tmp_path, study, answers(2))
        assert "reference-invalid" not in told["check"]
        found.append(sg.run(sg.read_study(study), data=answers(2)).norm.lines)
    frozen = [lines.reference("window") for lines in found]
    assert frozen[0] is not None
    assert frozen[1] is not None
    assert frozen[0].coefficients == frozen[1].coefficients
    assert found[0].person.coefficients == found[1].person.coefficients
    assert [len(lines.by_period("window")) for lines in found] == [1, 1]


def test_a_window_two_occasions_do_not_have_is_refused_by_both(tmp_path: Path) -> None:
    study = plan(occasions={"every": "7 days", "count": 2}, norm={"reference": {"window": 2}})
    told = codes(tmp_path, study, answers(2))
    assert "reference-invalid" in told["check"]
    assert "reference-invalid" in told["run"]


def test_windows_in_time_without_times_take_the_planned_days(tmp_path: Path) -> None:
    study = plan(resilience={"bootstrap": 0, "windows": IN_TIME})
    for told in codes(tmp_path, study, answers().drop("day")).values():
        assert told.count("windows-by-planned-days") == 1
    untimed = sg.run(sg.read_study(study), data=answers().drop("day")).norm
    study["sources"]["answers"]["time"] = {"column": "day", "unit": "days"}
    timed = sg.run(sg.read_study(study), data=answers()).norm
    found = [list(one.lines.by_period("window").items()) for one in (untimed, timed)]
    assert len(found[0]) == timed.scores.study.schedule.number_of_windows == 3
    for (period, line), (same, other) in zip(*found, strict=True):
        assert period == same
        assert line.coefficients == other.coefficients


def test_windows_in_time_without_times_and_days_are_refused(
    tmp_path: Path, salutogen: Command
) -> None:
    labels = [str(wave + 1) for wave in range(WAVES)]
    study = plan(occasions={"labels": labels}, resilience={"bootstrap": 0, "windows": IN_TIME})
    path = written(tmp_path, study, answers().drop("day"))
    for call in (("check", path), ("run", path, "--data", tmp_path, "--out", tmp_path / "out")):
        done = salutogen(*call)
        assert done.returncode == 1
        assert "windows-need-time" in done.stdout + done.stderr


def test_late_answers_make_no_further_window_and_are_told_of() -> None:
    study = plan(resilience={"bootstrap": 0, "windows": IN_TIME})
    study["sources"]["answers"]["time"] = {"column": "day", "unit": "days"}
    late = answers().with_columns(
        day=pl.when((pl.col("wave") == WAVES) & (pl.col("id") < 3)).then(60.0).otherwise("day")
    )
    read = sg.read_study(study)
    results = sg.run(read, data=late)
    windows = results.resilience.windows["window"]
    assert windows.n_unique() == windows.max() == read.schedule.number_of_windows
    told = {item.code: item for item in results.findings}
    assert told["beyond-windows"].evidence.numbers["answers"] == 3


@pytest.mark.parametrize("width", ["14 days", "60 days"])
def test_windows_wider_than_the_answers_are_told_where_the_plan_has_no_days(width: str) -> None:
    windows = {"width": width, "step": "7 days", "valid": 2}
    study = plan(
        occasions={"labels": [str(wave + 1) for wave in range(WAVES)]},
        resilience={"bootstrap": 0, "windows": windows},
    )
    study["sources"]["answers"]["time"] = {"column": "day", "unit": "days"}
    results = sg.run(sg.read_study(study), data=answers())
    told = [item for item in results.findings if item.code == "window-too-wide"]
    assert len(told) == (width == "60 days")
    assert all("nobody has answers that long" in item.text for item in told)


def test_change_is_told_where_there_are_windows_to_compare() -> None:
    """Null with a finding where there is one window; no figure where windows are switched off."""
    several = sg.run(sg.read_study(plan(resilience={"bootstrap": 50})), data=answers())
    change = several.to_dict()["resilience"]["change_over_windows"]
    assert change["interval"][0] < change["estimate"] < change["interval"][1]
    two = plan(occasions={"every": "7 days", "count": 2}, resilience={"bootstrap": 0})
    one = sg.run(sg.read_study(two), data=answers(2))
    assert one.to_dict()["resilience"]["change_over_windows"] is None
    assert "no-change-over-windows" not in {item.code for item in one.findings}
    none = sg.run(sg.read_study(plan(resilience={"bootstrap": 0, "windows": None})), data=answers())
    assert "change_over_windows" not in none.to_dict()["resilience"]


def test_change_by_the_line_of_a_phase_is_standardised_by_its_sd() -> None:
    phases = {"late": {"from": "3", "to": "4"}}
    given = {"bootstrap": 0, "phases": phases}
    study = plan(norm={"reference": {"phase": "late"}}, resilience=given)
    results = sg.run(sg.read_study(study), data=answers())
    line = results.norm.lines.reference("window")
    assert line is not None
    change = results.to_dict()["resilience"]["change_over_windows"]
    assert change["standardised"] == pytest.approx(change["estimate"] / line.residual_sd)
