"""What comes first: numbers of other programs, known orders, and what cannot be asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.change.agreement import KEYS
from salutogen.analyses.change.analysis import ChangeResult, compute
from salutogen.analyses.change.doubts import doubts_of, tell_doubts
from salutogen.analyses.change.paths import (
    ONE_STEP,
    PLAIN,
    RANDOM,
    REGRESSION,
    WITHOUT_ERROR,
    path_table,
)
from salutogen.analyses.change.settings import ChangeSettings
from salutogen.analyses.change.variables import ChangeData, read_variables
from salutogen.analyses.change.words import constancy, stress_generation
from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.models import CrossLaggedPanel
from salutogen.study.format.quantities import Duration
from tests.analyses.change.studies import change_inputs
from tests.analyses.inputs import shown
from tests.analyses.small_cohort import results_of

ASKED = ChangeSettings(variables=("SR", "support"))


@pytest.fixture(scope="module")
def inputs() -> AnalysisInputs:
    return change_inputs()


@pytest.fixture(scope="module")
def result(inputs: AnalysisInputs) -> ChangeResult:
    return compute(inputs, ASKED)


def claims(result: ChangeResult) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in result.agreement.iter_rows(named=True)}


def codes(result: ChangeResult) -> set[str]:
    return {item.code for item in result.findings}


def estimates(result: ChangeResult, model: str) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in result.paths.filter(model=model).iter_rows(named=True)}


def test_the_order_that_is_there_is_told(result: ChangeResult) -> None:
    told = claims(result)
    assert told["support → SR"]["random_intercepts"] == "lower"
    assert told["support → SR"]["one_step"] == "lower"
    assert told["SR → support"]["random_intercepts"] == "not shown"
    row = estimates(result, RANDOM)["support → SR"]
    assert row["low"] < -0.3 * 2 / 3 < row["high"], "in points of P per point of support"
    assert "support above the usual level was followed by a lower SR one occasion (7 days)" in str(
        result.answer()
    )
    assert "SR → support" in str(result.answer())


def test_the_other_order_is_told_the_other_way_round() -> None:
    found = []
    for seed in range(4, 8):
        result = compute(change_inputs(((0.25, 0.0), (-0.3, 0.25)), seed=seed), ASKED)
        assert claims(result)["SR → support"]["random_intercepts"] == "lower"
        row = estimates(result, RANDOM)["support → SR"]
        found.append((row["estimate"], row["se"]))
    mean, se = np.mean(found, axis=0)
    assert abs(mean) < 2 * se / np.sqrt(len(found)), "what is not there"


def test_what_one_model_alone_claims_is_said_under_that_model(result: ChangeResult) -> None:
    told = "support above a person's usual level is followed by a lower SR"
    assert str(result.in_short()) == told
    keys = pl.col("path") == "support → SR"
    denied = result.agreement.with_columns(
        one_step=pl.when(keys).then(pl.lit("not shown")).otherwise("one_step")
    )
    other = replace(result, agreement=denied)
    words = str(other.answer())
    assert words.startswith("By the model with random intercepts, support above the usual level")
    assert "do not claim the same (one step: P given E), so that it hangs on" in words
    assert str(other.in_short()) == "which of SR and support changes first is not told"


def test_levels_alone_mislead_only_models_without_them() -> None:
    result = compute(change_inputs(((0.2, 0.0), (0.0, 0.2)), n=600, seed=5), ASKED)
    for row in claims(result).values():
        assert row["random_intercepts"] == "not shown"
        assert row["without_random_intercepts"] == "lower"
        assert row["lagged_regression"] == "lower"
        assert not row["agree"]
    assert "change-models-disagree" in codes(result)
    assert "no effect of one of SR and support on another" in str(result.answer())
    assert f"claim otherwise of SR → support ({PLAIN}, {REGRESSION})" in str(result.answer())
    assert result.tests.row(0, named=True)["p"] < 0.001, "persons have lasting levels"
    assert result.levels["correlation"].item() == pytest.approx(-0.6, abs=0.2)


def test_effects_are_those_of_the_model_used_alone(
    inputs: AnalysisInputs, result: ChangeResult
) -> None:
    scored = inputs.resilience.occasions.select("person", "occasion_index", "SR")
    frame = scored.hstack(inputs.scores.table.select(pl.col("factor:support").alias("support")))
    fit = CrossLaggedPanel(
        outcomes=("SR", "support"), person="person", occasion="occasion_index",
        standard_errors="robust",
    ).fit(frame)  # fmt: skip
    for path, name in (("support → SR", "SR<-support"), ("SR → SR", "SR<-SR")):
        row = estimates(result, RANDOM)[path]
        assert row["estimate"] == pytest.approx(fit.estimates[name], rel=1e-4)
        assert row["se"] == pytest.approx(fit.standard_errors[name], rel=1e-4)
    scale = frame["support"].std() / frame["SR"].std()
    row = estimates(result, RANDOM)["support → SR"]
    assert row["standardised"] == pytest.approx(row["estimate"] * scale)
    assert result.models.row(0, named=True)["cfi"] == pytest.approx(
        fit.fit_indices["cfi_scaled"], rel=1e-5
    )


def test_one_step_holds_exposure_in_the_same_model(
    inputs: AnalysisInputs, result: ChangeResult
) -> None:
    table = inputs.scores.table.select(
        "person", "occasion_index", "P", "E", support="factor:support"
    )
    fit = CrossLaggedPanel(
        outcomes=("P", "support"), person="person", occasion="occasion_index",
        time_varying=("E",), standard_errors="robust",
    ).fit(table)  # fmt: skip
    row = estimates(result, ONE_STEP)["support → SR"]
    assert row["estimate"] == pytest.approx(fit.estimates["P<-support"], rel=1e-4)
    assert row["se"] == pytest.approx(fit.standard_errors["P<-support"], rel=1e-4)


def test_with_exposure_among_the_variables_both_steps_are_one_model(inputs: AnalysisInputs) -> None:
    result = compute(inputs, ASKED.model_copy(update={"variables": ("SR", "support", "E")}))
    two, one = (estimates(result, model) for model in (RANDOM, ONE_STEP))
    slope = inputs.norm.lines.occasion.coefficient("E")
    through = slope * one["support → E"]["estimate"]
    assert two["support → SR"]["estimate"] == pytest.approx(
        one["support → SR"]["estimate"] - through, abs=1e-5
    )
    assert result.models["bic"][0] == pytest.approx(result.models["bic"][3], rel=1e-6)


def test_a_covariate_and_a_reliability_have_their_place(inputs: AnalysisInputs) -> None:
    settings = ASKED.model_copy(
        update={"covariates": ("age", "site"), "reliability": {"support": 0.8}}
    )
    result = compute(inputs, settings)
    plain, better = (estimates(result, model) for model in (RANDOM, WITHOUT_ERROR))
    path = "support → SR"
    assert abs(better[path]["estimate"]) > abs(plain[path]["estimate"])
    assert "adjusted for age and site" in str(result.methods().worded(str))  # type: ignore[union-attr]


def test_free_effects_are_told_by_occasion(inputs: AnalysisInputs) -> None:
    result = compute(inputs, ASKED.model_copy(update={"lags": "free"}))
    own = estimates(result, RANDOM)
    assert {"support → SR, at T1", "support → SR, at T3"} <= set(own)
    assert set(claims(result)) == {path for path in own if not path.startswith(("SR → SR", "sup"))
                                   or path.startswith("support → SR")}  # fmt: skip
    assert constancy(result).endswith("Each occasion has its own.")
    short = "support above a person's usual level is followed by a lower SR at "
    assert str(result.in_short()).startswith(short)
    assert str(result.in_short()).count("followed by") == 1
    assert str(result.answer()).count("was followed by a lower SR") <= 2, "shown by all, or by one"
    assert result.tests.filter(claim="effects differ over occasions")["df"].item() == 8


def test_two_lags(inputs: AnalysisInputs) -> None:
    result = compute(inputs, ASKED.model_copy(update={"lag": 2}))
    assert "support → SR, lag 2" in claims(result)
    assert claims(result)["support → SR"]["random_intercepts"] == "lower"
    own = result.paths.filter(pl.col("path").str.starts_with("support → SR"))
    held = own.with_columns(estimate=pl.lit(-1.0), p_adjusted=pl.lit(0.001))
    agreed = result.agreement.with_columns(pl.lit("lower").alias(key) for key in KEYS.values())
    told = str(replace(result, paths=held, agreement=agreed).in_short())
    one, two = told.split(" and support")
    assert one.endswith("is followed by a lower SR one occasion later")
    assert two.endswith("is followed by a lower SR two occasions later")


def test_a_doubtful_model_is_not_built_on(result: ChangeResult) -> None:
    assert result.doubts == ()
    doubtful = replace(result, doubts=("does not fit", "has doubtful estimates"))
    told = "hangs on a model that does not fit and has doubtful estimates"
    assert str(doubtful.in_short()) == f"which of SR and support changes first {told}"
    assert str(doubtful.answer()).endswith("has doubtful estimates: do not build on it.")
    fit = {"cfi": 0.9, "rmsea": 0.05, "p": 0.01}
    assert doubts_of(fit, ["Below zero: level of SR."]) == doubtful.doubts
    assert doubts_of(fit | {"p": 0.2}, []) == ()


def test_a_mend_is_none_that_is_set_already_or_would_be_refused(inputs: AnalysisInputs) -> None:
    data = read_variables(inputs, ASKED, Findings())
    fit = {"cfi": 0.8, "rmsea": 0.1, "p": 0.001}
    empty = pl.DataFrame(schema={"claim": pl.String, "p": pl.Float64})

    def mend(data: ChangeData, lag: int, lags: str) -> str:
        found = Findings()
        tell_doubts(inputs, data, found, messages={}, fit=fit, tests=empty, lag=lag, lags=lags,
                    paths=path_table({}, {}), agreement=pl.DataFrame())  # fmt: skip
        return next(item.mend for item in found if item.code == "change-fit-poor")

    assert mend(data, 1, "equal").startswith("Try `lag: 2` or `lags: free`;")
    assert mend(data, 2, "equal").startswith("Try `lags: free`;")
    assert mend(data, 2, "free").startswith("Name other occasions or variables;")
    values = {name: array[:, :3] for name, array in data.values.items()}
    three = replace(data, values=values, occasions=data.occasions[:3])
    assert mend(three, 1, "equal").startswith("Try `lags: free`;")
    few = replace(three, persons=three.persons[:20])
    assert mend(few, 1, "equal").startswith("Name other")
    with pytest.raises(AnalysisError) as caught:
        compute(inputs, ASKED.model_copy(update={"occasions": ("T0", "T1", "T2"), "lag": 2}))
    assert caught.value.findings[0].mend == "Set `lag: 1` or name more occasions."


def test_stress_generation_is_asked_where_exposure_is_a_variable() -> None:
    asked = ChangeSettings(variables=("P", "E"))
    there = compute(change_inputs(to_exposure=1.5, seed=6), asked)
    assert "P → E: shown" in stress_generation(there)
    absent = compute(change_inputs(seed=6), asked)
    assert "P → E: not shown" in stress_generation(absent)
    assert ONE_STEP not in there.models["model"].to_list()
    away = compute(change_inputs(to_exposure=-1.5, seed=6), asked)
    assert "the other way round" in stress_generation(away)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"variables": ("SR", "suport")}, "change-variable-unknown"),
        ({"variables": ("SR", "optimism")}, "change-asked-once"),
        ({"variables": ("SR", "P")}, "change-variables-overlap"),
        ({"variables": ("E", "E_general")}, "change-variables-overlap"),
        ({"variables": ("support", "support")}, "change-variables-overlap"),
        ({"reliability": {"P": 0.8}}, "change-reliability-of-none"),
        ({"occasions": ("T0", "T9")}, "change-occasion-unknown"),
        ({"occasions": ("T0", "T1")}, "change-too-few-occasions"),
        ({"occasions": ("T0", "T1", "T2"), "lag": 2}, "change-too-few-occasions"),
        ({"covariates": ("ages",)}, "change-covariate-unknown"),
        ({"covariates": ("name",)}, "change-covariate-labels"),
        ({"occasions": ("T0", "T1", "T3")}, "change-gaps-differ"),
    ],
)
def test_what_cannot_be_asked_is_one_finding(
    inputs: AnalysisInputs, settings: dict[str, Any], code: str
) -> None:
    names = inputs.scores.persons["subject"].alias("name")
    scores = replace(inputs.scores, persons=inputs.scores.persons.with_columns(names))
    with pytest.raises(AnalysisError) as caught:
        compute(replace(inputs, scores=scores), ASKED.model_copy(update=settings))
    assert [item.code for item in caught.value.findings] == [code]


def test_unequal_gaps_name_occasions_that_would_do() -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(change_inputs(occasions=5, days=[0, 7, 28, 56, 84]), ASKED)
    (told,) = caught.value.findings
    assert told.code == "change-gaps-differ"
    assert "T0, T2, T3, T4" in told.mend
    settings = ASKED.model_copy(update={"occasions": ("T0", "T2", "T3", "T4")})
    result = compute(change_inputs(occasions=5, days=[0, 7, 28, 56, 84]), settings)
    assert result.gap == 28


def test_without_times_gaps_are_taken_as_equal(inputs: AnalysisInputs) -> None:
    plan = inputs.study
    untimed = replace(plan, occasions=tuple(replace(one, day=None) for one in plan.occasions))
    table = inputs.resilience.occasions.with_columns(time=pl.lit(None, dtype=pl.Float64))
    result = compute(
        replace(inputs, study=untimed, resilience=replace(inputs.resilience, occasions=table)),
        ASKED,
    )
    assert result.gap is None
    assert "change-gaps-unknown" in codes(result)
    assert "one occasion later" in str(result.answer())


def test_persons_off_the_plan_are_told(inputs: AnalysisInputs, result: ChangeResult) -> None:
    assert "change-times-apart" not in codes(result)
    table = inputs.resilience.occasions
    shift = np.random.default_rng(1).normal(0, 2, table.height)
    moved = table.with_columns(time=table["time"] + shift)
    resilience = replace(inputs.resilience, occasions=moved)
    told = compute(replace(inputs, resilience=resilience), ASKED)
    (found,) = [item for item in told.findings if item.code == "change-times-apart"]
    # a difference of two normal shifts is off by 1.75 days in a share of the normal distribution
    assert found.evidence.numbers["share"] == pytest.approx(0.536, abs=0.05)


def test_a_factor_called_like_a_score_is_named_by_its_column(
    inputs: AnalysisInputs, result: ChangeResult
) -> None:
    table = inputs.scores.table.rename({"factor:support": "factor:E"})
    scores = replace(inputs.scores, table=table, factors_repeated=("E",))
    asked = ASKED.model_copy(update={"variables": ("SR", "factor:E")})
    own = estimates(compute(replace(inputs, scores=scores), asked), RANDOM)
    found = own["factor:E → SR"]["estimate"]
    assert found == pytest.approx(estimates(result, RANDOM)["support → SR"]["estimate"])


@pytest.mark.parametrize("other", [2 * pl.col("factor:support") - 1, pl.lit(3.0)])
def test_what_tells_nothing_more_is_one_finding(inputs: AnalysisInputs, other: pl.Expr) -> None:
    table = inputs.scores.table.with_columns(other.alias("factor:other"))
    scores = replace(inputs.scores, table=table, factors_repeated=("support", "other"))
    settings = ASKED.model_copy(update={"variables": ("support", "other")})
    with pytest.raises(AnalysisError) as caught:
        compute(replace(inputs, scores=scores), settings)
    (told,) = caught.value.findings
    assert told.code == "change-not-fitted"
    assert "other" in told.text


def test_few_persons_are_refused() -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(change_inputs(n=25), ASKED)
    assert [item.code for item in caught.value.findings] == ["change-too-few-persons"]


def test_a_model_with_too_many_parameters_is_left_out_alone() -> None:
    result = compute(change_inputs(n=45), ASKED)
    assert ONE_STEP not in result.models["model"].to_list()
    assert "change-model-left-out" in codes(result)


def test_answers_about_overlapping_times_are_told(inputs: AnalysisInputs) -> None:
    def about(**days: str) -> AnalysisInputs:
        instruments = {
            name: SimpleNamespace(title=name, recall=Duration.parse(span))
            for name, span in days.items()
        }
        study = replace(inputs.study, instruments=cast(Any, instruments))
        return replace(inputs, study=study)

    assert "change-answers-overlap" in codes(compute(about(support="4 weeks"), ASKED))
    spans = {"support": "1 day", "ghq-12": "7 days"}
    assert "change-answers-of-unequal-spans" in codes(compute(about(**spans), ASKED))
    same = {"support": "7 days", "ghq-12": "7 days"}
    assert not {code for code in codes(compute(about(**same), ASKED)) if "answers" in code}


def test_everyone_may_read_all_of_it(inputs: AnalysisInputs, result: ChangeResult) -> None:
    for individuals in (True, False):
        (section,), told = shown(result, inputs, individuals=individuals)
        assert told == ()
        assert (len(section.tables), len(section.figures)) == (7, 1)


def test_all_models_stand_beside_the_first(result: ChangeResult) -> None:
    assert result.models["model"].to_list() == [RANDOM, PLAIN, REGRESSION, ONE_STEP]
    assert result.within.height == 3 * 4


def test_a_study_file_asks_for_it(tmp_path: Path) -> None:
    told = results_of(tmp_path, analyses="[{step: change, variables: [P, E]}]", individuals="hide")
    found = told.to_dict()["steps"]["change"]
    assert found["variables"] == ["P", "E"]
    assert {row["path"] for row in found["agreement"]} == {"P → E", "E → P"}
    assert np.isfinite([row["estimate"] for row in found["paths"]]).all()
