"""What one unit of exposure is, at each level, against moments taken by hand."""

from __future__ import annotations

import polars as pl

from salutogen.norm import fit_norm
from salutogen.norm.units import slope_unit, unit_of_term
from tests.norm.cohorts import simulated


def test_a_composite_has_another_unit_at_each_level() -> None:
    scores = simulated(combine="composite")
    lines = fit_norm(scores).lines
    rows = scores.table.filter(pl.col("valid"))
    types = [name for name in rows.columns if name in lines.person.standardiser.columns]
    levels = {"person": rows.group_by("person").agg(pl.col(types).mean()), "occasion": rows}
    told = {}
    for level, table in levels.items():
        kinds = [f"{table[one].std():.3g} points of {one.removeprefix('E_')}" for one in types]
        told[level] = slope_unit(getattr(lines, level))
        assert told[level] == f"points of P per unit of E ({' and '.join(kinds)} at once)"
    assert told["person"] != told["occasion"]


def test_every_term_has_its_unit() -> None:
    line = fit_norm(simulated(background={"age": {"column": "age"}})).lines.person
    assert slope_unit(line) == "points of P per point of E"
    assert unit_of_term(line, "intercept") == "points of P"
    assert unit_of_term(line, "E^2") == "points of P, bend along E in each point of E"
    assert unit_of_term(line, "age") == "points of P per unit of age"
