"""Answers of random studies: ties, constants, rare labels, gaps, persons who say nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tests.end_to_end.random_studies.drawing import Lot
from tests.end_to_end.random_studies.plans import Plan, Scale

PERSONS = (4, 9, 15, 20, 25, 30, 30, 30, 35, 40, 40, 50, 60)
# How exposure, and problems, come over occasions (1 in so many studies is the plain first one).
EXPOSURES = ("plain",) * 8 + ("two values", "mostly none", "same at one occasion",
             "same within persons", "one person apart", "rare")  # fmt: skip
PROBLEMS = ("plain",) * 8 + ("at the floor", "same at one occasion", "same within persons",
            "follows exposure", "two values")  # fmt: skip


def random_answers(plan: Plan, lot: Lot) -> dict[str, pl.DataFrame]:
    """Draw the answers to a plan: tables by source, all values as text."""
    n = lot.one(*PERSONS)
    ids = _identifiers(n, lot)
    forms, latent = _forms(plan, n, lot)
    forms = _with_gaps(plan, forms, lot)
    people = _background(plan, n, lot)
    return _laid_out(plan, forms, people, ids, lot) if latent.size else {}


def _identifiers(n: int, lot: Lot) -> list[str]:
    style = lot.one("p{:03d}", "{}", "{:04d}", "Site 1/{}", "ä-{}")
    places = lot.rng.permutation(n) if lot.chance(0.5) else np.arange(n)
    return [style.format(int(place) + 1) for place in places]


def _forms(plan: Plan, n: int, lot: Lot) -> tuple[pl.DataFrame, np.ndarray]:
    """One row per person and occasion: place of the person, of the occasion, answers as numbers."""
    waves = len(plan.labels)
    person, wave = np.repeat(np.arange(n), waves), np.tile(np.arange(waves), n)
    columns: dict[str, Any] = {"person": person, "wave": wave}
    E = np.zeros(person.size)
    for scale in (one for one in plan.scales if one.role == "exposure"):
        drawn = _exposure(scale, person, wave, lot.one(*EXPOSURES), lot.rng)
        columns |= dict(zip(scale.items, drawn.T, strict=True))
        E += drawn.sum(axis=1) / max(1.0, float(drawn.sum(axis=1).max()))
    lasting = lot.rng.standard_normal(n)[person] * lot.one(0.0, 0.5, 1.0)
    latent = lot.one(0.0, 1.0, 2.0, -1.0) * (E - E.mean()) + lasting
    kind = lot.one(*PROBLEMS)
    for scale in (one for one in plan.scales if one.role != "exposure"):
        own = latent if scale.role == "problems" else lasting
        how = kind if scale.role == "problems" else "plain"
        drawn = _answers(scale, own, E, person, wave, how, lot.rng)
        columns |= dict(zip(scale.items, drawn.T, strict=True))
    return pl.DataFrame(columns), latent


def _exposure(
    scale: Scale, person: np.ndarray, wave: np.ndarray, kind: str, rng: np.random.Generator
) -> np.ndarray:
    size, top, n = (person.size, len(scale.columns)), scale.high, int(person.max()) + 1
    rate = rng.beta(1.5, 3.0, n)[person][:, None]
    drawn = rng.binomial(top, np.broadcast_to(rate, size))
    if kind == "two values":
        drawn = np.where(rng.random(size[0]) < 0.5, 0, 1)[:, None] * np.ones(size[1], dtype=int)
    elif kind == "mostly none":
        drawn = drawn * (rng.random(size[0]) < 0.2)[:, None]
    elif kind == "same at one occasion":
        drawn[wave == rng.integers(wave.max() + 1)] = drawn[0]
    elif kind == "same within persons":
        drawn = drawn[(person * (wave.max() + 1))]
    elif kind == "one person apart":
        drawn = np.minimum(drawn, 1)
        drawn[person == 0] = top
    elif kind == "rare":
        drawn = np.zeros(size, dtype=int)
        drawn[rng.integers(0, size[0], 3), 0] = 1
    return drawn


def _answers(
    scale: Scale,
    latent: np.ndarray,
    E: np.ndarray,
    person: np.ndarray,
    wave: np.ndarray,
    kind: str,
    rng: np.random.Generator,
) -> np.ndarray:
    size = (person.size, len(scale.columns))
    span = scale.high - scale.low
    noise = rng.standard_normal((size[0], 1)) * 0.5 + rng.standard_normal(size) * 0.7
    place = 0.4 + 0.15 * (latent[:, None] + noise)
    if kind == "at the floor":
        place = place - 0.45
    elif kind == "follows exposure":
        place = 0.1 + 0.2 * E[:, None] * np.ones(size)
    elif kind == "two values":
        place = np.where(place > 0.4, 0.6, 0.2)
    drawn = np.clip(np.rint(scale.low + span * place), scale.low, scale.high).astype(int)
    if kind == "same at one occasion":
        drawn[wave == rng.integers(wave.max() + 1)] = drawn[0]
    elif kind == "same within persons":
        drawn = drawn[person * (wave.max() + 1)]
    return scale.low + scale.high - drawn if scale.turned else drawn


def _with_gaps(plan: Plan, forms: pl.DataFrame, lot: Lot) -> pl.DataFrame:
    """Leave out answers, scales, forms and persons; answers become text."""
    rng, height = lot.rng, forms.height
    answers = {name: forms[name].cast(pl.String).to_numpy().astype(object)
               for name in forms.columns[2:]}  # fmt: skip
    skipped = "-9" if "missing" in plan.values else ""
    share = lot.one(0.0, 0.0, 0.01, 0.05, 0.2)
    for scale in plan.scales:
        wave_off = (
            lot.whole(0, len(plan.labels) - 1) if len(plan.labels) > 1 and lot.chance(0.06) else -1
        )
        form_off = rng.random(height) < lot.one(0.0, 0.0, 0.1)
        off = form_off | (forms["wave"].to_numpy() == wave_off)
        if scale.measured == "baseline":
            off = off | (forms["wave"].to_numpy() > 0)
        for name in scale.items:
            answers[name][rng.random(height) < share] = skipped
            answers[name][off] = ""
            if scale.ticks and lot.chance(0.5):
                answers[name][answers[name] == "0"] = ""
    keep = np.ones(height, dtype=bool)
    if lot.chance(0.5):
        keep &= rng.random(height) > lot.one(0.05, 0.2, 0.5)
    if lot.chance(0.3):  # some leave for good
        last = rng.integers(1, 2 * len(plan.labels), int(forms["person"].max()) + 1)  # type: ignore[arg-type]
        keep &= forms["wave"].to_numpy() < last[forms["person"].to_numpy()]
    blank = (forms["person"].to_numpy() == 0) if lot.chance(0.12) else np.zeros(height, bool)
    for name in answers:
        answers[name][blank] = ""
        if plan.layout == "row-per-person":
            answers[name][~keep] = ""
    table = forms.select("person", "wave").with_columns(
        pl.Series(name, values, dtype=pl.String) for name, values in answers.items()
    )
    whole = plan.layout == "row-per-person" or not keep.any()
    return table if whole else table.filter(pl.Series(keep))


def _background(plan: Plan, n: int, lot: Lot) -> pl.DataFrame:
    """Background of each person, as text; some labels are rare, some values missing."""
    rng = lot.rng
    rare = np.array(["A", "B"], dtype=object)[rng.integers(0, 2, n)]
    rare[: lot.one(0, 1, 2)] = "C"
    site = rng.permutation(rare)
    ward = np.where(site == "A", "north", "south").astype(object)
    columns: dict[str, Any] = {
        "age": [str(value) for value in rng.integers(18, 80, n)],
        "sex": [("f", "m", "d")[value] for value in rng.choice(3, n, p=(0.5, 0.46, 0.04))],
        "site": site.tolist(),
        "ward": ward.tolist(),
        "income": [f"{value:.1f}" for value in rng.gamma(2.0, 1000.0, n)],
        "cohort": ["2024"] * n,
        "arm": [("control", "active")[value] for value in rng.integers(0, 2, n)],
    }
    if lot.chance(0.2):
        columns["age"] = ["40"] * n
    for name, values in columns.items():
        if lot.chance(0.15) and name != "arm":
            gone = rng.random(n) < 0.15
            columns[name] = ["" if off else value for off, value in zip(gone, values, strict=True)]
    kept = list(dict.fromkeys((*plan.background.values(), *(["arm"] if plan.arms else []))))
    return pl.DataFrame({"person": range(n), **{name: columns[name] for name in kept}})


def _laid_out(
    plan: Plan, forms: pl.DataFrame, people: pl.DataFrame, ids: list[str], lot: Lot
) -> dict[str, pl.DataFrame]:
    """Lay the forms out as the plan's source says."""
    forms = forms.with_columns(_times(plan, forms, lot)) if plan.time else forms
    tables = {}
    if plan.people:
        tables["people"] = people
    elif people.width > 1:
        forms = forms.join(people, on="person", how="left", maintain_order="left")
    own = ["person", "wave", *(["day"] if plan.time else [])]
    backgrounds = people.columns[1:] if not plan.people else []
    if plan.layout == "row-per-person":
        answers = _widened(plan, forms, backgrounds, own)
    elif plan.layout == "row-per-item":
        answers = forms.unpivot(index=own, variable_name="item", value_name="answer")
        answers = answers.filter(pl.col("answer") != "").sort("person", "wave", maintain_order=True)
    else:
        answers = forms
    tables["answers"] = answers
    named = {}
    for name, table in tables.items():
        if "wave" in table.columns:
            labels = [plan.labels[place] for place in table["wave"]]
            table = table.with_columns(pl.Series("wave", labels, dtype=pl.String))
        people_ids = pl.Series("person", [ids[place] for place in table["person"]], dtype=pl.String)
        named[name] = table.with_columns(people_ids).rename({"person": "id"})
    if plan.register:
        named["register"] = _register(plan, ids, lot)
    return named


def _register(plan: Plan, ids: list[str], lot: Lot) -> pl.DataFrame:
    """Dated events of some persons, in no order, some before or after all answers."""
    rng, count = lot.rng, lot.one(0, 1, 5, 2 * len(ids)) + 1
    days = rng.integers(-20, int(max(plan.days)) + 20, count)
    return pl.DataFrame(
        {
            "who": [ids[place] for place in rng.integers(0, len(ids), count)],
            "on": _dates(plan, days),
            "kind": [lot.one("loss", "move", "illness") for _ in range(count)],
            "burden": [str(value) for value in rng.integers(0, 6, count)],
        }
    )


def _times(plan: Plan, forms: pl.DataFrame, lot: Lot) -> pl.Series:
    days = np.array(plan.days)[forms["wave"].to_numpy()].round()
    return pl.Series("day", _dates(plan, days + lot.rng.integers(0, 3, days.size)))


def _dates(plan: Plan, days: np.ndarray) -> list[str]:
    if plan.time == "days":
        return [f"{day:g}" for day in days]
    start = np.datetime64("2024-01-01")
    return [str(start + np.timedelta64(int(day), "D")) for day in days]


def _widened(
    plan: Plan, forms: pl.DataFrame, backgrounds: list[str], own: list[str]
) -> pl.DataFrame:
    baseline = {item for scale in plan.scales if scale.measured == "baseline"
                for item in scale.items}  # fmt: skip
    repeated = [name for name in forms.columns if name not in {*own, *backgrounds, *baseline}]
    repeated += ["day"] if plan.time else []
    first = forms.filter(pl.col("wave") == 0).select("person", *backgrounds, *sorted(baseline))
    for place, label in enumerate(plan.labels):
        part = forms.filter(pl.col("wave") == place).select(
            "person", *(pl.col(name).alias(f"{name}_w{label}") for name in repeated)
        )
        first = first.join(part, on="person", how="left", maintain_order="left")
    return first
