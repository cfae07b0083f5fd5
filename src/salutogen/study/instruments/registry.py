"""The instrument registry: data files, one per instrument, and the model they must fit."""

from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from salutogen.errors import StudyError
from salutogen.findings import Finding, finding
from salutogen.study.format import AnswerRange, Duration, ItemMetadata, Measures, Name, Part
from salutogen.study.format.plain_yaml import decode, line_of, load_yaml, read_bytes
from salutogen.study.instruments.instrument import ScoringRule

_FOLDER = Path(__file__).parent / "registered"
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
    safety_items: tuple[ItemNumber, ...] = ()
    licence: Licence
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    version: Name = "1"
    notes: str | None = None
    texts: dict[ItemNumber, str] = Field(default_factory=dict)
    item_metadata: tuple[ItemMetadata, ...] = Field(
        (), description="What is known of the items, by number."
    )

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.default_scoring not in self.scorings:
            raise ValueError(f"default_scoring {self.default_scoring!r} is not among the scorings")
        numbers = [*self.reverse, *self.safety_items, *self.texts, *(self.scored or ())]
        for items in self.subscales.values():
            numbers += items
        numbers += self._numbers_of_metadata()
        if self.items is None and numbers:
            raise ValueError("items are numbered, so `items` must say how many there are")
        if self.items is not None and numbers and max(numbers) > self.items:
            raise ValueError(f"item {max(numbers)} is named, but there are {self.items} items")
        if self.texts and not self.licence.text_shipped:
            raise ValueError("texts are given although the licence says they are not shipped")
        return self

    def _numbers_of_metadata(self) -> list[int]:
        """Numbers named in `item_metadata`; names of columns mean nothing here."""
        numbers: list[int] = []
        for one in self.item_metadata:
            named = one.items if isinstance(one.items, tuple) else (one.items,)
            for item in named:
                if isinstance(item, str) or (item is not None and item < 1):
                    raise ValueError(f"item_metadata names items by number, not {item!r}")
                numbers += [] if item is None else [item]
        return numbers

    def scoring_rules(self) -> dict[str, ScoringRule]:
        """Every scoring as a rule the scores can apply."""
        return {
            name: ScoringRule(
                name=name,
                method=rule.method,
                recode=rule.recode,
                multiply=rule.multiply,
                source=rule.source,
            )
            for name, rule in self.scorings.items()
        }


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
    try:
        return RegisteredInstrument.model_validate(_numbered(loaded.values))
    except ValidationError as error:
        wrong = []
        for problem in error.errors(include_url=False):
            place = ".".join(str(part) for part in problem["loc"])
            wrong.append(
                finding(
                    "instrument-file-invalid",
                    variant="value",
                    place=place or "instrument",
                    problem=problem["msg"],
                    file=name,
                    line=line_of(loaded.lines, place),
                )
            )
        raise StudyError(wrong) from error


def _numbered(values: Any) -> Any:
    """Let the keys of `texts` and of each `recode` be the numbers they are written as."""
    if not isinstance(values, dict):
        return values
    scorings = values.get("scorings")
    parts = [(values, "texts")]
    parts += [
        (scoring, "recode")
        for scoring in (scorings.values() if isinstance(scorings, dict) else ())
        if isinstance(scoring, dict)
    ]
    for part, key in parts:
        if isinstance(part.get(key), dict):
            part[key] = {_number(written): value for written, value in part[key].items()}
    return values


def _number(key: str) -> Any:
    try:
        return float(key) if "." in key else int(key)
    except ValueError:
        return key


@cache
def registry() -> dict[str, RegisteredInstrument]:
    """Every instrument that ships with the package, by name in alphabetical order."""
    return {name: shipped(name) for name in registered_names()}


@cache
def registered_names() -> tuple[str, ...]:
    """Names of the shipped instruments, without reading their files."""
    names = (path.name for path in _FOLDER.iterdir())
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
    path = _FOLDER / f"{name}.yaml"
    return parse_instrument(path.read_text(encoding="utf-8"), path.name)


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
        unreadable = finding(
            "instrument-folder-unreadable", folder=str(folder), reason=error.strerror
        )
        raise StudyError([unreadable]) from error
    found: dict[str, RegisteredInstrument] = {}
    wrong: list[Finding] = []
    for path in paths:
        try:
            entry = parse_instrument(decode(read_bytes(path), path.name), path.name)
        except StudyError as error:
            wrong += error.findings
            continue
        if entry.name in found:
            twice = finding(
                "instrument-file-invalid", variant="twice", name=entry.name, file=path.name
            )
            wrong.append(twice)
        found[entry.name] = entry
    if wrong:
        raise StudyError(wrong)
    return found
