"""Columns that repeat another one: centred, standardised, turned round, copied from the time."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.drafting import draft_study
from salutogen.drafting.cells import read_table
from salutogen.drafting.same_measure import same_measures

PERSONS, DAYS = 25, 8


def _diary() -> pl.DataFrame:
    draw = np.random.default_rng(3)
    person = np.repeat(np.arange(PERSONS), DAYS)
    day = np.tile(np.arange(1, DAYS + 1), PERSONS)
    strain = draw.normal(5, 2, PERSONS)[person] + draw.normal(0, 1.5, person.size)
    hassles = draw.poisson(3, person.size).astype(float)
    means = np.array([hassles[person == one].mean() for one in range(PERSONS)])[person]
    return pl.DataFrame(
        {
            "id": person,
            "day": day,
            "strain": strain.round(2),
            "hassles_w": (hassles - means).round(6),
            "hassles_b": (means + draw.normal(0, 1e-9, person.size)),
            "hassles": hassles,
            "hassles_z": ((hassles - hassles.mean()) / hassles.std()).round(6),
            "calm": (10 - strain).round(2),
            "dayc": day - 4.5,
        }
    ).select(pl.all().cast(pl.String))


def test_only_originals_are_drafted_and_the_others_are_said() -> None:
    draft = draft_study(_diary(), "diary.csv")
    assert sorted(one.name for one in draft.instruments) == ["hassles", "hassles-2", "strain"]
    by_column = {one.block.columns[0]: one for one in draft.instruments}
    assert by_column["hassles"].role == "exposure"
    assert not by_column["hassles_b"].block.repeated  # of persons, but for rounding
    why = dict(draft.doubtful)
    assert set(why) == {"hassles_w", "hassles_z", "calm", "dayc"}
    assert why["hassles_w"] == "follows 'hassles' within persons: the same, centred or rescaled"
    assert "'day'" in why["dayc"]


def test_what_only_goes_with_another_is_no_copy() -> None:
    frame = _diary()
    draw = np.random.default_rng(9)
    near = frame["hassles"].cast(pl.Float64) + draw.normal(0, 0.1, frame.height)
    part = pl.Series([*frame["hassles"][:150], *[None] * 50])
    table = read_table(frame.with_columns(near=near.cast(pl.String), part=part))
    assert same_measures(table, ["hassles"], ["near", "part"], ["id"]) == {}
    assert set(same_measures(table, ["hassles"], ["hassles_z", "near"], ["id"])) == {"hassles_z"}
