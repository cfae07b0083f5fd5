"""From rows per person and occasion to a column per variable and occasion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.categories import as_text
from salutogen.models.formula.columns import numeric, read_columns
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.intp]

EQUAL = 1e-6  # relative difference of time gaps that is rounding
FIRST = 10  # rows that are named in a refusal
LISTED = 12  # occasions that are
_DAY = 86_400_000_000  # microseconds


@short_repr("n_persons", "occasions", "groups")
@dataclass(frozen=True, kw_only=True)
class Panel:
    """Values of persons by variable and occasion.

    Attributes
    ----------
    occasions : tuple of str
        Their labels, in order.
    repeated : dict of array (n_persons, n_occasions)
        Each repeated variable, NaN where missing.
    constant : dict of array (n_persons,)
        Each covariate that does not change.
    groups : tuple of str
        Labels; one empty label without a grouping.
    group : array (n_persons,)
        Each person's group.
    n_rows : int
        Rows with any repeated variable.
    messages : tuple of str
    """

    occasions: tuple[str, ...]
    repeated: dict[str, Float]
    constant: dict[str, Float]
    groups: tuple[str, ...]
    group: Int
    n_rows: int
    messages: tuple[str, ...]

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.group)


def read_panel(
    data: Any,
    *,
    person: str,
    occasion: str | None,
    repeated: tuple[str, ...],
    constant: tuple[str, ...],
    group: str | None,
) -> Panel:
    """Read a long frame, or one row per person where there is no `occasion`.

    Raises
    ------
    ModelError
        Columns that are absent or no numbers, rows without person or occasion, an occasion twice,
        gaps between occasions that differ, covariates or groups that change within a person.
    """
    given = [name for name in (person, occasion) if name]
    more = [group] if group else []
    rows = read_columns(data, [*given, *repeated, *constant, *more], labels=(person,))
    for name in given:
        _refuse_rows(rows[name].is_null().to_numpy() | _is_nan(rows[name]), name)
    persons, n = _codes(rows[person])
    at = np.zeros(len(persons), dtype=np.intp)
    occasions: tuple[str, ...] = ("",)
    if occasion:
        at, occasions = _occasions(rows[occasion])
    _refuse_twice(persons, at, len(occasions), given)
    table = {name: _spread(numeric(rows, name), persons, at, n, len(occasions), name)
             for name in repeated}  # fmt: skip
    covariates = {name: _constant(numeric(rows, name), persons, n, name) for name in constant}
    groups, of_person, untold = _groups(rows, group, persons, n)
    present = np.any([np.isfinite(values) for values in table.values()], axis=0)
    kept = present.any(axis=1) & ~untold
    messages = []
    if not kept.all():
        lost = int(np.sum(~kept))
        who = "1 person" if lost == 1 else f"{lost} persons"
        why = " or without a group" if untold.any() else ""
        messages.append(f"Left out: {who} without any value{why}.")
    return Panel(
        occasions=occasions,
        repeated={name: values[kept] for name, values in table.items()},
        constant={name: values[kept] for name, values in covariates.items()},
        groups=groups,
        group=of_person[kept],
        n_rows=int(np.sum(present[kept])),
        messages=tuple(messages),
    )


def _is_nan(column: pl.Series) -> NDArray[np.bool_]:
    if column.dtype.is_float():
        return column.fill_null(0.0).is_nan().to_numpy()
    return np.zeros(len(column), dtype=bool)


def _refuse_rows(wrong: NDArray[np.bool_], name: str) -> None:
    found = np.flatnonzero(wrong)
    if found.size:
        listed = ", ".join(str(row + 1) for row in found[:FIRST])
        raise ModelError(f"{name}: missing in {found.size} rows ({listed}). Leave those rows out.")


def _codes(column: pl.Series) -> tuple[Int, int]:
    """Number of each row's person, in the persons' sorted order."""
    persons = column.unique().sort()
    places = pl.DataFrame({"label": persons}).with_row_index("place")
    joined = pl.DataFrame({"label": column}).join(
        places, on="label", how="left", maintain_order="left"
    )
    return joined["place"].to_numpy().astype(np.intp), len(persons)


def _occasions(column: pl.Series) -> tuple[Int, tuple[str, ...]]:
    """Number of each row's occasion, and the labels in order; gaps must be equal."""
    if isinstance(column.dtype, pl.Enum):
        used = [level for level in column.dtype.categories.to_list() if (column == level).any()]
        place = {level: index for index, level in enumerate(used)}
        return np.array([place[level] for level in column.to_list()], dtype=np.intp), tuple(used)
    dated = isinstance(column.dtype, pl.Date | pl.Datetime)
    if not dated and not column.dtype.is_numeric():
        raise ModelError(
            f"{column.name}: expected numbers or dates that say how far occasions are apart, or "
            f"categories in a declared order, got {column.dtype}. Number the occasions (1, 2, 3), "
            "or declare their order: `polars.Enum`, or an ordered `pandas.Categorical`."
        )
    local = _by_clock(column) if dated else column
    values = local.dt.epoch("us") / _DAY if dated else column.cast(pl.Float64)
    times, first, places = np.unique(values.to_numpy(), return_index=True, return_inverse=True)
    labels = tuple(
        str(local[row]).removesuffix(" 00:00:00") if dated else f"{time:g}"
        for row, time in zip(first.tolist(), times, strict=True)
    )
    gaps = np.diff(times)
    if gaps.size and np.ptp(gaps) > EQUAL * np.max(gaps):
        mend = (
            " Months and years differ in length, and persons in when they answered: where "
            "occasions are planned to be equally far apart, number them (1, 2, 3)."
        )
        more = f", and {len(labels) - LISTED} more" if len(labels) > LISTED else ""
        raise ModelError(
            f"{column.name}: the occasions {', '.join(labels[:LISTED])}{more} are not equally far "
            f"apart ({np.min(gaps):g} to {np.max(gaps):g}{' days' if dated else ''}). A lag over "
            "discrete occasions means one and the same time; use occasions with equal gaps, or a "
            f"model in continuous time.{mend if dated else ''}"
        )
    return places.astype(np.intp), labels


def _by_clock(column: pl.Series) -> pl.Series:
    """Dates and times by the clock of the place: a day of 23 hours is a day."""
    timed = column.cast(pl.Datetime("us")) if column.dtype == pl.Date else column
    return timed.dt.replace_time_zone(None)


def _refuse_twice(persons: Int, at: Int, occasions: int, names: list[str]) -> None:
    cells, counts = np.unique(persons * occasions + at, return_counts=True)
    twice = np.isin(persons * occasions + at, cells[counts > 1])
    if twice.any():
        found = np.flatnonzero(twice)
        listed = ", ".join(str(row + 1) for row in found[:FIRST])
        raise ModelError(
            f"{' and '.join(names)}: {found.size} rows share their {' and '.join(names)} with "
            f"another ({listed}). Keep one row for each."
        )


def _spread(values: Float, persons: Int, at: Int, n: int, occasions: int, name: str) -> Float:
    _refuse_infinite(values, name)
    table = np.full((n, occasions), np.nan)
    table[persons, at] = values
    return table


def _refuse_infinite(values: Float, name: str) -> None:
    wrong = np.flatnonzero(np.isinf(values))
    if wrong.size:
        listed = ", ".join(str(row + 1) for row in wrong[:FIRST])
        raise ModelError(
            f"{name}: {wrong.size} infinite values, rows {listed}. Mend them or make them missing."
        )


def _constant(values: Float, persons: Int, n: int, name: str) -> Float:
    """One value per person; refuse what changes."""
    _refuse_infinite(values, name)
    known = np.isfinite(values)
    found = np.full(n, np.nan)
    found[persons[known]] = values[known]
    changed = known & (values != found[persons])
    if changed.any():
        how_many = len(np.unique(persons[changed]))
        raise ModelError(
            f"{name}: changes within {how_many} persons. Name it in `time_varying`, or give each "
            "person one value."
        )
    return found


def _groups(
    rows: pl.DataFrame, group: str | None, persons: Int, n: int
) -> tuple[tuple[str, ...], Int, NDArray[np.bool_]]:
    """Labels, each person's group, and who has none."""
    if group is None:
        return ("",), np.zeros(n, dtype=np.intp), np.zeros(n, dtype=bool)
    texts = as_text(rows[group])
    dtype = rows.schema[group]
    used = texts.drop_nulls().unique().to_list()
    order = dtype.categories.to_list() if isinstance(dtype, pl.Enum) else sorted(used)
    labels = tuple(label for label in order if label in used)
    place = {label: float(index) for index, label in enumerate(labels)}
    codes = np.array([place.get(text, np.nan) for text in texts.to_list()], dtype=float)
    each = _constant_group(codes, persons, n, group)
    untold = np.isnan(each)
    return labels, np.where(untold, 0, each).astype(np.intp), untold


def _constant_group(codes: Float, persons: Int, n: int, name: str) -> Float:
    try:
        return _constant(codes, persons, n, name)
    except ModelError as error:
        raise ModelError(f"{name}: persons change their group. Give each person one.") from error
