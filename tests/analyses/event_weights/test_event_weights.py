"""Event weights: learning against plain algebra, halves that never meet, claims against truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats

import salutogen as sg
from salutogen.analyses.event_weights.analysis import EventWeightsResult
from salutogen.analyses.event_weights.learning import (
    PENALTIES,
    _Products,
    equal_weights,
    learn,
    log_odds,
    try_splits,
)
from tests.analyses.inputs import inputs_of, shown

N, ITEMS = 160, 8
STUDY = """\
salutogen: 1
title: Events of unequal weight
occasions: {{every: 7 days, count: 3}}
sources:
  answers: {{layout: row-per-occasion, person: pid, occasion: week}}
instruments:
  mood: {{columns: "P_{{1..6}}", answers: 0..5, measures: problems, method: sum}}
  events: {{columns: "E_{{1..8}}", answers: 0..3, did_not_occur: 0, recall: 7 days}}
problems: mood
exposure: {{types: [events], score: {score}, combine: sum}}
resilience: {{bootstrap: 0}}
analyses: [{{step: event-weights{more}}}]
"""


def persons(n: int = N, *, unequal: bool = True, seed: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Mean events of persons, and problems that follow them."""
    rng = np.random.default_rng(seed)
    items = rng.binomial(5, rng.uniform(0.1, 0.4, ITEMS), (n, ITEMS)) / 5
    weights = np.array([4.0, 3, 2, 0, 0, 0, 1, 0]) if unequal else np.full(ITEMS, 1.5)
    return items, 10 + items @ weights + rng.normal(0, 0.8, n)


def test_ridge_draws_weights_towards_one_common_weight() -> None:
    items, P = persons()
    x, y = items - items.mean(axis=0), P - P.mean()
    penalty = 0.3 * np.mean(np.sum(x**2, axis=0))
    both = np.column_stack([x.sum(axis=1), x])
    padded = np.vstack([both, np.hstack([np.zeros((ITEMS, 1)), np.sqrt(penalty) * np.eye(ITEMS)])])
    b = np.linalg.lstsq(padded, np.concatenate([y, np.zeros(ITEMS)]))[0]
    found = _Products(items, P).fitted(0.3)
    np.testing.assert_allclose(found.weights, b[0] + b[1:], rtol=1e-8)
    np.testing.assert_allclose(found.expected(items), P.mean() + x @ found.weights)
    nearly = _Products(items, P).fitted(1e9).weights
    np.testing.assert_allclose(nearly, equal_weights(items, P).weights, rtol=1e-4)
    ols = sm.OLS(y, x).fit().params
    np.testing.assert_allclose(_Products(items, P).fitted(1e-10).weights, ols, rtol=1e-4)


def test_equal_weights_are_the_line_of_the_sum() -> None:
    items, P = persons()
    fit = stats.linregress(items.sum(axis=1), P)
    found = equal_weights(items, P)
    np.testing.assert_allclose(found.weights, fit.slope)
    np.testing.assert_allclose(found.expected(items), fit.intercept + fit.slope * items.sum(axis=1))


def test_log_odds_are_those_of_the_four_cells() -> None:
    items, P = persons()
    met, high = items[:, 0] > 0, np.median(P) < P
    table = np.array([[np.sum(met & high), np.sum(met & ~high)],
                      [np.sum(~met & high), np.sum(~met & ~high)]]) + 0.5  # fmt: skip
    expected = np.log(table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]))
    assert log_odds(items, P)[0] == pytest.approx(expected)
    never = np.column_stack([items, np.zeros(N)])
    assert np.isfinite(log_odds(never, P)).all()


def test_the_half_that_is_tried_has_no_say() -> None:
    items, P = persons()
    made = try_splits(items, P, method="ridge", splits=5, seed=3)
    rng = np.random.default_rng([3, 0xE7E, 0])
    first = np.zeros(N, dtype=bool)
    first[rng.permutation(N)[: N // 2]] = True
    fit = learn(items[first], P[first], "ridge", rng)
    np.testing.assert_array_equal(made.weights[0, 0], fit.weights)
    moved = P.copy()
    moved[np.flatnonzero(~first)] += 5.0
    again = try_splits(items, moved, method="ridge", splits=5, seed=3)
    np.testing.assert_array_equal(again.weights[0, 0], fit.weights)
    left = P[~first] - fit.expected(items[~first])
    assert np.isfinite(made.left).all()
    assert made.explained[0] != made.explained_equal[0] or made.equal[0].all()
    assert np.corrcoef(left, made.left[~first])[0, 1] > 0.9


def test_the_interval_of_the_gain_allows_for_overlap() -> None:
    items, P = persons()
    made = try_splits(items, P, method="ridge", splits=10, seed=3)
    gains = made.explained - made.explained_equal
    half = stats.t.ppf(0.975, 9) * np.sqrt((0.1 + 1) * gains.var(ddof=1))
    mean, low, high = made.gain
    assert (mean, low, high) == pytest.approx(
        (gains.mean(), gains.mean() - half, gains.mean() + half)
    )


@pytest.mark.parametrize("method", ["ridge", "log-odds"])
def test_unequal_weights_are_found_and_equal_ones_not_beaten(method: Any) -> None:
    items, P = persons(300)
    made = try_splits(items, P, method=method, splits=10, seed=1)
    assert made.gain[1] > 0
    assert np.nanmean(made.stability) > 0.7
    truth = np.array([4.0, 3, 2, 0, 0, 0, 1, 0])
    assert np.corrcoef(made.weights.mean(axis=(0, 1)), truth)[0, 1] > 0.9
    beaten = 0
    for seed in range(8):
        items, P = persons(100, unequal=False, seed=seed)
        beaten += try_splits(items, P, method=method, splits=10, seed=seed).gain[1] > 0
    assert beaten == 0


def test_a_seed_gives_the_same_weights() -> None:
    items, P = persons()
    one, two = (try_splits(items, P, method="ridge", splits=5, seed=7) for _ in range(2))
    np.testing.assert_array_equal(one.weights, two.weights)
    assert np.isinf(PENALTIES[-1])


def run(folder: Path, *, score: str = "count", more: str = "", n: int = N) -> sg.Results:
    rng = np.random.default_rng(4)
    rows = []
    for person in range(n):
        level, burden = rng.normal(0, 0.4), rng.uniform(0.1, 0.5)
        for week in (1, 2, 3):
            E = (rng.random(ITEMS) < burden) * rng.integers(1, 4, ITEMS)
            strain = 1 + level + 0.9 * (E[0] > 0) + 0.6 * (E[1] > 0)
            P = np.clip(np.rint(strain + rng.normal(0, 0.7, 6)), 0, 5)
            rows.append(
                {"pid": f"p-{person:03d}", "week": week}
                | {f"P_{item + 1}": int(value) for item, value in enumerate(P)}
                | {f"E_{item + 1}": int(value) for item, value in enumerate(E)}
            )
    pl.DataFrame(rows).write_csv(folder / "answers.csv")
    path = folder / "study.yaml"
    path.write_text(STUDY.format(score=score, more=more), "utf-8")
    return sg.run(path, folder)


@pytest.mark.parametrize("score", ["count", "severity"])
def test_a_study_is_weighted_and_its_exposure_stays(tmp_path: Path, score: str) -> None:
    results = run(tmp_path, score=score)
    result = results.analysis("event-weights")
    assert isinstance(result, EventWeightsResult)
    assert result.n == N
    heavy = result.weights.sort("weight", descending=True)["item"].to_list()
    assert set(heavy[:2]) == {"E_1", "E_2"}
    answers = pl.read_csv(tmp_path / "answers.csv")
    code = (pl.col("E_1") > 0).cast(pl.Float64) if score == "count" else pl.col("E_1")
    means = answers.group_by("pid", maintain_order=True).agg(
        code.mean().alias("item"), pl.sum_horizontal(pl.col("^P_.*$")).mean().alias("P")
    )
    row = result.weights.filter(item="E_1").row(0, named=True)
    assert row["n"] == (means["item"] > 0).sum()
    assert row["r_with_P"] == pytest.approx(np.corrcoef(means["item"], means["P"])[0, 1])
    total = answers.select(
        pl.sum_horizontal(
            (pl.col(f"E_{item + 1}") > 0).cast(pl.Int64) if score == "count"
            else pl.col(f"E_{item + 1}")
            for item in range(ITEMS)
        )
    ).to_series()  # fmt: skip
    assert results.scores["E"].to_list() == total.to_list(), "the study's exposure stays"
    told = {item.code for item in results.findings}
    assert "weights-follow-mood" in told
    assert result.r_SR is not None
    assert result.r_SR > 0.7


def test_few_persons_and_unknown_types_are_refused(tmp_path: Path) -> None:
    for place, (given, code) in enumerate(
        (
            ({"n": 40}, "too-few-for-weights"),
            ({"more": ", types: [evnts]"}, "weights-of-unknown-type"),
        )
    ):
        folder = tmp_path / str(place)
        folder.mkdir()
        found = run(folder, **given)  # type: ignore[arg-type]
        assert code in {item.code for item in found.findings}


def test_weights_of_few_persons_are_hidden(tmp_path: Path) -> None:
    results = run(tmp_path)
    result = results.analysis("event-weights")
    assert isinstance(result, EventWeightsResult)
    few = result.weights.with_columns(n=pl.when(pl.col("item") == "E_3").then(3).otherwise("n"))
    result = EventWeightsResult(**{**vars(result), "weights": few})
    from tests.norm.cohorts import simulated

    inputs = inputs_of(simulated(N, 3))
    (section,), told = shown(result, inputs, individuals=False)
    assert told == ()
    row = section.tables[0].frame.filter(item="E_3").row(0, named=True)
    assert (row["n"], row["weight"]) == (None, None)
    assert "E_3" not in section.figures[0].data["item"].to_list()
    (section,), _ = shown(result, inputs, individuals=True)
    assert section.tables[0].frame.filter(item="E_3")["n"].item() == 3
