"""Simulated prompts: the truth comes back, files look as asked for, larger cohorts begin alike."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from ruamel.yaml import YAML

from salutogen.panel import read_panel
from salutogen.panel.momentary import Momentary
from salutogen.simulation import Simulated, simulate
from salutogen.study import read_study

EXAMPLE = Path(__file__).parents[2] / "examples" / "bursts" / "study.yaml"
VALUES: dict[str, Any] = YAML(typ="safe").load(EXAMPLE.read_text(encoding="utf-8"))


def study(source: dict[str, Any] | None = None, **momentary: Any) -> Any:
    values = deepcopy(VALUES)
    values["simulation"]["momentary"] |= momentary
    values["sources"]["prompts"] |= source or {}
    return read_study(values)


def stream(made: Simulated, plan: Any) -> Momentary:
    found = read_panel(plan, made.frames).momentary
    assert found is not None
    return found


# No gaps, no spread but what is asked about, so that moments are what closed forms say.
WHOLE = {
    "missed": {"share": 0.0, "sd": 0.0, "stressor": 0.0},
    "partial": 0.0,
    "not_sent": 0.0,
    "item_sd": 0.0,
    "level_sd": 0.0,
    "level": 0.4,
    "reactivity_sd": 0.0,
    "stressors_sd": 0.0,
}


@pytest.fixture(scope="module")
def whole() -> pl.DataFrame:
    plan = study(**WHOLE)
    return stream(simulate(plan, persons=300, seed=3), plan).prompts


def test_stressors_come_as_often_as_asked_for(whole: pl.DataFrame) -> None:
    assert whole["stressor"].mean() == pytest.approx(0.2, abs=0.006)


def test_reactions_halve_after_three_hours_and_the_rest_after_two(whole: pl.DataFrame) -> None:
    """Affect on all stressors of the day so far, each at half its size every three hours."""
    due = pl.col("scheduled")
    first = whole.with_columns(
        exact=(due - due.min().over("person", "occasion")).dt.total_seconds() / 3600
    )
    shape = (-1, 30)
    hours, stressed, affect = (
        first[name].to_numpy().reshape(shape) for name in ("exact", "stressor", "negative")
    )
    gap = hours[:, :, None] - hours[:, None, :]
    kept = np.where(gap >= 0, 0.5 ** (np.maximum(gap, 0) / 3.0), 0.0)
    reaction = np.einsum("bij,bj->bi", kept, stressed)
    X = np.column_stack([np.ones(reaction.size), reaction.ravel()])
    (level, slope), *_ = np.linalg.lstsq(X, affect.ravel(), rcond=None)
    assert slope == pytest.approx(15.0, abs=0.3)
    assert level == pytest.approx(40.0, abs=0.3)
    rest = affect - level - slope * reaction
    assert rest.std() == pytest.approx(8.0, abs=0.2)
    step = np.diff(hours, axis=1)
    near = (step > 1.5) & (step < 2.5)
    products = (rest[:, 1:] * rest[:, :-1])[near].mean() / rest.var()
    assert products == pytest.approx((0.5 ** (step[near] / 2.0)).mean(), abs=0.03)


def test_reactivity_goes_with_true_long_term_sr() -> None:
    plan = study(resilience=0.6)
    truth = simulate(plan, persons=3000, seed=1).persons
    assert truth["affect_reactivity"].mean() == pytest.approx(15.0, abs=0.4)
    assert truth["affect_reactivity"].std() == pytest.approx(6.0, abs=0.2)
    r = np.corrcoef(truth["affect_reactivity"], truth["level"])[0, 1]
    assert r == pytest.approx(0.6, abs=0.04)
    spread = simulate(study(half_life_sd=0.3), persons=500, seed=1).persons
    logs = np.log(spread["affect_half_life_hours"].to_numpy())
    assert logs.mean() == pytest.approx(np.log(3.0), abs=0.05)
    assert logs.std() == pytest.approx(0.3, abs=0.03)


def test_missed_prompts_depend_on_stress() -> None:
    """Whoever knows all prompts sees one in four missed, and two in five where stress was."""
    missed = {"share": 0.25, "sd": 0.0, "stressor": 0.7}
    plan = study(missed=missed, partial=0.0, not_sent=0.0, stressors=0.5, stressors_sd=0.0)
    found = stream(simulate(plan, persons=200, seed=4), plan).prompts
    seen = found.filter(pl.col("state") == "answered")
    share = seen.height / found.height
    chance = 1 / (1 + np.exp(-(np.log(1 / 3) + 0.7)))
    assert share == pytest.approx(1 - (0.25 + chance) / 2, abs=0.01)
    stressed = (1 - chance) / (1 - chance + 0.75)
    assert seen["stressor"].mean() == pytest.approx(stressed, abs=0.015)


def test_appraisal_is_asked_after_a_stressor_alone() -> None:
    plan = study()
    found = stream(simulate(plan, persons=40, seed=1), plan).prompts
    given = found.filter(pl.col("state") == "answered")
    asked = given["appraisal"].is_not_null()
    assert (asked == (given["stressor"] == 1)).all()


@pytest.mark.parametrize(("rows", "states"), [
    ("planned", {"answered", "partial", "missed", "not sent"}),
    ("sent", {"answered", "partial", "missed"}),
    ("answered", {"answered", "partial"}),
])  # fmt: skip
def test_files_hold_the_rows_that_are_asked_for(rows: str, states: set[str]) -> None:
    plan = study(rows=rows)
    found = stream(simulate(plan, persons=40, seed=1), plan).prompts
    assert set(found.filter(~pl.col("rebuilt"))["state"].cast(pl.String)) == states
    visits = found.select("person", "occasion").unique().height
    assert found.height == visits * 30


@pytest.mark.parametrize(
    "unit", ["seconds since 1970-01-01", "milliseconds since 1970-01-01",
             "local seconds since 1970-01-01"],
)  # fmt: skip
def test_times_are_written_as_the_source_says(unit: str) -> None:
    plan, written = study(), {}
    for what in ("scheduled", "sent", "started", "answered"):
        column = VALUES["sources"]["prompts"][what]["column"]
        written[what] = {"column": column, "unit": unit}
    other = study(written)
    same = stream(simulate(plan, persons=5, seed=1), plan).prompts
    found = stream(simulate(other, persons=5, seed=1), other).prompts
    told = ("state", pl.col("scheduled", "local").dt.truncate("1s"))
    assert found.select(told).equals(same.select(told))


def test_a_larger_cohort_begins_with_the_same_persons() -> None:
    plan = study()
    few, more = (simulate(plan, persons=n, seed=1).frames["prompts"] for n in (10, 30))
    assert few.equals(more.head(few.height))
    other = simulate(plan, persons=10, seed=2).frames["prompts"]
    assert not other.equals(few)


def test_a_study_without_prompts_has_the_truth_it_had() -> None:
    values = {name: one for name, one in deepcopy(VALUES).items() if name != "momentary"}
    values["instruments"] = {
        name: one for name, one in values["instruments"].items() if one["source"] == "visits"
    }
    del values["sources"]["prompts"], values["simulation"]["momentary"]
    made = simulate(read_study(values), persons=5, seed=1)
    assert "momentary" not in made.parameters
    assert "momentary" not in made.parameters["settings"]
    assert not [name for name in made.persons.columns if name.startswith("affect")]
