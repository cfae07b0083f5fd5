"""Momentary prompts beside a small study: a burst of three days at each occasion."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

DAYS, A_DAY, HOURS = 3, 6, (9, 21)
BURST: dict[str, Any] = {"days": DAYS, "prompts_per_day": A_DAY, "hours": list(HOURS)}
SOURCE: dict[str, Any] = {
    "file": "prompts.csv",
    "layout": "row-per-prompt",
    "person": "pid",
    "burst": "wk",
    "scheduled": {"column": "due"},
    "started": {"column": "opened"},
    "answered": {"column": "done"},
    "zone": "Europe/Berlin",
}
_AFFECT = {"source": "prompts", "answers": "0..100", "measures": "momentary", "method": "mean"}
INSTRUMENTS: dict[str, Any] = {
    "stressor": {"columns": "stress", "source": "prompts", "instrument": "ema-stressor"},
    "negative": {"columns": ["sad", "angry"], **_AFFECT},
    "positive": {"columns": ["glad", "calm"], "higher": "better", **_AFFECT},
    "unpleasant": {"columns": ["bad"], **_AFFECT},
}
ROLES: dict[str, Any] = {
    "stressor": "stressor",
    "affect": {"negative": "negative", "positive": "positive"},
    "appraisal": "unpleasant",
}


def prompts(visits: pl.DataFrame, seed: int = 7) -> pl.DataFrame:
    """Prompts of the visits that there are: `pid`, `wk`. Reactions halve within three hours.

    One in four is missed, more of them where something stressful was.
    """
    rng = np.random.default_rng(seed)
    keys = visits.select("pid", "wk").unique(maintain_order=True)
    shape = (keys.height, DAYS * A_DAY)
    place = np.arange(shape[1])
    part = (HOURS[1] - HOURS[0]) / A_DAY
    first = HOURS[0] + (place % A_DAY + rng.uniform(0.2, 0.8, shape)) * part
    hours = 24.0 * (place // A_DAY) + first
    who = keys["pid"].rank("dense").to_numpy().astype(int) - 1
    reactivity = rng.normal(15, 6, who.max() + 1)[who]
    level = rng.normal(35, 8, who.max() + 1)[who]
    stress = rng.random(shape) < 0.25
    reaction, affect = np.zeros(shape[0]), np.empty(shape)
    for prompt in place:
        if prompt:
            reaction = reaction * 0.5 ** ((hours[:, prompt] - hours[:, prompt - 1]) / 3.0)
        reaction = reaction + reactivity * stress[:, prompt]
        affect[:, prompt] = level + reaction + rng.normal(0, 7, shape[0])
    missed = rng.random(shape) < np.where(stress, 0.35, 0.25)

    def slider(centre: np.ndarray) -> np.ndarray:
        return np.clip(np.rint(centre + rng.normal(0, 5, shape)), 0, 100)

    start = np.datetime64("2024-01-08", "ms")
    due = start + (
        7 * 86_400 * (keys["wk"].to_numpy()[:, None] - 1) + np.rint(hours * 3600)
    ).astype("timedelta64[s]")
    given = {
        "opened": due + np.rint(rng.exponential(300, shape)).astype("timedelta64[s]"),
        "stress": stress.astype(float),
        "sad": slider(affect),
        "angry": slider(affect - 5),
        "glad": slider(90 - affect),
        "calm": slider(85 - 0.5 * affect),
        "bad": np.where(stress, slider(affect + 20), np.nan),
    }
    given["done"] = given["opened"] + np.timedelta64(70, "s")
    gone = pl.Series(missed.ravel())
    frame = pl.DataFrame(
        {
            "pid": keys["pid"].gather(np.repeat(np.arange(shape[0]), shape[1])),
            "wk": np.repeat(keys["wk"].to_numpy(), shape[1]),
            "due": due.ravel(),
            **{name: values.ravel() for name, values in given.items()},
        }
    )
    written = frame.with_columns(
        pl.col("due", "opened", "done").dt.strftime("%Y-%m-%dT%H:%M:%S"),
        pl.col("stress", "sad", "angry", "glad", "calm", "bad").fill_nan(None).cast(pl.Int64),
    )
    return written.with_columns(pl.when(~gone).then(pl.col(name)).alias(name) for name in given)
