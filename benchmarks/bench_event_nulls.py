"""What is told of events where nothing happens at them, and where something does.

    python benchmarks/bench_event_nulls.py [quick | SEED]

Simulated studies, written without the package's simulator: 300 persons, 12 occasions of which each
person misses one in 20; five events, each with a chance of 4 % at an occasion; problems P follow a
person's mean exposure and its ups and downs with slopes of their own, and fluctuate with AR(1)
(correlation .4, SD 5) about levels with SD 5. Four kinds of studies: no effect; no effect and
slopes of .25 within against 1.0 between persons; no effect, but an event is reported as severe
where a person happens to feel bad; and events that raise P by 6 (SD 3), fading with a half-life of
1.5 occasions to 1. Then courses after events alone (200 persons, eight occasions), with
correlations of 0, .3 and .6: how often a half-life is told where there is none, and how often its
interval holds the true one. `quick` makes few studies and keeps nothing; a number is another seed.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from measuring import save

from salutogen.analyses.trajectories.anchors.events import EventGrid
from salutogen.analyses.trajectories.anchors.rules import find_anchors
from salutogen.analyses.trajectories.courses.locks import level_after, lock_courses
from salutogen.analyses.trajectories.courses.scored_within import scored_within
from salutogen.analyses.trajectories.labels.by_rule import (
    half_width_of,
    label_courses,
    within_person_sd,
)
from salutogen.analyses.trajectories.labels.settings import LabelSettings
from salutogen.analyses.trajectories.placebo.comparison import compare
from salutogen.analyses.trajectories.placebo.occasions import acting, placebos_of
from salutogen.analyses.trajectories.placebo.scored import ScoredRows
from salutogen.analyses.trajectories.recovery.curve import fit_recovery
from salutogen.analyses.trajectories.recovery.line_error import within_line_error
from salutogen.analyses.trajectories.recovery.response import jump_test
from salutogen.analyses.trajectories.validity.explained import DrawnLabels, explained_by_chance
from salutogen.findings import Findings
from salutogen.models import executor_for
from salutogen.models.parallel.executors import run_each
from salutogen.norm.mixed import fit_mixed_line
from salutogen.norm.periods import ValidRows

STUDIES, COURSES = 80, 160
PERSONS, OCCASIONS, EVENTS = 300, 12, 5
HALF_LIFE = 1.5
DRAWS = 200
KINDS: dict[str, dict[str, float]] = {
    "no effect": {},
    "no effect, slopes .25 and 1.0": {"within": 0.25, "between": 1.0},
    "no effect, severe where one feels bad": {"coloured": 0.8},
    "effect": {"jump": 6.0},
}
FALSE, TOLD = (0.0, 0.07), (0.8, 1.0)


def lasting(generator: np.random.Generator, n: int, k: int, lag: float) -> np.ndarray:
    """Standard normal AR(1) rows."""
    found = generator.standard_normal((n, k))
    for place in range(1, k):
        found[:, place] = lag * found[:, place - 1] + np.sqrt(1 - lag**2) * found[:, place]
    return found


def one_study(given: tuple[np.random.SeedSequence, str]) -> dict[str, float]:
    """Simulate a study and ask what would be told of it."""
    seed, kind = given
    generator, settings = np.random.default_rng(seed), KINDS[kind]
    shape = (PERSONS, OCCASIONS)
    mood = lasting(generator, *shape, 0.4)
    leaning = settings.get("coloured", 0.0) * mood
    chance = 0.04 * np.exp(leaning - settings.get("coloured", 0.0) ** 2 / 2)
    hits = generator.random((*shape, EVENTS)) < chance[:, :, None]
    mean = 10.0 + 3.0 * generator.standard_normal((PERSONS, 1))
    E = mean + 3.0 * lasting(generator, *shape, 0.3) + 4.0 * hits.sum(axis=2)
    within, between = settings.get("within", 0.6), settings.get("between", 0.6)
    P = 10.0 + between * mean + within * (E - mean) + 5.0 * mood
    P += 5.0 * generator.standard_normal((PERSONS, 1))
    grid = event_grid(hits, generator)
    anchors = find_anchors(grid)
    jump = settings.get("jump", 0.0)
    if jump:
        sizes = generator.normal(jump - 1.0, 3.0, anchors.n)
        tau = np.arange(OCCASIONS) - anchors.occasion[:, None]
        rise = 1.0 + sizes[:, None] * 0.5 ** (np.maximum(tau, 0) / HALF_LIFE)
        P[anchors.person] += np.where(tau >= 0, rise, 0.0)
    missed = ~grid.observed
    P[missed], E[missed] = np.nan, np.nan
    return what_is_told(P, E, grid, anchors, int(generator.integers(2**31)))


def event_grid(hits: np.ndarray, generator: np.random.Generator) -> EventGrid:
    """Events that are severe (5), among milder ones; a tenth of the forms of a person missing."""
    ratings = np.where(hits, 5.0, generator.integers(0, 4, hits.shape)).astype(np.float32)
    observed = generator.random(hits.shape[:2]) > 0.05
    ratings[~observed] = np.nan
    return EventGrid(
        ratings=ratings,
        observed=observed,
        items=tuple(f"event {place}" for place in range(EVENTS)),
        instruments=("events",) * EVENTS,
        threshold=5.0,
    )


def what_is_told(
    P: np.ndarray, E: np.ndarray, grid: EventGrid, anchors: Any, seed: int
) -> dict[str, float]:
    """Score, lock, label, compare: 1 for what is told."""
    person, occasion = np.nonzero(np.isfinite(P))
    design = np.column_stack([np.ones(person.size), E[person, occasion]])
    SR = np.full(P.shape, np.nan)
    y = P[person, occasion]
    SR[person, occasion] = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    rows = ValidRows(
        person=person,
        occasion=occasion,
        time=np.full(y.size, np.nan),
        values={"P": y, "E": design[:, 1]},
        n_persons=PERSONS,
    )
    mixed = fit_mixed_line(rows, Findings())[0]
    within = scored_within(P, E, mixed)
    assert mixed is not None
    assert within is not None
    z = SR / np.nanstd(SR, ddof=1)
    lock = lock_courses(anchors, {"SR": SR, "P": P, "SR_z": z, "SR_within": within})
    settings = LabelSettings()
    busy = acting(anchors, SR.shape)
    widths = [
        half_width_of(within_person_sd(np.where(busy, np.nan, each)) or 0.0, settings)
        for each in (SR, within)
    ]
    high = float(np.nanstd(SR, ddof=1))
    labels = label_courses(
        lock, spread=within_person_sd(np.where(busy, np.nan, SR)) or 0.0, settings=settings
    )
    chosen = placebos_of(grid, anchors, SR[anchors.person])
    change = SR[anchors.person] - lock.SR[:, :1]
    change = np.stack(
        [
            np.append(row[at:], np.full(at, np.nan))
            for row, at in zip(change, anchors.occasion, strict=True)
        ]
    )
    assert lock.SR_within is not None
    scored = [
        ScoredRows(
            rows=each[anchors.person],
            calm=np.where(busy, np.nan, each)[anchors.person],
            before=anchors.occasion - 1,
            locked=locked,
            half_width=width,
            high=high,
        )
        for each, locked, width in zip((SR, within), (lock.SR, lock.SR_within), widths, strict=True)
    ]
    begun = time.perf_counter()
    placebo = compare(chosen, *scored, settings, change=change, seed=seed)
    seconds = time.perf_counter() - begun
    assert placebo.SR is not None
    assert placebo.SR_within is not None
    regression = (placebo.SR.regression, placebo.SR_within.regression)
    curve = fit_recovery(change, anchors.person, seed=seed)
    explained = labels_and_later_P(P, busy, anchors, labels, placebo, seed)
    errors = jump_errors(E, design, SR[person, occasion], person, anchors, mixed)
    jumps = [
        jump_test(locked[:, 1] - locked[:, 0], anchors.person, line_error=error)
        for locked, error in zip((lock.SR, lock.SR_within), errors, strict=True)
    ]
    return {
        "labels": float(any(placebo.beyond("labels", name) for name in placebo.SR.labels)),
        "labels, one scoring": float(any(item.beyond for item in placebo.SR.labels.values())),
        "response": float(any(placebo.beyond("response", name) for name in placebo.SR.response)),
        "regression": float(all(item is not None and item.beyond for item in regression)),
        "jump": float(jumps[0].told),
        "jump within": float(jumps[1].told),
        "half-life": float(curve.settled),
        "covered": float(curve.interval[0] < HALF_LIFE < curve.interval[1]),
        "later P": float(explained is not None and explained.way > 0),
        "anchors": float(anchors.n),
        "compared": float(placebo.n),
        "seconds": seconds,
        **{f"share {name}": item.observed for name, item in placebo.SR.labels.items()},
        **{f"placebo {name}": item.placebo for name, item in placebo.SR.labels.items()},
        "R2": explained.observed if explained else np.nan,
        "R2 placebo": explained.placebo if explained else np.nan,
        "level": float(np.nanmean(level_after(lock.SR))),
    }


def jump_errors(
    E: np.ndarray,
    design: np.ndarray,
    left: np.ndarray,
    person: np.ndarray,
    anchors: Any,
    mixed: Any,
) -> tuple[float, float]:
    """What the errors of the two lines add to the mean jump; the pooled one by person (CR1)."""
    bread = np.linalg.inv(design.T @ design)
    scores = np.stack([np.bincount(person, column * left) for column in design.T], axis=1)
    g = np.unique(person).size
    slope = np.sqrt((bread @ scores.T @ scores @ bread)[1, 1] * g / (g - 1))
    around = E[anchors.person[:, None], anchors.occasion[:, None] + np.asarray([-1, 0])]
    raised = abs(float(np.nanmean(around[:, 1] - around[:, 0])))
    return raised * float(slope), within_line_error(around, mixed)


def labels_and_later_P(
    P: np.ndarray, busy: np.ndarray, anchors: Any, labels: Any, placebo: Any, seed: int
) -> Any:
    """Labels against mean P after post2, around events and without one."""

    def later(values: np.ndarray, first: np.ndarray) -> np.ndarray:
        there = (np.arange(OCCASIONS) >= first[:, None] + 3) & np.isfinite(values)
        n = there.sum(axis=1)
        return np.where(n > 0, np.where(there, values, 0).sum(axis=1) / np.maximum(n, 1), np.nan)

    codes = np.full(anchors.n, -1)
    codes[labels.rows] = labels.codes
    calm = np.where(busy, np.nan, P)[placebo.chosen.person]
    rows = placebo.chosen.drawn(DRAWS, seed)
    drawn = DrawnLabels(
        anchor=placebo.chosen.anchor,
        codes=placebo.codes[rows],
        values=np.stack([later(calm, row) for row in placebo.chosen.occasion[rows]]),
    )
    own = later(P[anchors.person], anchors.occasion)
    return explained_by_chance(codes, own, drawn, anchors.person, seed=seed)


def one_course_set(given: tuple[np.random.SeedSequence, float, float]) -> dict[str, float]:
    """Courses of 200 persons after an event, and what is told of their return."""
    seed, lag, jump = given
    generator = np.random.default_rng(seed)
    SR = 5.0 * lasting(generator, 200, 9, lag)
    if jump:
        sizes, ends = generator.normal(jump - 1.0, 3.0, 200), generator.normal(1.0, 1.5, 200)
        decay = 0.5 ** (np.arange(8) / HALF_LIFE)
        SR[:, 1:] += ends[:, None] + sizes[:, None] * decay
    change = SR[:, 1:] - SR[:, :1]
    change[generator.random(change.shape) < 0.08] = np.nan
    curve = fit_recovery(change, seed=1)
    return {
        "settled": float(curve.settled),
        "covered": float(curve.interval[0] < HALF_LIFE < curve.interval[1]),
        "lag": curve.autocorrelation,
    }


def row(what: str, share: float, limits: tuple[float, float] | None) -> dict[str, Any]:
    """One line of the table."""
    found: dict[str, Any] = {
        "what": f"events: {what}",
        "measured": f"{100 * share:.1f} %",
        "share": share,
    }
    if limits is not None:
        low, high = limits
        found["limit"] = f"{100 * low:g} to {100 * high:g} %"
        found["within"] = bool(low <= share <= high)
    return found


def rows_of(found: dict[str, dict[str, float]], returns: dict[Any, dict[str, float]]) -> list[Any]:
    """The table."""
    rows = []
    for kind, mean in found.items():
        wanted = TOLD if kind == "effect" else FALSE
        coloured = kind == "no effect, severe where one feels bad"
        rows += [
            row(f"{kind}: some label told beyond placebo", mean["labels"],
                None if coloured or kind == "effect" else wanted),
            row(f"{kind}: jump, change or depth told beyond placebo", mean["response"],
                None if coloured else wanted),
            row(f"{kind}: jump told, line of the study", mean["jump"], None),
            row(f"{kind}: jump told, slope within persons", mean["jump within"],
                None if coloured else wanted),
            row(f"{kind}: fall told beyond regression to the mean", mean["regression"],
                None if kind == "effect" else wanted),
            row(f"{kind}: half-life told", mean["half-life"],
                None if coloured or kind == "effect" else wanted),
            row(f"{kind}: labels told to go with later P beyond placebo", mean["later P"],
                None if kind == "effect" else wanted),
        ]  # fmt: skip
    for (lag, jump), mean in returns.items():
        if jump:
            rows.append(row(f"half-life covered, correlation {lag:g}", mean["covered"],
                            (0.93, 0.97)))  # fmt: skip
            rows.append(row(f"half-life told, correlation {lag:g}", mean["settled"], TOLD))
        else:
            rows.append(row(f"half-life told without effect, correlation {lag:g}",
                            mean["settled"], FALSE))  # fmt: skip
    return rows


def averaged(found: list[dict[str, float]]) -> dict[str, float]:
    """Mean of each figure over studies."""
    return {name: float(np.nanmean([each[name] for each in found])) for name in found[0]}


def main() -> None:
    words = sys.argv[1:]
    quick = "quick" in words
    seed = next((int(word) for word in words if word.isdigit()), 91)
    studies, courses = (10, 10) if quick else (STUDIES, COURSES)
    source = np.random.SeedSequence(seed)
    begun = time.perf_counter()
    found, returns = {}, {}
    with executor_for() as executor:
        for kind in KINDS:
            given = [(each, kind) for each in source.spawn(studies)]
            found[kind] = averaged(run_each(one_study, given, executor=executor))
            print(kind, {name: round(value, 3) for name, value in found[kind].items()}, flush=True)
        for lag in (0.0, 0.3, 0.6):
            for jump in (0.0, 6.0):
                sets = [(each, lag, jump) for each in source.spawn(courses)]
                returns[lag, jump] = averaged(run_each(one_course_set, sets, executor=executor))
                print(lag, jump, returns[lag, jump], flush=True)
    rows = rows_of(found, returns)
    if quick:
        for line in rows:
            print(line["what"], line["measured"], line.get("limit", ""))
        return
    save("event_nulls", rows, studies=studies, courses=courses, seed=seed, kinds=found,
         seconds=round(time.perf_counter() - begun, 1))  # fmt: skip


if __name__ == "__main__":
    main()
