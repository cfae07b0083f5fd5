"""Counts and shares of prompts do not tell how many bursts of persons there are."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest
import yaml
from typer.testing import CliRunner

from salutogen.cli.app import app

STUDY = Path(__file__).parents[2] / "examples" / "bursts" / "study.yaml"
PERSONS, BURSTS, PROMPTS = 31, 6, 30
LOST_AT = "4"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, of whose persons those stay who came to every visit."""
    folder = tmp_path_factory.mktemp("bursts")
    _invoke("simulate", STUDY, "--persons", "45", "--seed", "4", "--out", folder)
    visits = pl.read_parquet(folder / "visits.parquet")
    counts = visits.group_by("subject").len().filter(pl.col("len") == BURSTS)
    kept = counts["subject"].sort().to_list()[:PERSONS]
    assert len(kept) == PERSONS
    for path in folder.glob("*.parquet"):
        pl.read_parquet(path).filter(pl.col("subject").is_in(kept)).write_parquet(path)
    return folder


def _invoke(*words: object) -> None:
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output


def _run(data: Path, folder: Path, lost: int, individuals: str = "hide") -> Path:
    """Run the study with so many persons away from one burst."""
    gone = pl.read_parquet(data / "visits.parquet")["subject"].unique().sort().to_list()[:lost]
    folder.mkdir(exist_ok=True)
    for path in data.glob("*.parquet"):
        away = pl.col("subject").is_in(gone) & (pl.col("visit").cast(pl.String) == LOST_AT)
        pl.read_parquet(path).filter(~away).write_parquet(folder / path.name)
    plan = yaml.safe_load(STUDY.read_text("utf-8"))
    plan |= {"report": {"individuals": individuals}, "analyses": [{"step": "adherence"}]}
    (folder / "study.yaml").write_text(yaml.safe_dump(plan), "utf-8")
    out = folder / "out"
    _invoke("run", folder / "study.yaml", "--data", folder, "--out", out)
    return out


def _from_shares(out: Path) -> list[int]:
    """Numbers of bursts of which every share in the heat map is one of whole numbers."""
    with (out / "tables" / "figure-prompt-hours.csv").open(encoding="utf-8") as file:
        shares = [float(row["share"]) for row in csv.DictReader(file)]
    most = PERSONS * BURSTS
    return [
        n for n in range(most - 10, most + 1)
        if all(abs(round(share * n) / n - share) <= 0.00051 for share in shares)
    ]  # fmt: skip


def test_counts_work_where_persons_are_shown(data: Path, tmp_path: Path) -> None:
    results = json.loads((_run(data, tmp_path, 3, "show") / "results.json").read_text("utf-8"))
    assert results["steps"]["adherence"]["planned"] / PROMPTS == PERSONS * BURSTS - 3


@pytest.mark.parametrize("lost", [0, 1, 3])
def test_nobody_can_tell_how_many_were_away(data: Path, tmp_path: Path, lost: int) -> None:
    out = _run(data, tmp_path, lost)
    told = json.loads((out / "results.json").read_text("utf-8"))["steps"]["adherence"]
    fives = 5 * round((PERSONS * BURSTS - lost) / 5)
    assert told["planned"] / PROMPTS == fives
    for by in ("days", "beeps"):
        assert sum(row["planned"] for row in told[by]) / PROMPTS == fives
    states = told["states"][0]
    parts = sum(states[name] for name in ("answered", "partial", "missed", "not_sent"))
    assert abs(parts / PROMPTS - fives) < 0.5
    assert _from_shares(out) in ([fives], [])
