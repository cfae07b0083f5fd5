"""What each column and each figure of a result is, declared once.

A result is a frozen record whose fields carry their declaration: name, unit, sign, meaning and
kind. `results.json`, its schema, `codebook.csv`, tables of the page and notebook cards are made
from it, and the page hides what its kind says must be hidden.

>>> @record
... class Spread(Record):
...     sd: float | None = figure("SD over persons", unit="points of P")
...     n: int = figure("Persons", kind=Kind.COUNT)
>>> Spread(sd=2.5, n=40).to_dict()
{'sd': 2.5, 'n': 40}
>>> Spread.schema()["properties"]["sd"]["type"]
['number', 'null']
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from enum import StrEnum
from typing import (
    Any,
    Literal,
    Union,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from salutogen.display import card
from salutogen.findings import shortened

LESS_RESILIENT = "positive = over-reactive = less resilient"
POINTS = "points of P"
FEW_SHOWN = 6
LONGEST = 40  # characters of a text in a short representation


class Kind(StrEnum):
    """What a value may tell of persons; decides what a page that hides persons shows of it."""

    IDENTIFIER = "identifier"  # names a person: never on a page
    PERSON = "person-level value"  # belongs to one person: not on a page that hides persons
    COUNT = "count"  # how many persons: small ones, and those that give them away, are hidden
    SHARE = "share"  # share of persons: goes with the counts of its row, in steps of five persons
    TELLING = "telling"  # tells how many there are, as df do: goes with the row's counts and shares
    STATISTIC = "statistic"  # of several persons, or of none
    LABEL = "label"  # names a row: an occasion, a window, an item, a term


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table, or one figure of a record.

    Attributes
    ----------
    name : str
        As in the files; `E_<type>` stands for every name of that form.
    meaning : str
        One phrase for the codebook and the schema.
    unit, sign : str
        Unit, and what a higher or positive value means.
    kind : Kind
    heading : str
        What a table for people writes above it; the name, in words, where it is empty.
    of : str or tuple of str
        Counts: names of the counts whose part this is. `persons` is everyone in the study.
    adds_up : int
        Counts: to how many numbers that are told elsewhere the column's cells add up, plainly or
        with weights that are told.
    nested : {"", "counts", "statistics"}
        Counts: whether the cells are of sets that lie in each other or are mostly the same
        persons, such as those seen at one occasion and at the next, so that a small difference
        tells of few. "statistics": the row's statistics are of one quantity, over these sets.
    n : str
        The count of their row that statistics rest on, where it is not that of the others, and
        that shares are of.
    by : str
        Counts of forms, rows or courses: the count of the persons whose they are. Where that is
        hidden, they are too: what they leave would tell how many forms the few have.
    step : float
        Numbers that tell counts only when they are exact: where persons are hidden they are told
        in steps of so much.
    sd : str
        Means of everyone: the SD of their row. Where persons are hidden both are told in steps of
        what two persons more or fewer move them by.
    at : tuple of float
        Quantiles in a list: the share of values below each. Those few lie beyond are hidden.
    """

    name: str
    meaning: str
    unit: str = ""
    sign: str = ""
    kind: Kind = Kind.STATISTIC
    heading: str = ""
    of: str | tuple[str, ...] = "persons"
    adds_up: int = 0
    nested: Literal["", "counts", "statistics"] = ""
    n: str = ""
    by: str = ""
    step: float = 0.0
    sd: str = ""
    at: tuple[float, ...] = ()

    def fits(self, name: str) -> bool:
        """Whether the declaration is of a column of this name."""
        before, mark, after = self.name.partition("<")
        if not mark:
            return name == self.name
        end = after.partition(">")[2]
        return name.startswith(before) and name.endswith(end) and len(name) > len(before + end)


def declared(name: str, columns: Sequence[Column]) -> Column | None:
    """Return the declaration of a column: by its own name first, then by a form that it fits."""
    return next(
        (item for item in columns if item.name == name),
        next((item for item in columns if item.fits(name)), None),
    )


def figure(
    meaning: str,
    *,
    unit: str = "",
    sign: str = "",
    kind: Kind = Kind.STATISTIC,
    key: str = "",
    heading: str = "",
    default: Any = MISSING,
    **counted: Any,
) -> Any:
    """Declare a field of a record.

    Parameters
    ----------
    meaning, unit, sign, kind, heading, **counted
        As in `Column`.
    key : str
        Name in `results.json`, where it is not the field's own.
    default
        Default of the field.
    """
    column = Column(
        name=key, meaning=meaning, unit=unit, sign=sign, kind=kind, heading=heading, **counted
    )
    return field(default=default, metadata={"column": column})


def rows(meaning: str, columns: Sequence[Column], *, key: str = "", default: Any = MISSING) -> Any:
    """Declare a field that holds a data frame, by its columns; a list of rows in JSON."""
    column = Column(name=key, meaning=meaning)
    return field(default=default, metadata={"column": column, "rows": tuple(columns)})


def beside(**given: Any) -> Any:
    """Declare a field that does not go into `results.json`: arrays, fitted models, findings."""
    return field(metadata={"beside": True}, **given)


@dataclass_transform(
    frozen_default=True, kw_only_default=True, field_specifiers=(figure, rows, beside, field)
)
def record[T](cls: type[T]) -> type[T]:
    """Make a class a frozen record with keyword arguments and a short representation."""
    return cast(type[T], dataclass(frozen=True, kw_only=True, repr=False, eq=False)(cls))


class Record:
    """Base of results: plain data, its schema and a short representation, from the declarations."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain data as in `results.json`; data frames stay frames."""
        return {key_of(item): _plain(getattr(self, item.name)) for item in _told_fields(type(self))}

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of `to_dict`: every figure with its meaning, unit and sign.

        Figures with a default may be missing.
        """
        hints = get_type_hints(cls)
        told = _told_fields(cls)
        return {
            "type": "object",
            "description": (cls.__doc__ or "").strip().partition("\n")[0],
            "properties": {key_of(item): _property(item, hints[item.name]) for item in told},
            "required": [key_of(item) for item in told if item.default is MISSING],
        }

    def __repr__(self) -> str:
        """Name the class and its first few plain figures."""
        shown = [
            f"{item.name}={_short(value)}"
            for item in fields(cast(Any, self))
            if isinstance(value := getattr(self, item.name), int | float | str)
        ]
        rest = ", …" if len(shown) > FEW_SHOWN else ""
        return f"{type(self).__name__}({', '.join(shown[:FEW_SHOWN])}{rest})"

    def _repr_html_(self) -> str:
        """Show the plain figures under the words of their declarations, with the findings."""
        facts = {
            _caption(item): value
            for item in _told_fields(type(self))
            if isinstance(value := getattr(self, item.name), int | float | str)
        }
        told = (type(self).__doc__ or "").strip().partition("\n")[0].rstrip(".")
        return card(told, facts, tuple(getattr(self, "findings", ())))


def _caption(item: Field[Any]) -> str:
    column = item.metadata.get("column")
    if not isinstance(column, Column):
        return item.name
    words = column.heading or column.meaning
    return f"{words} ({column.unit})" if column.unit else words


def columns_of(cls: type[Record]) -> tuple[Column, ...]:
    """Return the declarations of a record's figures, with the names they have in JSON."""
    return tuple(
        replace(column, name=key_of(item))
        for item in _told_fields(cls)
        if isinstance(column := item.metadata.get("column"), Column)
    )


def key_of(item: Field[Any]) -> str:
    """Name of a field in `results.json`."""
    column = item.metadata.get("column")
    return column.name or item.name if isinstance(column, Column) else item.name


def _told_fields(cls: type[Record]) -> tuple[Field[Any], ...]:
    return tuple(item for item in fields(cast(Any, cls)) if not item.metadata.get("beside"))


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _short(value: float | str) -> str:
    if isinstance(value, str):
        return repr(shortened(value, LONGEST))
    return str(value) if isinstance(value, int) else f"{value:.5g}"


def _property(item: Field[Any], hint: Any) -> dict[str, Any]:
    column = item.metadata.get("column")
    made = table_schema(item.metadata["rows"]) if "rows" in item.metadata else _schema_of(hint)
    if not isinstance(column, Column):
        return made
    # Where persons are hidden all but labels may be null.
    return {**(made if column.kind is Kind.LABEL else _or_null(made)), **_words(column)}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Let whole numbers of a schema be null, those within as well."""
    made = dict(schema)
    if made.get("type") == "integer":
        made["type"] = ["integer", "null"]
    for inside in ("items", "additionalProperties"):
        if isinstance(made.get(inside), Mapping):
            made[inside] = _or_null(made[inside])
    if "anyOf" in made and "properties" not in made:
        made["anyOf"] = [_or_null(part) for part in made["anyOf"]]
    return made


def table_schema(columns: Sequence[Column]) -> dict[str, Any]:
    """Return the JSON Schema of a list of rows with these columns."""
    named = [item for item in columns if "<" not in item.name]
    return {
        "type": ["array", "null"],
        "items": {"type": "object", "properties": {item.name: _words(item) for item in named}},
    }


def _words(column: Column) -> dict[str, Any]:
    told = ". ".join(part for part in (column.meaning, column.sign) if part)
    found: dict[str, Any] = {"description": told} if told else {}
    if column.unit:
        found["x-unit"] = column.unit
    if column.kind is not Kind.STATISTIC:
        found["x-kind"] = column.kind.value
    if column.kind is Kind.COUNT:
        of = column.of if isinstance(column.of, str) else list(column.of)
        known = {
            "x-of": of,
            "x-adds-up": column.adds_up,
            "x-nested": column.nested,
            "x-by": column.by,
        }
        found |= {key: value for key, value in known.items() if value and value != "persons"}
    if column.at:
        found["x-at"] = list(column.at)
    if column.step:
        found["x-step"] = column.step
    if column.sd:
        found["x-sd"] = column.sd
    return found | {"x-n": column.n} if column.n else found


def _kinds(schema: dict[str, Any]) -> list[str]:
    kind = schema["type"]
    return kind if isinstance(kind, list) else [kind]


_SIMPLE: dict[Any, str] = {
    int: "integer",
    str: "string",
    bool: "boolean",
    type(None): "null",
}


def _schema_of(hint: Any) -> dict[str, Any]:
    """Return the JSON Schema of a type: records, mappings, sequences, numbers and their unions."""
    origin, inner = get_origin(hint), get_args(hint)
    # A number that cannot be computed is null, never NaN.
    if isinstance(hint, type) and issubclass(hint, float):
        return {"type": ["number", "null"]}
    if hint in _SIMPLE:
        return {"type": _SIMPLE[hint]}
    if origin is Literal:
        return {"enum": list(inner)}
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.schema()
    if origin in (Union, types.UnionType):
        parts = [_schema_of(part) for part in inner]
        if all(set(part) == {"type"} for part in parts):
            return {"type": list(dict.fromkeys(kind for part in parts for kind in _kinds(part)))}
        return {"anyOf": parts}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema_of(inner[1])}
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return {"type": "array", "items": _schema_of(inner[0])}
    return {}
