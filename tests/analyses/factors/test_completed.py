"""Factors over completed sets: who is completed from what, pooled by hand, and what is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import FactorsResult, compute
from salutogen.analyses.factors.completed import STREAM
from salutogen.analyses.factors.completed_words import how_completed, over_sets
from salutogen.analyses.factors.records import FactorFound
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.models import ChainedImputation
from salutogen.models.regression.stacked import stacked_regression
from tests.analyses.cluster import ADDRESS, on_cluster
from tests.analyses.inputs import audience_of, inputs_of, shown
from tests.norm.cohorts import simulated

N = 240
FACTORS = ("optimism", "chance")


def settings(**given: Any) -> FactorsSettings:
    return FactorsSettings.model_validate({"draws": 200, "imputations": 5, **given})


def codes(result: FactorsResult) -> list[str]:
    return [item.code for item in result.findings]


def cohort(**persons: Any) -> AnalysisInputs:
    """Four occasions; a third of those with many problems at first have only that one.

    `optimism` is not known of every fifth person, `age` of one.
    """
    scores = simulated(N, 4, missing=0.0)
    rng = np.random.default_rng(4)
    place = scores.table["occasion_index"].cast(pl.Int64).to_numpy()
    person = scores.table["person"].to_numpy()
    first = np.full(N, np.nan)
    first[person[place == 0]] = scores.table["P"].to_numpy()[place == 0]
    left = (first > np.nanmedian(first)) & (rng.random(N) < 0.5)
    table = scores.table.filter(pl.Series((place == 0) | ~left[person]))
    age = 30.0 + rng.integers(0, 20, N)
    age[7] = np.nan
    optimism = scores.persons["optimism"].to_numpy().astype(float).copy()
    optimism[rng.random(N) < 0.2] = np.nan
    columns = {"age": age, "optimism": optimism, "chance": rng.normal(size=N)} | persons
    people = scores.persons.with_columns(
        pl.Series(name, values, nan_to_null=True) for name, values in columns.items()
    )
    return inputs_of(replace(scores, table=table, persons=people, factors_baseline=FACTORS))


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return cohort()


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> FactorsResult:
    return compute(inputs, settings(covariates=["age"]))


def by_name(result: FactorsResult) -> dict[str, FactorFound]:
    return {item.name: item for item in result.factors}


def completed_by_hand(inputs: AnalysisInputs, imputations: int = 5) -> list[dict[str, np.ndarray]]:
    """The same sets from plain arrays: later means, covariate, factors and the first occasion."""
    SR = inputs.views.wide("SR").values[:, 1:]
    some = np.isfinite(SR)
    means = {
        name: np.array(
            [
                row[known].mean() if known.any() else np.nan
                for row, known in zip(inputs.views.wide(name).values[:, 1:], some, strict=True)
            ]
        )
        for name in ("P", "E")
    }
    people = inputs.scores.persons
    own = {name: people[name].fill_null(np.nan).to_numpy() for name in ("age", *FACTORS)}
    first = {f"{name} first": inputs.views.wide(name).values[:, 0] for name in ("P", "E")}
    columns = means | own | first
    made = ChainedImputation(imputations=imputations, seed=inputs.run.seed + STREAM).fit(
        np.column_stack(list(columns.values()))
    )
    assert made.converged, "so that rounds are those of the analysis"
    return [dict(zip(columns, one.T, strict=True)) for one in made.arrays()]


def rubin(b: np.ndarray, se: np.ndarray, df_complete: float) -> dict[str, float]:
    """Rubin's rules with the degrees of freedom of Barnard and Rubin, written out."""
    m, within, between = len(b), np.mean(se**2), np.var(b, ddof=1)
    total = within + (1 + 1 / m) * between
    share = (1 + 1 / m) * between / total
    old = (m - 1) / share**2
    observed = (df_complete + 1) / (df_complete + 3) * df_complete * (1 - share)
    df = old * observed / (old + observed)
    p = 2 * stats.t.sf(abs(b.mean()) / total**0.5, df)
    return {"b": b.mean(), "se": total**0.5, "df": df, "p": p}


@pytest.mark.parametrize("name", FACTORS)
def test_alone_it_is_plain_regressions_of_chained_sets_pooled_by_hand(
    inputs: AnalysisInputs, result: FactorsResult, name: str
) -> None:
    found = by_name(result)[name].completed
    assert found is not None
    assert found.alone is not None
    line = inputs.norm.lines.occasion
    two, one, df = [], [], []
    for data in completed_by_hand(inputs):
        SR = data["P"] - line.coefficients[0] - line.coefficients[1] * data["E"]
        given = sm.add_constant(np.column_stack([data["age"], data[name]]))
        two.append(sm.OLS(SR, given).fit(cov_type="HC3"))
        with_E = sm.add_constant(np.column_stack([data["E"], data["age"], data[name]]))
        one.append(sm.OLS(data["P"], with_E).fit(cov_type="HC3"))
        names = ("constant", "E", "age", name)
        df.append(stacked_regression(data["P"], with_E, names=names).df[-1])
    b, se = (np.array([getattr(fit, key)[-1] for fit in one]) for key in ("params", "bse"))
    step = found.alone.one_step
    assert [step.b, step.se, step.df, step.p] == pytest.approx(list(rubin(b, se, min(df)).values()))
    half = stats.t.ppf(0.975, float(step.df or 0)) * step.se
    assert step.interval == pytest.approx((step.b - half, step.b + half))
    assert found.alone.two_step.b == pytest.approx(np.mean([fit.params[-1] for fit in two]))
    # The error of two steps carries the line's: here it goes little with the factor.
    known = rubin(
        np.array([fit.params[-1] for fit in two]), np.array([fit.bse[-1] for fit in two]), N - 3
    )
    assert found.alone.two_step.se == pytest.approx(known["se"], rel=0.05)
    assert found.alone.two_step.se != pytest.approx(known["se"], rel=1e-6)
    assert found.alone.ratio == pytest.approx(found.alone.two_step.b / step.b)


def test_jointly_and_at_equal_earlier_problems_it_is_the_same(
    inputs: AnalysisInputs, result: FactorsResult
) -> None:
    found = by_name(result)["optimism"].completed
    assert found is not None
    sets = completed_by_hand(inputs)

    def mean(*names: str) -> float:
        designs = [np.column_stack([np.ones(N), *(one[name] for name in names)]) for one in sets]
        return float(
            np.mean(
                [
                    np.linalg.lstsq(X, one["P"], rcond=None)[0][-1]
                    for X, one in zip(designs, sets, strict=True)
                ]
            )
        )

    assert found.joint is not None
    assert found.joint.one_step.b == pytest.approx(mean("E", "age", "chance", "optimism"))
    assert found.given_earlier_problems is not None
    assert found.given_earlier_problems.one_step.b == pytest.approx(
        mean("E", "age", "P first", "E first", "optimism")
    )
    assert found.joint_without_disguised is None


def test_who_was_completed_is_counted_and_said(
    inputs: AnalysisInputs, result: FactorsResult
) -> None:
    made = result.completed
    assert made is not None
    assert result.n_completed == N
    assert made.n_without_later == N - result.n
    people = inputs.scores.persons
    assert made.n_without_factor == people["optimism"].is_null().sum()
    assert made.traced == ("later problems", "optimism")
    words = how_completed(result).worded(str)
    assert words.startswith(f"Of {N} persons with later SR or a factor, {made.n_without_later}")
    assert "Chains have come together" in words
    assert "depends on what was seen, not on what is missing itself" in words
    assert "pooled over 5 sets" in result.methods().worded(str)


def test_a_claim_that_stands_one_way_only_is_said_and_not_made(
    inputs: AnalysisInputs, result: FactorsResult
) -> None:
    item = by_name(result)["optimism"]
    assert item.claimed
    assert not item.claimed_once_only
    assert "completed sets optimism" in over_sets(result)
    assert "factors-claimed-by-some" not in codes(result)
    assert item.completed is not None
    assert item.completed.alone is not None
    gone = replace(item.completed.alone.two_step, interval=(-1.0, 1.0))
    lost = replace(
        item, completed=replace(item.completed, alone=replace(item.completed.alone, two_step=gone))
    )
    changed = replace(result, factors=(lost,))
    assert lost.claimed_once_only
    assert "optimism does not stand. Nothing is claimed" in str(changed.answer())
    assert "not of optimism over completed sets" in str(changed.in_short())


def test_without_the_key_there_are_no_sets(inputs: AnalysisInputs) -> None:
    found = compute(inputs, settings(imputations=None))
    assert found.completed is None
    assert found.n_completed is None
    assert all(item.completed is None for item in found.factors)
    assert "ooled" not in str(found.answer()) + found.methods().worded(str)


def test_nothing_missing_is_said() -> None:
    scores = replace(simulated(80, 3, missing=0.0), factors_baseline=("optimism",))
    found = compute(inputs_of(scores), settings())
    assert found.completed is None
    assert "nothing-to-complete" in codes(found)


def test_pooled_beside_others_does_not_tell_of_the_few_who_lack_something() -> None:
    """Of four persons `optimism` is not known, of thirty `chance`."""
    scores = simulated(80, 3, missing=0.0)
    rng = np.random.default_rng(2)
    chance = np.where(np.arange(80) < 30, np.nan, rng.normal(size=80))
    optimism = np.where(np.arange(80) < 4, np.nan, scores.persons["optimism"].to_numpy())
    people = scores.persons.with_columns(
        pl.Series("chance", chance, nan_to_null=True),
        pl.Series("optimism", optimism, nan_to_null=True),
    )
    inputs = inputs_of(replace(scores, persons=people, factors_baseline=FACTORS))
    audience = audience_of(scores, individuals=False)
    hidden = replace(inputs, run=replace(inputs.run, audience=audience))
    found = compute(hidden, settings())
    few, many = (by_name(found)[name].completed for name in FACTORS)
    assert few is not None
    assert many is not None
    assert (few.alone, few.given_earlier_problems) == (None, None)
    assert many.alone is not None
    assert few.joint is not None
    assert "factors[0].completed.alone" in found.kept_back
    alone = replace(inputs.scores, factors_baseline=("optimism",))
    only = compute(replace(inputs_of(alone), run=hidden.run), settings())
    assert only.completed is None
    assert "completed-sets-of-few" in codes(only)


def test_who_lacks_a_category_is_left_out() -> None:
    town = [None, None, None, *np.where(np.arange(N - 3) % 2, "A", "B").tolist()]
    found = compute(cohort(town=town), settings(covariates=["town"]))
    assert found.n_completed == N - 3


def test_few_persons_have_no_sets_and_it_is_said() -> None:
    scores = simulated(60, 3, missing=0.0)
    rng = np.random.default_rng(2)
    names = tuple(f"f{place}" for place in range(40))
    people = scores.persons.with_columns(
        pl.Series(name, np.where(np.arange(60) < 24, np.nan, rng.normal(size=60)), nan_to_null=True)
        for name in names
    )
    found = compute(inputs_of(replace(scores, persons=people, factors_baseline=names)), settings())
    assert found.completed is None
    assert "completed-sets-not-made" in codes(found)


@pytest.mark.parametrize(("combine", "shape"), [("sum", "quadratic"), ("composite", "linear")])
def test_terms_of_exposure_that_nearly_give_each_other_settle(combine: str, shape: str) -> None:
    """The line of persons takes exposure at the mean, that of occasions the mean of its terms."""
    scores, rng = (
        simulated(N, 4, missing=0.0, combine=combine, norm={"shape": shape}),
        np.random.default_rng(4),
    )
    left = rng.random(N) < 0.25
    first = (scores.table["occasion_index"] == 0).to_numpy()
    kept = first | ~left[scores.table["person"].to_numpy()]
    found = compute(
        inputs_of(replace(scores, table=scores.table.filter(pl.Series(kept)))), settings()
    )
    made = found.completed
    assert made is not None
    assert made.converged
    assert made.iterations == 10
    assert "later E (2)" in made.to_complete.columns or shape == "quadratic"
    assert "chains-not-together" not in codes(found)
    # Nobody leaves for anything: sets are to tell what those who stayed tell.
    (factor,) = found.factors
    assert factor.completed is not None
    assert factor.completed.alone is not None
    pooled = factor.completed.alone.two_step
    assert abs(pooled.b - factor.two_step.b) < pooled.se


def test_a_total_beside_its_parts_cannot_be_drawn_and_it_is_said() -> None:
    """Each would be computed from the others for ever, from where the chain happened to begin."""
    whole, rng = simulated(N, 3, missing=0.0), np.random.default_rng(2)
    part, other = (
        whole.persons["optimism"].to_numpy().astype(float), rng.normal(size=N)
    )  # fmt: skip
    gone = rng.random(N) < 0.2
    columns = {
        "part": np.where(gone, np.nan, part), "other": other,
        "total": np.where(gone, np.nan, part + other),
    }  # fmt: skip
    people = whole.persons.with_columns(
        pl.Series(name, values, nan_to_null=True) for name, values in columns.items()
    )
    for names, told in ((("part", "other", "total"), True), (("part", "other"), False)):
        found = compute(
            inputs_of(replace(whole, persons=people, factors_baseline=names)), settings()
        )
        assert (found.completed is None) == told
        texts = [one.text for one in found.findings if one.code == "completed-sets-not-made"]
        assert ["part and total: one follows exactly" in text for text in texts] == [True] * told


@pytest.mark.parametrize("individuals", [True, False])
def test_the_page_shows_both(
    inputs: AnalysisInputs, result: FactorsResult, individuals: bool
) -> None:
    sections, _ = shown(result, inputs, individuals=individuals)
    section = sections[0]
    names = [table.name for table in section.tables]
    assert {"factors-completed", "factors-completed-behind", "factors-completed-joint"} <= set(
        names
    )
    forest, chains = section.figures[0], section.figures[-1]
    assert forest.data["step"].n_unique() == 4
    assert chains.name == "factors-chains"
    assert set(chains.data["column"]) == {"later problems", "optimism"}
    # In SDs of what was seen: those who left had more problems.
    late = chains.data.filter(pl.col("iteration") > 5).group_by("column").agg(pl.col("mean").mean())
    assert dict(late.iter_rows())["later problems"] > 0.2


def test_few_who_lack_something_are_not_told_where_persons_are_hidden() -> None:
    scores = replace(simulated(120, 3, missing=0.0), factors_baseline=("optimism",))
    optimism = scores.persons["optimism"].to_numpy().astype(float).copy()
    optimism[:2] = np.nan
    people = scores.persons.with_columns(pl.Series("optimism", optimism, nan_to_null=True))
    few = inputs_of(replace(scores, persons=people))
    found = compute(few, settings())
    assert found.completed is not None
    assert found.completed.n_without_factor == 2
    sections, withheld = shown(found, few, individuals=False)
    assert withheld
    told = " ".join(str(part) for part in sections[0].paragraphs)
    assert "2 lack a factor" not in told
    assert "118 lack nothing" not in told
    assert "factors-chains" not in [figure.name for figure in sections[0].figures]


@pytest.mark.parametrize("workers", [1, 3])
def test_everything_drawn_is_drawn_on_the_cluster_and_is_the_same(
    inputs: AnalysisInputs,
    result: FactorsResult,
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
) -> None:
    there, cluster = on_cluster(inputs, monkeypatch, workers)
    found = compute(there, settings(covariates=["age"]))
    assert set(cluster.asked) == {ADDRESS}
    for name, least in (("_Chains.run", 5), ("_Asked.of", 5), ("_Totals.of", 2), ("_Banded.of", 2)):
        assert cluster.sent.count(name) >= least, name
    assert str(found.to_dict()) == str(result.to_dict())
