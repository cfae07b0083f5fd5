"""The analysis of a mechanism: by hand, four worlds, time order, what is refused, the page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.mechanism.analysis import EFFECTS, ONE, TWO, MechanismResult, compute
from salutogen.analyses.mechanism.settings import MechanismSettings
from salutogen.errors import AnalysisError
from salutogen.models import mediate
from salutogen.page.words import points
from tests.analyses.cluster import ADDRESS, on_cluster
from tests.analyses.inputs import shown
from tests.analyses.mechanism.worlds import PLAIN, by_hand, ols, result, study
from tests.analyses.small_cohort import answers, identifier
from tests.analyses.times_of_factors import with_times


def codes(found: MechanismResult) -> set[str]:
    return {item.code for item in found.findings}


def test_both_models_are_those_of_means_by_hand() -> None:
    data = by_hand(study())
    x, m, E, P = (data[name] for name in ("x", "m", "E", "P"))
    SR = P - P.mean() - ols(P, E)[0] * (E - E.mean())
    found = result()
    a, (b, direct) = ols(m, x)[0], ols(SR, m, x)
    sd = x.std(ddof=1)
    assert found.n == len(x)
    assert found.difference == pytest.approx(sd)
    assert found.two_step.estimate == pytest.approx(sd * a * b, rel=1e-7)
    assert found.two_step.direct == pytest.approx(sd * direct, rel=1e-7)
    own = found.paths.filter(step=TWO, effect=EFFECTS["b"]).row(0, named=True)
    assert own["estimate"] == pytest.approx(b, rel=1e-7)
    b, direct, _ = ols(P, m, x, E)
    assert found.one_step.estimate == pytest.approx(sd * a * b, rel=1e-7)
    assert found.one_step.direct == pytest.approx(sd * direct, rel=1e-7)
    assert found.paths.filter(step=ONE).height == len(EFFECTS)
    back = found.paths.filter(step=TWO, effect=EFFECTS["reversed:indirect"])["estimate"].item()
    assert back == pytest.approx(ols(SR, x)[0] * ols(m, x, SR)[1], rel=1e-7)


def test_figures_are_those_of_the_model() -> None:
    data, found = by_hand(study()), result(covariates=("age",))
    fit = mediate(
        factor="x",
        mechanism="m",
        outcome="P",
        covariates=["age"],
        exposure=["E"],
        steps=2,
        data=data,
        bootstrap=300,
        seed=1 + 0x3ED,
    )
    two = found.two_step
    assert two.interval == pytest.approx([found.difference * limit for limit in fit.interval])
    assert two.rho_at_zero == pytest.approx(fit.rho_at_zero)
    assert two.e_value == pytest.approx(float(fit.e_value))
    assert two.joint_p == pytest.approx(fit.joint_p())
    curve = dict(found.curve.select("rho", "indirect").iter_rows())
    assert curve[0.0] == pytest.approx(two.estimate)
    assert curve[0.5] == pytest.approx(found.difference * fit.sensitivity["indirect"].indirect(0.5))
    own = found.curve.filter(rho=0.0).select("low", "high").row(0)
    assert own == pytest.approx(two.interval), "the limits of the paths themselves"


def test_a_mechanism_is_found_and_told_with_its_order() -> None:
    found = result("change")
    assert found.kind == "mediation"
    assert (found.two_step.told, found.one_step.told) == (-1, -1)
    assert found.occasions == ("T2", "T3", "T4")
    assert found.given_earlier is not None
    assert found.given_earlier.told == -1
    assert found.answer().startswith("The data fit a way from optimism over coping to later SR")
    assert not {"mechanism-order-not-shown", "mechanism-not-beyond-earlier"} & codes(found)


def test_a_mechanism_that_does_nothing_is_not_told() -> None:
    found = result("alone")
    assert found.two_step.told == found.one_step.told == 0
    assert "is not shown" in found.answer()


def test_what_only_goes_with_exposure_is_not_told_at_equal_exposure() -> None:
    found = result("exposed")
    assert found.one_step.told == 0


@pytest.mark.parametrize(
    ("two", "one", "words"),
    [
        ([-2.0, -1.0], [-1.0, 1.0], "is shown in one of two models only"),
        ([-1.0, 1.0], [-2.0, -1.0], "is shown in one of two models only"),
        ([-2.0, -1.0], [1.0, 2.0], "goes in opposite directions in two models"),
        ([-1.0, 1.0], [-1.0, 1.0], "is not shown"),
    ],
)
def test_words_follow_both_models(two: list[float], one: list[float], words: str) -> None:
    found = result()
    told = replace(
        found,
        two_step=replace(found.two_step, interval=two),
        one_step=replace(found.one_step, interval=one),
    )
    assert f"to later SR {words}: " in told.answer()


def test_problems_that_lower_coping_pass_for_a_mechanism_and_the_page_says_so() -> None:
    found = result("reversed")
    assert found.two_step.told != 0
    (section,) = shown(found, study("reversed"), individuals=True)[0]
    assert any("same lasting trait or mood" in str(one) for one in section.paragraphs)
    assert any("fits these numbers exactly as well" in str(one) for one in section.paragraphs)


@pytest.mark.parametrize(
    ("settings", "kind", "variant"),
    [
        ({"mechanism_at": "T0"}, "half-ordered", "one after the other"),
        ({"mechanism_at": "T2", "after": "T0"}, "association", "another order"),
        (
            {"factor": "optimism_now", "factor_at": "T2", "mechanism_at": "T1", "after": "T2"},
            "association",
            "another order",
        ),
        ({"factor": "coping", "mechanism": "optimism"}, "half-ordered", "one after the other"),
    ],
)
def test_without_an_order_in_time_there_is_only_an_association(
    settings: dict[str, Any], kind: str, variant: str
) -> None:
    found = result(**settings)
    told = [item for item in found.findings if item.code == "mechanism-order-not-shown"]
    assert found.kind == kind
    assert variant in told[0].text
    assert "fit a way" not in found.answer()


def test_a_factor_or_mechanism_has_the_time_of_its_own_source() -> None:
    inputs = study()
    n, rows = inputs.scores.persons.height, inputs.scores.table
    # Thirty persons were scanned after the mechanism, others a day before all else.
    day = np.where(np.arange(n) < 30, 30.0, -1.0)
    found = compute(with_times(inputs, baseline={"optimism": day}), MechanismSettings(**PLAIN))
    told = next(item for item in found.findings if item.code == "mechanism-times-disagree")
    everyone = compute(inputs, MechanismSettings(**PLAIN))
    assert found.n == everyone.n - told.evidence.numbers["n"]
    assert told.evidence.numbers["n"] > 20
    # A laboratory that came to its second visit after all of later SR tells of no mechanism.
    late = rows["time"].to_numpy() + 1000.0
    with pytest.raises(AnalysisError) as refused:
        compute(with_times(inputs, repeated={"coping": late}), MechanismSettings(**PLAIN))
    assert "too-few-for-mechanism" in [item.code for item in refused.value.findings]


def test_persons_who_answered_in_another_order_are_left_out() -> None:
    inputs = study()
    early = (pl.col("person") < 30) & (pl.col("occasion_index") > 1)
    table = inputs.scores.table.with_columns(
        time=pl.when(early).then(pl.col("time") - 100).otherwise(pl.col("time"))
    )
    found = compute(
        replace(inputs, scores=replace(inputs.scores, table=table)), MechanismSettings(**PLAIN)
    )
    told = next(item for item in found.findings if item.code == "mechanism-times-disagree")
    assert result().n - found.n == int(told.evidence.numbers["n"])
    assert 20 < result().n - found.n <= 30


def test_the_arm_is_a_factor_of_two_values() -> None:
    found = result(factor="arm")
    assert found.categories == "programme against control"
    assert found.difference == 1.0
    assert "for programme against control of arm" in found.answer()


def test_a_covariate_of_the_line_and_of_the_paths_counts_once() -> None:
    inputs = study.__wrapped__(norm={"covariates": ["age"]})
    found = compute(inputs, MechanismSettings(**PLAIN, covariates=("age", "site")))
    assert found.one_step.estimate == pytest.approx(found.two_step.estimate, rel=0.2)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"mechanism": "optimism"}, "mechanism-is-the-factor"),
        ({"mechanism": "copping"}, "mechanism-name-unknown"),
        ({"mechanism_at": "T9"}, "mechanism-occasion-unknown"),
        ({"factor_at": "T0"}, "mechanism-asked-once"),
        ({"factor": "site"}, "mechanism-of-many-categories"),
        ({"covariates": ("nothing",)}, "mechanism-covariate"),
        ({"covariates": ("optimism",)}, "mechanism-covariate"),
        ({"mechanism_at": "T4"}, "nothing-after-the-mechanism"),
        ({"factor": "stable"}, "mechanism-not-fitted"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], code: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(study(), MechanismSettings(**PLAIN | settings))
    assert code in {item.code for item in caught.value.findings}


def test_too_few_persons_are_refused() -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(study(n=18), MechanismSettings(**PLAIN))
    assert "too-few-for-mechanism" in {item.code for item in caught.value.findings}


@pytest.mark.parametrize("individuals", [True, False])
def test_the_page_shows_figures_to_everyone(individuals: bool) -> None:
    sections, withheld = shown(result(), study(), individuals=individuals)
    (section,) = sections
    assert [item.name for item in section.figures] == [
        "mechanism-path",
        "mechanism-effects",
        "mechanism-confounding",
    ]
    assert section.tables[0].frame.height == 3 * len(EFFECTS)
    assert not withheld


def test_the_curve_is_smooth_and_marks_where_nothing_is_left() -> None:
    found = result()
    (section,), _ = shown(found, study(), individuals=False)
    *_, drawn = section.figures
    rhos, indirect = found.curve["rho"].to_numpy(), found.curve["indirect"].to_numpy()
    assert np.max(np.diff(rhos)) < 0.03
    assert 0.0 in rhos
    _, _, _, point, words = drawn.chart["layer"]
    (row,) = point["data"]["values"]
    assert row["rho"] == pytest.approx(found.two_step.rho_at_zero, abs=6e-4)
    assert words["data"]["values"][0]["words"] == f"0 at {points(row['rho'])}"
    left = np.interp(row["rho"], rhos, indirect)
    assert left == pytest.approx(0, abs=0.02 * abs(found.two_step.estimate))


def test_given_earlier_values_is_by_hand() -> None:
    inputs, found = study(), result()
    table = inputs.scores.table.join(
        inputs.resilience.occasions.select("person", "occasion_index", "SR"),
        on=["person", "occasion_index"],
    )
    first = table.filter(pl.col("occasion_index") == 0).select(
        "person", m0="factor:coping", s0="SR"
    )
    second = table.filter(pl.col("occasion_index") == 1).select("person", m="factor:coping")
    later = (
        table.filter(pl.col("valid") & (pl.col("occasion_index") > 1))
        .group_by("person", maintain_order=True)
        .agg(pl.col("E", "P").mean())
    )
    joined = inputs.scores.persons.select("person", x="optimism")
    for other in (first, second, later):
        joined = joined.join(other, on="person")
    joined = joined.drop_nulls()
    x, m0, s0, m, E, P = (joined[name].to_numpy() for name in ("x", "m0", "s0", "m", "E", "P"))
    SR = P - P.mean() - ols(P, E)[0] * (E - E.mean())
    assert found.n_earlier == len(x)
    assert found.given_earlier is not None
    assert found.given_earlier.estimate == pytest.approx(
        found.difference * ols(m, x, m0, s0)[0] * ols(SR, m, x, m0, s0)[0], rel=1e-6
    )


def test_a_lasting_trait_is_not_called_a_mechanism_beyond_what_was_before() -> None:
    """Coping stays what it was: what it tells of later SR was there at the start."""
    found = result()
    assert found.given_earlier is not None
    assert found.two_step.told == -1
    assert found.given_earlier.told == 0
    assert "mechanism-not-beyond-earlier" in codes(found)
    assert "but not beyond what was there before" in found.answer()
    assert "fit a way" not in found.answer()
    assert result(mechanism_at="T0").given_earlier is None


def test_factor_and_mechanism_are_told_by_their_titles() -> None:
    inputs = study()
    instruments = {
        name: SimpleNamespace(title=title, higher="better")
        for name, title in (("optimism", "Hope"), ("coping", "Active coping"))
    }
    named = replace(inputs, study=replace(inputs.study, instruments=cast(Any, instruments)))
    found = compute(named, MechanismSettings(**PLAIN, mechanism_at="T0"))
    assert (found.factor, found.factor_title) == ("optimism", "Hope")
    assert (found.mechanism, found.mechanism_title) == ("coping", "Active coping")
    (section,), _ = shown(found, named, individuals=True)
    words = [str(one) for one in (section.title, *section.paragraphs)]
    words += [figure.title for figure in section.figures]
    words += [str(figure.description) for figure in section.figures]
    words += [item.text for item in found.findings]
    words += [str(found.in_short()), str(found.answer()), found.methods().worded(str)]
    told = " ".join(words)
    assert "Active coping between Hope and SR" in told
    assert not re.search(r"\b(optimism|coping)\b", told.replace("Active coping", ""))


STUDY = """\
salutogen: 1
title: Through what
occasions: {every: 7 days, count: 4}
sources:
  answers: {layout: row-per-occasion, person: pid, occasion: week}
instruments:
  mood: {columns: "P_{1..3}", answers: 0..5, measures: problems, method: sum}
  events: {columns: "E_{1..4}", answers: 0..5, did_not_occur: 0, recall: 7 days}
  optimism: {columns: OPT, total: true, answers: 0..40, measured: baseline, higher: better}
  coping: {columns: COP, total: true, answers: 0..40, measured: repeated, higher: better}
problems: mood
factors: [optimism, coping]
exposure: {types: [events], score: severity, combine: sum}
resilience: {bootstrap: 0}
analyses:
  - {step: mechanism, factor: optimism, mechanism: coping, bootstrap: 200}
"""


def test_a_run_from_the_study_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    levels = {identifier(person): int(rng.integers(5, 35)) for person in range(40)}
    frame = answers().with_columns(OPT=pl.col("pid").replace_strict(levels))
    frame = frame.with_columns(
        COP=(pl.col("OPT") / 2 + pl.Series(rng.integers(0, 15, frame.height))).round().cast(int)
    )
    frame.write_csv(tmp_path / "answers.csv")
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    results = sg.run(path, tmp_path, tmp_path / "out")
    found = results.to_dict()["steps"]["mechanism"]
    assert found["kind"] == "mediation"
    assert found["two_step"]["interval"][0] < found["two_step"]["estimate"]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Through what? coping between optimism and SR" in page


def test_a_covariate_that_says_nothing_is_left_out_and_named() -> None:
    plain = study()
    persons = plain.scores.persons.with_columns(same=pl.lit(30.0))
    inputs = replace(plain, scores=replace(plain.scores, persons=persons))
    asked = MechanismSettings.model_validate(PLAIN | {"covariates": ["same", "age"]})
    result = compute(inputs, asked)
    alone = compute(plain, MechanismSettings.model_validate(PLAIN | {"covariates": ["age"]}))
    assert result.covariates == ("age",)
    assert result.two_step.estimate == alone.two_step.estimate
    assert "covariate-says-nothing" in [item.code for item in result.findings]


def test_persons_are_drawn_on_the_cluster_where_one_is_named_and_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there, cluster = on_cluster(study(), monkeypatch, 2)
    found = compute(there, MechanismSettings(**PLAIN))
    assert set(cluster.asked) == {ADDRESS}
    assert cluster.sent.count("_Totals.of") > 2
    assert str(found.to_dict()) == str(result().to_dict())
