"""Correlated factors: what is selected of a group when its members take each other's place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.factors.analysis import FactorsResult, compute
from salutogen.analyses.factors.records import Selection
from salutogen.analyses.factors.selection_words import group_table, selection_words
from tests.analyses.factors.test_factors import by_name, settings
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import simulated


def grouped(n: int = 200, *, seed: int = 2, noise: float = 0.3, **asked: object) -> FactorsResult:
    """Three faces of optimism, and four factors that are nothing."""
    scores = simulated(n, 5, seed=seed)
    rng = np.random.default_rng([seed, 4])
    own = scores.persons["optimism"].to_numpy()
    spread = float(np.std(own))
    faces = {f"face{i}": own + rng.normal(0, noise * spread, n) for i in range(3)}
    # One face is told the other way round.
    faces["face2"] = -faces["face2"]
    idle = {f"idle{i}": rng.normal(size=n) for i in range(4)}
    persons = scores.persons.with_columns(
        pl.Series(name, values) for name, values in (faces | idle).items()
    )
    names = (*faces, *idle)
    return compute(inputs_of(replace(scores, persons=persons, factors_baseline=names)),
                   settings(**asked))  # fmt: skip


def selection(result: FactorsResult) -> Selection:
    assert result.selection is not None
    return result.selection


def test_a_group_is_selected_where_none_of_its_members_is() -> None:
    result = grouped()
    told = selection(result)
    (group,) = told.groups
    assert group.names == ("face0", "face1", "face2")
    assert group.selected
    shares = [by_name(result)[name].selected_share for name in group.names]
    assert group.share >= max(share or 0.0 for share in shares)
    assert group.share <= sum(share or 0.0 for share in shares)
    assert not all(by_name(result)[name].selected for name in group.names)
    assert group.lowest_r == pytest.approx(1 / 1.09, abs=0.05)
    # Five groups: three faces, and four factors by themselves.
    assert told.expected_false_groups == pytest.approx(told.at_once**2 / (0.5 * 5))
    words = [str(item) for item in selection_words(result.factors, told)]
    assert words[1].startswith("face0, face1 and face2 correlate (r = ")
    assert "selected as a group" in words[1]
    assert group_table(told).frame["factors"].to_list() == ["face0, face1 and face2"]


def test_the_threshold_decides_what_a_group_is() -> None:
    told = selection(grouped(grouped_from=0.99))
    assert told.groups == ()
    assert told.expected_false_groups == pytest.approx(told.expected_false)
    assert group_table(told).frame.height == 0


def test_a_group_of_nothing_is_not_selected() -> None:
    result = grouped(noise=60.0, grouped_from=0.02)
    told = selection(result)
    group = told.groups[0]
    lowered = replace(group, selected=False, share=0.1)
    words = selection_words(result.factors, replace(told, groups=(lowered,)))
    assert str(words[1]).endswith("not selected as a group either.")
    alone = replace(group, selected=True, share=0.9)
    none = tuple(replace(item, selected=False) for item in result.factors)
    words = selection_words(none, replace(told, groups=(alone,)))
    assert str(words[1]).endswith("which of them it is cannot be told.")
