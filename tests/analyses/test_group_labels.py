"""Labels of groups: texts, whole numbers, truth values, arms, and what is not there."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from salutogen.analyses.group_labels import group_labels, names_of_groups
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import simulated


def test_labels_are_texts_without_decimals_that_say_nothing() -> None:
    inputs = inputs_of(simulated(40, 4))
    n = inputs.scores.persons.height
    persons = inputs.scores.persons.with_columns(
        code=pl.Series([float(one % 3) for one in range(n)]),
        dose=pl.Series([0.5 * (one % 3) for one in range(n)]),
        treated=pl.Series([one % 2 == 0 for one in range(n)]),
        arm=pl.Series(["usual", "active", None, "usual"] * (n // 4)),
    )
    known = replace(inputs, scores=replace(inputs.scores, persons=persons))
    found = {
        name: labels
        for name in ("code", "dose", "treated", "arm")
        if (labels := group_labels(known, name)) is not None
    }
    assert found["code"].unique().sort().to_list() == ["0", "1", "2"]
    assert found["dose"].unique().sort().to_list() == ["0.0", "0.5", "1.0"]
    assert found["treated"].unique().sort().to_list() == ["false", "true"]
    assert found["arm"].null_count() == n // 4
    assert group_labels(known, "nothing") is None
    assert names_of_groups(known)[0] == "arm"
    without = replace(inputs.scores, persons=persons.drop("arm"))
    assert names_of_groups(replace(inputs, scores=without)) == []
