"""Momentary answers of a known reactivity: levels, slopes, what lasts within a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from salutogen.panel.momentary import DTYPES, Momentary
from salutogen.study.format import MomentaryRoles

BURSTS = pl.Enum(["a", "b"])
START = {"a": datetime(2024, 3, 4, tzinfo=UTC), "b": datetime(2024, 6, 3, tzinfo=UTC)}
BEEPS, DAYS = 6, 5


def momentary(frame: pl.DataFrame) -> Momentary:
    """Prompts from a frame with `person`, `occasion`, `prompt`, `time` and scores."""
    made = frame.sort("person", "occasion", "prompt").with_columns(
        local=pl.col("time").dt.replace_time_zone(None),
        hours=(pl.col("time") - pl.col("time").min().over("person", "occasion")).dt.total_seconds()
        / 3600,
        state=pl.lit("answered"),
        zone=pl.lit("UTC"),
        rebuilt=pl.lit(value=False),
        data_row=pl.int_range(1, pl.len() + 1),
    )
    day = pl.col("local").dt.date().rank("dense").over("person", "occasion")
    made = made.with_columns(day=day, beep=pl.int_range(1, pl.len() + 1).over("person", "occasion"))
    columns = {name: pl.lit(None) for name in DTYPES if name not in made.columns}
    kinds = {**DTYPES, "occasion": BURSTS}
    whole = made.with_columns(**columns).select(
        pl.col(name).cast(kind) for name, kind in kinds.items()
    )
    roles = MomentaryRoles.model_validate(
        {"stressor": "event", "affect": {"negative": "na", "positive": "pa"}, "appraisal": "bad"}
    )
    return Momentary(prompts=whole, answers={}, roles=roles, source="beeps", bursts=("a", "b"))


def diary(
    *,
    n: int = 80,
    seed: int = 1,
    slope: float = 10.0,
    slope_sd: float = 4.0,
    level_sd: float = 8.0,
    later: float = 0.0,
    by_burst: float = 0.0,
    missed: float = 0.2,
    share: float = 0.3,
    lasts: float = 0.7,
) -> tuple[pl.DataFrame, np.ndarray]:
    """Rows of a study, and each person's true slope.

    Parameters
    ----------
    later : float
        What the stressor of the prompt before adds.
    by_burst : float
        SD of persons' slopes from burst to burst.
    lasts : float
        Correlation of what else moves affect, an hour apart.
    """
    rng = np.random.default_rng(seed)
    slopes = slope + slope_sd * rng.normal(size=n)
    levels = 40 + level_sd * rng.normal(size=n)
    rows = []
    for burst, start in START.items():
        own = slopes + by_burst * rng.normal(size=n)
        for day in range(DAYS):
            hours = 9 + 2.2 * np.arange(BEEPS) + rng.uniform(-0.8, 0.8, (n, BEEPS))
            event = (rng.random((n, BEEPS)) < share).astype(float)
            noise = np.empty((n, BEEPS))
            noise[:, 0] = rng.normal(size=n)
            for beep in range(1, BEEPS):
                kept = lasts ** (hours[:, beep] - hours[:, beep - 1])
                noise[:, beep] = kept * noise[:, beep - 1] + np.sqrt(1 - kept**2) * rng.normal(
                    size=n
                )
            before = np.column_stack([np.zeros(n), event[:, :-1]])
            affect = (
                levels[:, None] + own[:, None] * event + later * before + 0.3 * hours + 6 * noise
            )
            for beep in range(BEEPS):
                for person in np.flatnonzero(rng.random(n) >= missed):
                    rows.append(
                        {
                            "person": int(person),
                            "occasion": burst,
                            "prompt": BEEPS * day + beep + 1,
                            "time": start + timedelta(days=day, hours=float(hours[person, beep])),
                            "stressor": event[person, beep],
                            "negative": affect[person, beep],
                        }
                    )
    return pl.DataFrame(rows), slopes
