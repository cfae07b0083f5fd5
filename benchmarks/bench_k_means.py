"""Claim: longitudinal k-means is 200 times faster than kml, with the same partitions or better.

    python benchmarks/bench_k_means.py [persons ...]      (default 300 5000 20000 80000)

Numbers of classes 2 to 6, 20 starts each, about 10 % missing; an array in memory to the finished
result, kernels compiled. kml 2.4.6.1 took 203.7 s for 5,000 persons on another machine of two
cores; it is run beside where R has it. Both get what kml was given for the stored values: all
occasions but the last.
"""

from __future__ import annotations

import importlib.util
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from measuring import HERE, REPOSITORY, save

from salutogen.models import LongitudinalKMeans

DEFAULT = (300, 5_000, 20_000, 80_000)
REFERENCE = REPOSITORY / "tests" / "reference" / "k_means"
COMPARED = "wide_5000_10_27"
REPEATS = 5


def main() -> None:
    sizes = tuple(int(text) for text in sys.argv[1:]) or DEFAULT
    spec = importlib.util.spec_from_file_location("k_means_cases", REFERENCE / "cases.py")
    assert spec is not None
    assert spec.loader is not None
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    values = json.loads((REFERENCE / "values.json").read_text(encoding="utf-8"))
    LongitudinalKMeans(starts=2).fit(cases.CASES["wide_300_8_26"])

    table = cases.CASES[COMPARED]
    seconds, result = measured(table)
    kml, source = kml_seconds(table), "measured beside it"
    if kml is None:
        kml, source = values["seconds"][COMPARED], "stored"
    rows: list[dict[str, Any]] = [
        {
            "what": f"5,000 persons × 9 occasions, 2 to 6 classes, 20 starts each; kml"
            f" {kml:.1f} s ({source})",
            "measured": f"{seconds:.2f} s, {kml / seconds:.0f} ×",
            "limit": "200 ×",
            "short": "k-means, 5,000 persons, 2 to 6 classes",
            "peer": f"kml ({source})",
            "times": round(kml / seconds, 1),
            "asked": 200,
        }
    ]
    for value in values["partitions"]:
        if value["data"] == COMPARED:
            ours = result.partitions[value["classes"]].criteria["calinski_harabasz"]
            theirs = value["criteria"]["Calinski.Harabatz"]
            rows.append(
                {
                    "what": f"{value['classes']} classes: Caliński–Harabasz over kml's {theirs}",
                    "measured": f"{ours / theirs - 1:+.1e}",
                    "limit": "at least 0, to the digits printed",
                }
            )
    growth = {n: measured(cases.trajectories(n, 10, 27))[0] for n in sizes}
    rows += [
        {"what": f"{n:,} persons × 10 occasions", "measured": f"{value:.2f} s"}
        for n, value in growth.items()
    ]
    larger = [n for n in sizes if n >= DEFAULT[1]]
    if len(larger) > 1:
        times = [math.log(growth[n]) for n in larger]
        power = float(np.polyfit(np.log(larger), times, 1)[0])
        rows.append(
            {
                "what": "seconds grow with persons to the power, from 5,000 on",
                "measured": f"{power:.2f}",
                "limit": "1.05",
            }
        )
    save("k_means", rows, seconds={str(n): value for n, value in growth.items()})


def measured(table: Any) -> tuple[float, Any]:
    """Median seconds of several fits, and the last result."""
    seconds = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        result = LongitudinalKMeans().fit(table)
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds), result


def kml_seconds(table: Any) -> float | None:
    """Seconds of kml on the same data; None where R or kml is absent."""
    program = shutil.which("Rscript")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "wide.csv"
        np.savetxt(path, table, delimiter=",", fmt="%.17g")
        command = [program, str(HERE / "peer_kml.R"), str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(done.stdout.split()[-1]) if done.returncode == 0 else None


if __name__ == "__main__":
    main()
