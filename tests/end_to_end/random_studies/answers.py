"""Answers of random studies: ties, constants, rare labels, gaps, persons who say nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tests.end_to_end.random_studies.drawing import Lot
from tests.end_to_end.random_studies.layouts import BETWEEN, Table, laid_out
from tests.end_to_end.random_studies.plan import HABITS, Plan, Scale

PERSONS = (4, 9, 15, 20, 25, 30, 30, 30, 35, 40, 40, 50, 60)
# How exposure, and problems, come over occasions (1 in so many studies is the plain first one).
EXPOSURES = ("plain",) * 8 + ("two values", "mostly none", "same at one occasion",
             "same within persons", "one person apart", "rare")  # fmt: skip
PROBLEMS = ("plain",) * 8 + ("at the floor", "same at one occasion", "same within persons",
            "follows exposure", "two values")  # fmt: skip


def random_answers(plan: Plan, lot: Lot) -> dict[str, Table]:
    """Draw the answers to a plan: tables by source, all values as text."""
    n = lot.one(*PERSONS)
    ids = _identifiers(plan, n, lot)
    forms = _with_gaps(plan, _forms(plan, n, lot), lot)
    forms = _as_written(plan, forms, lot.apart(HABITS + 1))
    people = _background(plan, n, lot)
    return laid_out(plan, forms, people, ids, lot)


def _identifiers(plan: Plan, n: int, lot: Lot) -> list[str]:
    style = lot.one("p{:03d}", "{}", "{:04d}", "Site 1/{}", "ä-{}")
    places = lot.rng.permutation(n) if lot.chance(0.5) else np.arange(n)
    if plan.habits.sites:
        return [f"{'AB'[place % 2]}{BETWEEN}{place // 2 + 1:02d}" for place in places]
    return [style.format(int(place) + 1) for place in places]


def _forms(plan: Plan, n: int, lot: Lot) -> pl.DataFrame:
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
    return pl.DataFrame(columns)


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
        if plan.wide:
            answers[name][~keep] = ""
    table = pl.DataFrame(
        {"person": forms["person"], "wave": forms["wave"]}
        | {name: pl.Series(values, dtype=pl.String) for name, values in answers.items()}
    )
    whole = plan.wide or not keep.any()
    return table if whole else table.filter(pl.Series(keep))


def _as_written(plan: Plan, forms: pl.DataFrame, lot: Lot) -> pl.DataFrame:
    """Write answers as the study's files do: in words, with decimals, or with what is none."""
    columns = forms.to_dict()
    for scale in plan.scales:
        for name in scale.items:
            cells = [scale.words.get(cell, cell) for cell in columns[name]]
            if scale.decimals:
                drawn = lot.rng.random(len(cells)) < 0.5
                halves = [off and cell.isdecimal() and cell != str(scale.high)
                          for cell, off in zip(cells, drawn, strict=True)]  # fmt: skip
                cells = [f"{cell}.5" if half else cell
                         for cell, half in zip(cells, halves, strict=True)]  # fmt: skip
            if scale.impossible:
                drawn = lot.rng.random(len(cells)) < 0.03
                wrong = lot.one("no answer", str(scale.high + 50), "7x")
                cells = [wrong if off else cell for cell, off in zip(cells, drawn, strict=True)]
            columns[name] = pl.Series(cells, dtype=pl.String)
    return pl.DataFrame(columns)


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
    kept = dict.fromkeys((*plan.background.values(), *(["arm"] if plan.arms else [])))
    return pl.DataFrame({"person": range(n), **{name: columns[name] for name in kept}})
