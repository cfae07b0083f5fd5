"""Holds the values of a study file against the format, and says what is wrong in plain words."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from salutogen.findings import shortened
from salutogen.names import did_you_mean, nearest
from salutogen.study.findings_by_line import FindingsByLine, shown
from salutogen.study.format.part import GAP
from salutogen.study.format.study_file import StudyFile

Place = tuple[str | int, ...]
_ROUNDS = 12
_SHOWN = 80  # characters of a key
_IN_WORDS = {
    "model_type": "keys and values are expected",
    "model_attributes_type": "keys and values are expected",
    "dict_type": "keys and values are expected",
    "tuple_type": "a list is expected",
    "string_type": "text is expected",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "int_parsing_size": "a whole number is expected, and a smaller one",
    "int_from_float": "a whole number is expected",
    "float_type": "a number is expected",
    "float_parsing": "a number is expected",
    "finite_number": "a finite number is expected",
    "string_too_short": "it must not be empty",
    "too_short": "it must not be empty",
}
# What stands in for a missing part, so that the rest of the file can still be checked.
_STAND_INS: dict[str, Any] = {
    "occasions": {"labels": [GAP]},
    "sources": {GAP: {"person": GAP}},
    "instruments": {GAP: {"columns": GAP}},
    "exposure": {"types": [GAP]},
    "exposure.types": [GAP],
    "problems.instruments": [GAP],
    "salutogen": 1,
}
_QUOTED = re.compile(r"'([^']*)'")


def validate(values: dict[str, Any], found: FindingsByLine) -> StudyFile | None:
    """Validate the values of a study file; everything that is wrong goes into `found`.

    Returns
    -------
    StudyFile or None
        The plan. Where something is wrong, the plan without the wrong values, so that the rest can
        be checked as well; None if too little is left.
    """
    gaps = list(find_gaps(values))
    for place in gaps:
        found.tell("gap-to-fill", at=dotted(place))
    found.open |= {dotted(place) for place in gaps}
    filled: set[Place] = set()
    left: Any = values
    for attempt in range(_ROUNDS):
        try:
            plan = StudyFile.model_validate(left)
        except ValidationError as error:
            problems = list(_relevant(error, left))
            found.open |= {dotted(place) for place, _, _ in problems}
            if attempt == 0:
                _tell_all([one for one in problems if not _is_gap(one[0], gaps)], found)
            left = _without(left, [(place, kind) for place, kind, _ in problems], filled)
            if not isinstance(left, dict):
                return None
        else:
            return plan
    return None


def in_words(error: ValidationError, values: Any, model: type[BaseModel]) -> Iterator[str]:
    """Say in one sentence each what is wrong with settings of a model of their own.

    Parameters
    ----------
    error : ValidationError
        Of `model`.
    values : mapping
        The settings as they stand in the study file.
    """
    by_place: dict[Place, list[Any]] = {}
    for place, _, problem in _relevant(error, values):
        by_place.setdefault(place, []).append(problem)
    for place, at_place in by_place.items():
        if any(len(other) > len(place) and other[: len(place)] == place for other in by_place):
            continue  # that a section is not the word that may stand there; inside is what is wrong
        name, kind = dotted(place) or "settings", at_place[0]["type"]
        if kind == "extra_forbidden":
            keys = sorted(keys_at(place[:-1], model))
            inside = f"`{dotted(place[:-1])}` has" if place[:-1] else "it has"
            known = ", ".join(keys) or "none"
            yield (
                f"there is no setting `{name}`; {inside} {known}."
                f"{did_you_mean(str(place[-1]), keys)}"
            )
        elif kind == "missing":
            yield f"`{name}` is missing"
        else:
            expected = dict.fromkeys(_expected(problem) for problem in at_place)
            yield f"`{name}` is {_what_stands(at_place[0])}: {', or '.join(expected)}"


def dotted(place: Place) -> str:
    """Write a place as a dotted path."""
    return ".".join(str(part) for part in place)


def find_gaps(values: Any, place: Place = ()) -> Iterator[Place]:
    """Places of every `???`, whether a value or a key."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            if key == GAP:
                yield (*place, key)
            yield from find_gaps(value, (*place, key))
    elif isinstance(values, list | tuple):
        for index, value in enumerate(values):
            yield from find_gaps(value, (*place, index))
    elif isinstance(values, str) and values.strip() == GAP:
        yield place


def _is_gap(place: Place, gaps: list[Place]) -> bool:
    return any(gap[: len(place)] == place or place[: len(gap)] == gap for gap in gaps)


def _relevant(error: ValidationError, values: Any) -> Iterator[tuple[Place, str, Any]]:
    """Errors by their place in the file, without those of union members that were not meant."""
    kept: list[Place] = []
    others: dict[Place, Any] = {}
    for problem in error.errors(include_url=False):
        place, tags = _place(problem["loc"], values)
        if all(_meant(tag, value_at) for tag, value_at in tags):
            kept.append(place)
            yield place, problem["type"], problem
        else:
            others.setdefault(place, problem)
    for place, problem in others.items():
        if not any(one[: len(place)] == place for one in kept):
            yield place, problem["type"], problem


def _place(location: tuple[int | str, ...], values: Any) -> tuple[Place, list[tuple[str, Any]]]:
    """Split pydantic's location into keys of the file and names of union members."""
    place: list[str | int] = []
    tags: list[tuple[str, Any]] = []
    value = values
    for index, part in enumerate(location):
        if _has(value, part):
            value = value[part]
        elif isinstance(value, Mapping) and index == len(location) - 1 and not _is_tag(str(part)):
            value = None
        else:
            tags.append((str(part), value))
            continue
        place.append(part)
    return tuple(place), tags


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)


def _is_tag(part: str) -> bool:
    return part in ("str", "int", "float", "[key]") or "[" in part or part[:1].isupper()


def _meant(tag: str, value: Any) -> bool:
    """Whether a union member of this name was meant by a value of this kind."""
    if tag == "[key]":
        return True
    if isinstance(value, Mapping):
        return tag[:1].isupper() or tag.startswith("dict")
    if isinstance(value, list | tuple):
        return tag.startswith(("tuple", "list"))
    if tag.startswith(("tuple", "list", "dict")):
        return False
    return not (tag[:1].isupper() and isinstance(value, str | int | float))


def _tell_all(problems: list[tuple[Place, str, Any]], found: FindingsByLine) -> None:
    """Say one thing per place: what several alternatives expect goes into one sentence."""
    by_place: dict[Place, list[Any]] = {}
    for place, _, problem in problems:
        by_place.setdefault(place, []).append(problem)
    for place, at_place in by_place.items():
        kind = at_place[0]["type"]
        if kind == "missing":
            _tell_missing(place, found)
        elif kind == "extra_forbidden":
            _tell_unknown(place, found)
        else:
            _tell_value(place, at_place, found)


def _tell_missing(place: Place, found: FindingsByLine) -> None:
    found.tell(
        "missing-key",
        at=dotted(place),
        variant="inside" if len(place) > 1 else "top",
        name=str(place[-1]),
        parent=dotted(place[:-1]),
        meaning=_meaning(place),
    )


def _tell_unknown(place: Place, found: FindingsByLine) -> None:
    name, keys = str(place[-1]), keys_at(place[:-1])
    found.tell(
        "unknown-key",
        at=dotted(place),
        variant="inside" if len(place) > 1 else "top",
        name=shortened(name, _SHOWN),
        parent=dotted(place[:-1]),
        choices=", ".join(sorted(keys)),
        nearest=nearest(name, sorted(keys)),
        mend=did_you_mean(name, sorted(keys)).strip() or None,
    )


def _tell_value(place: Place, problems: list[Any], found: FindingsByLine) -> None:
    value = problems[0].get("input")
    expected = list(dict.fromkeys(_expected(problem) for problem in problems))
    words = [
        word
        for problem in problems
        if problem["type"] == "literal_error"
        for word in _QUOTED.findall(str(problem["ctx"]["expected"]))
    ]
    words = words if isinstance(value, str) else []
    found.tell(
        "invalid-value",
        at=dotted(place),
        found=_what_stands(problems[0]),
        expected=", or ".join(expected),
        nearest=nearest(value, words),
        mend=did_you_mean(value, words).strip() or None,
    )


def _what_stands(problem: Any) -> str:
    """What stands at the place of a problem."""
    value = problem.get("input")
    kind = "a list" if isinstance(value, list) else "keys and values"
    return kind if isinstance(value, list | dict) else shown(value)


def _expected(problem: Any) -> str:
    """What would have been right, as part of a sentence."""
    if problem["type"] == "literal_error":
        return f"expected is {problem['ctx']['expected']}"
    message = str(problem["msg"]).removeprefix("Value error, ")
    message = _IN_WORDS.get(problem["type"]) or message.split(", not ")[0]
    return message[:1].lower() + message[1:]


def _meaning(place: Place) -> str:
    """What a key of the format is for."""
    for model in _models_at(StudyFile, place[:-1]):
        for name, described in model.model_fields.items():
            if str(place[-1]) in (name, described.alias) and described.description:
                return described.description.rstrip(".")
    return "it has no default"


def keys_at(place: Place, whole: type[BaseModel] = StudyFile) -> set[str]:
    """Keys that may stand at a place of the study file, or of settings of their own."""
    keys: set[str] = set()
    for model in _models_at(whole, place):
        keys |= {described.alias or name for name, described in model.model_fields.items()}
    return keys


def _models_at(annotation: Any, place: Place) -> Iterator[type[BaseModel]]:
    """Models that may stand at a place below an annotation."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _models_at(get_args(annotation)[0], place)
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _models_at(member, place)
    elif origin in (dict, tuple) and place:
        yield from _models_at(get_args(annotation)[1 if origin is dict else 0], place[1:])
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        if not place:
            yield annotation
        for name, described in annotation.model_fields.items():
            if place and str(place[0]) in (name, described.alias):
                yield from _models_at(described.annotation, place[1:])


def _without(values: Any, problems: list[tuple[Place, str]], filled: set[Place]) -> Any:
    """Copy of the values without the wrong ones, and with gaps for missing ones.

    Where even a gap cannot stand, the part around it goes. None if nothing would be left.
    """
    drop: set[Place] = set()
    fill: dict[Place, Any] = {}
    for place, kind in problems:
        if any(place[: len(one)] == one for one in filled):
            drop.add(place[:-1])
        elif kind == "missing":
            fill[place] = _STAND_INS.get(dotted(place), GAP)
        else:
            drop.add(place)
    if () in drop:
        return None
    filled |= fill.keys()
    left = _copy(values, drop, ())
    for place, stand_in in fill.items():
        _put(left, place, stand_in)
    return left


def _put(values: Any, place: Place, stand_in: Any) -> None:
    """Put a value at a place, if the part around it is still there."""
    inside = values
    for part in place[:-1]:
        if not _has(inside, part):
            return
        inside = inside[part]
    if isinstance(inside, dict):
        inside[place[-1]] = stand_in


def _copy(value: Any, drop: set[Place], place: Place) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _copy(inner, drop, (*place, key))
            for key, inner in value.items()
            if (*place, key) not in drop
        }
    if isinstance(value, list | tuple):
        return [
            _copy(inner, drop, (*place, index))
            for index, inner in enumerate(value)
            if (*place, index) not in drop
        ]
    return value
