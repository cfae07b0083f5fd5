"""Scales of which half is not turned round: found, and no scale that is keyed rightly."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.findings import Finding
from salutogen.panel import Panel, read_panel
from salutogen.panel.key_groups import opposed_groups
from tests.panel.small_studies import by_occasion, instrument, make_study


def _scale(
    rng: np.random.Generator, n: int, k: int, loading: float, turned: Any = (), style: float = 0.0
) -> np.ndarray:
    """Answers 0 to 4 of one factor; some items turned round, and a liking for high codes."""
    factor, liking = rng.normal(size=(n, 1)), rng.normal(size=(n, 1))
    signs = np.where(np.isin(np.arange(k), turned), -1.0, 1.0)
    latent = loading * factor * signs + style * liking
    latent = latent + rng.normal(size=(n, k)) * np.sqrt(1 - loading**2)
    return np.clip(np.round(2 + 1.2 * latent), 0, 4)


def _read(values: np.ndarray, reverse: frozenset[str] = frozenset()) -> Panel:
    n, k = values.shape
    frame = pl.DataFrame(values, schema=[f"M_{item}" for item in range(1, k + 1)]).with_columns(
        id=pl.int_range(n).cast(pl.String), wave=pl.lit("1"), E_1=pl.int_range(n) % 6
    )
    entries = [
        instrument("mood", f"M_{{1..{k}}}", "0..4", reverse=reverse),
        instrument("events", "E_1", "0..5", "exposure"),
    ]
    return read_panel(make_study({"answers": by_occasion(time=None)}, entries, ("1",)), frame)


def _said(panel: Panel) -> list[Finding]:
    return [one for one in panel.findings if one.code in ("half-keyed-items", "flipped-item")]


@pytest.mark.parametrize("k", [6, 10, 14])
@pytest.mark.parametrize("n", [60, 400])
@pytest.mark.parametrize("loading", [0.6, 0.8])
def test_half_of_the_items_left_unreversed_is_told(k: int, n: int, loading: float) -> None:
    turned = tuple(range(1, k, 2))
    names = {f"M_{place + 1}" for place in turned}
    right = 0
    for seed in range(10):
        values = _scale(np.random.default_rng(seed), n, k, loading, turned)
        said = _said(_read(values))
        groups = [set(one.evidence.numbers["other"]) for one in said if "half" in one.code]
        right += groups == [names]
        assert not _said(_read(values, frozenset(names)))
    assert right >= (10 if n == 400 else 8)


@pytest.mark.parametrize("turned", [(0,), (0, 1), (0, 1, 2), (0, 1, 2, 3), (0, 1, 2, 3, 4)])
def test_however_many_are_turned_something_is_said(turned: tuple[int, ...]) -> None:
    said = _said(_read(_scale(np.random.default_rng(2), 400, 10, 0.7, turned)))
    assert said
    if len(turned) == 5:
        assert said[0].code == "half-keyed-items"
        assert "'M_1'" in said[0].text
        assert "reverse" in said[0].mend


@pytest.mark.parametrize(("loading", "style"), [(0.0, 0.0), (0.2, 0.0), (0.5, 0.0), (0.5, 0.6)])
@pytest.mark.parametrize(("n", "k"), [(30, 9), (30, 20), (100, 12), (1000, 6)])
def test_scales_keyed_rightly_are_silent(loading: float, style: float, n: int, k: int) -> None:
    told = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        values = _scale(rng, n, k, loading, style=style)
        told += opposed_groups(values) is not None
    assert told <= 1  # of 150


def test_answering_style_beside_balanced_keys_is_silent() -> None:
    """A liking for high codes pulls the two halves of a scale apart once one is turned round."""
    turned, told = tuple(range(0, 12, 2)), 0
    for seed in range(150):
        values = _scale(np.random.default_rng(seed), 200, 12, 0.6, turned, style=0.4)
        values[:, turned] = 4 - values[:, turned]
        told += opposed_groups(values) is not None
    assert told == 0


def test_too_few_items_have_no_groups() -> None:
    assert opposed_groups(_scale(np.random.default_rng(1), 200, 3, 0.8, (0,))) is None
