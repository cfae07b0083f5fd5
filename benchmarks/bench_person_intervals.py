"""Whether intervals of persons' levels hold the truth, and who is called where nobody differs.

    python benchmarks/bench_person_intervals.py [seed] [studies] [persons]

Simulated studies, judged by the code of the resilience room, in four worlds: normal scores;
skewed ones that a floor bounds; persons whose scores vary unequally; rare far days and a bad time
shared by all. 2 to 12 occasions; correlation of neighbouring ones 0, .3 and .6; a third of the
occasions missed (in the normal world also none). A person's true level is the mean SR over many
occasions by the line that a large population has. Asked: 93 to 97 % of levels in their intervals;
nobody called clearly off the line in 95 of 100 studies in which no level differs. One process.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
from measuring import save

from salutogen.resilience.between_within import OccasionArrays
from salutogen.resilience.claims import PersonClaims, claims
from salutogen.resilience.errors import with_errors_of_persons
from salutogen.resilience.person_levels import levels_of_persons
from salutogen.study.format.analysed import ResilienceSettings

SEED, STUDIES, PERSONS = 20, 60, 150
OCCASIONS, RHO, MISSED = (2, 3, 4, 6, 12), (0.0, 0.3, 0.6), (0.0, 0.33)
WORLDS = ("normal", "skewed, floor", "unequal persons", "far days, shared time")
LONG, BURN, POPULATION = 400, 20, 20_000
UNIT = 10  # answers are whole numbers: tenths of a point


@dataclass(frozen=True)
class Cell:
    """One kind of study."""

    world: str
    occasions: int
    rho: float
    missed: float
    sd: float  # of levels; fluctuations have SD 3
    autocorrelation: float | None = None  # as given in the study file


def answers(
    cell: Cell, n: int, occasions: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """E and P of n persons at every occasion, arrays (n, occasions)."""

    def innovations(size: tuple[int, ...]) -> np.ndarray:
        if cell.world == "skewed, floor":
            return generator.exponential(size=size) - 1.0
        if cell.world == "far days, shared time":
            return generator.standard_t(5, size=size) * np.sqrt(3 / 5)
        return generator.standard_normal(size)

    steps = innovations((n, BURN + occasions)) * np.sqrt(1 - cell.rho**2)
    for at in range(1, BURN + occasions):
        steps[:, at] += cell.rho * steps[:, at - 1]
    spread = np.full(n, 3.0)
    if cell.world == "unequal persons":
        spread = 3.0 * np.exp(0.35 * generator.standard_normal(n) - 0.35**2)
    level = cell.sd * generator.standard_normal(n)
    E = np.maximum(generator.normal(20, 5, (n, 1)) + generator.normal(0, 4, (n, occasions)), 0)
    centre = 0.0 if cell.world == "skewed, floor" else 20.0
    P = centre + 0.15 * E + level[:, None] + spread[:, None] * steps[:, BURN:]
    if cell.world == "far days, shared time":
        P += 1.5 * (np.arange(occasions) % 6 == 2)
    return np.round(E * UNIT), np.round(np.maximum(P, 0) * UNIT)


@cache
def population_line(world: str, rho: float, sd: float) -> tuple[float, float]:
    """Slope and intercept of person means in a large population, six occasions each."""
    cell = Cell(world, 6, rho, 0.0, sd)
    E, P = answers(cell, POPULATION, 6, np.random.default_rng(1))
    slope, intercept = np.polyfit(E.mean(axis=1), P.mean(axis=1), 1)
    return float(slope), float(intercept)


def study(cell: Cell, persons: int, seed: np.random.SeedSequence) -> dict[str, float]:
    """One study: what its intervals hold, and whom it calls."""
    generator = np.random.default_rng(seed)
    E, P = answers(cell, persons, LONG, generator)
    slope, intercept = population_line(cell.world, cell.rho, cell.sd)
    truth = P.mean(axis=1) - intercept - slope * E.mean(axis=1)
    kept = generator.random((persons, cell.occasions)) >= cell.missed
    kept[np.arange(persons), generator.integers(0, cell.occasions, persons)] = True
    person, occasion = np.nonzero(kept)
    begin = LONG // 2  # anywhere in the long course
    places = (person, begin + occasion)
    table, summary = scored(cell, person, occasion, E[places], P[places])
    own = truth
    low, high = (table[name].to_numpy() for name in ("SR_low", "SR_high"))
    drawn_low, drawn_high = (
        table[name].to_numpy() for name in ("SR_shrunken_low", "SR_shrunken_high")
    )
    clear = table["clear"].to_numpy()
    called = (clear == "below") | (clear == "above")
    wrong = ((clear == "below") & (own > 0)) | ((clear == "above") & (own < 0))
    variance = float(np.var(truth, ddof=1)) - float(summary.within_variance or 0) / LONG
    return {
        "held": float(((low < own) & (own < high)).mean()),
        "held_shrunken": float(((drawn_low < own) & (own < drawn_high)).mean()),
        "width": float(np.median(high - low)),
        "any_called": float(called.any()),
        "called": float(called.mean()),
        "wrong": float(wrong.sum() / max(called.sum(), 1)),
        "differ": float((summary.between_variance_low or 0) > 0),
        "held_variance": float(
            (summary.between_variance_low or 0)
            <= max(variance, 0)
            <= (summary.between_variance_high or 0)
        ),
    }


def scored(
    cell: Cell, person: np.ndarray, occasion: np.ndarray, E: np.ndarray, P: np.ndarray
) -> tuple[pl.DataFrame, PersonClaims]:
    """Score and judge one study: persons' table and claims."""
    arrays = OccasionArrays(
        person=person,
        occasion=occasion,
        P=P,
        E=E,
        SR=residuals(E, P)[0],
        n_persons=int(person.max()) + 1,
    )
    mean_E, mean_P = arrays.person_means(E), arrays.person_means(P)
    SR, of_line = residuals(mean_E, mean_P)
    n_valid = np.bincount(person)
    table = pl.DataFrame({"person": np.arange(SR.size), "n_valid": n_valid, "SR": SR})
    line = SimpleNamespace(terms=("intercept", "E"), n=SR.size)
    norm: Any = SimpleNamespace(external=None, lines=SimpleNamespace(person=line))
    settings = ResilienceSettings(autocorrelation=cell.autocorrelation)
    levels = levels_of_persons(table, arrays, norm, settings)
    called = claims(table, of_line, levels)
    table = with_errors_of_persons(table, of_line, None, levels).with_columns(called.clear)
    return table, called.summary


def residuals(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of the least-squares line, and the line's standard error at each x."""
    dx = x - x.mean()
    rest = y - y.mean() - dx * float(dx @ y / (dx @ dx))
    variance = float(rest @ rest) / (x.size - 2)
    return rest, np.sqrt(variance * (1 / x.size + dx**2 / float(dx @ dx)))


def cells() -> Iterator[tuple[str, Cell]]:
    """Every kind of study, and what is asked of it."""
    for world, k, rho, missed in product(WORLDS, OCCASIONS, RHO, MISSED):
        if missed == 0 and world != WORLDS[0]:
            continue
        if k > 2 or rho == 0:
            yield "coverage", Cell(world, k, rho, missed, 2.0)
        if k == 2 and missed > 0:
            yield "given", Cell(world, k, rho, missed, 2.0, autocorrelation=rho)
            if rho > 0:
                yield "taken as 0", Cell(world, k, rho, missed, 2.0)
        yield "nobody", Cell(world, k, rho, missed, 0.0)


def main() -> None:
    """Simulate every cell and keep the table."""
    numbers = [int(one) for one in sys.argv[1:]]
    seed, studies, persons = (numbers + [SEED, STUDIES, PERSONS][len(numbers) :])[:3]
    begun = time.perf_counter()
    kinds = list(cells())
    seeds = np.random.SeedSequence(seed).spawn(len(kinds))
    table = []
    for (asked, cell), own in zip(kinds, seeds, strict=True):
        done = [study(cell, persons, one) for one in own.spawn(studies)]
        mean = {name: round(float(np.mean([one[name] for one in done])), 4) for name in done[0]}
        table.append({"asked": asked, **vars(cell), **mean})
        print(asked, cell, mean, flush=True)
    rows = [*coverage_rows(table), *nobody_rows(table, studies)]
    save("person_intervals", rows, seed=seed, studies=studies, persons=persons, cells=table,
         seconds=round(time.perf_counter() - begun, 1))  # fmt: skip


def coverage_rows(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lowest and highest coverage over kinds of studies."""
    rows = []
    words = {
        "coverage": "persons: level in its 95 % interval",
        "given": "persons: two occasions, autocorrelation given",
        "taken as 0": "persons: two occasions, autocorrelation .3 or .6 and not given",
    }
    for asked, what in words.items():
        held = [one["held"] for one in table if one["asked"] == asked]
        limit = {} if asked == "taken as 0" else {"limit": "93 to 97 %"}
        rows.append({"what": what, "measured": _range(held), **limit})
    lasting = [one for one in table if one["asked"] == "coverage"]
    rows += [
        {"what": what, "measured": _range([one[name] for one in lasting])}
        for name, what in (
            ("held_shrunken", "persons: level in the interval of SR_shrunken"),
            ("held_variance", "persons: variance of levels in its interval"),
            ("called", "persons: called clear where levels differ (SD 2 beside 3)"),
            ("wrong", "persons: of those called, on the wrong side"),
        )
    ]
    return rows


def nobody_rows(table: list[dict[str, Any]], studies: int) -> list[dict[str, Any]]:
    """How often anybody is called where no level differs."""
    empty = [one for one in table if one["asked"] == "nobody"]
    share = [one["any_called"] for one in empty]
    rows = [
        {
            "what": f"persons: studies that call anybody where nobody differs ({len(empty)} kinds)",
            "measured": f"{100 * float(np.mean(share)):.1f} % of {studies * len(empty):,}",
            "limit": "5 %",
        }
    ]
    return rows + [
        {
            "what": f"persons: the same, {world}",
            "measured": f"{100 * float(np.mean(own)):.1f} % of {studies * len(own):,}",
            "limit": "5 %",
        }
        for world in WORLDS
        if (own := [one["any_called"] for one in empty if one["world"] == world])
    ]


def _range(shares: list[float]) -> str:
    low, middle, high = 100 * min(shares), 100 * float(np.mean(shares)), 100 * max(shares)
    return f"{low:.1f} to {high:.1f} %, mean {middle:.1f} %"


if __name__ == "__main__":
    main()
