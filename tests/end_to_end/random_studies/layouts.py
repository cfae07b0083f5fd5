"""From forms, one row per person and occasion, to the tables that a study's sources name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from tests.end_to_end.random_studies.drawing import Lot
from tests.end_to_end.random_studies.plan import HABITS, Plan

Table = pl.DataFrame | dict[str, pl.DataFrame]  # one by occasion where each has a file of its own
BETWEEN = "\x1f"  # of centre and number in identifiers of two columns
MORE_ROWS = 3


def laid_out(
    plan: Plan, forms: pl.DataFrame, people: pl.DataFrame, ids: list[str], lot: Lot
) -> dict[str, Table]:
    """Lay the forms out as the plan's source says; tables by source, all cells as text."""
    own_lot = lot.apart(HABITS + 2)
    forms = _with_done(forms, plan.habits.done, own_lot) if plan.habits.done else forms
    forms = forms.with_columns(_times(plan, forms, lot)) if plan.time else forms
    tables = {}
    if plan.people:
        tables["people"] = people
    elif people.width > 1:
        forms = forms.join(people, on="person", how="left", maintain_order="left")
    own = [name for name in ("person", "wave", "day", "done") if name in forms.columns]
    backgrounds = people.columns[1:] if not plan.people else []
    if plan.wide:
        answers = _widened(plan, forms, backgrounds)
    elif plan.layout == "row-per-item":
        answers = forms.unpivot(index=own, variable_name="item", value_name="answer")
        answers = answers.filter(pl.col("answer") != "").sort("person", "wave", maintain_order=True)
    else:
        answers = forms
    if plan.habits.split:
        answers, tables["lists"] = _split(plan, answers, own_lot)
    kept = {*own, "item", *backgrounds, *(name for name in answers.columns if _of_form(plan, name))}
    tables["answers"] = _with_more_rows(plan, answers, kept, own_lot)
    named: dict[str, Table] = {name: _named(plan, table, ids) for name, table in tables.items()}
    if plan.register:
        named["register"] = _named(plan, _register(plan, len(ids), lot), ids)
    if plan.habits.per_occasion:
        named["answers"] = _by_occasion(plan, tables["answers"], ids, own_lot)
    return named


def _of_form(plan: Plan, name: str) -> bool:
    """Whether a column of a file with one row per person holds a time, or says what was done."""
    beginnings = [f"{plan.naming.column(plain)}_w" for plain in ("day", "done")]
    return plan.wide and name.startswith(tuple(beginnings))


def _named(plan: Plan, table: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """Give persons, occasions and columns the names that they have in the file."""
    columns = table.to_dict()
    persons = [ids[place] for place in columns.pop("person")]
    found: dict[str, pl.Series] = {}
    if plan.habits.sites:
        for place, plain in enumerate(("centre", "number")):
            found[plain] = pl.Series(
                [one.split(BETWEEN)[place] for one in persons], dtype=pl.String
            )
    else:
        found["id"] = pl.Series(persons, dtype=pl.String)
    if "wave" in columns:
        waves = columns.pop("wave").to_list()
        if plan.habits.beeps:
            found["half"] = pl.Series([str(place // 2 + 1) for place in waves], dtype=pl.String)
            found["beep"] = pl.Series([str(place % 2 + 1) for place in waves], dtype=pl.String)
        else:
            found["wave"] = pl.Series([plan.labels[place] for place in waves], dtype=pl.String)
    called = plan.naming.given_columns
    return pl.DataFrame({called.get(name, name): one for name, one in (found | columns).items()})


def _by_occasion(
    plan: Plan, answers: pl.DataFrame, ids: Sequence[str], lot: Lot
) -> dict[str, pl.DataFrame]:
    """A table for each occasion, with one row at least; some lack what was not asked there."""
    parts: dict[str, pl.DataFrame] = {}
    lean = lot.chance(0.5)
    for place, label in enumerate(plan.labels):
        part = answers.filter(pl.col("wave") == place)
        if not part.height:
            blank = {name: "" for name in answers.columns if name not in ("person", "wave")}
            part = pl.DataFrame({"person": [0], "wave": [place], **blank}, schema=answers.schema)
        gone = {"wave", *(_not_asked(plan, place, label) if lean else ())}
        kept = {name: cells for name, cells in part.to_dict().items() if name not in gone}
        parts[label] = _named(plan, pl.DataFrame(kept), ids)
    return parts


def _not_asked(plan: Plan, place: int, label: str) -> set[str]:
    """Items that nobody was asked at an occasion."""
    gone: set[str] = set()
    for scale in plan.scales:
        asked = plan.values["instruments"][scale.name].get("asked", {}).get(label)
        if scale.measured == "baseline" and place:
            gone |= set(scale.items)
        elif asked is not None:
            gone |= set(scale.items) - set(asked)
    return gone


def _split(plan: Plan, answers: pl.DataFrame, lot: Lot) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Take exposure out of the answers; some of its forms, and of the others, are not there."""
    items = [item for scale in plan.scales if scale.role == "exposure" for item in scale.items]
    others = [name for name in answers.columns if name not in items]
    drawn = lot.rng.random((2, answers.height)) < 0.95
    drawn[:, :2] = True
    lists = _picked(answers.filter(pl.Series(drawn[0])), ["person", "wave", *items])
    return _picked(answers.filter(pl.Series(drawn[1])), others), lists


def _with_done(forms: pl.DataFrame, code: str, lot: Lot) -> pl.DataFrame:
    """Say of each form whether it was handed in; what stands in the others is no answer."""
    still_open = lot.rng.random(forms.height) < 0.08
    still_open[0] = False
    return forms.with_columns(done=pl.Series(np.where(still_open, "0", code).tolist()))


def _with_more_rows(plan: Plan, answers: pl.DataFrame, keys: set[str], lot: Lot) -> pl.DataFrame:
    """Repeat some rows: as they are, without answers, with others, or in two parts."""
    how = plan.habits.duplicates
    if not how or not answers.height:
        return answers
    rows = lot.rng.integers(0, answers.height, MORE_ROWS)
    more = answers[rows.tolist()].unique(subset=["person", *_occasion(plan)], maintain_order=True)
    others = answers[lot.rng.integers(0, answers.height, more.height).tolist()]
    changed: dict[str, pl.Series] = {}
    for name, cells in more.to_dict().items():
        if name in keys or how == "exact":
            changed[name] = cells
        elif how in ("first", "last"):
            changed[name] = others[name]
        else:
            changed[name] = pl.Series([""] * more.height, dtype=pl.String)
    if how == "merge":  # the second half of the answers stands in a row of its own
        moved = [name for name in answers.columns if name not in keys]
        moved = moved[len(moved) // 2 :]
        again = answers.with_row_index("@row")
        left = again.join(more.select("person", *_occasion(plan)), on=["person", *_occasion(plan)])
        away = set(left["@row"].to_list())
        columns = answers.to_dict()
        for name in moved:
            changed[name] = more[name]
            cells = enumerate(columns[name].to_list())
            rest = ["" if row in away else cell for row, cell in cells]
            columns[name] = pl.Series(rest, dtype=pl.String)
        answers = pl.DataFrame(columns)
    return pl.concat([answers, pl.DataFrame(changed)], how="vertical")


def _occasion(plan: Plan) -> list[str]:
    """What names the occasion and the item of a row, beside the person."""
    if plan.wide:
        return []
    return ["wave", "item"] if plan.layout == "row-per-item" else ["wave"]


def _register(plan: Plan, n: int, lot: Lot) -> pl.DataFrame:
    """Dated events of some persons, in no order, some before or after all answers."""
    rng, count = lot.rng, lot.one(0, 1, 5, 2 * n) + 1
    days = rng.integers(-20, int(max(plan.days)) + 20, count)
    return pl.DataFrame(
        {
            "person": rng.integers(0, n, count),
            "on": _dates(plan, days, lot),
            "kind": [lot.one("loss", "move", "illness") for _ in range(count)],
            "burden": [str(value) for value in rng.integers(0, 6, count)],
        }
    )


def _times(plan: Plan, forms: pl.DataFrame, lot: Lot) -> pl.Series:
    days = np.array(plan.days)[forms["wave"].to_numpy()].round()
    return pl.Series("day", _dates(plan, days + lot.rng.integers(0, 3, days.size), lot))


def _dates(plan: Plan, days: np.ndarray, lot: Lot) -> list[str]:
    if plan.time == "days":
        return [f"{day * plan.habits.per_day:.9g}" for day in days]
    start = np.datetime64("2024-01-01")
    dates = [str(start + np.timedelta64(int(day), "D")) for day in days]
    if plan.habits.stamps == "points":
        return [".".join(reversed(date.split("-"))) for date in dates]
    if plan.time == "date":
        return dates
    hours = lot.apart(HABITS + 3).rng.integers(0, 24, len(dates))
    end = {"offset": ":30+13:00", "utc": ":30:00Z", "local": ":30"}[plan.habits.stamps]
    return [f"{date}T{hour:02d}{end}" for date, hour in zip(dates, hours, strict=True)]


def _widened(plan: Plan, forms: pl.DataFrame, backgrounds: Sequence[str]) -> pl.DataFrame:
    """One row per person; a column for each repeated item, time and form of each occasion."""
    baseline = {item for scale in plan.scales if scale.measured == "baseline"
                for item in scale.items}  # fmt: skip
    first = _picked(forms.filter(pl.col("wave") == 0), ["person", *backgrounds, *sorted(baseline)])
    columns = first.to_dict()
    once = {"person", "wave", *backgrounds, *baseline}
    for place, label in enumerate(plan.labels):
        part = forms.filter(pl.col("wave") == place)
        for name in (one for one in forms.columns if one not in once):
            called = plan.naming.given_columns.get(name, name)
            columns[f"{called}_w{label}"] = part[name]
    return pl.DataFrame(columns)


def _picked(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Some columns; one may be called as a pattern of Polars is."""
    return pl.DataFrame({name: frame[name] for name in names})
