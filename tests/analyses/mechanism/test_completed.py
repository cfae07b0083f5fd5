"""A mechanism over completed sets: who is completed from what, by hand, and what is said."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.mechanism.analysis import MechanismResult, compute
from salutogen.analyses.mechanism.completed import STREAM
from salutogen.analyses.mechanism.completed_words import how_completed
from salutogen.analyses.mechanism.records import EFFECTS, TWO
from salutogen.analyses.mechanism.settings import MechanismSettings
from salutogen.models import ChainedImputation
from salutogen.models.mediation.pooled import mediate_sets
from salutogen.scores import Scores
from tests.analyses.cluster import ADDRESS, on_cluster
from tests.analyses.inputs import audience_of, inputs_of, shown
from tests.analyses.mechanism.worlds import PLAIN, study

N = 240


@cache
def gappy(world: str = "change") -> AnalysisInputs:
    """The study of a world; coping is not known of some at its occasion, `age` not of one."""
    scores = study(world).scores
    rng = np.random.default_rng(6)
    gone = rng.random(N) < 0.25
    place = scores.table["occasion_index"].cast(pl.Int64).to_numpy()
    person = scores.table["person"].to_numpy()
    coping = scores.table["factor:coping"].to_numpy().copy()
    coping[(place == 1) & gone[person]] = np.nan
    age = scores.persons["age"].to_numpy().copy()
    age[5] = np.nan
    return inputs_of(
        replace(
            scores,
            table=scores.table.with_columns(pl.Series("factor:coping", coping, nan_to_null=True)),
            persons=scores.persons.with_columns(pl.Series("age", age, nan_to_null=True)),
        )
    )


def asked(**given: Any) -> MechanismSettings:
    return MechanismSettings(**PLAIN | {"imputations": 5, "covariates": ("age",)} | given)


@cache
def result(world: str = "change") -> MechanismResult:
    return compute(gappy(world), asked())


def codes(found: MechanismResult) -> set[str]:
    return {item.code for item in found.findings}


def test_it_is_chained_equations_and_the_model_pooled() -> None:
    inputs, found = gappy(), result()
    made = found.completed
    assert made is not None
    scores = inputs.scores
    wide = {name: inputs.views.wide(name).values for name in ("P", "E", "SR", "factor:coping")}
    known = np.isfinite(wide["SR"][:, 2:])
    later = {
        name: np.array(
            [
                row[some].mean() if some.any() else np.nan
                for row, some in zip(wide[name][:, 2:], known, strict=True)
            ]
        )
        for name in ("P", "E")
    }
    columns = {
        "x": scores.persons["optimism"].to_numpy(),
        "m": wide["factor:coping"][:, 1],
        "y": later["P"],
        "age": scores.persons["age"].fill_null(np.nan).to_numpy(),
        "E": later["E"],
        "m before": wide["factor:coping"][:, 0],
        "SR before": wide["SR"][:, 0],
    }
    beside = [wide[name[0]][:, int(name[-1])] for name in made.drawn_from]
    assert made.drawn_from == ("P at T0", "P at T1", "E at T1")
    sets = ChainedImputation(
        imputations=5, seed=inputs.run.seed + STREAM, iterations=made.iterations
    ).fit(np.column_stack([*columns.values(), *beside]))
    data = [dict(zip(columns, one.T, strict=False)) for one in sets.arrays()]
    by_hand = mediate_sets(
        data, factor="x", mechanism="m", outcome="y", covariates=["age"], exposure=["E"], steps=2,
        bootstrap=300, seed=inputs.run.seed + STREAM,
    )  # fmt: skip
    rows = {row["effect"]: row for row in made.paths.filter(step=TWO).iter_rows(named=True)}
    for name, words in EFFECTS.items():
        assert rows[words]["estimate"] == pytest.approx(by_hand.effects[name].estimate)
        assert rows[words]["se"] == pytest.approx(by_hand.effects[name].standard_error)
        assert rows[words]["low"] == pytest.approx(by_hand.effects[name].percentile.low)
    limits = by_hand.effects["indirect"].percentile
    assert made.two_step.interval == pytest.approx([found.difference * one for one in limits])
    given = mediate_sets(
        data, factor="x", mechanism="m", outcome="y", covariates=["age", "m before", "SR before"],
        exposure=["E"], steps=2, bootstrap=300, seed=inputs.run.seed + STREAM,
    )  # fmt: skip
    assert made.given_earlier is not None
    assert made.given_earlier.estimate == pytest.approx(
        found.difference * given.effects["indirect"].estimate
    )


def test_who_was_completed_is_counted_and_said() -> None:
    inputs, found = gappy(), result()
    made = found.completed
    assert made is not None
    assert found.n_completed == N
    assert made.n_without_factor == 0
    assert (
        made.n_without_mechanism == np.isnan(inputs.views.wide("factor:coping").values[:, 1]).sum()
    )
    assert found.n < N - 0.2 * N
    words = how_completed(found).worded(str)
    assert words.startswith(f"Of {N} persons with optimism, coping or later SR, 0 lack the first")
    assert "percentiles over draws of persons from all sets" in words
    assert "Pooled over 5 completed sets the indirect effect is" in str(found.answer())
    assert "Schomaker and Heumann 2018" in found.methods().worded(str)


def test_what_both_tell_apart_is_not_claimed() -> None:
    found = result()
    made = found.completed
    assert made is not None
    assert made.two_step.told == found.two_step.told == -1
    assert "Both tell the same." in str(found.answer())
    assert "mechanism-told-by-some" not in codes(found)
    lost = replace(made, two_step=replace(made.two_step, interval=(-1.0, 1.0)))
    other = replace(found, completed=lost)
    told = str(other.answer())
    assert "nothing is claimed that only one of them tells" in told
    assert "The data fit a way" in str(found.answer())
    assert "The data fit a way" not in told
    assert told.startswith("A way from optimism over coping to later SR is shown of persons who")
    assert "with completed sets or without them only" in str(other.in_short())


def test_a_covariate_that_the_line_of_SR_holds_too_stands_in_both() -> None:
    found = compute(with_age_in_the_line(gappy().scores), asked())
    assert found.covariates_of_line == ("age",)
    assert found.completed is not None
    assert found.completed.two_step.estimate == pytest.approx(found.two_step.estimate, abs=0.6)


def with_age_in_the_line(scores: Scores) -> AnalysisInputs:
    norm = scores.study.plan.norm.model_copy(update={"covariates": ("age",)})
    plan = scores.study.plan.model_copy(update={"norm": norm})
    return inputs_of(replace(scores, study=replace(scores.study, plan=plan)))


def test_such_a_covariate_may_be_known_of_persons_who_have_nothing_else() -> None:
    """Of whom it is known besides does not make it another column, which would be collinear."""
    scores = gappy().scores
    nothing = np.isin(np.arange(N), [3, 50])
    gone = nothing[scores.table["person"].to_numpy()]
    first = (scores.table["occasion_index"] == 0).to_numpy()
    coping = pl.when(pl.Series(~gone)).then(pl.col("factor:coping"))
    optimism = pl.when(pl.Series(~nothing)).then(pl.col("optimism"))
    inputs = with_age_in_the_line(
        replace(
            scores,
            table=scores.table.with_columns(coping.alias("factor:coping")).filter(
                pl.Series(~gone | first)
            ),
            persons=scores.persons.with_columns(optimism.alias("optimism")),
        )
    )
    found = compute(inputs, asked())
    assert "completed-sets-not-made" not in codes(found)
    assert found.completed is not None
    assert found.n_completed == N - 2
    assert "later age" not in found.completed.to_complete.columns


def with_gaps(name: str, column: Any) -> AnalysisInputs:
    """The study with another column of persons, of whom six are not known."""
    unknown = np.isin(np.arange(N), [1, 2, 9, 30, 31, 77])
    persons = gappy().scores.persons.with_columns(
        pl.when(pl.Series(~unknown)).then(pl.Series(column)).alias(name)
    )
    return inputs_of(replace(gappy().scores, persons=persons))


def test_a_factor_of_two_categories_is_not_drawn() -> None:
    arm = gappy().scores.persons["arm"].to_list()
    found = compute(with_gaps("arm", arm), asked(factor="arm"))
    assert found.categories == "programme against control"
    made = found.completed
    assert made is not None
    assert found.n_completed == N - 6
    assert made.n_without_factor == 0
    assert set(made.to_complete["arm"]) == {0.0, 1.0}


def test_the_e_value_is_of_the_difference_that_is_told_also_where_one_of_two_values_is_drawn() -> (
    None
):
    high = (gappy().scores.persons["optimism"].to_numpy() > 10).astype(float)
    found = compute(with_gaps("optimism", high), asked())
    assert found.difference == 1.0
    made = found.completed
    assert made is not None
    assert made.n_without_factor == 6

    # E-values as of a difference in SDs of what exposure leaves of later problems, about the same
    # in persons who lack nothing and over sets; not of one SD of the factor, which is half of it.
    def risk(e_value: float) -> float:
        return e_value**2 / (2 * e_value - 1)

    sds = {
        one.e_value: np.log(risk(one.e_value)) / 0.91 / abs(one.estimate)
        for one in (found.two_step, made.two_step)
    }
    there, here = sds.values()
    assert here == pytest.approx(there, rel=0.15)


def test_pooled_beside_others_does_not_tell_of_the_few_who_lack_something() -> None:
    scores = study("change").scores
    place, person = pl.col("occasion_index"), pl.col("person")
    there = scores.table.filter(place == 1)["person"].unique().sort()
    own = person.replace_strict(there, pl.Series(range(there.len()), dtype=pl.UInt32))
    gone = (place == 1) & (person < 3)
    table = scores.table.filter(person.is_in(there.implode())).with_columns(person=own)
    table = table.with_columns(pl.when(~gone).then(pl.col("factor:coping")).alias("factor:coping"))
    people = scores.persons[there.to_list()].with_columns(person=pl.Series(range(there.len())))
    scores = replace(scores, persons=people.with_columns(pl.col("person").cast(pl.UInt32)))
    inputs = inputs_of(replace(scores, table=table))
    audience = audience_of(scores, individuals=False)
    hidden = replace(inputs, run=replace(inputs.run, audience=audience))
    told, untold = (compute(one, asked(covariates=())) for one in (inputs, hidden))
    assert told.completed is not None
    assert (untold.completed, untold.n_completed) == (None, None)
    assert "completed-sets-of-few" in codes(untold) - codes(told)


def test_without_the_key_there_are_no_sets() -> None:
    found = compute(gappy(), asked(imputations=None))
    assert found.completed is None
    assert found.n_completed is None
    assert "ooled" not in str(found.answer()) + found.methods().worded(str)


@pytest.mark.parametrize("individuals", [True, False])
def test_the_page_shows_both_and_how_the_chains_went(individuals: bool) -> None:
    found, inputs = result(), gappy()
    (section,), _ = shown(found, inputs, individuals=individuals)
    assert [table.name for table in section.tables] == ["mechanism-paths", "mechanism-completed"]
    figures = {figure.name: figure for figure in section.figures}
    assert figures["mechanism-effects"].data["step"].n_unique() == 6
    chains = figures.get("mechanism-chains")
    assert (chains is None) == (not individuals and not _many(found))
    assert section.tables[1].frame["df"].is_not_null().all() or not individuals


def _many(found: MechanismResult) -> bool:
    """Whether enough lack each of what is traced to be told."""
    made = found.completed
    assert made is not None
    counts = [made.n_without_factor, made.n_without_mechanism, made.n_without_later]
    return all(n == 0 or n >= 5 for n in counts)


@pytest.mark.parametrize("workers", [1, 3])
def test_sets_and_draws_are_made_on_the_cluster_and_are_the_same(
    monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    there, cluster = on_cluster(gappy(), monkeypatch, workers)
    found = compute(there, asked())
    assert set(cluster.asked) == {ADDRESS}
    assert cluster.sent.count("_Chains.run") >= 5
    assert cluster.sent.count("_Drawn.of") == 15
    assert str(found.to_dict()) == str(result().to_dict())
