"""One person who reacts far more than all others is warned of where persons are hidden."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from salutogen.analyses.makes_spread import largest_share
from tests.analyses.burst_runs import AFFECT, data, run

__all__ = ["data"]
STEP = "{step: reactivity, affect: [negative], samples: 200}"


def test_the_largest_share_is_that_of_the_farthest_value() -> None:
    values = pl.Series([1.0, 2.0, 3.0, None, 10.0])
    squares = [(value - 4.0) ** 2 for value in (1, 2, 3, 10)]
    assert largest_share(values) == pytest.approx(36 / sum(squares))
    assert largest_share(pl.Series([2.0, 2.0])) == 0


@pytest.mark.parametrize(("individuals", "far", "told"), [
    ("hide", True, 1), ("hide", False, 0), ("show", True, 0),
])  # fmt: skip
def test_a_far_reactivity_is_warned_of(
    data: Path, tmp_path: Path, individuals: str, far: bool, told: int
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(data, folder)
    prompts = pl.read_parquet(folder / "prompts.parquet")
    few = prompts["subject"].unique().sort().to_list()[:40]
    visits = pl.read_parquet(folder / "visits.parquet").filter(pl.col("subject").is_in(few))
    visits.write_parquet(folder / "visits.parquet")
    prompts = prompts.filter(pl.col("subject").is_in(few))
    if far:
        mine = (pl.col("subject") == few[7]) & pl.col("SAD").is_not_null()
        value = pl.when(pl.col("STRESS") > 0).then(98).otherwise(1)
        prompts = prompts.with_columns(
            pl.when(mine).then(value).otherwise(pl.col(name)).cast(prompts[name].dtype).alias(name)
            for name in AFFECT
        )
    prompts.write_parquet(folder / "prompts.parquet")
    more = f"report: {{individuals: {individuals}}}\n"
    found = run(folder, tmp_path, STEP, more=more)
    assert found["codes"].count("person-makes-spread") == told
