"""Who left cannot be solved from means and lines of those who stayed, beside models of everyone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.report.sections.over_time import BY_MODEL
from tests.end_to_end.hidden_studies import plan

pytestmark = pytest.mark.figures

PERSONS, WEEKS, LAST, FAR = 60, 8, 4, 40
SEEDS = (1, 2, 3, 4)
STEPS_OFF = ("concordance", "sensitivity", "quality", "outliers")


@dataclass(frozen=True)
class Told:
    """What a run tells of a study from which the first person left, and what is true of it."""

    answers: pl.DataFrame
    results: dict[str, Any]
    means: pl.DataFrame
    page: str
    findings: list[dict[str, Any]]
    level: float

    @property
    def window(self) -> dict[str, Any]:
        """The second window, which the one who left is not in."""
        return self.results["resilience"]["windows"][1]  # type: ignore[no-any-return]


def answers(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    person, week = np.divmod(np.arange(PERSONS * WEEKS), WEEKS)
    E = rng.integers(10, 60, person.size)
    level = rng.normal(0, 5, PERSONS) + np.where(np.arange(PERSONS) == 0, FAR, 0)
    P = np.rint(60 + 0.3 * E + level[person] + rng.normal(0, 4, person.size)).astype(int)
    frame = pl.DataFrame({"pid": person, "week": week + 1, "P_1": P, "P_2": 0, "E_1": E, "E_2": 0})
    return frame.filter((pl.col("pid") > 0) | (pl.col("week") <= LAST)).with_columns(
        pid=pl.format("k-{}", "pid")
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    return [told(seed, tmp_path_factory.mktemp(f"seed{seed}")) for seed in SEEDS]


def told(
    seed: int, folder: Path, individuals: str = "hide", off: tuple[str, ...] = STEPS_OFF
) -> Told:
    content = plan(
        occasions={"every": "7 days", "count": WEEKS},
        resilience={"bootstrap": 0, "windows": {"width": 4, "step": 4, "valid": 3}},
        report={"individuals": individuals},
        analyses=[{"step": name, "enabled": False} for name in off],
    )
    del content["sources"]["people"], content["background"]
    frame = answers(seed)
    folder.mkdir(exist_ok=True)
    study = folder / "study.yaml"
    study.write_text(json.dumps(content), "utf-8")
    results = sg.run(study, data={"answers": frame}, out=folder / "out", seed=1)
    SR = results.windows.filter(pl.col("subject") == "k-0")["SR_frozen"]
    name = "tables/figure-exposure-and-problems.csv"
    return Told(
        answers=frame,
        results=json.loads((folder / "out" / "results.json").read_text("utf-8")),
        means=pl.read_csv(folder / "out" / name),
        page=(folder / "out" / "report.html").read_text("utf-8"),
        findings=json.loads((folder / "out" / "findings.json").read_text("utf-8")),
        level=float(SR.mean()),  # type: ignore[arg-type]
    )


def from_means(run: Told, P: np.ndarray, E: np.ndarray) -> float:
    """SR of who left, from means of those present by week beside the model's change.

    What the model's change is more than that of those present is what it expects of who left, less
    the others', by the number of all.
    """
    slope = run.results["norm"]["pooled"]["coefficients"]["E"]
    SR = P - slope * E
    present = SR[LAST:].mean() - SR[:LAST].mean()
    change = run.results["resilience"]["change_over_windows"]["estimate"]
    return float((change - present) * PERSONS)


def exact_means(run: Told) -> tuple[np.ndarray, np.ndarray]:
    by_week = run.answers.group_by("week").agg(P=pl.col("P_1").mean(), E=pl.col("E_1").mean())
    by_week = by_week.sort("week")
    return by_week["P"].to_numpy(), by_week["E"].to_numpy()


def told_means(run: Told) -> tuple[np.ndarray, np.ndarray]:
    P, E = (run.means.filter(pl.col("measure") == name)["mean"].to_numpy() for name in "PE")
    return P, E


def from_lines(run: Told, window: dict[str, Any], frozen: dict[str, Any], E: float) -> float:
    """SR of who left, from lines of those present and of the first window, and the model's mean."""
    intercept, slope = (window[name] for name in ("intercept", "slope"))
    present = intercept + slope * E - frozen["intercept"] - frozen["slope"] * E
    return float((run.window["mean_SR_frozen_model"] - present) * PERSONS)


def exact_lines(run: Told) -> tuple[dict[str, float], dict[str, float], float]:
    """Lines of the two windows over persons' means, and mean exposure in the second."""
    found, E = [], 0.0
    for weeks in (pl.col("week") <= LAST, pl.col("week") > LAST):
        own = run.answers.filter(weeks).group_by("pid").agg(pl.col("P_1", "E_1").mean())
        slope, intercept = np.polyfit(own["E_1"].to_numpy(), own["P_1"].to_numpy(), 1)
        found.append({"intercept": float(intercept), "slope": float(slope)})
        E = float(own["E_1"].mean())  # type: ignore[arg-type]
    return found[1], found[0], E


def test_the_attacks_work_with_exact_figures(tmp_path: Path) -> None:
    run = told(1, tmp_path, individuals="show")
    assert run.level > 30
    assert from_means(run, *exact_means(run)) == pytest.approx(run.level, rel=0.2)
    assert from_lines(run, *exact_lines(run)) == pytest.approx(run.level, rel=0.2)


def test_means_by_week_do_not_give_who_left(runs: list[Told]) -> None:
    """From what is told the one who left far away cannot be told from one like the others."""
    solved = [from_means(run, *told_means(run)) for run in runs]
    assert np.mean(solved) < 0.4 * np.mean([run.level for run in runs])


def test_lines_of_windows_do_not_give_who_left(runs: list[Told]) -> None:
    solved = []
    for run in runs:
        first, second = run.results["resilience"]["windows"]
        solved.append(from_lines(run, second, first, exact_lines(run)[2]))
    assert np.mean(solved) < 0.4 * np.mean([run.level for run in runs])


def test_the_page_says_whose_means_they_are(runs: list[Told]) -> None:
    for run in runs:
        assert BY_MODEL in run.page
        assert run.means.filter(pl.col("measure") == "P")["mean"].null_count() == 0


def test_what_is_hidden_is_not_said_to_be_uncomputable(tmp_path: Path) -> None:
    """Both findings name each null once, where it stands; what is hidden could be computed."""
    named: dict[str, dict[str, set[str]]] = {}
    for mode in ("show", "hide"):
        run = told(1, tmp_path / mode, mode, off=())
        named[mode] = {
            one["code"]: set(one["evidence"]["numbers"]["figures"])
            for one in run.findings
            if one["code"] in ("not-computed", "figures-withheld")
        }
    assert "resilience.windows[1].mean_SR_frozen" in named["hide"]["figures-withheld"]
    assert "resilience.change_over_windows.moved_by_leaving" in named["hide"]["figures-withheld"]
    assert named["hide"]["not-computed"] <= named["show"]["not-computed"]
    assert not named["hide"]["not-computed"] & named["hide"]["figures-withheld"]
    assert "figures-withheld" not in named["show"]
