"""Who was lost: the rule, weights, and what they change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from salutogen.analyses.attrition.analysis import AttritionResult, compute
from salutogen.analyses.attrition.weights import weights
from salutogen.analyses.attrition.words import factor_words
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.analysis import compute as compute_factors
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.windows.analysis import WindowsResult
from salutogen.models.dropout.weights import dropout_weights
from salutogen.page.words import Sentence
from tests.analyses.attrition.asking import codes, seen, settings, with_neighbours
from tests.analyses.attrition.lossy import lossy
from tests.analyses.inputs import inputs_of, shown


def test_who_was_lost_is_who_was_last_seen_before_the_end(
    lost_inputs: AnalysisInputs, lost_result: AttritionResult
) -> None:
    there = seen(lost_inputs)
    last = there.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
    assert lost_result.n == 300
    assert lost_result.end == "T5"
    assert lost_result.n_lost == np.count_nonzero(last < 5)
    assert lost_result.n_end == there[:, 5].sum()
    assert lost_result.occasions["n_followed"].to_list() == [
        int((last >= at).sum()) for at in range(6)
    ]
    assert lost_result.occasions["n_seen"].to_list() == there.sum(axis=0).tolist()
    # Everyone was seen at first, so that the estimate of Kaplan and Meier is a plain share.
    assert lost_result.occasions["still"].to_list() == pytest.approx(
        [float((last >= at).mean()) for at in range(6)]
    )


def test_loss_goes_with_the_problems_that_made_it(lost_result: AttritionResult) -> None:
    terms = {row["term"]: row for row in lost_result.hazard.rows(named=True)}
    assert list(terms) == [
        "problems P", "exposure E", "optimism", "arm: programme", "age", "site: B", "site: C",
    ]  # fmt: skip
    problems = terms["problems P"]
    assert problems["low"] > 1
    assert problems["low"] < problems["odds_ratio"] < problems["high"]
    p = [row["p"] for row in terms.values()]
    adjusted = [row["p_adjusted"] for row in terms.values()]
    assert adjusted == pytest.approx(stats.false_discovery_control(p))
    assert problems["odds_ratio"] == pytest.approx(np.exp(0.8), rel=0.25)
    assert "lost more often with higher problems P" in str(lost_result.answer().worded(str))


def test_weights_are_those_of_the_model_on_scores_factors_and_background(
    lost_inputs: AnalysisInputs, lost_result: AttritionResult
) -> None:
    person, occasion = np.nonzero(seen(lost_inputs))
    persons = lost_inputs.scores.persons
    columns = [
        *(lost_inputs.views.wide(name).values[person, occasion] for name in ("P", "E")),
        persons["optimism"].to_numpy()[person],
        (persons["arm"] == "programme").to_numpy()[person],
        persons["age"].to_numpy()[person],
        *((persons["site"] == label).to_numpy()[person] for label in "BC"),
    ]
    scaled = np.column_stack([(one - one.mean()) / one.std() for one in columns])
    own = dropout_weights(
        person=person, occasion=occasion, end=5, predictors=scaled,
        names=[str(place) for place in range(7)],
    )  # fmt: skip
    public = weights(lost_inputs)
    assert public is not None
    assert public.values == pytest.approx(own.values, rel=1e-8)
    files = lost_result.files()["attrition_weights.csv"]
    assert files.personal
    assert files.table["weight"].to_numpy() == pytest.approx(own.values, rel=1e-8)
    assert lost_result.weights is not None
    end = own.values[occasion == 5]
    assert lost_result.weights.mean_at_end == pytest.approx(end.mean())
    assert lost_result.weights.effective_n == pytest.approx(end.sum() ** 2 / np.sum(end**2))
    assert 0.9 < lost_result.weights.mean < 1.1


def test_factors_of_several_steps_are_called_by_their_step(
    lost_inputs: AnalysisInputs,
) -> None:
    before = dict(lost_inputs.before)
    before["again"] = compute_factors(lost_inputs, FactorsSettings(draws=200))
    found = compute(replace(lost_inputs, before=before), settings())
    titles = ["optimism (factors)", "optimism (again)"]
    assert [one.title for one in found.factors] == titles
    assert [one.claim for one in found.tipping[1:]] == [f"{one} and later SR" for one in titles]


def test_weights_balance_those_who_are_left(
    lost_inputs: AnalysisInputs, lost_result: AttritionResult
) -> None:
    assert lost_result.weights is not None
    balance = {row["variable"]: row for row in lost_result.weights.balance.rows(named=True)}
    assert balance["P"]["before"] < -0.2
    assert all(abs(row["after"]) < 0.12 for row in balance.values())
    first = lost_inputs.views.wide("P").values[:, 0]
    left = seen(lost_inputs)[:, 5]
    before = (first[left].mean() - first.mean()) / first.std(ddof=1)
    assert balance["P"]["before"] == pytest.approx(before)


def test_weighted_change_agrees_with_the_model_where_that_of_those_present_does_not(
    lost_inputs: AnalysisInputs, lost_result: AttritionResult
) -> None:
    found = {(one.score, one.what): one for one in lost_result.contrasts}
    change = found["SR", "change"]
    SR = lost_inputs.views.wide("SR").values
    means = np.nanmean(SR, axis=0)
    assert (change.begins, change.ends) == ("T0 to T1", "T4 to T5")
    assert change.unweighted.estimate == pytest.approx(means[4:].mean() - means[:2].mean())
    windows = lost_inputs.before["windows"]
    assert isinstance(windows, WindowsResult)
    assert windows.change is not None
    assert change.by_model is not None
    assert change.by_model.estimate == windows.change.estimate
    # Nothing changes in this cohort; those who are left look better.
    assert change.unweighted.sign == -1
    assert change.weighted is not None
    assert change.weighted.sign == 0
    assert abs(change.weighted.estimate - change.by_model.estimate) < 0.4
    assert "attrition-weights-change-claims" in codes(lost_result.findings)
    assert "the two do not claim the same" in str(lost_result.answer().worded(str))
    assert found["P", "end"].weighted is not None


def test_every_factor_stands_with_weights_and_without(lost_result: AttritionResult) -> None:
    (one,) = lost_result.factors
    assert one.name == "optimism"
    for step in (one.two_step, one.one_step):
        assert step.unweighted.estimate == pytest.approx(step.as_found, rel=0.1)
        assert step.weighted.sign == step.unweighted.sign == -1
        assert step.weighted.estimate == pytest.approx(step.unweighted.estimate, rel=0.15)
        assert not step.differs


def test_factors_stand_jointly_with_weights_and_without() -> None:
    """Coefficients are those of plain least squares over the rows, each with its weight."""
    scores = lossy(n=300, missing=0.0)
    optimism = scores.persons["optimism"].to_numpy()
    hope = optimism + np.random.default_rng([3, 77]).normal(0, optimism.std(), 300)
    named = replace(
        scores, persons=scores.persons.with_columns(pl.Series("hope", hope)),
        factors_baseline=("optimism", "hope"),
    )  # fmt: skip
    inputs = with_neighbours(inputs_of(named))
    found = compute(inputs, settings(background=[]))
    assert found.per_occasion is not None
    rows = named.table.with_columns(SR=inputs.resilience.occasions["SR"]).filter(
        pl.col("valid") & (pl.col("occasion_index") > 0)
    )
    person = rows["person"].to_numpy()
    labels = pl.Series(inputs.study.labels).gather(rows["occasion_index"])
    keys = {"subject": inputs.scores.persons["subject"].gather(person), "occasion": labels}
    told = found.per_occasion.with_columns(pl.col("occasion").cast(pl.String))
    weight = pl.DataFrame(keys).join(told, on=["subject", "occasion"], how="left",
                                     maintain_order="left")["weight"].to_numpy()  # fmt: skip
    own = np.column_stack([optimism, hope])[person]
    one = np.ones(person.size)
    designs = {
        "two_step": ("SR", np.column_stack([one, own])),
        "one_step": ("P", np.column_stack([one, rows["E"].to_numpy(), own])),
    }
    for step, (outcome, X) in designs.items():
        y = rows[outcome].to_numpy()
        for which, w in (("unweighted", one), ("weighted", weight)):
            root = np.sqrt(w)
            expected = np.linalg.lstsq(X * root[:, None], y * root, rcond=None)[0][-2:]
            for item, value in zip(found.factors, expected, strict=True):
                assert item.joint is not None
                ways = getattr(item.joint, step)
                assert getattr(ways, which).estimate == pytest.approx(value, rel=1e-6)
    # Beside the factor that it only goes with, the other one has nothing of its own.
    optimist, hopeful = (item.joint for item in found.factors)
    assert optimist is not None
    assert hopeful is not None
    assert optimist.two_step.weighted.sign == -1
    assert hopeful.two_step.weighted.sign == 0
    assert "alone or jointly" in factor_words(found)
    (section,), _ = shown(found, inputs, individuals=True)
    table = next(item for item in section.tables if item.name == "attrition-factors")
    assert table.frame["step"].to_list()[2:4] == [
        "two steps, beside the others", "one step, beside the others"
    ]  # fmt: skip


def test_everything_stands_on_the_page(
    lost_inputs: AnalysisInputs, lost_result: AttritionResult
) -> None:
    (section,), told = shown(lost_result, lost_inputs, individuals=True)
    assert told == ()
    assert [figure.name for figure in section.figures] == [
        "attrition-still-observed", "attrition-hazard", "attrition-balance", "attrition-tipping",
        "attrition-shifts",
    ]  # fmt: skip
    assert [table.name for table in section.tables] == [
        "attrition-occasions", "attrition-hazard", "attrition-balance", "attrition-means",
        "attrition-factors", "attrition-tipping",
    ]  # fmt: skip
    words = " ".join(str(one) for one in section.paragraphs)
    assert "142" in words
    assert "a gap in between is no loss" in words
    assert str(lost_result.methods().worded(str)).startswith("A person counts as lost")
    assert lost_result.tipping
    assert "pattern mixtures" in lost_result.methods().worded(str)
    untipped = replace(lost_result, tipping=()).methods()
    assert isinstance(untipped, Sentence)
    assert "pattern mixtures" not in untipped.worded(str)


def test_a_hidden_page_tells_no_small_count(lost_inputs: AnalysisInputs) -> None:
    """Two are lost after the second occasion: nothing on the page tells that number."""
    scores = lossy(n=300)
    last = scores.table.group_by("person").agg(pl.col("occasion_index").max()).sort("person")
    left_at = last["occasion_index"].to_numpy()
    keep = np.isin(left_at, [0, 2, 3, 4, 5])
    keep[np.flatnonzero(left_at == 1)[:2]] = True
    table = scores.table.filter(pl.Series(keep).gather(scores.table["person"]))
    own = inputs_of(replace(scores, table=table))
    found = compute(own, settings())
    followed = found.occasions["n_followed"].to_list()
    assert followed[1] - followed[2] == 2
    (section,), _ = shown(found, own, individuals=False)
    tables = {one.name: one.frame for one in section.tables}
    told = tables["attrition-occasions"]["n_followed"].to_list()
    assert told[1] is None or told[2] is None
    for figure in section.figures:
        assert "n_followed" not in figure.data.columns
    still = next(one for one in section.figures if one.name == "attrition-still-observed")
    assert still.data.height < found.occasions.height
