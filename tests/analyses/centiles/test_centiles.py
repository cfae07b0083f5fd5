"""Centiles: a known truth, spread along exposure, another site, small numbers and audiences."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from salutogen.analyses.centiles.analysis import CentilesResult, compute
from salutogen.analyses.centiles.centile_norm import (
    NEIGHBOURS,
    centile_by_norm,
    read_centile_norm,
    smoothed,
)
from salutogen.analyses.centiles.settings import CentilesSettings
from salutogen.analyses.centiles.spread import centile, folds_of
from salutogen.analyses.centiles.uniformity import SCORES, by_group, even_spread, groups_of
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.plain_data import to_plain
from salutogen.errors import AnalysisError
from tests.analyses.inputs import audience_of, inputs_of, shown
from tests.norm.cohorts import simulated

FAST = CentilesSettings(bootstrap=100)
GROWTH = 0.03


@cache
def widening(
    n: int = 300, *, seed: int = 1, growth: float = GROWTH, offset: float = 0.0, **parts: Any
) -> AnalysisInputs:
    """Persons whose problems spread more the more exposed they are: log SD = const + growth E."""
    scores = simulated(n, 4, seed=seed, **parts)
    rng = np.random.default_rng([seed, 99])
    table = scores.table
    E = table["E"].to_numpy()
    level = table.group_by("person", maintain_order=True).agg(pl.col("E").mean())["E"].to_numpy()
    own = 2.5 * rng.normal(size=n) * np.exp(growth * (level - 40))
    P = 9 + offset + 0.12 * E + own[table["person"].to_numpy()]
    return inputs_of(replace(scores, table=table.with_columns(P=pl.Series(np.clip(P, 0, 36)))))


@cache
def result_of(n: int = 300, **parts: Any) -> CentilesResult:
    return compute(widening(n, **parts), FAST)


@cache
def hidden_result() -> CentilesResult:
    inputs = widening(60)
    audience = audience_of(inputs.scores, individuals=False)
    return compute(replace(inputs, run=replace(inputs.run, audience=audience)), FAST)


def test_curves_lie_on_the_line_that_is_told() -> None:
    """On their own level they would tell that of the line of persons with finer steps."""
    told, exact = hidden_result(), result_of(60)
    line = told.norm.line["coefficients"]
    raised = line["intercept"] - exact.location["intercept"]
    assert abs(raised) > 1e-3
    assert told.location == line
    for _, part in told.curves.group_by("centile"):
        E, P = (part[name].to_numpy() for name in ("E", "P"))
        sd = np.exp(told.scale["intercept"] + told.scale["E"] * E)
        z = (P - line["intercept"] - line["E"] * E) / sd
        assert z == pytest.approx(np.full(E.size, z[0]))
        own = exact.curves.filter(pl.col("centile") == part["centile"][0])
        first = own.row(0, named=True)
        away = first["P"] - exact.location["intercept"] - exact.location["E"] * first["E"]
        spread = np.exp(exact.scale["intercept"] + exact.scale["E"] * first["E"])
        assert z[0] == pytest.approx(away / spread)


def test_no_line_of_a_quantile_goes_through_two_persons() -> None:
    """A line of quantile regression does: who searches all pairs of E and P would find them."""

    def through(result: CentilesResult) -> list[int]:
        E, P = (result.persons[name].to_numpy() for name in ("E", "P"))
        found = []
        for _, part in result.curves.group_by("centile", maintain_order=True):
            slope, level = np.polyfit(part["E"].to_numpy(), part["P_free"].to_numpy(), 1)
            found.append(int(np.count_nonzero(np.abs(P - level - slope * E) < 1e-6)))
        return found

    assert min(through(result_of(60))) >= 2
    assert max(through(hidden_result())) == 0


def test_the_spread_is_that_of_the_truth() -> None:
    result = result_of(600)
    spread = result.spread
    assert result.scale["E"] == pytest.approx(GROWTH, abs=0.004)
    truth = np.exp(GROWTH * (spread.E_high - spread.E_low))
    assert spread.ratio_low < truth < spread.ratio_high
    assert spread.settled
    assert spread.ratio == pytest.approx(spread.sd_high / spread.sd_low)
    assert "spread more about the line where exposure is high" in str(result.answer())


def test_centiles_are_even_along_exposure_where_plain_scores_are_not() -> None:
    result = result_of(600)
    changing, plain = result.tests["p"]
    assert changing > 0.05
    assert plain < 0.001
    assert "centiles-uneven" not in {item.code for item in result.findings}
    own = result.groups.filter(pl.col("score").str.contains("changes"))
    assert own.height == 10
    np.testing.assert_allclose(own["mean_centile"], 50, atol=14)


def test_centiles_are_those_of_the_true_model() -> None:
    persons = result_of(600).persons
    E, P = persons["E"].to_numpy(), persons["P"].to_numpy()
    z = (P - 9 - 0.12 * E) / (2.5 * np.exp(GROWTH * (E - 40)))
    assert np.abs(persons["centile"].to_numpy() - 100 * stats.norm.cdf(z)).mean() < 2.5
    inside = persons.select(
        pl.col("centile").is_between("norm_low", "norm_high")
        & (pl.col("person_low") <= pl.col("person_high"))
    )
    assert inside.to_series().all()


def test_an_equal_spread_is_said_to_be_not_settled() -> None:
    result = result_of(150, growth=0.0)
    assert not result.spread.settled
    assert "spread-not-unequal" in {item.code for item in result.findings}
    assert str(result.answer()).startswith("Whether problems spread unequally")


def test_a_bent_relation_makes_centiles_uneven() -> None:
    inputs = widening(300)
    scores = inputs.scores
    bent = scores.table.with_columns(P=(pl.col("P") + (pl.col("E") - 40) ** 2 / 60).clip(0, 36))
    result = compute(inputs_of(replace(scores, table=bent)), FAST)
    assert "centiles-uneven" in {item.code for item in result.findings}


def test_a_centile_counts_those_below_and_half_of_the_equal() -> None:
    reference = np.array([1.0, 2.0, 2.0, 5.0])
    found = centile(np.array([0.0, 2.0, 9.0]), reference)
    np.testing.assert_allclose(found, [100 * 0.5 / 5, 100 * 2.5 / 5, 100 * 4.5 / 5])
    times = np.array([3.0, 0.0, 1.0, 0.0])
    again = centile(np.array([1.5]), reference, times)
    np.testing.assert_allclose(again, centile(np.array([1.5]), np.array([1.0, 1.0, 1.0, 2.0])))


def test_nobody_is_placed_by_a_line_fitted_to_them() -> None:
    person = np.repeat(np.arange(40), 3)
    part = folds_of(person, 40, 10, 1)
    assert (part.reshape(40, 3) == part[::3, None]).all()
    assert np.bincount(part.astype(int)).tolist() == [12] * 10
    inputs = widening(60)
    table = inputs.norm.period_tables["person"]
    moved = table.with_columns(P=pl.when(pl.col("person") == 7).then(30.0).otherwise(pl.col("P")))
    norm = replace(
        inputs.norm,
        period_tables={**inputs.norm.period_tables, "person": moved},
        reference_units={**inputs.norm.reference_units, "person": moved},
    )
    other = compute(replace(inputs, norm=norm), FAST).persons
    own = result_of(60).persons
    same = folds_of(table["person"].to_numpy(), 60, 10, 1)
    rest = (same == same[7]) & (np.arange(60) != 7)
    np.testing.assert_array_equal(
        own["centile"].to_numpy()[rest], other["centile"].to_numpy()[rest]
    )


def test_the_test_along_exposure_agrees_with_scipy() -> None:
    rng = np.random.default_rng(3)
    E, found = rng.gamma(3, 10, 240), rng.uniform(0, 100, 240)
    row = even_spread(found, E, "centile")
    counts = np.zeros((10, 4))
    np.add.at(counts, (groups_of(E), (found // 25).astype(int)), 1)
    theirs = stats.chi2_contingency(counts)
    assert (row["chi_square"], row["df"], row["p"]) == pytest.approx(
        (theirs.statistic, theirs.dof, theirs.pvalue)
    )
    first = by_group(found, E, "centile").row(0, named=True)
    ks = stats.kstest(found[groups_of(E) == 0] / 100, "uniform")
    assert (first["D"], first["p"]) == pytest.approx((ks.statistic, ks.pvalue))


def test_equal_exposures_lie_in_one_group() -> None:
    E = np.repeat([0.0, 1.0, 2.0], [100, 60, 40])
    assert len(np.unique(groups_of(E))) == 3


def test_a_norm_holds_no_value_of_one_person() -> None:
    z = np.sort(np.random.default_rng(1).normal(size=83))
    probability, levels = smoothed(z)
    assert len(z) // len(levels) >= NEIGHBOURS
    assert not np.isin(levels, z).any()
    assert (np.diff(probability) > 0).all()
    np.testing.assert_allclose(
        centile_by_norm(np.array([-9.0, levels[3], 9.0]), probability, levels) / 100,
        [probability[0] / 2, probability[3], 1 - (1 - probability[-1]) / 2],
    )


@pytest.fixture(scope="module")
def norm_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("norm") / "results.json"
    content = {"steps": {"centiles": to_plain(result_of(600).to_dict())}}
    path.write_text(json.dumps(content), "utf-8")
    return path


def test_a_norm_is_read_as_it_was_written(norm_file: Path) -> None:
    norm, line = read_centile_norm(norm_file)
    result = result_of(600)
    assert line.coefficients == pytest.approx(tuple(result.location.values()))
    assert norm.scale == pytest.approx(dict(result.scale))
    np.testing.assert_allclose(line.covariance, np.array(norm.covariance)[:2, :2])


def test_another_site_is_placed_with_its_offset(norm_file: Path) -> None:
    settings = CentilesSettings(bootstrap=200, norm=str(norm_file))
    found = compute(widening(80, seed=5, offset=2.0), settings).transfer
    assert found is not None
    assert found.low < 2.0 < found.high
    assert found.offset == pytest.approx(2.0, abs=1.0)
    assert found.se > found.se_site > 0
    assert found.se == pytest.approx(np.hypot(found.se_site, 0.12), rel=0.25)
    assert found.spread_low < 1 < found.spread_high
    persons = found.persons
    assert persons["centile"].mean() == pytest.approx(50, abs=4)
    assert persons["centile_unmoved"].mean() > 60
    assert (persons["centile_low"] <= persons["centile_high"]).all()


def test_what_an_offset_cannot_mend_is_said(norm_file: Path) -> None:
    settings = CentilesSettings(bootstrap=200, norm=str(norm_file))
    result = compute(widening(200, seed=5, growth=-0.01), settings)
    assert "site-spreads-otherwise" in {item.code for item in result.findings}


@pytest.mark.parametrize(
    ("n", "combine", "code"),
    [(30, "sum", "too-few-for-centiles"), (60, "separate", "centiles-need-one-exposure")],
)
def test_what_cannot_be_is_refused(n: int, combine: str, code: str) -> None:
    assert result_of(45, missing=0.0).n == 45
    with pytest.raises(AnalysisError) as caught:
        compute(widening(n, combine=combine), FAST)
    assert code in {item.code for item in caught.value.findings}


def test_a_norm_of_other_scores_or_none_is_refused(norm_file: Path, tmp_path: Path) -> None:
    content = json.loads(norm_file.read_text("utf-8"))
    content["steps"]["centiles"]["norm"]["scoring"]["P"]["n_items"] = 9
    (tmp_path / "other.json").write_text(json.dumps(content), "utf-8")
    (tmp_path / "empty.json").write_text('{"steps": {}}', "utf-8")
    (tmp_path / "broken.json").write_text("{", "utf-8")
    for name, code in (
        ("other.json", "centile-norm-differs"),
        ("empty.json", "centile-norm-unreadable"),
        ("broken.json", "centile-norm-unreadable"),
        ("absent.json", "centile-norm-unreadable"),
    ):
        with pytest.raises(AnalysisError) as caught:
            compute(widening(60), CentilesSettings(bootstrap=100, norm=str(tmp_path / name)))
        assert code in {item.code for item in caught.value.findings}, name


def test_a_norm_of_other_wording_is_told_and_used(norm_file: Path, tmp_path: Path) -> None:
    content = json.loads(norm_file.read_text("utf-8"))
    content["steps"]["centiles"]["norm"]["scoring"]["P"]["reworded"] = ["3"]
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content), "utf-8")
    settings = CentilesSettings(bootstrap=100, norm=str(path))
    result = compute(widening(80, seed=5), settings)
    assert result.transfer is not None
    told = {item.code: item.text for item in result.findings}
    assert "reworded there 3, here none" in told["norm-wording-differs"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("n",), "60"),
        (("n",), True),
        (("z", 0), "0.1"),
        (("covariance", 0, 0), None),
        (("scale", "E"), True),
        (("line", "coefficients", "E"), "0.5"),
        (("line", "shape"), "cubic"),
        (("line", "covariance", 0, 1), 1e6),
    ],
)
def test_a_norm_with_something_else_for_a_number_is_refused(
    norm_file: Path, tmp_path: Path, path: tuple[Any, ...], value: Any
) -> None:
    content = json.loads(norm_file.read_text("utf-8"))
    place = content["steps"]["centiles"]["norm"]
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    (tmp_path / "other.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(AnalysisError) as caught:
        read_centile_norm(tmp_path / "other.json")
    assert [item.code for item in caught.value.findings] == ["centile-norm-unreadable"]


@pytest.mark.parametrize(
    "parts", [{"combine": "composite"}, {"norm": {"shape": "quadratic"}},
              {"norm": {"covariates": ["age"]}, "background": {"age": {"column": "age"}}}],
)  # fmt: skip
def test_every_kind_of_line_has_curves(parts: dict[str, Any]) -> None:
    result = compute(inputs_of(simulated(120, 4, **parts)), FAST)
    assert result.curves["P"].is_finite().all()
    assert result.location.keys() >= {"intercept", "E"}
    json.dumps(to_plain(result.to_dict()), allow_nan=False)


def test_who_is_drawn() -> None:
    result = result_of()
    for individuals in (True, False):
        (section,), told = shown(result, widening(), individuals=individuals)
        assert told == ()
        assert [table.name for table in section.tables] == [
            "centiles-curves", "centiles-tests", "centiles-groups",
        ]  # fmt: skip
        (figure,) = section.figures
        drawn = json.dumps(figure.specification())
        assert ('"type": "point"' in drawn) is individuals
    assert "Person" in result.persons["subject"][0]
    assert {file.personal for file in result.files().values()} == {True}


def test_a_group_of_one_person_has_no_spread() -> None:
    E = np.array([*np.zeros(40), *np.ones(40), 9.0])
    centile = np.random.default_rng(1).uniform(1, 99, E.size)
    found = by_group(centile, E, next(iter(SCORES)))
    alone = found.filter(n=1)
    assert alone.height == 1
    assert alone["sd_centile"].to_list() == [None]
    assert found.filter(pl.col("n") > 1)["sd_centile"].is_finite().all()
