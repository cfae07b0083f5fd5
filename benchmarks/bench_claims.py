"""What a report claims of data in which it is not so, and whether intervals hold what is.

    python benchmarks/bench_claims.py [seed] [studies] [words of the generators to run]

The four generators of `generators.py` (none is the package's simulator, none has the shape of its
models), each with nothing to be found and with persons that differ lastingly, for 150 persons and
eight occasions. Of the first the share of studies with a claim is counted, of the second the share
of intervals that hold the truth. With 200 studies chance alone moves a share of 5 % by ±3 points.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from generators import GENERATORS, Simulated, Truth
from measuring import save

import salutogen as sg

PERSONS, WAVES = 150, 8
NOTHING = Truth()
ALL = Truth(persons=1.0, exposure=0.5, factor=-0.4)
MOST_FALSE, HELD = 0.07, (0.93, 0.97)
CALLED = "persons called clear, of all"

PLAN = """
salutogen: 1
title: Claims
occasions: {every: 2 weeks, count: %d}
sources:
  answers: {file: answers, person: pid, occasion: wave, time: {column: day, unit: days}}
instruments:
  dep: {columns: %s, measures: problems, answers: %s, higher: worse}
  ev: {columns: EV, measures: exposure, answers: 0..999, did_not_occur: 0, recall: 2 weeks}
  le: {columns: LE, measures: exposure, answers: 0..1, did_not_occur: 0, recall: 2 weeks}
  fac: {columns: FAC, measures: resource, answers: -50..150, measured: baseline, higher: better}
problems: dep
exposure: {types: [ev], score: severity, combine: sum}
factors: [fac]
norm: {shape: linear}
resilience: {windows: {width: 2, step: 2, valid: 1}, bootstrap: 400}
analyses:
  - step: trajectories
    events: {instruments: [le]}
    rule: first-any
    classes: off
"""


def run(simulated: Simulated) -> Any:
    """Run a study over one simulated data set."""
    columns, answers = ("DEP", "-999..999")
    if simulated.items:
        columns, answers = f"[{', '.join(simulated.items)}]", "0..3"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.yaml"
        path.write_text(PLAN % (WAVES, columns, answers), encoding="utf-8")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return sg.run(path, data={"answers": simulated.answers})


def outside(interval: Any) -> bool | None:
    """Whether an interval leaves out 0; None where there is none."""
    if interval is None or None in interval:
        return None
    return not interval[0] <= 0 <= interval[1]


def holds(interval: Any, truth: float) -> bool | None:
    """Whether an interval holds the truth; None where there is none."""
    if interval is None or None in interval:
        return None
    return bool(interval[0] <= truth <= interval[1])


def claims(results: Any) -> dict[str, float | None]:
    """What is claimed: each is false where there is nothing to be found."""
    found = results.to_dict()
    persons = found["resilience"]["persons"]
    change = found["resilience"]["change_over_windows"] or {}
    events = found["steps"]["trajectories"] or {}
    tests = (events.get("response") or {}).get("jump_tests") or {}
    person = results.norm.lines.person
    low, _ = found["norm"]["primary"]["exposure_r_squared_interval"]
    told = {item.code for item in results.findings}
    return {
        "a direction of the line": person.claims.shows_exposure,
        "somebody clearly above or below": _any(persons["clear_below"], persons["clear_above"]),
        "lasting differences between persons": persons["between_variance_low"] > 0,
        "change over windows": outside(change.get("interval")),
        "a jump at events (within-scored)": _below(tests.get("SR_within"), 0.05),
        "a half-life that settled": _settled(events, told),
        "a factor with SR": _factor(events),
        "a share of exposure above 0": low > 0,
    }


def _any(*counts: int | None) -> bool | None:
    return None if None in counts else any(counts)


def _below(test: dict[str, float] | None, level: float) -> bool | None:
    return None if not test or test.get("p") is None else test["p"] < level


def _settled(events: dict[str, Any], told: set[str]) -> bool | None:
    recovery = events.get("recovery")
    if not recovery or recovery.get("half_life") is None:
        return None
    return told.isdisjoint({"half-life-not-settled", "half-life-withheld"})


def _factor(events: dict[str, Any]) -> bool | None:
    """Whether a factor is said to go with SR or P around events, over all that were tested."""
    factors = (events.get("validity") or {}).get("factors") or {}
    p = [one for item in factors.values() for one in item["p_adjusted"].values() if one is not None]
    return min(p) < 0.05 if p else None


def coverage(results: Any, simulated: Simulated, r_squared: float) -> dict[str, float | None]:
    """Shares of intervals that hold the truth."""
    line = results.norm.lines.person
    table = results.persons.sort("subject")
    truth = simulated.level - (line.intercept + line.slope * simulated.exposure)
    low, high = table["SR_low"].to_numpy(), table["SR_high"].to_numpy()
    found = results.to_dict()
    persons = found["resilience"]["persons"]
    clear = table["clear"].to_list() if "clear" in table.columns else []
    wrong = [
        (side == "below" and value >= 0) or (side == "above" and value <= 0)
        for side, value in zip(clear, truth, strict=True)
        if side
    ]
    return {
        "persons' levels": float(np.mean((low <= truth) & (truth <= high))),
        "exposure's share": holds(
            found["norm"]["primary"]["exposure_r_squared_interval"], r_squared
        ),
        "persons called clear on the wrong side": float(np.mean(wrong)) if wrong else 0.0,
        CALLED: len(wrong) / persons["n"],
    }


def true_share(name: str) -> float:
    """Exposure's share of the differences between persons' means, from a very large study."""
    simulated = GENERATORS[name](np.random.default_rng(99), 20_000, WAVES, ALL)
    frame = simulated.answers
    if simulated.items:
        frame = frame.with_columns(DEP=sum(frame[item] for item in simulated.items))
    means = frame.group_by("pid").mean()
    return float(np.corrcoef(means["EV"].to_numpy(), means["DEP"].to_numpy())[0, 1] ** 2)


def row(name: str, what: str, values: list[float | None], held: bool) -> dict[str, Any]:
    """One line of the table."""
    known = [float(value) for value in values if value is not None]
    share = float(np.mean(known)) if known else float("nan")
    if what == CALLED:
        return {"what": f"{name}: {what}", "measured": f"{100 * share:.1f} %", "share": share}
    if held:
        limit, within = "93 to 97 %", HELD[0] <= share <= HELD[1]
    else:
        limit, within = "7 % at most", share <= MOST_FALSE
    told = f"interval of {what} holds" if held else f"{what}, falsely"
    return {
        "what": f"{name}: {told}",
        "measured": f"{100 * share:.1f} % of {len(known)}",
        "limit": limit,
        "share": share,
        "within": within,
    }


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 20261
    studies = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    begun = time.perf_counter()
    words = sys.argv[3:]
    rows = []
    for name, generate in GENERATORS.items():
        if words and not any(word in name for word in words):
            continue
        share = true_share(name)
        false: dict[str, list[float | None]] = {}
        held: dict[str, list[float | None]] = {}
        for place in range(studies):
            rng = np.random.default_rng([seed, place])
            for what, value in claims(run(generate(rng, PERSONS, WAVES, NOTHING))).items():
                false.setdefault(what, []).append(value)
            simulated = generate(rng, PERSONS, WAVES, ALL)
            for what, value in coverage(run(simulated), simulated, share).items():
                held.setdefault(what, []).append(value)
        rows += [row(name, what, values, False) for what, values in false.items()]
        for what, values in held.items():
            rows.append(row(name, what, values, not what.startswith("persons called")))
        print(name, round(time.perf_counter() - begun), "s", flush=True)
    save("claims", rows, seed=seed, studies=studies, seconds=round(time.perf_counter() - begun))


if __name__ == "__main__":
    main()
