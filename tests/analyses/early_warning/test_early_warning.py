"""The step in whole runs: page, `results.json`, personal files, and what it refuses."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from ruamel.yaml import YAML

from salutogen import run
from salutogen.simulation import simulate
from salutogen.study import read_study

EXAMPLE = Path(__file__).parents[3] / "examples" / "bursts" / "study.yaml"
QUICK = {"step": "early-warning", "surrogates": 99, "least": 8}


def study(individuals: str = "show", **asked: Any) -> Any:
    values: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text(encoding="utf-8"))
    changes = {
        "report": {"individuals": individuals},
        "resilience": {"bootstrap": 0},
        "analyses": [{"step": "trajectories", "enabled": False}, {**QUICK, **asked}],
    }
    return read_study({**values, **changes})


@cache
def frames() -> dict[str, pl.DataFrame]:
    return dict(simulate(study(), persons=30, seed=3).frames)


def changed(prompts: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {**frames(), "prompts": prompts}


def told(out: Path) -> Any:
    return json.loads((out / "results.json").read_text("utf-8"))["steps"]["early-warning"]


def codes(out: Path) -> list[str]:
    return [one["code"] for one in json.loads((out / "findings.json").read_text("utf-8"))]


def test_a_run_tells_what_rose_and_what_could_be_seen(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(study(), data=frames(), out=out)
    found = told(out)
    assert found["windows"] == "bursts"
    assert found["affects"] == ["negative", "positive"]
    own = pl.read_csv(out / "early_warning.csv")
    for row in found["indicators"]:
        part = own.filter(affect=row["affect"], indicator=row["indicator"])
        assert row["n"] == part.height
        assert row["rose"] == part.filter(pl.col("p") < 0.05).height
        assert 0.01 < row["false"] < 0.12
        if row["indicator"] in ("autocorrelation", "spread"):
            hits = 0.1 * row["sensitivity"]
            among = hits / (hits + 0.9 * row["false"])
            assert row["predictive"] == pytest.approx(among)
        else:
            assert row["sensitivity"] is None
    windows = pl.read_csv(out / "early_warning_windows.csv")
    assert windows["pairs"].min() >= QUICK["least"]
    assert set(windows["window"]) <= set(range(1, 7))
    page = (out / "report.html").read_text("utf-8")
    assert "Do early-warning indicators rise?" in page
    assert "This is no alarm." in page
    assert "early-warning-hardly-seen" in codes(out)


def test_the_others_of_a_person_change_nothing_of_it(tmp_path: Path) -> None:
    """Indicators are within persons: without half of the others a person's are the same."""
    out, few = tmp_path / "out", tmp_path / "few"
    run(study(affect=["negative"]), data=frames(), out=out)
    kept = frames()["prompts"]["subject"].unique().sort()[:14]
    some = {name: one.filter(pl.col("subject").is_in(kept)) for name, one in frames().items()}
    run(study(affect=["negative"]), data=some, out=few)
    columns = ["subject", "indicator", "rise", "tau"]
    whole, part = (pl.read_csv(one / "early_warning.csv").select(columns) for one in (out, few))
    assert part.height
    assert part.sort(columns[:2]).equals(
        whole.filter(pl.col("subject").is_in(kept.to_list())).sort(columns[:2])
    )


def test_where_persons_are_hidden(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(study("hide"), data=frames(), out=out)
    found = told(out)
    counts = [row[name] for row in found["indicators"] for name in ("n", "rose", "kept")]
    assert all(one is None or one % 5 == 0 for one in [*counts, found["n"], found["n_without"]])
    page = (out / "report.html").read_text("utf-8")
    assert "Person A" not in page
    assert not (out / "figures" / "early-warning-courses.svg").exists()
    assert (out / "figures" / "early-warning-power.svg").exists()
    outputs = json.loads((out / "manifest.json").read_text("utf-8"))["outputs"]
    personal = {one["file"] for one in outputs if one["personal_data"]}
    assert {"early_warning.csv", "early_warning_windows.csv"} <= personal


def test_windows_of_days_may_overlap(tmp_path: Path) -> None:
    out = tmp_path / "out"
    asked = {"windows": "days", "window_days": 62, "step_days": 31, "affect": ["positive"]}
    run(study(**asked), data=frames(), out=out)
    assert told(out)["windows"] == "days"
    windows = pl.read_csv(out / "early_warning_windows.csv")
    assert "days 32 to 93" in windows["window"]
    assert "over windows of 62 days" in (out / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("kept", "code"),
    [
        (pl.col("number") % 6 == 1, "one-prompt-a-day"),
        (pl.col("visit") == "1", "early-warning-few-windows"),
    ],
)
def test_what_cannot_tell_is_refused_and_the_run_goes_on(
    kept: pl.Expr, code: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(study(), data=changed(frames()["prompts"].filter(kept)), out=out)
    assert code in codes(out)
    assert told(out) is None


def test_an_affect_that_is_always_the_same_is_named(tmp_path: Path) -> None:
    out = tmp_path / "out"
    flat = frames()["prompts"].with_columns(
        pl.when(pl.col("number") % 4 != 1).then(0).otherwise(pl.col(name)).alias(name)
        for name in ("SAD", "ANXIOUS", "ANGRY")
    )
    run(study(affect=["negative"]), data=changed(flat), out=out)
    assert "early-warning-at-floor" in codes(out)
