"""A `norm.json` from anywhere: read by name, or refused in one sentence that names the key."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salutogen.errors import NormError
from salutogen.norm import Norm, fit_norm, read_norm
from salutogen.norm.norm_file import norm_to_dict
from salutogen.norm.norm_schema import damage_of, damage_of_line
from tests.norm.cohorts import simulated

NO_NUMBERS = ["1.5", "", True, False, None, [], [1.0], {}, {"E": {"E": {"E": 1.0}}}]
NO_SIZES = [1e300, -1e300, 1e400, -1e400, 10**400]


@cache
def norm() -> Norm:
    plan = {"covariates": ["age", "site"], "shape": "quadratic"}
    return fit_norm(simulated(combine="composite", norm=plan))


def content() -> Any:
    return json.loads(json.dumps(norm_to_dict(norm())))


def read(values: Any, folder: Path) -> Any:
    path = folder / "norm.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return read_norm(path)


def refused(values: Any, folder: Path) -> str:
    with pytest.raises(NormError) as caught:
        read(values, folder)
    (found,) = caught.value.findings
    assert found.code == "norm-file-unreadable"
    assert len(found.text) < 500
    return found.text


def expectations(lines: Any) -> list[np.ndarray]:
    made = norm()
    persons = made.with_covariates(made.period_tables["person"])
    rows = made.with_covariates(made.scores.table.filter("valid"))
    return [
        lines.person.expected(persons, level="person"),
        lines.occasion.expected(rows, level="occasion"),
    ]


@pytest.mark.parametrize("shape", ["linear", "quadratic", "spline"])
@pytest.mark.parametrize("combine", ["sum", "composite", "separate"])
def test_what_a_run_writes_can_be_used(shape: str, combine: str) -> None:
    scores = simulated(60, 4, combine=combine, norm={"shape": shape, "covariates": ["site"]})
    assert damage_of(norm_to_dict(fit_norm(scores))) == ""


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1))
def test_coefficients_are_told_by_name(seed: int, tmp_path: Path) -> None:
    values, rng = content(), random.Random(seed)
    for line in (values["lines"]["person"], values["lines"]["occasion"]):
        order = list(range(len(line["coefficients"])))
        rng.shuffle(order)
        pairs = list(line["coefficients"].items())
        line["coefficients"] = dict(pairs[place] for place in order)
        if rng.random() < 0.5:  # the whole line in another order
            line["terms"] = [pairs[place][0] for place in order]
            for where in (line, line["claims"]):
                key = "covariance" if where is line else "covariance_robust"
                where[key] = [[where[key][i][j] for j in order] for i in order]
        elif rng.random() < 0.5:  # as versions wrote it that did not name the order
            del line["terms"]
    lines = read(values, tmp_path).lines
    for found, own in zip(expectations(lines), expectations(norm().lines), strict=True):
        np.testing.assert_allclose(found, own, rtol=1e-12)
    own_line, line = norm().lines.person, lines.person
    place = [line.terms.index(term) for term in own_line.terms]
    np.testing.assert_array_equal(line.covariance[np.ix_(place, place)], own_line.covariance)
    assert line.claims is not None
    assert own_line.claims is not None
    np.testing.assert_array_equal(
        line.claims.covariance[np.ix_(place, place)], own_line.claims.covariance
    )


def line_of(values: Any) -> Any:
    return values["lines"]["person"]


def entry(i: int, j: int, value: Callable[[float], float]) -> Callable[[Any], None]:
    def change(values: Any) -> None:
        covariance = line_of(values)["covariance"]
        covariance[i][j] = value(covariance[i][j])

    return change


def both(i: int, j: int, value: Callable[[float], float]) -> Callable[[Any], None]:
    def change(values: Any) -> None:
        entry(i, j, value)(values)
        entry(j, i, value)(values)

    return change


def set_in(*path: Any, value: Any) -> Callable[[Any], None]:
    def change(values: Any) -> None:
        for part in path[:-1]:
            values = values[part]
        values[path[-1]] = value

    return change


def drop(*path: Any) -> Callable[[Any], None]:
    def change(values: Any) -> None:
        for part in path[:-1]:
            values = values[part]
        del values[path[-1]]

    return change


PERSON = ("lines", "person")
DAMAGES: list[tuple[Callable[[Any], None], str]] = [
    (drop(*PERSON, "coefficients", "E"), "lines.person.coefficients lacks 'E'"),
    (set_in(*PERSON, "coefficients", "F", value=1.0), "coefficients has 'F', which this line"),
    (set_in(*PERSON, "coefficients", "E", value="0.3"), "person.coefficients.E is '0.3'"),
    (set_in(*PERSON, "coefficients", "E", value=True), "person.coefficients.E is true"),
    (set_in(*PERSON, "coefficients", "E", value=None), "person.coefficients.E is null"),
    (set_in(*PERSON, "coefficients", value=[1.0, 2.0]), "coefficients is a list of 2"),
    (set_in(*PERSON, "terms", value=["intercept", "E"]), "lines.person.terms lacks 'E^2'"),
    (set_in(*PERSON, "shape", value="cubic"), "lines.person.shape is 'cubic'"),
    (set_in(*PERSON, "shape", value="linear"), "coefficients has 'E^2', which this line"),
    (set_in(*PERSON, "shape", value="spline"), "knots has 0 numbers; expected 4"),
    (set_in(*PERSON, "level", value="occasion"), "person.level is 'occasion'; expected 'person'"),
    (set_in(*PERSON, "outcome", value="E"), "lines.person.outcome is 'E'"),
    (set_in(*PERSON, "residual_sd", value=0.0), "person.residual_sd is 0"),
    (set_in(*PERSON, "residual_sd", value=-1.0), "lines.person.residual_sd is -1.0"),
    (set_in(*PERSON, "range_E", value=[2.0, 1.0]), "lines.person.range_E goes from 2 to 1"),
    (set_in(*PERSON, "range_E", value=[1.0]), "lines.person.range_E is a list of 1"),
    (set_in(*PERSON, "n", value=0), "lines.person.n is 0"),
    (set_in(*PERSON, "n", value=2.5), "lines.person.n is 2.5"),
    (set_in(*PERSON, "n_persons", value=10**9), "n_persons is 1000000000, more than n"),
    (set_in(*PERSON, "units", value={"E": 1}), "lines.person.units.E is 1"),
    (set_in(*PERSON, "predictors", value=["P"]), "predictors is ['P']"),
    (set_in(*PERSON, "covariates", value=["age", "age"]), "covariates has 'age' twice"),
    (set_in(*PERSON, "labels", "city", value=["A"]), "labels has 'city', which is no covariate"),
    (set_in(*PERSON, "labels", "site", value=[]), "labels.site is empty"),
    (set_in(*PERSON, "standardiser", "sds", value=[1.0]), "sds has 1 numbers for 2 types"),
    (set_in(*PERSON, "standardiser", "sds", 0, value=0), "standardiser.sds.0 is 0"),
    (set_in(*PERSON, "covariance", value=[[1.0]]), "covariance has 1 rows of 1 numbers"),
    (entry(0, 1, lambda value: value + 1.0), "lines.person.covariance is not symmetric"),
    (entry(1, 1, lambda value: -value), "lines.person.covariance has the negative variance"),
    (both(0, 1, lambda value: 1e6), "lines.person.covariance is not the covariance of anything"),
    (set_in(*PERSON, "claims", "covariance_robust", 0, 0, value=None), "null in some places"),
    (drop(*PERSON, "claims", "expected_at", "low"), "expected_at has ['high', 'middle']"),
    (set_in("lines", "window", 1, "window", value=1), "lines.window has '1' twice"),
    (set_in("primary", value="trial"), "primary is 'trial'"),
    (drop("scoring"), "scoring is missing"),
    (set_in("scoring", value="sum"), "scoring is 'sum'"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGES, ids=[words for _, words in DAMAGES])
def test_a_damaged_norm_is_refused_by_its_key(
    damage: Callable[[Any], None], words: str, tmp_path: Path
) -> None:
    values = content()
    damage(values)
    assert words in refused(values, tmp_path)


def leaves(values: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Places of all numbers."""
    if isinstance(values, dict):
        return [one for key, part in values.items() for one in leaves(part, (*path, key))]
    if isinstance(values, list):
        return [one for key, part in enumerate(values) for one in leaves(part, (*path, key))]
    return [path] if isinstance(values, int | float) and not isinstance(values, bool) else []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_number_that_is_none_or_too_large_is_refused(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    values = content()
    places = [path for path in leaves(values["lines"]) if "claims" not in path]
    path = rng.choice(places)
    value = rng.choice([*NO_NUMBERS, *NO_SIZES])
    optional = path[-1] == "window" and value is None
    set_in("lines", *path, value=value)(values)
    if optional:
        read(values, tmp_path)
    else:
        assert refused(values, tmp_path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1))
def test_whatever_stands_anywhere_ends_in_finite_lines_or_one_sentence(
    seed: int, tmp_path: Path
) -> None:
    rng = random.Random(seed)
    values = content()
    place: Any = values
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = rng.choice(keys)
        if not isinstance(place[key], dict | list) or rng.random() < 0.25:
            if rng.random() < 0.3:
                del place[key]
            else:
                place[key] = copy.deepcopy(rng.choice([*NO_NUMBERS, *NO_SIZES, -1, 0, 3.5, "x"]))
            break
        place = place[key]
    found, codes = None, []
    try:
        found = read(values, tmp_path)
    except NormError as error:
        codes = [one.code for one in error.findings]
    assert codes == ([] if found else ["norm-file-unreadable"])
    for line in found.lines.values() if found else ():
        assert np.isfinite(line.coefficients).all()
        assert np.isfinite(line.covariance).all()
        assert len(line.terms) == len(line.coefficients) == len(line.covariance)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"format": 1, "format": 1}', "'format' stands twice"),
        ('{"format": true}', "not a norm file of format 1"),
        ('{"format": 1, "lines": NaN}', "NaN is no number of JSON"),
        ('{"format": 1, "lines": -Infinity}', "-Infinity is no number"),
        ('{"format": 1, "lines": ' + "[" * 60 + "]" * 60 + "}", "nested too deeply"),
        ('{"format": 1, "lines": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deeply"),
        ('{"format": ' + "9" * 5000 + "}", "cannot be read"),
    ],
)
def test_text_that_is_no_plain_json(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "norm.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NormError, match=words):
        read_norm(path)


def test_no_file_is_read_that_is_none_or_too_large(tmp_path: Path) -> None:
    with pytest.raises(NormError, match="a folder, not a file"):
        read_norm(tmp_path)
    large = tmp_path / "norm.json"
    with large.open("wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(NormError, match="60 MB, more than 50"):
        read_norm(large)


def test_a_single_line_is_held_to_the_same() -> None:
    line = content()["lines"]["person"]
    assert damage_of_line(line) == ""
    assert damage_of_line({**line, "n": "9"}).startswith("n is '9'; expected")
    assert damage_of_line([line]).startswith("it is a list of 1; expected")


def borrowed(folder: Path, **plan: Any) -> Norm:
    path = folder / "norm.json"
    path.write_text(json.dumps(content()), encoding="utf-8")
    scores = simulated(80, 5, seed=3, combine="composite", norm={"file": str(path), **plan})
    return fit_norm(scores)


def test_lines_with_other_covariates_are_refused(tmp_path: Path) -> None:
    assert borrowed(tmp_path, covariates=["site", "age"]).external == "norm.json"
    with pytest.raises(NormError, match=r"age, site; of this study: none") as caught:
        borrowed(tmp_path)
    assert [one.code for one in caught.value.findings] == ["norm-covariates-differ"]


def test_a_covariate_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "norm.json"
    path.write_text(json.dumps(content()), encoding="utf-8")
    plan = {"file": str(path), "covariates": ["age", "site"]}
    scores = simulated(80, 5, seed=3, combine="composite", norm=plan)
    persons = scores.persons.with_columns(pl.col("age").cast(pl.String))
    with pytest.raises(NormError, match=r"age is a number in the lines .* and a category here"):
        fit_norm(replace(scores, persons=persons))
