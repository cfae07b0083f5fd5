"""The instrument registry: data files, one per instrument, and the model they must fit."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from salutogen.errors import StudyError
from salutogen.findings import Finding, finding
from salutogen.study.instrument import ScoringRule
from salutogen.study.loading import decode, load_yaml, read_bytes
from salutogen.study.model import Measures, Name, Part
from salutogen.study.quantities import AnswerRange, Duration

ItemNumber = Annotated[int, Field(ge=1)]


class Scoring(Part):
    """A way to score an instrument, as a registry file writes it."""

    method: Literal["sum", "mean"] = "sum"
    recode: dict[float, float] | None = Field(
        None, description="New value of each code, after reversed items are turned round."
    )
    multiply: Annotated[float, Field(gt=0)] = Field(
        1.0, description="The final score is multiplied by this."
    )
    source: str | None = Field(None, description="Where this scoring is published.")


class CutOff(Part):
    """A published threshold, for description only: SR never uses one."""

    at: float = Field(description="The lowest score that counts (or the highest, if `below`).")
    meaning: Name
    below: bool = False
    scoring: str | None = None
    source: str | None = None


class Licence(Part):
    """What the holder of the rights allows."""

    status: Literal["free", "free-for-research", "restricted", "ask", "unclear"]
    holder: str | None = None
    text_shipped: bool = False
    note: str | None = None


class RegisteredInstrument(Part):
    """An instrument as its registry file describes it. Items are numbered from 1."""

    name: Name
    title: Name
    measures: Measures
    items: Annotated[int, Field(ge=1, le=2000)] | None = Field(
        None, description="Number of items; left out where studies choose their own."
    )
    scored: tuple[ItemNumber, ...] | None = Field(
        None, description="Items that enter scores, where others are fillers."
    )
    answers: AnswerRange
    did_not_occur: float | None = None
    form: Literal["explicit", "tick-list"] = "explicit"
    higher: Literal["worse", "better"] = "worse"
    recall: Duration | None = None
    scorings: Annotated[dict[str, Scoring], Field(min_length=1)]
    default_scoring: Name
    reverse: tuple[ItemNumber, ...] = ()
    subscales: dict[str, tuple[ItemNumber, ...]] = Field(default_factory=dict)
    cut_offs: tuple[CutOff, ...] = ()
    safety_items: tuple[ItemNumber, ...] = ()
    combines: tuple[str, ...] = Field(
        (), description="Instruments whose items, one after the other, make up this one."
    )
    licence: Licence
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    version: Name = "1"
    notes: str | None = None
    texts: dict[ItemNumber, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.default_scoring not in self.scorings:
            raise ValueError(f"default_scoring {self.default_scoring!r} is not among the scorings")
        numbers = [*self.reverse, *self.safety_items, *self.texts, *(self.scored or ())]
        for items in self.subscales.values():
            numbers += items
        if self.items is None and numbers:
            raise ValueError("items are numbered, so `items` must say how many there are")
        if self.items is not None and numbers and max(numbers) > self.items:
            raise ValueError(f"item {max(numbers)} is named, but there are {self.items} items")
        if self.texts and not self.licence.text_shipped:
            raise ValueError("texts are given although the licence says they are not shipped")
        return self

    def scoring_rules(self) -> dict[str, ScoringRule]:
        """Every scoring as a rule the scores can apply."""
        return {
            name: ScoringRule(
                name=name, method=rule.method, recode=rule.recode, multiply=rule.multiply
            )
            for name, rule in self.scorings.items()
        }

    @property
    def score_range(self) -> tuple[float, float] | None:
        """Lowest and highest score of the default scoring; None if items are open in number."""
        if self.items is None:
            return None
        rule = self.scorings[self.default_scoring]
        low, high = self.answers.minimum, self.answers.maximum
        if rule.recode is not None:
            low, high = min(rule.recode.values()), max(rule.recode.values())
        number = len(self.scored) if self.scored else self.items
        factor = rule.multiply * (number if rule.method == "sum" else 1)
        return low * factor, high * factor


def parse_instrument(text: str, name: str) -> RegisteredInstrument:
    """Read one instrument file.

    Raises
    ------
    StudyError
        The file is not YAML or does not describe an instrument.
    """
    loaded = load_yaml(text, name)
    if loaded.findings:
        raise StudyError(loaded.findings)
    values: Any = loaded.values
    if isinstance(values, dict):
        for key in ("texts",):
            if isinstance(values.get(key), dict):
                values[key] = {_number(item): text for item, text in values[key].items()}
        for scoring in (
            (values.get("scorings") or {}).values()
            if isinstance(values.get("scorings"), dict)
            else ()
        ):
            if isinstance(scoring, dict) and isinstance(scoring.get("recode"), dict):
                scoring["recode"] = {_number(k): v for k, v in scoring["recode"].items()}
    try:
        return RegisteredInstrument.model_validate(values)
    except ValidationError as error:
        raise StudyError(
            finding(
                "instrument-file-invalid",
                f"{'.'.join(str(part) for part in problem['loc']) or 'instrument'}: "
                f"{problem['msg']}.",
                file=name,
                line=_line(loaded.lines, problem["loc"]),
            )
            for problem in error.errors(include_url=False)
        ) from error


def _number(key: str) -> Any:
    try:
        return float(key) if "." in key else int(key)
    except ValueError:
        return key


def _line(lines: Mapping[str, int], place: tuple[int | str, ...]) -> int | None:
    for end in range(len(place), 0, -1):
        path = ".".join(str(part) for part in place[:end])
        if path in lines:
            return lines[path]
    return None


@cache
def registry() -> dict[str, RegisteredInstrument]:
    """Every instrument that ships with the package, by name in alphabetical order."""
    return {name: shipped(name) for name in registered_names()}


@cache
def registered_names() -> tuple[str, ...]:
    """Names of the shipped instruments, without reading their files."""
    folder = files("salutogen") / "study" / "instruments"
    names = (resource.name for resource in folder.iterdir())
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


@cache
def shipped(name: str) -> RegisteredInstrument:
    """One shipped instrument, reading its file alone.

    Raises
    ------
    KeyError
        There is no instrument of this name.
    """
    if name not in registered_names():
        raise KeyError(name)
    resource = files("salutogen") / "study" / "instruments" / f"{name}.yaml"
    return parse_instrument(resource.read_text(encoding="utf-8"), resource.name)


def read_folder(folder: Path) -> dict[str, RegisteredInstrument]:
    """Read the instrument files of a folder of the user's own.

    Raises
    ------
    StudyError
        The folder cannot be read, a file is not an instrument, or two have one name.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    except OSError as error:
        text = f"The folder {str(folder)!r} cannot be read: {error.strerror}."
        raise StudyError([finding("instrument-folder-unreadable", text)]) from error
    found: dict[str, RegisteredInstrument] = {}
    wrong: list[Finding] = []
    for path in paths:
        try:
            entry = parse_instrument(decode(read_bytes(path), path.name), path.name)
        except StudyError as error:
            wrong += error.findings
            continue
        if entry.name in found:
            text = f"The instrument {entry.name!r} stands in two files of the folder."
            wrong.append(finding("instrument-file-invalid", text, file=path.name))
        found[entry.name] = entry
    if wrong:
        raise StudyError(wrong)
    return found


def nearest(name: str, names: Any) -> str | None:
    """Return the most similar of some names, if one is similar at all."""
    lower = {str(one).lower(): str(one) for one in reversed(list(names))}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return lower[close[0]] if close else None
