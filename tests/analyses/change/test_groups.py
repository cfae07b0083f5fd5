"""Effects in groups: separate fits, differences that are there or not, what cannot be compared."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.change.analysis import ChangeResult, compute
from salutogen.analyses.change.groups import ALL
from salutogen.analyses.change.settings import ChangeSettings
from salutogen.analyses.change.words import groups_in_words
from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import AnalysisError
from salutogen.models import CrossLaggedPanel, compare_structural_fits
from salutogen.pipeline.hidden_figures import HiddenFigures
from tests.analyses.change.studies import change_inputs
from tests.analyses.inputs import audience_of, shown
from tests.analyses.small_cohort import answers, write_study

ASKED = ChangeSettings(variables=("P", "support"), groups="site")
SITES = ("A", "B", "C")


@cache
def inputs(differs: bool = True) -> AnalysisInputs:
    """Support moves problems at sites A and B, and at C only where the sites do not differ."""
    n = 600
    lags = np.tile(np.array([[0.25, -0.3], [0.0, 0.25]]), (n, 1, 1))
    if differs:
        lags[2::3, 0, 1] = 0.1
    return change_inputs(lags, n=n, seed=8)


@cache
def result(differs: bool = True) -> ChangeResult:
    return compute(inputs(differs), ASKED)


def codes(found: ChangeResult) -> set[str]:
    return {item.code for item in found.findings}


def frame() -> pl.DataFrame:
    scores = inputs().scores
    site = scores.persons.select("person", "site")
    table = scores.table.select("person", "occasion_index", "P", support="factor:support")
    return table.join(site, on="person", how="left", maintain_order="left")


def test_effects_of_a_group_are_those_of_its_persons_alone() -> None:
    model = CrossLaggedPanel(
        outcomes=("P", "support"), person="person", occasion="occasion_index",
        standard_errors="robust",
    )  # fmt: skip
    for site in SITES:
        fit = model.fit(frame().filter(site=site))
        rows = result().group_paths.filter(group=site)
        for row in rows.iter_rows(named=True):
            name = f"{row['outcome']}<-{row['source']}"
            assert row["estimate"] == pytest.approx(fit.estimates[name], abs=1e-5)
            assert row["se"] == pytest.approx(fit.standard_errors[name], rel=1e-4)
    assert result().groups["n"].to_list() == [200, 200, 200]


def test_the_test_is_that_of_models_used_alone() -> None:
    model = CrossLaggedPanel(
        outcomes=("P", "support"), person="person", occasion="occasion_index", group="site",
        standard_errors="robust",
    )  # fmt: skip
    apart = model.fit(frame())
    alike = replace(model, equal_groups=("lags",)).fit(frame())
    test = compare_structural_fits(alike, apart)
    row = result().group_tests.filter(effect=ALL).row(0, named=True)
    assert row["df"] == test.df == 8
    assert row["chi_square"] == pytest.approx(test.chi_square, rel=1e-5)
    one = result().group_tests.filter(effect="support → P").row(0, named=True)
    wald = apart.test([{f"P<-support [{other}]": 1.0, "P<-support [A]": -1.0}
                       for other in ("B", "C")])  # fmt: skip
    assert one["chi_square"] == pytest.approx(wald.chi_square, rel=1e-4)
    assert one["p_adjusted"] == pytest.approx(2 * one["p"]), "two effects between variables"


def test_a_group_in_which_nothing_follows_is_told() -> None:
    found = {row["group"]: row for row in
             result().group_paths.filter(path="support → P").iter_rows(named=True)}  # fmt: skip
    scale = 2 / 3  # points of P per point of support, for a unit of the course
    for site, effect in zip(SITES, (-0.3, -0.3, 0.1), strict=True):
        assert found[site]["low"] < effect * scale < found[site]["high"]
    assert "change-groups-differ" in codes(result())
    told = groups_in_words(result())
    assert "Effects differ between the groups of site (A, B and C; p" in told
    assert "support → P" in told
    assert "P → support" not in told


def test_groups_that_do_not_differ_are_not_said_to() -> None:
    found = result(differs=False)
    assert "change-groups-differ" not in codes(found)
    told = groups_in_words(found)
    assert "are not shown to differ between the groups of site" in told
    assert "no proof" in told


def test_effects_free_over_occasions_are_compared_one_by_one() -> None:
    found = compute(inputs(), ASKED.model_copy(update={"lags": "free"}))
    single = found.group_tests.filter(pl.col("effect") != ALL)
    assert single["effect"].to_list()[:2] == ["P → support, at T1", "P → support, at T2"]
    assert found.group_paths.height == 3 * 4 * 3
    assert found.group_tests.filter(effect=ALL)["df"].item() == 2 * 12


def test_without_groups_nothing_is_compared() -> None:
    found = compute(inputs(), ASKED.model_copy(update={"groups": None}))
    assert found.groups_by == ""
    assert not found.group_paths.height + found.group_tests.height + found.groups.height
    assert groups_in_words(found) == ""


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"groups": "place"}, "change-groups-unknown"),
        ({"groups": "age"}, "change-groups-labels"),
        ({"covariates": ("site",)}, "change-groups-among-covariates"),
    ],
)
def test_groups_that_cannot_be_used_are_refused(settings: dict[str, Any], code: str) -> None:
    with pytest.raises(AnalysisError) as caught:
        compute(inputs(), ASKED.model_copy(update=settings))
    assert [item.code for item in caught.value.findings] == [code]


def test_small_groups_are_left_out_and_the_rest_goes_on() -> None:
    few = inputs().scores.persons.with_columns(
        site=pl.when(pl.col("person") < 20).then(pl.lit("few")).otherwise("site")
    )
    scores = replace(inputs().scores, persons=few)
    found = compute(replace(inputs(), scores=scores), ASKED)
    assert found.compared == list(SITES)
    assert found.groups.row(-1) == ("few", 20, False)
    assert "change-groups-left-out" in codes(found)
    two = few.with_columns(
        site=pl.when(pl.col("site") == "few").then(pl.lit("few")).otherwise(pl.lit("A"))
    )
    alone = compute(replace(inputs(), scores=replace(scores, persons=two)), ASKED)
    assert alone.groups_by == ""
    assert "change-groups-too-small" in codes(alone)
    assert alone.paths.height


def test_a_left_out_group_of_few_does_not_follow_from_the_others() -> None:
    site = pl.when(pl.col("person") == 1).then(pl.lit("few")).otherwise("site")
    site = pl.when(pl.col("person") == 4).then(None).otherwise(site)
    scores = inputs().scores
    scores = replace(scores, persons=scores.persons.with_columns(site=site))
    changed = replace(inputs(), scores=scores)
    found = compute(changed, ASKED)
    assert found.groups["n"].to_list() == [200, 198, 200, 1, 1]
    (section,), _ = shown(found, changed, individuals=False)
    told = section.tables[-1].frame["n"].to_list()
    assert told == [200, None, 200, None, None]
    hide = HiddenFigures(audience_of(changed.scores, individuals=False))
    hidden = hide.of(found.to_dict(), ChangeResult.schema(), "change")
    assert [row["n"] for row in hidden["groups"].to_dicts()] == told


def test_a_group_in_which_a_variable_does_not_vary_is_told_and_the_rest_goes_on() -> None:
    scores = inputs().scores
    site = scores.persons["site"].gather(scores.table["person"])
    flat = pl.when(site == "B").then(pl.lit(20.0)).otherwise("factor:support")
    changed = replace(scores, table=scores.table.with_columns(flat.alias("factor:support")))
    found = compute(replace(inputs(), scores=changed), ASKED)
    told = {item.code: item.text for item in found.findings}
    assert "support" in told["change-groups-not-fitted"]
    assert "in B" in told["change-groups-not-fitted"]
    assert found.paths.height


def test_the_page_shows_groups_to_every_audience() -> None:
    for individuals in (True, False):
        (section,), told = shown(result(), inputs(), individuals=individuals)
        assert not told
        assert [figure.name for figure in section.figures] == ["change", "change-groups"]
        names = [table.name for table in section.tables]
        assert names[-3:] == ["change-group-effects", "change-group-tests", "change-groups"]


def test_arms_of_a_study_are_groups(tmp_path: Path) -> None:
    steps = "[{step: change, variables: [P, E], groups: arm}]"
    path = write_study(tmp_path, analyses=steps)
    text = path.read_text("utf-8") + "arms: {column: arm, control: usual}\n"
    path.write_text(text, "utf-8")
    frame = answers().with_columns(
        arm=pl.when(pl.col("pid").str.slice(4).cast(pl.Int64) % 2 == 0)
        .then(pl.lit("usual")).otherwise(pl.lit("active"))
    )  # fmt: skip
    frame.write_csv(tmp_path / "answers.csv")
    results = sg.run(path, tmp_path)
    assert "change-groups-too-small" in {item.code for item in results.findings}
    assert results.to_dict()["steps"]["change"]["groups"] == []
