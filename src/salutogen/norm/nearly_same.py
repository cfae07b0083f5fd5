"""Stretches of time that nearly the same persons have nearly the same means in.

A phase may cover the occasions of a window, and a window all that there are; but a window asks for
more valid occasions of a person. Two lines over persons of whom a few are in one of them only tell
exposure and problems of these few, however their levels are told: slopes, scatter and errors do.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.norm.lines import Level, LineKey
from salutogen.norm.norm import Norm
from salutogen.page.audience import Audience
from salutogen.scores.of_few import few_differ

type _Means = NDArray[np.float64]  # P and E of each person of the study; NaN who has none


def nearly_same(norm: Norm, audience: Audience) -> frozenset[LineKey]:
    """Return the windows and phases whose lines would tell of few persons beside another line.

    Compared are windows with the one before and with everyone's whole time, and phases with all of
    these and with each other; the later one is kept back. So is one in which few persons differ in
    exposure from all others. Empty where persons are shown.
    """
    if audience.individuals:
        return frozenset()
    n = norm.scores.persons.height
    table = norm.period_tables.get("person")
    whole = [] if table is None else [_means(table, n)]
    phases = list(_by_period(norm, "phase", n))
    kept_back = {key for key, own in phases if _few_are_exposed(norm, key, own)}
    before: list[_Means] = []  # one window at a time: there may be many, of many persons
    for key, own in _by_period(norm, "window", n):
        near = any(_few_differ(own, other, audience) for other in (*whole, *before))
        if near or _few_are_exposed(norm, key, own):
            kept_back.add(key)
        if not near:
            before = [own]
        kept_back |= {phase for phase, its in phases if _few_differ(own, its, audience)}
    told = whole
    for key, own in phases:
        if any(_few_differ(own, other, audience) for other in told):
            kept_back.add(key)
        elif key not in kept_back:
            told = [*told, own]
    return frozenset(kept_back)


def _by_period(norm: Norm, kind: Level, n: int) -> Iterator[tuple[LineKey, _Means]]:
    table = norm.period_tables.get(kind)
    if table is None or kind not in table.columns:
        return
    parts = table.partition_by(kind, as_dict=True)
    whole = table[kind].dtype.is_integer()
    for key in norm.lines:
        if key.level == kind and key.period is not None and not key.exposure and not key.variant:
            own = parts.get((key.period.number if whole else key.period.label,))
            if own is not None:
                yield key, _means(own, n)


def _means(table: pl.DataFrame, n: int) -> _Means:
    found = np.full((n, 2), np.nan)
    found[table["person"].to_numpy()] = table.select("P", "E").to_numpy()
    return found


def _few_are_exposed(norm: Norm, key: LineKey, own: _Means) -> bool:
    """Whether few persons of a stretch have another exposure than all others there."""
    known = own[np.isfinite(own[:, 1]), 1]
    return "E" in norm.lines[key].predictors and few_differ(known) > 0


def _few_differ(one: _Means, other: _Means, audience: Audience) -> bool:
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return audience.is_small(int(np.count_nonzero(~same.all(axis=1))))
