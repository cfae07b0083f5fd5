"""Whatever a study calls its columns, types, scales, factors and phases, the figures are the same.

Every name that the program uses itself is taken, and names that are odd elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.findings import refusals
from salutogen.namespaces import (
    OF_SCORES,
    covariate_column,
    covariate_of,
    part_columns,
    told_term,
    type_column,
)
from salutogen.norm import Norm, fit_norm
from salutogen.norm.covariates import Covariates, covariates_by_person
from salutogen.norm.design_matrix import covariate_terms, labels_of, term_matrix
from salutogen.norm.norm_file import line_from_dict, line_to_dict
from salutogen.pipeline.codebook import codebook
from salutogen.resilience import Resilience, score_resilience
from salutogen.resilience.levels import COLUMNS
from salutogen.scores import Scores, score
from salutogen.scores.scores import SCORE_COLUMNS
from salutogen.study import read_study
from tests.end_to_end.named_cohort import (
    OF_ANSWERS,
    PLAIN,
    ROLES,
    WAVES,
    answers,
    batches,
    columns_called,
    plan,
    same_numbers,
)
from tests.end_to_end.names_in_use import any_names, names_in_use

LEVELS = ("occasions", "persons", "windows", "phases")
OURS = (
    "time", "valid", "n_valid", "window", "phase", "E", "P", "SR", "SR_z", "E_low", "P_expected",
    "extrapolated", "subject", "person", "occasion", "occasion_index", "first_occasion",
    "SR_hassles", "intercept", "E2", "E^2", "E:spline1", "site=v", "site",
)  # fmt: skip


def scored(study: Mapping[str, Any], frame: pl.DataFrame) -> tuple[Scores, Norm, Resilience]:
    found = score(read_study(dict(study)).read(frame))
    norm = fit_norm(found)
    return found, norm, score_resilience(found, norm, bootstrap=0)


def assert_same(left: Resilience, right: Resilience) -> None:
    for level in LEVELS:
        mine, other = getattr(left, level).clone(), getattr(right, level).clone()
        mine, other = mine.drop("phase", strict=False), other.drop("phase", strict=False)
        assert same_numbers(mine, other), level


def test_the_names_are_those_of_the_program() -> None:
    declared = {one.name for level in COLUMNS.values() for one in level}
    declared |= {one.name for one in SCORE_COLUMNS}
    plain = {name for name in declared if name.isidentifier()}
    assert plain - {"P_prorated", "E_skipped"} <= set(names_in_use())
    assert len(names_in_use()) > 500


def test_the_names_that_types_must_not_take_are_those_of_their_tables() -> None:
    declared = {one.name for level in COLUMNS.values() for one in level}
    declared |= {one.name for one in SCORE_COLUMNS}
    own = {name for name in declared if name.startswith(("E_", "P_", "SR_")) and "<" not in name}
    assert own == OF_SCORES


def test_types_of_any_name_have_columns_of_their_own() -> None:
    for types in batches(any_names(), 40):
        columns = [type_column(name, types, measure) for name in types for measure in ("E", "SR")]
        parts = [(name, part) for name in types for part in ("low", "count", "part_low", types[0])]
        columns += part_columns(parts, types).values()
        assert len(set(columns)) == len(columns)
        assert not set(columns) & OF_SCORES


def test_terms_of_any_name_are_told_apart() -> None:
    names = any_names()
    terms = [covariate_column(name) for name in names]
    terms += [f"{term}=B" for term in terms]
    assert [covariate_of(term) for term in terms] == [*names, *names]
    ours = {"intercept", "E", "E2", "E^2", "E:spline1", "E:spline2", "E_low", "E_low^2"}
    told = [told_term(term) for term in terms]
    assert len({*told, *ours}) == len(told) + len(ours)
    assert told_term(covariate_column("age")) == "age"


def test_background_of_any_name_is_read_and_joined_as_it_stands() -> None:
    own = answers().columns
    names = [name for name in any_names() if name not in own]
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(90), WAVES)
    values = {name: rng.integers(0, 99, 90).astype(float) for name in names}
    frame = answers().with_columns(
        pl.Series(name, column[person]) for name, column in values.items()
    )
    background = {name: {"column": name} for name in names}
    norm = {"covariates": names}
    found = score(read_study(plan({}, background=background, norm=norm)).read(frame))
    bare = score(read_study(plan({}, background={}, norm={})).read(answers()))
    assert found.table.equals(bare.table)
    for name, column in values.items():
        assert (found.of_persons(name) == pl.Series(column)).all(), name
    covariates = Covariates(names=tuple(names), by_person=covariates_by_person(found, names))
    table = covariates.join(found.valid.head(60))
    terms = covariate_terms(table, covariates.names)
    assert labels_of(table, covariates.names) == {}
    matrix = term_matrix(table, ("intercept", "E", *terms), predictors=("E",))
    assert matrix[:, 1].tolist() == table["E"].to_list()
    rows = table["person"].to_numpy()
    assert (matrix[:, 2:] == np.column_stack([values[name][rows] for name in names])).all()


@pytest.mark.parametrize("names", batches(OURS, 6), ids=lambda names: names[0])
def test_a_covariate_of_any_name_leaves_every_figure(names: list[str]) -> None:
    """Numbers and categories in turn; `norm.json` finds its terms again."""

    def study(called: list[str]) -> tuple[Scores, Norm, Resilience]:
        columns = ["X", "F", "C", "N0", "N1", "N2"]
        background = {
            name: {"column": column, "kind": "category" if column == "C" else "number"}
            for name, column in zip(called, columns, strict=True)
        }
        return scored(plan({}, background=background, norm={"covariates": called}), frame)

    rng = np.random.default_rng(8)
    person = np.repeat(np.arange(90), WAVES)
    frame = answers().with_columns(
        pl.Series(f"N{place}", rng.normal(0, 1, 90)[person]) for place in range(3)
    )
    plain, own = study([f"x{place}" for place in range(6)]), study(names)
    assert_same(own[2], plain[2])
    for mine, other in zip(own[1].lines.values(), plain[1].lines.values(), strict=True):
        assert mine.coefficients == other.coefficients
        assert len(set(mine.names)) == len(mine.names)
    line = own[1].lines.person
    again = line_from_dict(json.loads(json.dumps(line_to_dict(line))))
    assert (again.terms, again.covariates, again.labels) == (
        line.terms, line.covariates, line.labels,
    )  # fmt: skip
    table = own[1].with_covariates(own[1].period_tables["person"])
    assert np.array_equal(
        again.expected(table, level="person"), line.expected(table, level="person"), equal_nan=True
    )


TYPES = (
    ("low", "z"), ("se", "frozen"), ("a", "a^2"), ("skipped", "all types"), ("a:spline1", "a"),
    ("type_low", "low"), ("E", "P"), ("refit", "{x}"), ("e", "E"),
)  # fmt: skip


@pytest.mark.parametrize("names", TYPES, ids=lambda names: names[0])
def test_types_of_any_name_leave_every_figure(names: tuple[str, str]) -> None:
    shape = "quadratic" if "^" in names[1] else "linear"
    more = {"norm": {"shape": shape}, "factors": []}
    plain = scored(plan({}, **more), answers())
    own = scored(plan({"type": names[0], "other type": names[1]}, **more), answers())
    assert_same(own[2], plain[2])
    quality = own[0].exposure_quality.drop("type"), plain[0].exposure_quality.drop("type")
    assert quality[0].equals(quality[1])
    renamed = [one for one in own[0].findings if one.code == "columns-renamed"]
    usual = [f"E_{names[0]}", f"E_{names[1]}"]
    assert bool(renamed) == (list(own[0].type_columns) != usual)


STUDIES = (
    {
        "problems": "E", "part": "count", "other part": "SR", "type": "low", "other type": "z",
        "baseline factor": "P", "repeated factor": "SR", "number": "time", "category": "subject",
        "outcome": "arm", "phase": "window", "other phase": "E_low",
    },
    {
        "problems": "{x}", "part": "a b", "other part": "a_b", "type": "a\u0308",
        "other type": "A\u0308", "baseline factor": "\u200bE", "repeated factor": "a+b",
        "number": "C(x)", "category": "site=B", "outcome": "time",
        "phase": "{n:# person|# persons}", "other phase": "<b>",
    },
)  # fmt: skip


def full_run(
    names: Mapping[str, str], out: Path, columns: Mapping[str, str] | None = None
) -> sg.Results:
    n = {**PLAIN, **names}
    steps = [
        {"step": "trajectories", "anchor_occasions": ["2", "3", "4"], "classes": "off",
         "placebo": {"draws": 20}, "validity": {"outcome": n["outcome"], "draws": 100}},
        {"step": "domains", "bootstrap": 100},
        {"step": "growth", "scale": n["repeated factor"], "bootstrap": 100, "fluctuation": 50},
        {"step": "event-weights", "splits": 5},
        {"step": "baseline-adjusted", "baseline": "1", "bootstrap": 100},
        {"step": "centiles", "bootstrap": 100},
        {"step": "mechanism", "factor": n["baseline factor"], "mechanism": n["repeated factor"],
         "covariates": [n["number"], n["category"]], "bootstrap": 100, "imputations": 2},
        {"step": "attrition", "factors": [n["baseline factor"], n["repeated factor"]]},
        {"step": "invariance", "groups": n["category"]},
        {"step": "change", "variables": ["P", "E"], "occasions": ["1", "2", "3"],
         "groups": n["category"]},
    ]  # fmt: skip
    types = [n["type"], n["other type"]]
    study = plan(
        names,
        analyses=steps,
        arms={"column": "R", "control": "r"},
        report={"individuals": "hide"},
        exposure={"types": types, "score": "severity", "combine": "composite"},
    )
    called = dict(columns or {})
    return sg.run(read_study(columns_called(called, study)), answers().rename(called), out)


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[str]]:
    folder = tmp_path_factory.mktemp("names") / "plain"
    return folder, {one.code for one in full_run({}, folder).findings}


NAMING = ("phase", "item", "event")  # columns of files whose cells are names of the study
LIKE_PATTERNS = dict(
    zip(
        OF_ANSWERS,
        (
            "^x$", "*", "^.*$", ".", "?", "[a]", "^pid$", "E", "P", "time", "M*", "a|b", "subject",
            "person", "^y$", "^z$",
        ),
        strict=True,
    )
)  # fmt: skip


@pytest.mark.parametrize(
    ("names", "columns"),
    [(STUDIES[0], {}), (STUDIES[1], {}), ({}, LIKE_PATTERNS)],
    ids=("ours", "odd", "columns"),
)
def test_a_whole_run_is_the_same_whatever_the_names(
    names: dict[str, str],
    columns: dict[str, str],
    plain_run: tuple[Path, set[str]],
    tmp_path: Path,
) -> None:
    assert names.keys() <= set(ROLES)
    plain, out = plain_run[0], tmp_path / "own"
    found = full_run(names, out, columns).findings
    codes = {one.code for one in found}
    assert codes - {"columns-renamed", "covariate-renamed"} == plain_run[1]
    assert "unexpected-failure" not in codes
    assert not [one for one in refusals(found) if " was refused: " in one.text]
    files = {one.relative_to(plain) for one in plain.rglob("*")}
    assert files == {one.relative_to(out) for one in out.rglob("*")}
    for file in sorted(plain.glob("*.csv")):
        if file.name in ("codebook.csv", "items.csv"):
            continue
        tables = [
            pl.read_csv(one, infer_schema_length=None).drop(*NAMING, strict=False)
            for one in (file, out / file.name)
        ]
        assert same_numbers(*tables), file.name
    described = pl.read_csv(out / "codebook.csv")
    assert described.select("file", "column").is_duplicated().sum() == 0
    assert described["meaning"].null_count() == 0


def test_a_type_under_another_name_is_in_the_codebook() -> None:
    scores, _, resilience = scored(plan({"type": "low"}), answers())
    assert {"E_type_low", "SR_type_low", "SR_low"} <= set(resilience.persons.columns)
    described = codebook(scores.study, {"person.csv": resilience.persons.drop("person")})
    told = dict(zip(described["column"], described["meaning"], strict=True))
    assert told["SR_type_low"].endswith(": low")
    assert told["SR_low"] == "Lower end of the 95 % interval of the person's level"
