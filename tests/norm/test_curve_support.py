"""A curve is fitted where exposure can carry it, and refused with its reason elsewhere."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.errors import NormError
from salutogen.namespaces import covariate_column
from salutogen.norm import fit_norm
from salutogen.norm.curve_support import lack_of_support
from salutogen.norm.line_fit import fit_line
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.lines import Shape
from salutogen.norm.shape import refusal_of_shape, shape_test
from tests.norm.cohorts import simulated
from tests.norm.test_refusals import changed


def units(E: np.ndarray, *, person: np.ndarray | None = None, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    own = np.arange(E.size) if person is None else person
    P = 5 + 0.5 * E + rng.normal(0, 1, E.size)
    return pl.DataFrame({"person": own.astype(np.uint32), "E": E.astype(float), "P": P})


RARE = np.where(np.arange(60) < 55, 0.0, 1.0)


@pytest.mark.parametrize(
    ("shape", "E", "reason"),
    [
        ("quadratic", RARE, "E takes only 2 different values"),
        ("spline", np.arange(60) % 3, "E takes only 3 different values"),
        ("spline", np.where(np.arange(60) < 50, 0, np.arange(60)), "Knots of the spline coincide"),
        ("quadratic", np.append(RARE[1:], 2.0), "rests on one person alone"),
        ("quadratic", np.arange(3), "3 coefficients, and there are only 3 persons"),
    ],
)
def test_reasons(shape: Shape, E: np.ndarray, reason: str) -> None:
    refused = lack_of_support(units(E), LineSpec(shape=shape))
    assert refused is not None
    assert reason in refused.text


def test_several_rows_of_one_person_are_one_person() -> None:
    person = np.repeat(np.arange(30), 4)
    E = (np.arange(120) % 2).astype(float)
    E[:4] = 5.0
    refused = lack_of_support(units(E, person=person), LineSpec(shape="quadratic"))
    assert refused is not None
    assert "one person" in refused.text
    E[4:8] = 5.0
    assert lack_of_support(units(E, person=person), LineSpec(shape="quadratic")) is None


def test_a_covariate_of_one_person_is_no_lack_of_the_curve() -> None:
    table = units(np.arange(40) % 5).with_columns(
        pl.Series(covariate_column("site"), ["A"] * 20 + ["B"] * 19 + ["alone"])
    )
    spec = LineSpec(shape="quadratic", covariates=("site",))
    assert lack_of_support(table, spec) is None
    line = fit_line(table, spec, level="person", reference="all")
    errors = line.summary().standard_errors_robust
    assert errors["site=alone"] is None, "first label: B"
    assert errors["E2"] is not None


def test_a_refused_curve_is_a_straight_line_that_says_so() -> None:
    table = units(RARE)
    line = fit_line(table, LineSpec(shape="quadratic"), level="person", reference="all")
    straight = fit_line(table, LineSpec(), level="person", reference="all")
    assert line.shape == "linear"
    assert line.coefficients == straight.coefficients
    assert line.curve_refused is not None
    assert straight.curve_refused is None


def test_folds_that_leave_nothing_that_bends_refuse_the_curve() -> None:
    E = np.where(np.arange(40) < 38, np.arange(40) % 2, 2)
    spec = LineSpec(shape="quadratic")
    told = [refusal_of_shape(units(E), spec, seed=seed) for seed in range(40)]
    refused = [one.text for one in told if one is not None]
    assert 0 < len(refused) < 40, "both carriers fall into one of ten parts now and then"
    assert "one of 10 parts" in refused[0]
    seed = next(seed for seed, one in enumerate(told) if one is not None)
    with pytest.raises(NormError, match="one of 10 parts"):
        shape_test(units(E), seed=seed)


@pytest.mark.parametrize("shape", ["quadratic", "spline"])
def test_each_level_is_judged_by_its_own_units(shape: Shape) -> None:
    """Single occasions have two values, means of five several: the person line may bend."""
    scores = changed(
        simulated(norm={"shape": shape}),
        E=((pl.col("person") * 7 + pl.col("occasion_index") * 3) % 4 == 0).cast(pl.Float64),
    )
    norm = fit_norm(scores)
    assert norm.lines.occasion.shape == "linear"
    told = [one for one in norm.findings if one.code == "straight-for-want-of-support"]
    assert len(told) == 1
    assert "occasion line" in told[0].evidence.numbers["lines"]
