"""Exposure of two, three or four values, or mostly 0, goes through a whole run at any shape."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import salutogen as sg
from salutogen.findings import Severity

PERSONS, WAVES = 40, 4


def plan(shape: str, combine: str, types: int) -> dict[str, Any]:
    events = {"recall": "7 days", "did_not_occur": 0, "measures": "exposure", "answers": "0..9"}
    return {
        "salutogen": 1,
        "title": "Coarse exposure",
        "occasions": {"every": "7 days", "count": WAVES},
        "sources": {"answers": {"person": "id", "occasion": "wave"}},
        "instruments": {
            "distress": {"columns": "P", "measures": "problems", "answers": "0..60"},
            **{f"list{place}": {"columns": f"H{place}", **events} for place in range(types)},
        },
        "problems": "distress",
        "exposure": {
            "types": [f"list{place}" for place in range(types)],
            "score": "severity",
            "combine": combine,
        },
        "norm": {"shape": shape},
        "resilience": {"bootstrap": 20},
    }


def exposures(kind: str, rng: np.random.Generator) -> np.ndarray:
    size = (PERSONS, WAVES)
    if kind == "rare":
        E = np.zeros(size, dtype=int)
        E[:5, 0] = 1
        return E
    if kind == "mostly 0":
        return np.where(rng.random(size) < 0.9, 0, rng.integers(1, 9, size))
    if kind == "one person apart":
        E = rng.integers(0, 2, size)
        E[0] = 9
        return E
    if kind == "constant within":
        return np.repeat(rng.integers(0, 4, (PERSONS, 1)), WAVES, axis=1)
    return rng.integers(0, int(kind), size)


KINDS = ("2", "3", "4", "10", "rare", "mostly 0", "one person apart", "constant within")


@settings(
    max_examples=14,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=2),
    shape=st.sampled_from(["test", "quadratic", "spline"]),
    combine=st.sampled_from(["sum", "composite", "separate"]),
    seed=st.integers(0, 2**20),
)
def test_any_shape_on_any_exposure(kinds: list[str], shape: str, combine: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    E = [exposures(kind, rng) for kind in kinds]
    noise = rng.normal(0, 3, (PERSONS, 1)) + rng.normal(0, 3, (PERSONS, WAVES))
    P = np.clip(np.round(12 + 2 * sum(E) + noise), 0, 60).astype(int)
    answers = pl.DataFrame(
        {
            "id": np.repeat([f"p{one}" for one in range(PERSONS)], WAVES),
            "wave": np.tile(np.arange(1, WAVES + 1), PERSONS),
            "P": P.ravel(),
            **{f"H{place}": values.ravel() for place, values in enumerate(E)},
        }
    ).filter(pl.Series(rng.random(PERSONS * WAVES) > 0.1))
    results = sg.run(plan(shape, combine, len(kinds)), data={"answers": answers})
    codes = [one.code for one in results.findings]
    assert "unexpected-failure" not in codes
    assert Severity.REFUSAL not in {one.severity for one in results.findings}
    primary = results.to_dict()["norm"]["primary"]
    assert primary["shape"] in ("linear", "quadratic", "spline")
    json.dumps(primary, allow_nan=False)
    for line in results.norm.lines.values():
        assert np.isfinite(line.coefficients).all()
        if line.curve_refused is not None:
            assert line.shape == "linear"
    if kinds == ["constant within"]:
        assert "exposure-constant-within-persons" in codes
        summary = results.to_dict()["resilience"]
        assert summary["within_slope"] is None
        assert summary["sr_exposure_correlation"]["within"] is None
