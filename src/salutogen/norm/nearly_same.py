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
from salutogen.norm.terms_of_few import terms_of_few, units_of
from salutogen.page.audience import Audience

type _Means = NDArray[np.float64]  # P and E of each person of the study; NaN who has none


def nearly_same(norm: Norm, audience: Audience) -> frozenset[LineKey]:
    """Return the windows and phases whose lines would tell of few persons beside another line.

    Compared are windows with the next one and with everyone's whole time, and phases with all of
    these and with each other; the later one is kept back. So is one in which few persons differ in
    exposure from all others. Empty where persons are shown.
    """
    if audience.individuals:
        return frozenset()
    n = norm.scores.persons.height
    whole = norm.period_tables.get("person")
    told = [] if whole is None else [_means(whole, n)]
    windows, phases = list(_by_period(norm, "window", n)), list(_by_period(norm, "phase", n))
    kept_back: set[LineKey] = set()
    before: list[_Means] = []
    for key, own in windows:
        if any(_few_differ(own, other, audience) for other in (*told, *before[-1:])):
            kept_back.add(key)
        else:
            before.append(own)
    told += [own for _, own in windows]  # one of them is the frozen line in any case
    for key, own in phases:
        if any(_few_differ(own, other, audience) for other in told):
            kept_back.add(key)
        else:
            told.append(own)
    of_few = {
        key
        for key, line in norm.lines.items()
        if key.period is not None and key.level in ("window", "phase")
        if "E" in terms_of_few(line, units_of(norm, key), audience)
    }
    return frozenset(kept_back | of_few)


def _by_period(norm: Norm, kind: Level, n: int) -> Iterator[tuple[LineKey, _Means]]:
    table = norm.period_tables.get(kind)
    for key in norm.lines:
        if table is None or key.level != kind or key.period is None:
            continue
        label = key.period.number if table[kind].dtype.is_integer() else key.period.label
        yield key, _means(table.filter(pl.col(kind) == label), n)


def _means(table: pl.DataFrame, n: int) -> _Means:
    found = np.full((n, 2), np.nan)
    found[table["person"].to_numpy()] = table.select("P", "E").to_numpy()
    return found


def _few_differ(one: _Means, other: _Means, audience: Audience) -> bool:
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    return audience.is_small(int(np.count_nonzero(~same.all(axis=1))))
