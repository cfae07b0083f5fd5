"""Change on baseline over completed sets: who is completed from what, what is said, what is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.change_on_baseline.analysis import ChangeOnBaselineResult, compute
from salutogen.analyses.change_on_baseline.completed import STREAM
from salutogen.analyses.change_on_baseline.settings import ChangeOnBaselineSettings
from salutogen.analyses.change_on_baseline.slopes import directions, of_baseline
from salutogen.analyses.change_on_baseline.words import answer_of, how_completed, methods_of
from salutogen.analyses.contract import AnalysisInputs
from salutogen.models import ChainedImputation
from salutogen.models.regression.change_on_baseline_pooled import pool_change_on_baseline
from salutogen.page.identifiers import Identifiers
from salutogen.page.privacy import Guard
from tests.analyses.cluster import ADDRESS, on_cluster
from tests.analyses.inputs import audience_of, inputs_of, shown
from tests.norm.cohorts import simulated

N = 200


def settings(**given: Any) -> ChangeOnBaselineSettings:
    return ChangeOnBaselineSettings.model_validate({"bootstrap": 100, "imputations": 5, **given})


def codes(found: ChangeOnBaselineResult) -> list[str]:
    return [item.code for item in found.findings]


def cohort(*, seen: float = 0.7, **persons: Any) -> AnalysisInputs:
    """Five occasions; some miss the second, three miss the first, and `age` has a gap."""
    scores = simulated(N, 5, missing=0.0)
    rng = np.random.default_rng(4)
    gone = np.column_stack([np.arange(N) < 3, rng.random(N) > seen])
    gone[:, 1] &= ~gone[:, 0]
    place = scores.table["occasion_index"].to_numpy()
    person = scores.table["person"].to_numpy()
    kept = ~((place < 2) & gone[person, np.minimum(place, 1)])
    age = np.where(np.arange(N) == 20, np.nan, 30.0 + np.arange(N) % 11)
    table = scores.persons.with_columns(pl.Series("age", age, nan_to_null=True))
    table = table.with_columns(pl.Series(name, values) for name, values in persons.items())
    return inputs_of(replace(scores, table=scores.table.filter(pl.Series(kept)), persons=table))


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return cohort()


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> ChangeOnBaselineResult:
    return compute(inputs, settings(covariates=["age"]))


def test_it_is_chained_equations_pooled_over_the_study_s_persons(
    inputs: AnalysisInputs, result: ChangeOnBaselineResult
) -> None:
    made = result.completed
    assert made is not None
    P, E = (inputs.views.wide(name).values for name in ("P", "E"))
    age = inputs.scores.persons["age"].fill_null(np.nan).to_numpy()
    own = [P[:, 0], P[:, 1], age]
    # The scores of the occasions of both come first, then those of the occasions after.
    assert made.drawn_from[0] == "E at T0"
    columns = {"P": P, "E": E}
    beside = [columns[one[0]][:, int(one[-1])] for one in made.drawn_from]
    sets = ChainedImputation(imputations=5, seed=inputs.run.seed + STREAM).fit(
        np.column_stack([*own, *beside])
    )
    pooled = pool_change_on_baseline(
        [(one[:, 0], one[:, 1], one[:, 2:3]) for one in sets.arrays()], names=("age",)
    )
    assert (result.n_completed, made.sets) == (N, 5)
    assert made.n_without_before == 3
    assert result.n == N - 3 - made.n_without_after - int(not np.isnan(P[20, 1]))
    for place, term in enumerate(("problems before", "age")):
        rows = made.slopes.filter(term=term).to_dicts()
        for row, slope, se, df in zip(
            rows, pooled.slopes[:, place], pooled.errors[:, place], pooled.df[:, place], strict=True
        ):
            assert (row["slope"] is None) == np.isnan(slope)
            if row["slope"] is not None:
                assert [row["slope"], row["se"], row["df"]] == pytest.approx([slope, se, df])
    assert made.correlation == pytest.approx(pooled.correlation)
    assert made.missing == pytest.approx(np.nanmax(pooled.fraction_missing))


def test_who_completed_is_said_with_the_figures(result: ChangeOnBaselineResult) -> None:
    made = result.completed
    assert made is not None
    words = how_completed(result).worded(str)
    assert words.startswith(f"Of 200 persons with problems before or after, {made.n_without_after}")
    assert "Chains have come together" in words
    assert "depends on what was seen, not on what is missing itself" in words
    told = str(answer_of(result))
    assert "Pooled over 5 completed sets it is" in told
    assert "pooled over 5 sets" in methods_of(result).worded(str)


def test_numbers_in_labels_are_no_counts_where_persons_are_hidden(
    inputs: AnalysisInputs, result: ChangeOnBaselineResult
) -> None:
    named = replace(result, baseline="1", after="7")
    guard = Guard(
        audience_of(inputs.scores, individuals=False), Identifiers(inputs.panel.persons["subject"])
    )
    assert "from 1 to 7 was" in guard.text(named.methods())


def test_without_the_key_there_are_no_sets(inputs: AnalysisInputs) -> None:
    found = compute(inputs, settings(imputations=None))
    assert found.completed is None
    assert found.n_completed is None
    assert "ooled" not in str(answer_of(found)) + methods_of(found).worded(str)


def test_what_both_tell_apart_is_a_warning_and_no_claim(result: ChangeOnBaselineResult) -> None:
    assert "completed-sets-tell-otherwise" not in codes(result)
    made = result.completed
    assert made is not None
    turned = made.slopes.with_columns(low=pl.lit(1.0), high=pl.lit(2.0))
    told = str(answer_of(replace(result, completed=replace(made, slopes=turned))))
    assert told.endswith("nothing is claimed that only one of them tells.")
    assert set(directions(turned).values()) == {1}


def test_few_sets_are_said_with_how_many_are_needed(inputs: AnalysisInputs) -> None:
    found = compute(inputs, settings(imputations=2))
    told = next(item for item in found.findings if item.code == "completed-sets-few")
    assert found.completed is not None
    assert int(told.evidence.numbers["needed"]) == np.ceil(100 * found.completed.missing)


def test_nothing_missing_is_said() -> None:
    scores = simulated(80, 3, missing=0.0)
    found = compute(inputs_of(scores), settings())
    assert found.completed is None
    assert "nothing-to-complete" in codes(found)


@pytest.mark.parametrize(("few", "told"), [(3, False), (30, True)])
def test_pooled_beside_others_does_not_tell_of_the_few_who_lack_something(
    few: int, told: bool
) -> None:
    """Those who lack nothing are told as well: the difference of both would be of these few."""
    scores = simulated(80, 3, missing=0.0)
    gone = (scores.table["person"] < few) & (scores.table["occasion_index"] == 1)
    inputs = inputs_of(replace(scores, table=scores.table.filter(~gone)))
    shown_run = compute(inputs, settings())
    hidden = replace(
        inputs, run=replace(inputs.run, audience=audience_of(scores, individuals=False))
    )
    found = compute(hidden, settings())
    assert shown_run.completed is not None
    assert (found.completed is not None) is told
    assert ("completed-sets-of-few" in codes(found)) is not told
    assert (found.n_completed is None) is not told


def test_who_lacks_a_category_or_shares_it_with_few_is_left_out() -> None:
    place = np.arange(N)
    town = np.where(place < 2, "A", np.where(place % 2, "B", "C")).astype(object)
    town[10] = None
    found = compute(cohort(town=town), settings(covariates=["town"]))
    assert found.n_completed == N - 3
    assert found.completed is not None
    assert set(found.completed.slopes["term"]) == {"problems before", "town=C"}


def test_few_persons_draw_gaps_from_fewer_scores() -> None:
    scores = simulated(40, 5, missing=0.0)
    gone = (scores.table["person"] < 12) & (scores.table["occasion_index"] == 1)
    found = compute(inputs_of(replace(scores, table=scores.table.filter(~gone))), settings())
    assert found.completed is not None
    assert found.completed.drawn_from == ()  # 28 persons with both, two measurements


@pytest.mark.parametrize("individuals", [True, False])
def test_the_page_shows_both_and_how_the_chains_went(
    inputs: AnalysisInputs, result: ChangeOnBaselineResult, individuals: bool
) -> None:
    (section,), withheld = shown(result, inputs, individuals=individuals)
    names = ["change-on-baseline", "change-on-baseline-chains"]
    few = result.completed is not None and result.completed.n_without_before < 5
    assert few
    assert [figure.name for figure in section.figures] == (names if individuals else names[:1])
    assert [table.name for table in section.tables][1] == "change-on-baseline-completed"
    assert bool(withheld) != individuals
    # Exact ones tell how many persons there are.
    df = section.tables[1].frame["df"].drop_nulls()
    assert df.len()
    assert bool((df % 5 == 0).all()) != individuals
    first = section.figures[0]
    assert first.data["persons"].unique().sort().to_list() == [
        "5 completed sets",
        "persons with both",
    ]
    assert first.data.filter(persons="5 completed sets").height == sum(
        row["slope"] is not None for row in of_baseline(result.completed.slopes)
    )


def test_names_of_a_study_never_meet_those_of_the_step() -> None:
    """Covariates called as what the step names itself tell the same as with plain names."""
    ages = 30.0 + np.arange(N) % 11
    odd = ("problems before", "problems before (2)", "problems after", "baseline", "P at T3")
    values = dict(enumerate(np.random.default_rng(8).normal(ages, 3.0, (len(odd), N))))
    plain = tuple(f"x{place}" for place in values)
    named, other = (
        compute(
            cohort(**{name: values[place] for place, name in enumerate(names)}),
            settings(covariates=list(names)),
        )
        for names in (odd, plain)
    )
    assert len(of_baseline(named.slopes)) == 1 + len({1.0, 1.2, 1.5, 2.0})
    pairs = [(named.slopes, other.slopes)]
    assert named.completed is not None
    assert other.completed is not None
    pairs.append((named.completed.slopes, other.completed.slopes))
    for mine, theirs in pairs:
        assert mine.drop("term").equals(theirs.drop("term"))
    assert answer_of(named) == answer_of(other)


@pytest.mark.parametrize("workers", [1, 3])
def test_sets_and_draws_are_made_on_the_cluster_where_one_is_named_and_are_the_same(
    inputs: AnalysisInputs,
    result: ChangeOnBaselineResult,
    monkeypatch: pytest.MonkeyPatch,
    workers: int,
) -> None:
    there, cluster = on_cluster(inputs, monkeypatch, workers)
    found = compute(there, settings(covariates=["age"]))
    assert set(cluster.asked) == {ADDRESS}
    assert cluster.sent.count("_Chains.run") >= 5, "a chain each"
    assert cluster.sent.count("_Totals.of") > 1
    assert found.completed is not None
    assert result.completed is not None
    assert found.slopes.equals(result.slopes)
    assert found.completed.slopes.equals(result.completed.slopes)
    assert found.completed.trace.equals(result.completed.trace)
