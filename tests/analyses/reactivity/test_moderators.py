"""Whether persons with more of something react more: against the same model made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.models import ContinuousAR1, MixedModel
from tests.analyses.burst_runs import AFFECT, data, run

__all__ = ["data"]


def test_the_product_is_that_of_a_model_made_by_hand(data: Path, tmp_path: Path) -> None:
    """SR of visits before each person's first prompt of the later bursts, by their dates."""
    told = run(data, tmp_path, "{step: reactivity, by: [SR], affect: [negative], samples: 200}")
    (row,) = told["reactivity"]["by"]
    scores = pl.read_csv(told["out"] / "scores.csv")
    visits = pl.read_parquet(data / "visits.parquet").with_columns(
        pl.col("date").cast(pl.String).str.to_date(), pl.col("visit").cast(pl.Int64)
    )
    prompts = pl.read_parquet(data / "prompts.parquet").with_columns(
        pl.col("visit").cast(pl.String).cast(pl.Int64), pl.col("number").cast(pl.Int64)
    )
    later = prompts.filter(pl.col("visit") >= 4)
    moment = (
        pl.coalesce("finished", "opened", "sent", "scheduled").cast(pl.String).str.to_datetime()
    )
    later = later.with_columns(time=moment)
    first = later.group_by("subject").agg(first=pl.col("time").min().dt.date())
    dated = scores.with_columns(pl.col("occasion").cast(pl.String).cast(pl.Int64)).join(
        visits.select("subject", "visit", "date"), left_on=["subject", "occasion"],
        right_on=["subject", "visit"],
    ).join(first, on="subject")  # fmt: skip
    before = dated.filter(pl.col("date") < pl.col("first")).group_by("subject").agg(
        own=pl.col("SR").mean(), visits=pl.col("SR").count()
    )  # fmt: skip
    assert row["visits"] == str(before["visits"].max())
    frame = _by_hand(later, before)
    assert (row["n"], row["prompts"]) == (frame["subject"].n_unique(), frame.height)
    model = MixedModel(
        "affect ~ within * z + between + clock + days + (1 + within | subject)",
        residual=ContinuousAR1(time="hours", within="date"),
    ).fit(frame)
    mine = model.tidy().row(by_predicate=pl.col("term") == "within:z", named=True)
    assert row["estimate"] == pytest.approx(mine["estimate"], rel=1e-3)
    assert row["se"] == pytest.approx(mine["std_error"], rel=1e-3)
    mean = model.fixed_effects["within"]
    assert row["at_more"] == pytest.approx(mean + mine["estimate"], rel=1e-3)
    assert row["at_less"] == pytest.approx(mean - mine["estimate"], rel=1e-3)
    # True are .5 × 6 points for an SD of lasting SR, of which four visits show some.
    assert row["low"] > 0
    assert row["estimate"] < 3.5
    page = (told["out"] / "report.html").read_text("utf-8")
    assert "points more for an SD more of SR (positive = over-reactive = less resilient)" in page


def _by_hand(later: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    items = pl.mean_horizontal(*AFFECT)
    full = pl.all_horizontal(pl.col(name).is_not_null() for name in AFFECT)
    frame = later.with_columns(affect=pl.when(full).then(items)).drop_nulls(["STRESS", "affect"])
    frame = frame.sort("subject", "time").with_columns(
        date=pl.struct("subject", pl.col("time").dt.date()).rank("dense"),
        start=pl.col("time").min().over("subject", "visit"),
        day=pl.col("time").dt.date().rank("dense").over("subject", "visit").cast(pl.Float64),
    )
    own = pl.col("STRESS").cast(pl.Float64).mean().over("subject")
    frame = frame.with_columns(
        between=own,
        within=pl.col("STRESS").cast(pl.Float64) - own,
        hours=(pl.col("time") - pl.col("start")).dt.total_seconds() / 3600,
        clock=pl.col("time").dt.hour() + pl.col("time").dt.minute() / 60,
        days=pl.col("day"),
    ).join(before.drop_nulls("own"), on="subject")
    values = frame.group_by("subject").agg(pl.col("own").first())["own"].to_numpy()
    return frame.with_columns(z=(pl.col("own") - values.mean()) / np.std(values, ddof=1))


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("{step: reactivity, by: [optimisn]}", "moderator-unknown"),
        ("{step: reactivity, by: [SR], by_bursts: ['9']}", "burst-unknown"),
    ],
)
def test_what_is_not_in_the_study_is_refused(
    data: Path, tmp_path: Path, step: str, code: str
) -> None:
    told = run(data, tmp_path, step)
    assert code in told["codes"]
    assert "reactivity" not in told or told["reactivity"] is None


def test_one_visit_before_is_told(data: Path, tmp_path: Path) -> None:
    step = "{step: reactivity, by: [P], by_bursts: ['1', '2'], affect: [negative], samples: 200}"
    told = run(data, tmp_path, step)
    (row,) = told["reactivity"]["by"]
    assert row["visits"] == "1"
    assert "moderator-of-one-visit" in told["codes"]
