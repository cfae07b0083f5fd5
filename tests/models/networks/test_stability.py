"""Networks of persons drawn anew, and of groups made at random."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import GraphicalLasso, compare_networks
from salutogen.models.networks.edges import strengths_of


def test_intervals_hold_edges_and_say_how_often_they_are_chosen(cases):
    fit = GraphicalLasso().fit(cases.chain(400, seed=3))
    found = fit.stability(draws=60, seed=2)
    table = found.table()
    assert (table["conf_low"] <= table["estimate"]).all()
    assert (table["conf_high"] >= table["estimate"]).all()
    linked = table.filter(pl.col("edge").is_in([f"v{j}--v{j + 1}" for j in range(1, 5)]))
    assert (linked["chosen"] == 1).all()
    assert (linked["conf_low"] > 0.2).all()
    others = table.filter(~pl.col("edge").is_in(linked["edge"].to_list()))
    assert (others["chosen"] < 0.9).all()
    strengths = found.strengths()
    assert strengths["variable"].to_list() == list(fit.variables)
    np.testing.assert_allclose(
        strengths["estimate"], np.abs(fit.partial_correlations).sum(axis=0), rtol=1e-12
    )
    assert (found.draws, found.n_lost) == (60, 0)


def test_draws_do_not_depend_on_threads(cases, monkeypatch):
    fit = GraphicalLasso().fit(cases.CASES["chain"])
    found = []
    for count in ("1", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", count)
        found.append(fit.stability(draws=30, seed=5).drawn.tobytes())
    assert found[0] == found[1]
    assert fit.stability(draws=30, seed=6).drawn.tobytes() != found[0]


def test_samples_without_a_network_are_counted_and_too_many_are_refused(cases):
    data = dict(cases.CASES["chain"])
    data["v6"] = np.append(np.ones(4), np.zeros(246))
    found = GraphicalLasso().fit(data).stability(draws=200, seed=1)
    assert 0 < found.n_lost < 20
    assert found.draws == 200 - found.n_lost
    data["v6"] = np.append(1.0, np.zeros(249))
    with pytest.raises(ModelError, match="samples of persons have no network"):
        GraphicalLasso().fit(data).stability(draws=40)


def test_strengths_are_sums_over_a_variables_edges():
    edges = np.array([[0.5, -0.2, 0.0]])
    np.testing.assert_allclose(strengths_of(edges, 3), [[0.7, 0.5, 0.2]])


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"draws": 1}, "draws"), ({"seed": -1}, "seed"), ({"level": 1}, "level")],
)
def test_settings_of_draws_are_checked(settings, message, cases):
    with pytest.raises(ModelError, match=f"{message}: expected"):
        GraphicalLasso().fit(cases.CASES["chain"]).stability(**settings)


def groups(cases, n, seed, *, second=0.45, shift=0.0):
    """Two groups of chains, the second with its own links and means."""
    one = cases.chain(n[0], 5, 2 * seed)
    other = cases.chain(n[1], 5, 2 * seed + 1, link=second)
    frame = {name: np.append(one[name], other[name] + shift) for name in one}
    return {**frame, "arm": np.repeat(["control", "training"], n)}


@pytest.mark.lengthy
def test_the_size_is_held_where_networks_are_equal(cases):
    """150 studies of unequal groups, whose means differ: 5 % by chance, within 4 errors."""
    p = []
    for seed in range(150):
        found = compare_networks(
            GraphicalLasso(n_penalties=30),
            groups(cases, (60, 90), seed, shift=1.5),
            group="arm",
            draws=59,
            seed=seed,
        )
        p.append([found.structure_p, found.strength_p])
    share = np.mean(np.array(p) <= 0.05, axis=0)
    assert (share < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 150)).all(), share
    assert (share > 0).all(), share


def test_networks_that_differ_are_told_apart(cases):
    frame = groups(cases, (250, 200), 3, second=0.0)
    found = compare_networks(GraphicalLasso(), frame, group="arm", draws=99)
    assert (found.structure_p, found.strength_p) == (0.01, 0.01)
    assert found.groups == ("control", "training")
    assert found.n_persons == (250, 200)
    assert found.strength < 0
    table = found.table()
    lost = table.filter(pl.col("edge").is_in(["v1--v2", "v2--v3", "v3--v4"]))
    assert (lost["p_adjusted"] <= 0.05).all()
    assert found.structure == pytest.approx(table["difference"].abs().max())
    again = compare_networks(GraphicalLasso(), frame, group="arm", draws=99)
    np.testing.assert_array_equal(again.edge_p, found.edge_p)


def test_each_groups_network_is_its_own_fit(cases):
    frame = pl.DataFrame(groups(cases, (80, 70), 1, second=0.2, shift=3))
    found = compare_networks(GraphicalLasso(), frame, group="arm", draws=20)
    for place, arm in enumerate(found.groups):
        alone = GraphicalLasso().fit(frame.filter(arm=arm).drop("arm"))
        np.testing.assert_allclose(found.edges[place], list(alone.estimates.values()), atol=1e-8)


def test_groups_that_answer_differently_are_named_where_means_stay(cases):
    """Polychoric correlations alone: other values are brought to the same mean within groups."""
    rng = np.random.default_rng(4)
    latent = rng.multivariate_normal(np.zeros(3), 0.4 + 0.6 * np.eye(3), 160)
    arm = np.repeat(["control", "training"], 80)
    latent[80:, 0] += 1.5
    frame = {f"q{j + 1}": np.digitize(column, [-0.5, 0.5]) for j, column in enumerate(latent.T)}
    frame["arm"] = arm
    found = [
        compare_networks(
            GraphicalLasso(n_penalties=10, method=method), frame, group="arm", draws=20
        ).messages
        for method in ("polychoric", "spearman")
    ]
    assert any(text.startswith("q1: answered differently in the groups") for text in found[0])
    assert not any("answered differently" in text for text in found[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: {**f, "arm": np.repeat("a", 150)}, "expected two groups, got 1"),
        (lambda f: {n: np.append(c[:5], c[80:]) for n, c in f.items()}, "5 complete rows of"),
        (lambda f: {**f, "v1": np.where(f["arm"] == "control", 1, f["v1"])}, "v1: the same in all"),
    ],
)
def test_groups_that_cannot_be_compared_are_refused(change, message, cases):
    with pytest.raises(ModelError, match=message):
        compare_networks(
            GraphicalLasso(), change(groups(cases, (80, 70), 1)), group="arm", draws=20
        )
