"""Whether half-lives after momentary stressors hold the truth in 95 % of studies.

    python benchmarks/bench_recovery.py [quick]

Simulated diaries of 60 persons, two bursts of five days with eight prompts a day, 10 % missed, none
of which has a stressor. Where affect is 30 points higher until an exponential time is over, the
half-life of episodes is asked, with a band that chance leaves seldom; then as they come, with the
default settings and a quarter missed, stressors among them, to see what these cost. Where the rise
halves every three hours, the half-life of the rise is asked. With 200 studies chance alone moves a
share by ±3 points. `quick` makes 40 studies and keeps nothing.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from measuring import save

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from salutogen.analyses.recovery.decay import fit_decay
from salutogen.analyses.recovery.episodes import baselines, episodes
from salutogen.analyses.recovery.prompts import read_prompts
from salutogen.analyses.recovery.settings import RecoverySettings
from salutogen.findings import Findings
from salutogen.models import ExponentialTimes, executor_for
from salutogen.models.parallel.executors import run_each
from tests.analyses.recovery.diaries import episodic, fading, stream

STUDIES, QUICK = 200, 40
ASKED = (0.93, 0.97)
TRUTH = {"episodes": 2.0, "episodes, as they come": 2.0, "rise": 3.0}
STRICT = RecoverySettings(band=3.0, free_hours=24.0)


def held(seed: int) -> dict[str, tuple[float, bool]]:
    """Half-lives of one study, and whether their intervals hold the truth."""
    found = {}
    for name, settings, more in (
        ("episodes", STRICT, {"missed": 0.1, "unseen": False}),
        ("episodes, as they come", RecoverySettings(), {"missed": 0.25}),
    ):
        frame = episodic(seed=seed, half_life=TRUTH[name], **more)
        prompts = read_prompts(stream(frame), settings, Findings())
        seen = episodes(prompts, baselines(prompts, settings))
        fit = ExponentialTimes().fit(seen.left, seen.right, seen.person)
        low, high = fit.half_life_interval
        found[name] = (fit.half_life, low <= TRUTH[name] <= high)
    prompts = read_prompts(stream(fading(seed=seed, missed=0.1, unseen=False)), STRICT, Findings())
    decay = fit_decay(prompts, np.unique(prompts.person))
    if decay.half_life is None or decay.low is None or decay.high is None:
        found["rise"] = (np.nan, False)
    else:
        found["rise"] = (decay.half_life, decay.low <= TRUTH["rise"] <= decay.high)
    return found


def main() -> None:
    quick = "quick" in sys.argv[1:]
    seeds = [10_000 + one for one in range(QUICK if quick else STUDIES)]
    begun = time.perf_counter()
    with executor_for() as executor:
        answers = run_each(held, seeds, executor=executor)
    rows: list[dict[str, Any]] = []
    for name, truth in TRUTH.items():
        values, inside = (np.array([one[name][at] for one in answers]) for at in (0, 1))
        share, middle = float(inside.mean()), float(np.exp(np.nanmean(np.log(values))))
        strict = name != "episodes, as they come"
        rows.append({
            "what": f"half-life of {name}: coverage of 95 % intervals (truth {truth:g} h, mean "
            f"estimate {middle:.2f} h)",
            "measured": f"{100 * share:.1f} %",
            "share": share,
            "mean": middle,
            **({"limit": "93 to 97 %", "within": ASKED[0] <= share <= ASKED[1]} if strict else {}),
        })  # fmt: skip
    if quick:
        for row in rows:
            print(row["what"], row["measured"])
        return
    save("recovery", rows, studies=STUDIES, truth=TRUTH,
         seconds=round(time.perf_counter() - begun, 1))  # fmt: skip


if __name__ == "__main__":
    main()
