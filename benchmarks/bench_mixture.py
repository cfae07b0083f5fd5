"""Growth mixtures beside lcmm: same data, frame in memory to finished result.

    python benchmarks/bench_mixture.py [quick]

lcmm's log-likelihoods and seconds are the stored ones (tests/reference/growth_mixture); they
belong to another machine. Compilation is not timed: kernels are cached after the first fit.
`quick` leaves out the enumeration and the bootstrap, which take a minute or two.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import polars as pl
from measuring import REPOSITORY, save

from salutogen.models import GrowthMixture, bootstrap_likelihood_ratio, compare_classes

REFERENCE = REPOSITORY / "tests" / "reference" / "growth_mixture"
QUADRATIC = "y ~ t + I(t**2) + "
REPEATS = 15
KINDS = {"gmm": "growth mixture", "lcga": "latent class growth", "slope": "mixture with slopes"}
TIMES_FASTER = {2: None, 3: 1000, 4: 500}
ASSUMPTIONS = [("1", "equal"), ("1", "free"), ("1 + t", "equal"), ("1 + t", "free")]


def frame_of(name: str) -> pl.DataFrame:
    spec = importlib.util.spec_from_file_location("mixture_cases", REFERENCE / "cases.py")
    assert spec is not None
    assert spec.loader is not None
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    return pl.DataFrame(cases.gmm(*cases.CASES[name]))


def timed(work: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, float, Any]:
    """Median and least seconds, and the last result."""
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds), min(seconds), result


def beside_lcmm() -> list[dict[str, Any]]:
    rows = []
    values = json.loads((REFERENCE / "values.json").read_text(encoding="utf-8"))
    for value in values["fits"]:
        if value["classes"] == 1:
            continue
        frame = frame_of(value["data"])
        spec = GrowthMixture(f"{QUADRATIC}({value['random']} | id)", classes=value["classes"])
        spec.fit(frame)
        seconds, quickest, result = timed(lambda spec=spec, frame=frame: spec.fit(frame))
        gain = result.log_likelihood - value["log_likelihood"]
        row: dict[str, Any] = {
            "what": f"growth mixture {value['data']}, {value['classes']} classes, 20 starts, "
            "beside lcmm's stored values",
            "measured": f"{seconds:.3f} s (quickest {quickest:.3f}) against "
            f"{value['seconds']:.1f} s "
            f"({value['seconds'] / seconds:.0f} times), log-likelihood higher by {gain:.1e}",
            "short": f"{KINDS[value['data'].split('_')[0]]}, N = {frame['id'].n_unique():,}, "
            f"{value['classes']} classes",
            "peer": "lcmm (stored)",
            "times": round(value["seconds"] / seconds, 1),
        }
        wanted = TIMES_FASTER[value["classes"]]
        if wanted and value["data"].startswith("gmm"):
            row["limit"] = f"{wanted} times, log-likelihood at least lcmm's"
            row["asked"] = wanted
        rows.append(row)
    return rows


def enumeration() -> dict[str, Any]:
    frame = frame_of("gmm_2000_8_22")

    def work() -> None:
        for random, sharing in ASSUMPTIONS:
            compare_classes(
                f"{QUADRATIC}({random} | id)",
                frame,
                classes=range(1, 7),
                starts=50,
                residual_variance=sharing,
            )

    seconds, _, _ = timed(work, 1)
    return {
        "what": "1–6 classes × 4 assumption sets × 50 starts, N = 2,000",
        "measured": f"{seconds:.0f} s",
        "limit": "120 s",
    }


def bootstrap() -> dict[str, Any]:
    frame = frame_of("gmm_500_8_21")
    with ProcessPoolExecutor(2) as pool:
        seconds, _, result = timed(
            lambda: bootstrap_likelihood_ratio(
                QUADRATIC + "(1 | id)", frame, 3, draws=500, executor=pool
            ),
            1,
        )
    return {
        "what": "bootstrap likelihood ratio, 2 against 3 classes, 500 draws, N = 500, 2 processes",
        "measured": f"{seconds:.0f} s (p = {result.p_value:.3f})",
        "limit": "60 s",
    }


def main() -> None:
    rows = beside_lcmm()
    if sys.argv[1:] != ["quick"]:
        rows += [enumeration(), bootstrap()]
    save("mixture", rows)


if __name__ == "__main__":
    main()
