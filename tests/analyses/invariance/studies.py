"""Studies whose items are known to measure alike, or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.invariance.analysis import ItemInvariance, compute
from salutogen.analyses.invariance.settings import InvarianceSettings
from salutogen.errors import AnalysisError
from tests.analyses.inputs import inputs_of

ITEMS, HIGHEST = 6, 10
LOADINGS = np.array([1.2, 1.0, 0.9, 1.1, 0.8, 1.0])
INTERCEPTS = np.array([4.0, 3.5, 5.0, 4.5, 4.0, 3.0])
OCCASIONS = 3
SITES = ("north", "south")


def answers(
    *,
    n: int = 400,
    seed: int = 5,
    rise: float = 0.3,
    bias: Mapping[int, float] | None = None,
    of_site: Mapping[int, float] | None = None,
    missing: float = 0.05,
    highest: int = HIGHEST,
) -> pl.DataFrame:
    """Answers to six items at three occasions, in whole numbers.

    Parameters
    ----------
    rise
        By how many SDs the factor's mean is higher at each occasion than before.
    bias, of_site
        Points by which single items (by number) are answered higher at the last occasion, or by
        persons of the second site.
    """
    rng = np.random.default_rng(seed)
    level = 0.8 * rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, OCCASIONS))
    level += rise * np.arange(OCCASIONS)
    own = 0.5 * rng.normal(size=(n, 1, ITEMS)) + 0.7 * rng.normal(size=(n, OCCASIONS, ITEMS))
    values = INTERCEPTS + level[:, :, None] * LOADINGS + own
    for item, size in (bias or {}).items():
        values[:, -1, item] += size
    for item, size in (of_site or {}).items():
        values[1::2, :, item] += size
    scale = highest / HIGHEST
    values = np.clip(np.rint(values * scale), 0, highest)
    E = rng.integers(0, 6, (n, OCCASIONS, 4))
    here = rng.random((n, OCCASIONS)) >= missing
    here[:, 0] = True
    person, occasion = np.nonzero(here)
    columns = {f"P_{item + 1}": values[person, occasion, item].astype(int)
               for item in range(ITEMS)}  # fmt: skip
    columns |= {f"E_{item + 1}": E[person, occasion, item] for item in range(4)}
    return pl.DataFrame(
        {
            "pid": [f"MUC-{1000 + 7 * one}" for one in person],
            "week": occasion + 1,
            "site": [SITES[one % 2] for one in person],
            **columns,
        }
    )


def plan(*, individuals: str = "show", highest: int = HIGHEST, **parts: Any) -> dict[str, Any]:
    """The study file of these answers."""
    mood = {"columns": "P_{1..6}", "answers": f"0..{highest}", "measures": "problems",
            "method": "sum"}  # fmt: skip
    return {
        "salutogen": 1,
        "title": "Items",
        "occasions": {"every": "7 days", "count": OCCASIONS},
        "sources": {"answers": {"layout": "row-per-occasion", "person": "pid",
                                "occasion": "week"}},
        "instruments": {
            "mood": {**mood, **parts.pop("mood", {})},
            "events": {"columns": "E_{1..4}", "answers": "0..5", "did_not_occur": 0,
                       "recall": "7 days"},
            **parts.pop("instruments", {}),
        },
        "problems": "mood",
        "exposure": {"types": ["events"], "score": "severity", "combine": "sum"},
        "background": {"site": {"column": "site", "kind": "category"}},
        "resilience": {"bootstrap": 0},
        "report": {"individuals": individuals},
        **parts,
    }  # fmt: skip


def item_inputs(frame: pl.DataFrame | None = None, **parts: Any) -> AnalysisInputs:
    """What the analysis takes of a study of these answers."""
    data = answers() if frame is None else frame
    panel = sg.read_study(plan(**parts)).read({"answers": data})
    return replace(inputs_of(sg.score(panel)), panel=panel)


def codes(result: ItemInvariance) -> set[str]:
    return {item.code for item in result.findings}


def refused(inputs: AnalysisInputs, **settings: Any) -> dict[str, str]:
    with pytest.raises(AnalysisError) as caught:
        compute(inputs, InvarianceSettings(**settings))
    return {item.code: item.text for item in caught.value.findings}
