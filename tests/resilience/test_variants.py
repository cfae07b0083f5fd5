"""Variants: every one turned the same way, compared by correlation, ranks and quarters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from salutogen.norm import fit_norm
from salutogen.resilience import Resilience, score_resilience
from salutogen.resilience.concordance import quarters
from salutogen.resilience.variants import first_component, registered
from salutogen.scores import Scores
from tests.norm.cohorts import simulated


def with_counts(scores: Scores) -> Scores:
    counts = scores.table.select(
        (pl.col("E_general") / 5).round().alias("E_general_count"),
        (pl.col("E_pandemic") / 5).round().alias("E_pandemic_count"),
    )
    return replace(scores, alternatives=counts)


@pytest.fixture(scope="module")
def result() -> Resilience:
    scores = with_counts(simulated(150, 5))
    return score_resilience(scores, fit_norm(scores), bootstrap=0)


def column(result: Resilience, name: str) -> np.ndarray:
    values: np.ndarray = result.variants["table"][name].fill_null(float("nan")).to_numpy()
    return values


def test_there_are_at_least_eight_and_each_says_what_it_is(result: Resilience) -> None:
    names = result.variants["names"]
    assert len(names) >= 12
    assert set(names) <= {item.name for item in registered()}
    assert set(result.variants["descriptions"]) == set(names)
    assert {"mixed_split", "count", "composite", "van_harmelen", "veer", "amstadter"} <= set(names)


def test_all_are_turned_the_same_way(result: Resilience) -> None:
    names = result.variants["names"]
    first = np.array(result.variants["correlation"][names.index("person")], dtype=float)
    solid = [name not in ("ratio",) for name in names]
    assert (first[solid] > 0.2).all()


def test_correlation_is_between_persons(result: Resilience) -> None:
    names = result.variants["names"]
    i, j = names.index("pooled"), names.index("frozen")
    a, b = column(result, "pooled"), column(result, "frozen")
    known = np.isfinite(a) & np.isfinite(b)
    matrix = np.array(result.variants["correlation"], dtype=float)
    assert matrix[i, j] == pytest.approx(np.corrcoef(a[known], b[known])[0, 1])
    np.testing.assert_array_equal(matrix, matrix.T)
    means = (
        result.occasions.filter("valid")
        .group_by("person", maintain_order=True)
        .agg(pl.col("SR").mean())
    )
    np.testing.assert_allclose(a, means["SR"], atol=1e-12)


def test_rank_agreement_agrees_with_scipy(result: Resilience) -> None:
    names = result.variants["names"]
    spearman = result.variants["rank_agreement"]["spearman"]
    base = column(result, "person")
    for name in ("mixed", "low_distress", "ratio"):
        other = column(result, name)
        known = np.isfinite(base) & np.isfinite(other)
        expected = stats.spearmanr(base[known], other[known]).statistic
        assert spearman[names.index("person")][names.index(name)] == pytest.approx(expected)


def test_quarters() -> None:
    values = np.array([3.0, 1.0, 4.0, 1.5, 9.0, 2.6, 5.0, 3.5])
    assert quarters(values).tolist() == [1, 0, 2, 0, 3, 1, 3, 2]


def test_changed_quarters_are_counted_against_the_primary(result: Resilience) -> None:
    base, other = column(result, "person"), column(result, "veer")
    changed = result.variants["changed_quarter"]["veer"]
    assert changed["n"] == base.size
    assert changed["changed"] == (quarters(base) != quarters(other)).sum()
    assert changed["share"] == changed["changed"] / changed["n"]
    assert result.variants["primary"] == "person"


def test_veer_is_the_residual_of_the_first_occasion(result: Resilience) -> None:
    first = result.scores.table.filter("valid").group_by("person", maintain_order=True).first()
    fit = stats.linregress(first["E"], first["P"])
    expected = first["P"].to_numpy() - fit.intercept - fit.slope * first["E"].to_numpy()
    np.testing.assert_allclose(column(result, "veer"), expected, atol=1e-10)


def test_amstadter_takes_exposure_so_far(result: Resilience) -> None:
    rows = result.scores.table.filter("valid").with_columns(
        so_far=pl.col("E").cum_sum().over("person")
    )
    fit = stats.linregress(rows["so_far"], rows["P"])
    rows = rows.with_columns(value=pl.col("P") - fit.intercept - fit.slope * pl.col("so_far"))
    expected = rows.group_by("person", maintain_order=True).agg(pl.col("value").mean())
    np.testing.assert_allclose(column(result, "amstadter"), expected["value"], atol=1e-9)


def test_low_distress_judges_only_the_exposed(result: Resilience) -> None:
    values = column(result, "low_distress")
    persons = result.persons
    exposed = (persons["E"] >= persons["E"].median()).to_numpy()
    assert np.isnan(values[~exposed]).all()
    low = (persons["P"] <= persons["P"].median()).to_numpy()
    assert (values[exposed & low] == 0).all()
    assert (values[exposed & ~low] == 1).all()


def test_first_component_has_a_fixed_sign() -> None:
    rng = np.random.default_rng(5)
    base = rng.normal(size=200)
    columns = [base + rng.normal(size=200) * 0.5 for _ in range(3)]
    component = first_component(columns)
    assert component is not None
    assert np.corrcoef(component, base)[0, 1] > 0.8
    z = np.column_stack([(c - c.mean()) / c.std(ddof=1) for c in columns])
    _, _, V = np.linalg.svd(z, full_matrices=False)
    assert abs(np.corrcoef(component, z @ V[0])[0, 1]) == pytest.approx(1.0)


def test_published_concordance_on_composites(shared_data) -> None:  # type: ignore[no-untyped-def]
    """Mixed scores on equal-weight composites of severity and of counts: r = .980."""
    from salutogen.findings import Findings
    from salutogen.norm.mixed import fit_mixed_line
    from salutogen.norm.periods import valid_rows
    from tests.norm.cohorts import dynacore

    scores = dynacore(shared_data, combine="composite")
    counts = scores.alternatives
    z = [(counts[name] - counts[name].mean()) / counts[name].std() for name in counts.columns]
    by_count = replace(scores, table=scores.table.with_columns(E=(z[0] + z[1]) / 2))
    SR, slopes = [], []
    for one in (scores, by_count):
        rows = valid_rows(one)
        line, _ = fit_mixed_line(rows, Findings())
        assert line is not None
        zE = (rows.values["E"] - line.mean_E) / line.sd_E
        SR.append((rows.values["P"] - line.mean_P) / line.sd_P - line.intercept - line.slope * zE)
        slopes.append(line.slope)
    assert slopes == pytest.approx([0.373, 0.243], abs=5e-4)
    assert np.corrcoef(SR[0], SR[1])[0, 1] == pytest.approx(0.980, abs=5e-4)
