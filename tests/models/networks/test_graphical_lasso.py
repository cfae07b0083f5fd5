"""Graphical lasso: qgraph, the conditions of an optimum, recovery, invariance, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import GraphicalLasso
from salutogen.models.networks.edges import edges_of
from salutogen.models.networks.lasso_path import search_path

REFERENCE = Path(__file__).parents[2] / "reference" / "networks"
VALUES = json.loads((REFERENCE / "qgraph.json").read_text(encoding="utf-8"))["fits"]
# glasso ends at changes of 1e-11 in its path, of 1e-4 inside EBICglasso.
TOLERANCE = {"edges": 1e-7, "criteria": 1e-5, "penalty": 1e-9, "program_edges": 2e-4}


@pytest.mark.parametrize("value", VALUES, ids=lambda v: f"{v['data']} {v['gamma']} {v['method']}")
def test_agrees_with_qgraph(value, cases):
    """qgraph 1.9.3, glasso 1.11: `Rscript qgraph.R` beside `qgraph.json`."""
    data = cases.CASES[value["data"]]
    fit = GraphicalLasso(gamma=value["gamma"], method=value["method"]).fit(data)
    k = len(fit.variables)
    assert fit.converged
    for name in ("penalty", "program_penalty"):
        assert fit.penalty == pytest.approx(value[name], rel=TOLERANCE["penalty"])
    np.testing.assert_allclose(fit.penalties, value["penalties"], rtol=TOLERANCE["penalty"])
    for name in ("edges", "program_edges"):
        by_column = np.zeros((k, k))
        by_column.T[np.tril_indices(k, -1)] = value[name]  # R's upper triangle, by columns
        found = edges_of(fit.partial_correlations)
        np.testing.assert_allclose(found, edges_of(by_column), atol=TOLERANCE[name])
        np.testing.assert_array_equal(found != 0, edges_of(by_column) != 0)
    # ours counts the normal density's constant
    constant = fit.n_persons * k * np.log(2 * np.pi)
    np.testing.assert_allclose(
        fit.criteria, np.array(value["criteria"]) + constant, atol=TOLERANCE["criteria"]
    )


@pytest.mark.parametrize("share", [0.02, 0.2, 0.7])
def test_the_optimum_meets_its_conditions(cases, share):
    """W − S is the penalty times the sign of each edge, and within it where there is none."""
    S = np.corrcoef(np.column_stack(list(cases.CASES["factor"].values())).T)
    path = search_path(S, 120, 0.5, 2, share)
    low = search_path(S, 120, 0.0, 2, share)
    for found in (path, low):
        K, penalty = found.precision, found.penalty
        away = np.linalg.inv(K) - S
        edges = edges_of(K) != 0
        np.testing.assert_allclose(np.diag(away), 0, atol=1e-8)
        np.testing.assert_allclose(
            edges_of(away)[edges], penalty * np.sign(edges_of(K)[edges]), atol=1e-8
        )
        assert np.all(np.abs(edges_of(away)) <= penalty + 1e-8)


def test_log_likelihood_and_criterion_are_those_of_plain_normal_densities(cases):
    from scipy.stats import multivariate_normal

    data = cases.CASES["chain"]
    fit = GraphicalLasso(gamma=0.25).fit(data)
    values = np.column_stack(list(data.values()))
    z = (values - values.mean(axis=0)) / values.std(axis=0)
    plain = multivariate_normal(cov=np.linalg.inv(fit.precision)).logpdf(z).sum()
    assert fit.log_likelihood == pytest.approx(plain, rel=1e-10)
    k = 6
    expected = -2 * plain + fit.n_edges * (np.log(len(z)) + 4 * 0.25 * np.log(k))
    assert fit.criteria.min() == pytest.approx(expected, rel=1e-10)
    assert fit.n_parameters == fit.n_edges + k
    assert fit.path_edges[-1] == 0
    assert fit.penalty == fit.penalties[np.argmin(fit.criteria)]


def test_a_chain_is_found(cases):
    fit = GraphicalLasso().fit(cases.chain(3000, seed=1))
    linked = {f"v{j}--v{j + 1}" for j in range(1, 5)}
    assert {edge for edge, value in fit.estimates.items() if abs(value) > 0.1} == linked
    for edge in linked:
        assert fit.estimates[edge] == pytest.approx(0.45, abs=0.08)  # shrunk a little
    assert np.isnan(list(fit.standard_errors.values())).all()
    assert fit.standard_errors.keys() == fit.estimates.keys()


def test_units_frames_order_of_rows_and_of_variables_do_not_matter(cases):
    data = cases.CASES["factor"]
    fit = GraphicalLasso().fit(data)
    frame = pl.DataFrame(data)
    array = np.column_stack(list(data.values()))
    for other in (
        frame.sample(fraction=1.0, shuffle=True, seed=3),
        frame.to_pandas(),
        frame.lazy(),
        frame.with_columns(pl.all() * 1000 - 1e5),
        array,
    ):
        again = GraphicalLasso().fit(other)
        np.testing.assert_allclose(again.partial_correlations, fit.partial_correlations, atol=1e-8)
    assert GraphicalLasso().fit(array).variables[0] == "x1"
    turned = GraphicalLasso(variables=tuple(data)[::-1]).fit(frame)
    np.testing.assert_allclose(
        turned.partial_correlations[::-1, ::-1], fit.partial_correlations, atol=1e-7
    )
    assert fit.table().height == 36
    assert pd.DataFrame(fit.table().to_dicts())["partial_correlation"].tolist() == list(
        fit.estimates.values()
    )


def test_polychoric_correlations_are_those_behind_the_answers():
    rng = np.random.default_rng(5)
    root = np.linalg.cholesky(np.array([[1, 0.6, 0], [0.6, 1, 0], [0, 0, 1.0]]))
    answers = np.digitize(rng.normal(size=(1500, 3)) @ root.T, [-0.5, 1.0])
    ordered = GraphicalLasso(method="polychoric").fit(answers)
    plain = GraphicalLasso().fit(answers)
    assert ordered.correlations[0, 1] == pytest.approx(0.6, abs=0.05)
    assert plain.correlations[0, 1] < 0.55
    assert ordered.estimates["x1--x3"] == 0


def test_networks_without_edges_and_dense_ones_say_so(cases):
    nothing = GraphicalLasso().fit(np.random.default_rng(1).normal(size=(60, 4)))
    assert nothing.n_edges == 0
    assert any("No edge was chosen" in message for message in nothing.messages)
    dense = GraphicalLasso(gamma=0, smallest=0.5).fit(cases.factor(4000, 4, seed=2))
    assert any("smallest penalty was chosen" in message for message in dense.messages)
    weak = GraphicalLasso(gamma=0).fit(cases.chain(1500, 9, seed=2))
    assert any("small penalty was chosen" in message for message in weak.messages)


def test_missing_and_hardly_varying_values_are_said(cases):
    frame = pl.DataFrame(cases.CASES["chain"]).with_columns(
        v1=pl.when(pl.int_range(pl.len()) < 7).then(None).otherwise(pl.col("v1")),
        v6=pl.when(pl.int_range(pl.len()) < 230).then(0.0).otherwise(pl.col("v6")),
    )
    fit = GraphicalLasso().fit(frame)
    assert fit.n_persons == 243
    assert fit.messages[0] == "7 of 250 rows with missing values were left out."
    assert fit.messages[1].startswith("v6: 92 % of the values are 0.")


BAD = [
    ({}, lambda d: {**d, "v2": np.zeros(250)}, "v2: the same in all of 250 rows"),
    ({}, lambda d: {**d, "v2": np.full(250, 1e9)}, "v2: the same in all"),
    ({}, lambda d: {**d, "v7": d["v1"] + d["v2"]}, "v1, v2, v7: one of them can be computed"),
    ({}, lambda d: {n: c[:6] for n, c in d.items()}, "6 complete rows cannot carry"),
    ({}, lambda d: {**d, "v2": ["a"] * 250}, "v2: expected numbers"),
    ({}, lambda d: {**d, "v2": np.full(250, np.nan)}, "No row of 250 has a value"),
    ({}, lambda d: {**d, "v2": np.append(np.inf, d["v2"][1:])}, "v2: 1 infinite"),
    ({}, lambda d: {"v1": d["v1"]}, "at least two"),
    ({"variables": ("v1", "v1")}, lambda d: d, "each named once"),
    ({"variables": ("v1", "vv2")}, lambda d: d, "did you mean 'v2'"),
    ({}, lambda d: 3, "expected a data frame or an array"),
    ({}, lambda d: d["v1"], "expected rows and columns"),
]


@pytest.mark.parametrize(("settings", "change", "message"), BAD, ids=[b[2] for b in BAD])
def test_bad_input_is_refused(settings, change, message, cases):
    with pytest.raises(ModelError, match=message):
        GraphicalLasso(**settings).fit(change(cases.CASES["chain"]))


@pytest.mark.parametrize(
    "settings",
    [{"gamma": -1}, {"gamma": "a"}, {"method": "kendall"}, {"n_penalties": 1}, {"smallest": 1}],
)
def test_settings_that_cannot_be_are_refused(settings):
    with pytest.raises(ModelError, match=f"{next(iter(settings))}: expected"):
        GraphicalLasso(**settings)
    assert GraphicalLasso(gamma=0).gamma == 0
