"""The course over windows: how often a turn is told where there is none, and where there is one.

    python benchmarks/bench_window_course.py [quick]

Studies as in `bench_window_change.py`: 200 persons, six occasions, four windows of three. Nothing
changes, problems rise steadily by 1.5 points, rise to the third window and stay, or rise by so many
points at the two middle occasions and come down again, so that windows two and three lie above the
first and the last by two thirds less one third of them. Asked: a turn is told in at most 7 % of the
courses without one. `quick` makes 4 studies of each kind and keeps nothing.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from bench_window_change import OCCASIONS, WINDOWS, Kind, prepared, simulated
from measuring import save

from salutogen.analyses.windows.change import change_of

STUDIES, DRAWS = 150, 200
SEED = 3301


@dataclass(frozen=True)
class Shape:
    """One kind of course: what is added to problems at each occasion."""

    words: str
    kind: Kind
    added: tuple[float, ...] = (0.0,) * OCCASIONS
    turns: bool = False


NOBODY, SEEN = Kind("nobody leaves", "none"), Kind("leaving by what was seen", "seen")
SHAPES = (
    Shape("nothing changes, nobody leaves", NOBODY),
    Shape("nothing changes, leaving by what was seen", SEEN),
    Shape("nothing changes, residuals autocorrelated (.4)", replace(SEEN, lag=0.4)),
    Shape("a steady rise by 1.5 points", replace(SEEN, change=1.5)),
    Shape("a rise that stays", SEEN, (0.0, 0.0, 1.5, 3.0, 3.0, 3.0)),
    Shape("up by 3 points and down again", SEEN, (0.0, 0.0, 3.0, 3.0, 0.0, 0.0), turns=True),
    Shape("up by 6 points and down again", SEEN, (0.0, 0.0, 6.0, 6.0, 0.0, 0.0), turns=True),
    Shape("up by 6 points and down to 3", SEEN, (0.0, 0.0, 6.0, 6.0, 3.0, 3.0), turns=True),
)


def study(seed: np.random.SeedSequence, shape: Shape) -> tuple[bool, bool]:
    """Whether a turn is told, and whether a change from the first window to the last."""
    P, E, stays = simulated(shape.kind, np.random.default_rng(seed))
    rows, _ = prepared(P + np.array(shape.added), E, stays)
    weights = np.array([np.arange(OCCASIONS) - at for at in range(WINDOWS)])
    weights = ((weights >= 0) & (weights < OCCASIONS - WINDOWS + 1)) / (OCCASIONS - WINDOWS + 1)
    rows = replace(rows, windows=tuple(range(1, WINDOWS + 1)), course=weights - weights[0])
    found = change_of(rows, draws=DRAWS, seed=1)
    if found is None:
        raise RuntimeError("the change was not estimated")
    return found.course.turn is not None, found.told


def main() -> None:
    quick = "quick" in sys.argv[1:]
    each = 4 if quick else STUDIES
    begun = time.perf_counter()
    rows: list[dict[str, Any]] = []
    for seed, shape in zip(np.random.SeedSequence(SEED).spawn(len(SHAPES)), SHAPES, strict=True):
        turn, told = np.mean([study(one, shape) for one in seed.spawn(each)], axis=0)
        rows.append(
            {
                "what": f"Course over windows: {shape.words}",
                "measured": f"a turn is told in {turn:.1%}, a change of the ends in {told:.1%}",
                "turn": float(turn),
                "told": float(told),
                "turns": shape.turns,
            }
        )
        print(rows[-1]["what"], rows[-1]["measured"], flush=True)
    if not quick:
        save("window_course", rows, studies=each, seed=SEED, seconds=time.perf_counter() - begun)


if __name__ == "__main__":
    main()
