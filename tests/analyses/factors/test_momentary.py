"""Persons' reactivity as a factor: in time order, only where it is reliable, refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.models import ContinuousAR1, MixedModel
from tests.analyses.burst_runs import AFFECT, data, run

__all__ = ["data"]
FEW = "{step: factors, factors: [reactivity], measured: {reactivity: '1'}, draws: 200}"
MANY = "{step: factors, factors: [reactivity, recovery], from: '5', draws: 200}"


def test_reactivity_before_goes_with_later_SR(data: Path, tmp_path: Path) -> None:
    told = run(data, tmp_path, MANY, "{step: reactivity, affect: [negative], samples: 200}")
    (found,) = told["factors"]["factors"]
    assert found["name"] == "reactivity"
    assert "momentary-factor" in told["codes"]
    assert "momentary-factor-unreliable" in told["codes"]  # recovery: few episodes a person
    later = pl.read_csv(told["out"] / "scores.csv").filter(pl.col("occasion") >= 5)
    SR = later.group_by("subject").agg(pl.col("SR").mean()).drop_nulls()
    both = _slopes(data, 4).join(SR, on="subject")
    assert found["n"] == both.height
    slope = np.polyfit(both["slope"].to_numpy(), both["SR"].to_numpy(), 1)[0]
    assert found["two_step"]["b"] == pytest.approx(slope, rel=2e-3)
    assert found["two_step"]["b"] > 0  # true: who reacts more has more problems than expected
    assert found["problems_in_disguise"] is None


def _slopes(data: Path, last: int) -> pl.DataFrame:
    """Persons' own slopes over the first bursts, from the answers alone."""
    prompts = pl.read_parquet(data / "prompts.parquet").with_columns(
        pl.col("visit").cast(pl.String).cast(pl.Int64)
    )
    moment = (
        pl.coalesce("finished", "opened", "sent", "scheduled").cast(pl.String).str.to_datetime()
    )
    full = pl.all_horizontal(pl.col(name).is_not_null() for name in AFFECT)
    frame = prompts.filter(pl.col("visit") <= last, full).drop_nulls("STRESS").with_columns(
        affect=pl.mean_horizontal(*AFFECT), time=moment, stress=pl.col("STRESS").cast(pl.Float64)
    ).sort("subject", "time")  # fmt: skip
    own = pl.col("stress").mean().over("subject")
    frame = frame.with_columns(
        between=own,
        within=pl.col("stress") - own,
        date=pl.struct("subject", pl.col("time").dt.date()).rank("dense"),
        days=pl.col("time").dt.date().rank("dense").over("subject", "visit").cast(pl.Float64),
        clock=pl.col("time").dt.hour() + pl.col("time").dt.minute() / 60,
        hours=(pl.col("time") - pl.col("time").min().over("subject", "visit")).dt.total_seconds()
        / 3600,
    )
    model = MixedModel(
        "affect ~ within + between + clock + days + (1 + within | subject)",
        residual=ContinuousAR1(time="hours", within="date"),
    ).fit(frame)
    return model.random_effects().select("subject", slope="within")


def test_one_burst_is_not_reliable_enough(data: Path, tmp_path: Path) -> None:
    told = run(data, tmp_path, FEW)
    assert "momentary-factor-unreliable" in told["codes"]
    assert "no-factor-left" in told["codes"]
    assert told.get("factors") is None


def test_bursts_in_the_time_of_later_SR_make_no_predictor(data: Path, tmp_path: Path) -> None:
    step = "{step: factors, factors: [reactivity], measured: {reactivity: '4'}, from: '3'}"
    told = run(data, tmp_path, step)
    assert "factor-not-before" in told["codes"]


def test_without_prompts_there_is_no_reactivity(tmp_path: Path, data: Path) -> None:
    told = run(data, tmp_path, FEW.replace("reactivity", "reactivitx"))
    assert "factor-unknown" in told["codes"]
