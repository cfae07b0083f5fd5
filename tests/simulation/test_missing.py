"""Missed occasions, dropout and skipped items: how many, and whom they leave."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.simulation import simulate
from tests.simulation.measures import total

N, T = 3000, 6


def observed_and_all(study_of, missing):
    """Problems by visit of those who answered, and of everybody."""
    everybody = simulate(study_of({}), persons=N, seed=21).frames["answers"]
    answered = simulate(study_of({"missing": missing}), persons=N, seed=21).frames["answers"]
    full = everybody.select("id", "visit", pl.Series("P", total(everybody, "P_")[:, 0]))
    return answered.select("id", "visit").join(full, on=["id", "visit"], how="left"), full


def test_shares_of_missed_occasions_and_dropout(study_of):
    seen, _ = observed_and_all(study_of, {"missed": {"share": 0.1}})
    by_visit = seen.group_by("visit").len().sort("visit")["len"].to_numpy() / N
    assert by_visit[0] == 1.0
    assert by_visit[1:] == pytest.approx(0.9, abs=0.02)
    gone, _ = observed_and_all(study_of, {"dropout": {"share": 0.2}})
    stayed = gone.group_by("visit").len().sort("visit")["len"].to_numpy() / N
    assert stayed == pytest.approx(0.8 ** np.arange(T), abs=0.03)


def test_nobody_returns_after_dropout(study_of):
    seen, _ = observed_and_all(study_of, {"dropout": {"share": 0.2}})
    visits = seen.group_by("id").agg(pl.col("visit").max().alias("last"), pl.len().alias("n"))
    assert (visits["last"] == visits["n"]).all()


@pytest.mark.parametrize(
    ("kind", "lowest", "highest"),
    [({}, -0.05, 0.05), ({"problems": 1.0}, -1.0, -0.1), ({"previous_problems": 1.0}, -1.0, -0.05)],
)
def test_who_is_missed_depends_on_what_was_set(study_of, kind, lowest, highest):
    seen, everybody = observed_and_all(study_of, {"missed": {"share": 0.25, **kind}})
    later = pl.col("visit") > 1
    shift = seen.filter(later)["P"].mean() - everybody.filter(later)["P"].mean()
    assert lowest < shift / everybody["P"].std() < highest


def test_skipped_items_are_blank_at_the_set_rate(study_of):
    answers = simulate(study_of({"missing": {"skipped": 0.03}}), persons=500, seed=2)
    items = answers.frames["answers"].select(pl.col("^[PHOS]_.*$"))
    blank = items.null_count().sum_horizontal().item() / (items.height * items.width)
    assert blank == pytest.approx(0.03, abs=0.002)


def test_skipping_leaves_the_other_answers_as_they_were(study_of):
    whole = simulate(study_of({}), persons=50, seed=2).frames["answers"]
    holes = simulate(study_of({"missing": {"skipped": 0.1}}), persons=50, seed=2).frames["answers"]
    column = holes["P_01"]
    assert 0 < column.null_count() < len(column)
    assert (column.drop_nulls() == whole["P_01"].filter(column.is_not_null())).all()
