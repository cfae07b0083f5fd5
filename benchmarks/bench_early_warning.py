"""Early-warning indicators: how often chance makes them rise, and how many true rises they show.

    python benchmarks/bench_early_warning.py [quick]

500 persons a design, each with a first-order autoregression within days and a quarter of the
prompts missed: nothing changes, or the correlation of answers two hours apart rises from .25 to
.55 while what moves the person stays. `told` is the sensitivity that each person is told from the
own answers. At equal prompts, dense bursts a month apart stand beside days one after the other.
`quick` makes 40 and keeps nothing.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import numpy as np
from measuring import save

from salutogen.models import early_warning, executor_for
from salutogen.models.critical_slowing.indicators import AUTOCORRELATION, SPREAD
from salutogen.models.parallel.executors import run_each

GAP, MISSED = 2.0, 0.25
SAME, RISING = (0.4, 0.4), (0.25, 0.55)
PERSONS = 500
DESIGNS = {
    "3 bursts × 7 days × 7 prompts": (3, 7, 7, 28),
    "6 bursts × 5 days × 6 prompts": (6, 5, 6, 28),
    "6 bursts × 7 days × 7 prompts": (6, 7, 7, 28),
    "12 bursts × 7 days × 7 prompts": (12, 7, 7, 28),
    "12 bursts × 14 days × 10 prompts": (12, 14, 10, 28),
    "42 days on end × 7 prompts, windows of 7 days": (6, 7, 7, 7),
}  # fmt: skip


def person(
    seed: int, correlation: tuple[float, float], design: tuple[int, int, int, int], *, floored: bool
) -> dict[str, Any]:
    """Answers of one person, as `early_warning` takes them."""
    rng = np.random.default_rng(seed)
    bursts, days, beeps, apart = design
    values, day, hours, windows = [], [], [], []
    for burst, rho in enumerate(np.linspace(*correlation, bursts)):
        rows = []
        wider = np.sqrt((1 - np.mean(correlation) ** 2) / (1 - rho**2))
        for one in range(days):
            at = 24.0 * (apart * burst + one) + 6 + GAP * np.arange(beeps)
            at = at + rng.uniform(-0.5, 0.5, beeps)
            kept = rho ** (np.diff(at) / GAP)
            state = rng.standard_normal(beeps)
            for beep in range(1, beeps):
                fresh = np.sqrt(1 - kept[beep - 1] ** 2)
                state[beep] = kept[beep - 1] * state[beep - 1] + fresh * state[beep]
            for beep in np.flatnonzero(rng.random(beeps) >= MISSED):
                z = wider * state[beep]
                rows.append(len(values))
                values.append(np.round(max(10 * np.exp(z) - 8, 0)) if floored else 50 + 15 * z)
                day.append(apart * burst + one)
                hours.append(at[beep])
        windows.append(rows)
    hours_ = np.array(hours)
    return {
        "values": values, "day": day, "hours": hours_, "windows": windows,
        "trends": np.column_stack([hours_, hours_ % 24]),
    }  # fmt: skip


def followed(
    seed: int,
    *,
    correlation: tuple[float, float],
    design: tuple[int, int, int, int],
    floored: bool = False,
) -> tuple[float, ...]:
    """Whether each indicator rises (p < .05), and the sensitivity that is told."""
    made = person(seed, correlation, design, floored=floored)
    found = early_warning(made.pop("values"), **made, surrogates=199, seed=seed)
    names = (AUTOCORRELATION, SPREAD)
    rises = (float(found.p[name] < 0.05) for name in names)
    return (*rises, *(found.sensitivity[name] for name in names))


def row(design: str, n: int, executor: Any, *, floored: bool) -> list[dict[str, Any]]:
    """Lines of the table for a design."""
    lines = []
    words = ", answers at the floor" if floored else ""
    for what, correlation in {"nothing changes": SAME, "slower": RISING}.items():
        task = partial(followed, correlation=correlation, design=DESIGNS[design], floored=floored)
        found = np.mean(run_each(task, range(n), executor=executor), axis=0)
        told = f" (told {found[2]:.0%} and {found[3]:.0%})" if what == "slower" else ""
        lines.append(
            {
                "what": f"{design}{words}: {what}, share in whom it rises",
                "measured": f"autocorrelation {found[0]:.1%}, spread {found[1]:.1%}{told}",
                "limit": "" if told else "4 to 6 %",
            }
        )
        print(*lines[-1].values(), sep=" | ", flush=True)
    return lines


def main() -> None:
    quick = "quick" in sys.argv[1:]
    n = 40 if quick else PERSONS
    with executor_for() as executor:
        table = [line for design in DESIGNS for line in row(design, n, executor, floored=False)]
        table += row("6 bursts × 7 days × 7 prompts", n, executor, floored=True)
    if not quick:
        save("early_warning", table, persons=n)


if __name__ == "__main__":
    main()
