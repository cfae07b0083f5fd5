"""Domains: lines and SR by another program, shares against chance, persons' error, audiences."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from statsmodels.stats.multitest import multipletests

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.domains.analysis import DomainsResult, compute
from salutogen.analyses.domains.scored import (
    chance_profile,
    clearly_below,
    lines,
    product,
    variance_of_means,
)
from salutogen.analyses.domains.settings import DomainsSettings
from salutogen.errors import AnalysisError
from tests.analyses.inputs import inputs_of, shown
from tests.analyses.small_cohort import results_of
from tests.norm.cohorts import simulated

FAST = DomainsSettings(bootstrap=100)
NAMES = ("one", "two", "three")


@cache
def study(
    n: int = 200, *, common: float = 0.7, lasting: float = 2.0, occasions: int = 5, seed: int = 3
) -> AnalysisInputs:
    """Three domains; persons' levels share `common` of their variance and last or do not."""
    problems = {"instruments": list(NAMES), "combine": "sum"}
    scores = simulated(n, occasions, seed=seed, problems=problems)
    rng = np.random.default_rng([seed, 5])
    person, E = scores.table["person"].to_numpy(), scores.table["E"].to_numpy()
    shared = rng.normal(size=n)
    columns = {}
    for name in NAMES:
        own = np.sqrt(common) * shared + np.sqrt(1 - common) * rng.normal(size=n)
        columns[f"P_{name}"] = 3 + 0.05 * E + lasting * own[person] + rng.normal(0, 1.5, len(E))
    return inputs_of(
        replace(
            scores,
            table=scores.table.with_columns(
                **{name: pl.Series(values) for name, values in columns.items()}
            ),
        )
    )


@cache
def result_of(**parts: Any) -> DomainsResult:
    return compute(study(**parts), FAST)


def test_scores_are_residuals_of_each_domains_own_line() -> None:
    inputs, result = study(), result_of()
    means = (
        inputs.scores.table.filter("valid")
        .group_by("person", maintain_order=True)
        .agg(pl.col("E", *(f"P_{name}" for name in NAMES)).mean())
    )
    X = sm.add_constant(means["E"].to_numpy())
    for name in NAMES:
        fit = sm.OLS(means[f"P_{name}"].to_numpy(), X).fit()
        np.testing.assert_allclose(result.persons[f"SR_{name}"], fit.resid, atol=1e-9)
        row = result.domains.filter(domain=name, criterion="below the line").row(0, named=True)
        assert row["n_below"] == (fit.resid < 0).sum()
        assert row["share"] == row["n_below"] / result.n
        assert row["low"] < row["share"] < row["high"]


def test_the_share_in_all_is_at_most_the_smallest() -> None:
    for common, seed in itertools.product((0.0, 0.5, 1.0), (1, 2)):
        joint = result_of(n=60, common=common, seed=seed).joint
        assert (joint["share_all"] <= joint["smallest"]).all()
        assert (joint["share_any"] >= joint["smallest"]).all()


def test_unrelated_domains_are_no_more_than_chance_and_related_ones_are() -> None:
    unrelated, related = result_of(n=400, common=0.0), result_of(n=400, common=0.7)
    (row,) = unrelated.joint.filter(criterion="below the line").iter_rows(named=True)
    assert row["beyond_low"] < 0 < row["beyond_high"]
    assert row["chance_all"] == pytest.approx(0.125, abs=0.04)
    (row,) = related.joint.filter(criterion="below the line").iter_rows(named=True)
    assert row["beyond_low"] > 0.05
    (section,), _ = shown(related, study(n=400, common=0.7), individuals=True)
    assert "percentage points more than unrelated" in str(section.paragraphs[1])
    told = [one.answer().worded(str) for one in (related, unrelated)]  # type: ignore[union-attr]
    assert "clearly more than the" in told[0]
    assert "not clearly more or fewer than the" in told[1]


def test_a_limit_beyond_the_line_lowers_the_shares() -> None:
    strict = compute(study(), DomainsSettings(bootstrap=100, below=1.0))
    counts = strict.domains.filter(criterion="below the line")["n_below"]
    for name, count in zip(NAMES, counts, strict=True):
        SR = strict.persons[f"SR_{name}"].to_numpy()
        assert count == (-SR.std(ddof=1) > SR).sum()


def test_nobody_is_clearly_below_where_nothing_lasts() -> None:
    result = result_of(lasting=0.0)
    assert result.joint.filter(criterion="clearly below the line")["n_any"].item() == 0
    assert "domain-levels-alike" in {item.code for item in result.findings}
    lasting = result_of()
    assert lasting.joint.filter(criterion="clearly below the line")["n_any"].item() > 20
    truth = 4 / (4 + 1.5**2 / 4.3)
    assert lasting.domains["reliability"].to_list() == pytest.approx([truth] * 6, abs=0.05)


def test_one_occasion_tells_nobody_clearly() -> None:
    result = result_of(occasions=1)
    assert not result.persons.select(pl.any_horizontal(pl.col("^clear_.*$"))).to_series().any()
    assert "domain-seen-once" in {item.code for item in result.findings}


def test_the_variance_of_a_mean_is_that_of_the_model_of_levels() -> None:
    """AR(1) over six occasions, some missed: sigma² by the whole matrix of each person."""
    rng = np.random.default_rng(8)
    n, k, rho = 2500, 6, 0.4
    state = rng.normal(size=(n, k))
    for t in range(1, k):
        state[:, t] = rho * state[:, t - 1] + np.sqrt(1 - rho**2) * state[:, t]
    values = rng.normal(0, 3, (n, 1)) + 2.0 * state
    seen = rng.random((n, k)) < 0.8
    person, occasion = np.nonzero(seen)
    found = variance_of_means(values[seen], person, occasion, n)
    for row in np.flatnonzero(seen.any(axis=1))[:40]:
        at = np.flatnonzero(seen[row])
        whole = 4.0 * rho ** np.abs(at[:, None] - at[None, :])
        assert found[row] == pytest.approx(whole.sum() / at.size**2, rel=0.12)
    assert np.isnan(found[~seen.any(axis=1)]).all()


def test_two_occasions_tell_levels_only_with_a_given_autocorrelation() -> None:
    rng = np.random.default_rng(9)
    values = rng.normal(size=(60, 1)) + rng.normal(size=(60, 2))
    person, occasion = (codes.ravel() for codes in np.indices(values.shape))
    assert np.isnan(variance_of_means(values.ravel(), person, occasion, 60)).all()
    given = variance_of_means(values.ravel(), person, occasion, 60, 0.0)
    spread = float(np.mean(np.diff(values) ** 2)) / 2
    assert given == pytest.approx(np.full(60, spread / 2), rel=0.02)


def test_clearly_below_is_benjamini_and_hochberg_over_all() -> None:
    rng = np.random.default_rng(4)
    z = rng.normal(0, 2, (150, 3))
    from scipy.stats import norm

    rejected = multipletests(2 * norm.sf(np.abs(z)).ravel(), 0.05, "fdr_bh")[0].reshape(z.shape)
    np.testing.assert_array_equal(clearly_below(z), rejected & (z < 0))


def test_chance_is_every_combination() -> None:
    shares = np.array([0.5, 0.3, 0.6, 0.2])
    expected = np.zeros(5)
    for pattern in itertools.product((0, 1), repeat=4):
        expected[sum(pattern)] += np.prod(np.where(pattern, shares, 1 - shares))
    np.testing.assert_allclose(chance_profile(shares), expected)


def test_small_numbers_are_not_told_where_persons_are_hidden() -> None:
    inputs = study(n=22, common=0.0)
    result = result_of(n=22, common=0.0)
    assert any(0 < count < 5 for count in result.profile["persons"])
    (section,), told = shown(result, inputs, individuals=False)
    assert told == ()
    names = [table.name for table in section.tables]
    assert "domains-profile" not in names
    told_of = next(t.frame for t in section.tables if t.name == "domains-joint")
    assert "below the line" not in told_of["criterion"].to_list()
    (figure,) = section.figures
    assert figure.data.filter(where="all domains", criterion="below the line").is_empty()
    (section,), _ = shown(result, inputs, individuals=True)
    assert len(section.tables) == 3


@pytest.mark.parametrize(
    ("domains", "code"),
    [
        (("one", "tow"), "scale-unknown"),
        (("one", "one"), "domain-twice"),
    ],
)
def test_what_cannot_be_is_refused(domains: tuple[str, ...], code: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(study(), DomainsSettings(domains=domains))
    assert code in {item.code for item in caught.value.findings}


def test_few_persons_and_one_domain_are_refused(cohort: AnalysisInputs) -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(study(n=12), FAST)
    assert "too-few-for-domains" in {item.code for item in caught.value.findings}
    with pytest.raises(AnalysisError) as caught:
        compute(cohort, FAST)
    assert "one-domain" in {item.code for item in caught.value.findings}


def test_a_study_file_asks_for_it(tmp_path: Path) -> None:
    told = results_of(tmp_path, analyses="[{step: domains, domains: [mood, events]}]")
    assert "domain-is-exposure" in {item.code for item in told.findings}


def test_a_draw_without_a_rare_category_has_the_line_of_those_drawn() -> None:
    rng = np.random.default_rng(3)
    n = 30
    rare = np.zeros(n)
    rare[:2] = 1
    X = np.column_stack([np.ones(n), rng.normal(size=n), rare])
    means = rng.normal(size=(n, 2))
    times = np.ones(n)
    times[:2] = 0
    found = product(X, lines(X, means, times))[2:]
    smaller = np.linalg.lstsq(X[2:, :2], means[2:], rcond=None)[0]
    np.testing.assert_allclose(found, X[2:, :2] @ smaller, rtol=1e-9)
