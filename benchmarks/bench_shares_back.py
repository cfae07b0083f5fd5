"""Whether intervals of the shares back within the band hold the true shares, and differences too.

    python benchmarks/bench_shares_back.py [quick]

Courses above their band come back after an exponential time (mean two occasions), are seen at
visits of which three in ten are missed, and a fifth of them are not followed beyond the fourth
occasion. Of these courses there are 15, 50 or 150, alone or two of each person that go together.
Beside each stand four comparator courses of the same person, half of which are left above
the band, with the same times or ones half as long. Asked: coverage of the shares after
one and two occasions, of the difference from the comparator, and how often a difference is told
where there is none (5 in 100 wanted; chance alone moves a share of 160 studies by 3). `quick`
makes 20 studies of each and keeps nothing.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from measuring import save

from salutogen.analyses.trajectories.placebo.returns import VISITS, back_after

STUDIES, OCCASIONS_BESIDE, OCCASIONS, MEAN = 160, 4, 9, 2.0
BAND = 1.0


def courses(rng: np.random.Generator, times: np.ndarray) -> np.ndarray:
    """Courses that stand above the band until their times, with visits missed."""
    change = np.where(np.arange(OCCASIONS) < times[..., None], 5.0, 0.0)
    missed = rng.random(change.shape) < 0.3
    missed[..., 0] = False
    change[missed] = np.nan
    short = rng.random(times.shape) < 0.2
    change[short, 5:] = np.nan
    return change


def study(seed: np.random.SeedSequence, n: int, *, pairs: bool, faster: float) -> dict[str, Any]:
    """One study: which intervals hold the truth, and whether a difference is told."""
    rng = np.random.default_rng(seed)
    person = np.arange(n) // 2 if pairs else np.arange(n)
    own = rng.exponential(MEAN, int(person.max()) + 1)
    times = own[person] if pairs else rng.exponential(MEAN, n)
    change = courses(rng, times)
    of = np.repeat(np.arange(n), OCCASIONS_BESIDE)
    around = courses(rng, rng.exponential(MEAN / faster, of.size))
    around[rng.random(of.size) < 0.5] = 0.0
    found = back_after(change, around, of, BAND, person, seed=seed.spawn(1)[0])
    told = {}
    for visit in VISITS:
        one = found[str(visit)]
        truth = 1.0 - np.exp(-visit / MEAN)
        apart = truth - (1.0 - np.exp(-visit * faster / MEAN))
        told[f"share {visit}"] = one.observed_low <= truth <= one.observed_high
        told[f"difference {visit}"] = one.excess_low <= apart <= one.excess_high
        told[f"told {visit}"] = one.differs
    return told


def main() -> None:
    """Print and keep coverage and false claims by the number of courses."""
    quick = "quick" in sys.argv[1:]
    each = 20 if quick else STUDIES
    begun = time.perf_counter()
    rows = []

    def row(what: str, share: float, low: float, high: float) -> None:
        rows.append(
            {
                "what": f"shares back: {what}",
                "measured": f"{100 * share:.1f} %",
                "limit": f"{100 * low:g} to {100 * high:g} %",
                "share": share,
                "within": bool(low <= share <= high),
            }
        )

    cells = [(15, False), (50, False), (150, False), (50, True), (150, True)]
    for number, (n, pairs) in enumerate(cells):
        name = f"{n} courses{' of half as many persons' if pairs else ''}"
        for faster in (1.0, 2.0):
            seeds = np.random.SeedSequence([919, number, int(faster)]).spawn(each)
            found = [study(seed, n, pairs=pairs, faster=faster) for seed in seeds]
            mean = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
            shares = np.mean([mean[f"share {visit}"] for visit in VISITS])
            apart = np.mean([mean[f"difference {visit}"] for visit in VISITS])
            if faster == 1.0:
                row(f"coverage of a share, {name}", float(shares), 0.93, 0.98)
                told = np.mean([mean[f"told {visit}"] for visit in VISITS])
                row(f"differences told where there is none, {name}", float(told), 0.0, 0.06)
            else:
                row(f"coverage of a difference, {name}", float(apart), 0.93, 0.99)
    if quick:
        for line in rows:
            print(line["what"], line["measured"])
        return
    save("shares_back", rows, studies=2 * len(cells) * each,
         seconds=round(time.perf_counter() - begun, 1))  # fmt: skip


if __name__ == "__main__":
    main()
