"""Each key of the study file that takes a number takes a finite one, never true or false."""

from __future__ import annotations

import math
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

from salutogen.analyses.registry import available
from salutogen.errors import StudyError
from salutogen.simulation.settings import SimulationSettings
from salutogen.study import read_study
from salutogen.study.format import StudyFile
from tests.end_to_end.small_plan import plan

NO_NUMBERS = (math.nan, math.inf, -math.inf, True, False)
WORDS = ("nan", "NaN", ".nan", "inf", "-inf", ".inf", "Infinity", "1e999", "true")
HUGE = (10**30, -(10**30), 10**400, 1.7e308)


def members(annotation: Any) -> Iterator[Any]:
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from members(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from members(one)
    elif origin is Literal:
        yield from (type(one) for one in get_args(annotation))
    else:
        yield annotation


def models(annotation: Any) -> Iterator[type[BaseModel]]:
    for one in members(annotation):
        if get_origin(one) in (tuple, dict, list):
            for inner in get_args(one):
                yield from models(inner)
        elif isinstance(one, type) and issubclass(one, BaseModel):
            yield one
            for described in one.model_fields.values():
                yield from models(described.annotation)


def shapes(annotation: Any) -> Iterator[tuple[Any, bool]]:
    """How a number stands in a value of this kind, and whether text may stand there as well."""
    kinds = list(members(annotation))
    if any(kind in (int, float) for kind in kinds) and bool not in kinds:
        yield (lambda value: value), str in kinds
    for kind in kinds:
        if get_origin(kind) in (tuple, list):
            for inner, text in shapes(get_args(kind)[0]):
                yield (lambda value, inner=inner: [inner(value)]), text
        if get_origin(kind) is dict:
            for inner, text in shapes(get_args(kind)[1]):
                yield (lambda value, inner=inner: {"a": inner(value)}), text


def numeric_keys() -> list[Any]:
    roots = [StudyFile, SimulationSettings]
    roots += [analysis.settings_model() for analysis in available().values()]
    found = {model for root in roots for model in models(root)}
    return [
        pytest.param(model, described.alias or name, shape, text, id=f"{model.__name__}.{name}")
        for model in sorted(found, key=lambda one: (one.__name__, one.__module__))
        for name, described in model.model_fields.items()
        for shape, text in shapes(described.annotation)
    ]


def wrong(model: type[BaseModel], key: str, value: Any) -> bool:
    """Whether the value of this key is refused, whatever else is missing."""
    try:
        model.model_validate({key: value})
    except ValidationError as error:
        return any(problem["loc"][:1] == (key,) for problem in error.errors())
    return False


def test_many_keys_take_numbers() -> None:
    assert len(numeric_keys()) > 100


@pytest.mark.parametrize(("model", "key", "shape", "text"), numeric_keys())
def test_what_is_no_finite_number_is_refused(
    model: type[BaseModel], key: str, shape: Any, text: bool
) -> None:
    for value in NO_NUMBERS if text else (*NO_NUMBERS, *WORDS):
        assert wrong(model, key, shape(value)), value
    for value in HUGE:
        assert wrong(model, key, shape(value)), value


@pytest.mark.parametrize("word", [".inf", "-.inf", ".nan", ".NaN", "1e999", "true", "False"])
@pytest.mark.parametrize(
    "place",
    [
        "instruments.hassles.did_not_occur",
        "instruments.distress.reliability",
        "exposure.threshold",
        "resilience.bootstrap",
        "resilience.windows.valid",
        "missing.prorate",
        "occasions.count",
    ],
)
def test_in_the_text_of_a_study_file(place: str, word: str) -> None:
    values: Any = plan(resilience={"bootstrap": 0, "windows": {"valid": 2}}, missing={})
    *parents, last = place.split(".")
    inside = values
    for key in parents:
        inside = inside[key]
    inside[last] = "WORD"
    text = written(values).replace('"WORD"', word) + "\n"
    with pytest.raises(StudyError) as error:
        read_study(text)
    (told,) = error.value.findings
    assert told.code == "invalid-value"
    assert "number is expected" in told.text.replace("finite number", "number")
    assert told.evidence.line == 1


def written(values: Any) -> str:
    """Write values as YAML, on one line."""
    if isinstance(values, dict):
        return f"{{{', '.join(f'{key}: {written(one)}' for key, one in values.items())}}}"
    if isinstance(values, list):
        return f"[{', '.join(map(written, values))}]"
    return f'"{values}"' if isinstance(values, str) else str(values)
