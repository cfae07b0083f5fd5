"""Side by side with a direct pandas and statsmodels script, and with lme4 where R has it.

    python benchmarks/bench_peers.py [persons]      (default 2000)

Each takes its turn, several times over; medians and ratios are reported, and whether the
estimates agree.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from measuring import HERE, REPOSITORY, call, in_turn, python, salutogen, save

STUDY = REPOSITORY / "examples" / "scale" / "study.yaml"
PERSONS = 2_000
REPEATS = 5
PARTS = ("read and score", "lines", "mixed model")


def main() -> None:
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else PERSONS
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        data, table = place / "data", place / "scores.csv"
        call(salutogen("simulate", STUDY, "--persons", str(persons), "--out", data))
        ours = python("peer_salutogen.py", STUDY, data)
        call([*ours, str(table)])
        commands = {
            "salutogen": ours,
            "pandas and statsmodels": python("peer_pandas.py", data / "scale.parquet"),
        }
        if _has_lme4():
            commands["lme4"] = ["Rscript", str(HERE / "peer_lme4.R"), str(table)]
        runs = _by_part(commands)
        whole = in_turn(
            {
                "salutogen": salutogen(
                    "run", STUDY, "--data", data, "--out", place / "out", "--force", "--quiet"
                ),
                "pandas and statsmodels": commands["pandas and statsmodels"],
            }
        )
    save("peers", _rows(persons, runs, whole), parts=runs, whole=whole)


def _has_lme4() -> bool:
    if shutil.which("Rscript") is None:
        return False
    done = subprocess.run(
        ["Rscript", "-e", "library(lme4)"], capture_output=True, check=False, timeout=120
    )
    return done.returncode == 0


def _by_part(commands: dict[str, list[str]]) -> dict[str, dict[str, Any]]:
    """Median seconds of each part, measured inside the processes, in turn; and the estimates."""
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in commands}
    for _ in range(REPEATS):
        for name, command in commands.items():
            answers[name].append(json.loads(call(command)[2].strip().splitlines()[-1]))
    return {
        name: {
            "seconds": {
                part: round(statistics.median(run["seconds"][part] for run in runs), 4)
                for part in runs[0]["seconds"]
            },
            "estimates": runs[0]["estimates"],
        }
        for name, runs in answers.items()
    }


def _rows(
    persons: int, runs: dict[str, dict[str, Any]], whole: dict[str, Any]
) -> list[dict[str, Any]]:
    ours = runs["salutogen"]
    rows = []
    for name, theirs in runs.items():
        for part in PARTS:
            if name == "salutogen" or part not in theirs["seconds"]:
                continue
            mine, other = ours["seconds"][part], theirs["seconds"][part]
            rows.append(
                {
                    "what": f"{part}, {persons:,} persons × 8: salutogen against {name}",
                    "measured": f"{mine:.3f} s against {other:.3f} s ({other / mine:.1f} times)",
                }
            )
        if name != "salutogen":
            apart = _apart(ours["estimates"], theirs["estimates"])
            rows.append(
                {
                    "what": f"largest relative difference of estimates, salutogen and {name}",
                    "measured": ", ".join(f"{key} {value:.1e}" for key, value in apart.items()),
                }
            )
    mine, other = whole["salutogen"], whole["pandas and statsmodels"]
    rows.append(
        {
            "what": f"whole process, {persons:,} persons: `salutogen run` with everything and"
            " report, against the script that only scores and fits three lines",
            "measured": f"{mine.median_s:.1f} s against {other.median_s:.1f} s",
        }
    )
    return rows


def _apart(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, float]:
    """Largest relative difference of each estimate that both give."""

    def listed(value: Any) -> list[float]:
        return value if isinstance(value, list) else [value]

    return {
        key: max(
            abs(a - b) / max(abs(b), 1e-3)
            for a, b in zip(listed(ours[key]), listed(theirs[key]), strict=True)
        )
        for key in ours
        if key in theirs
    }


if __name__ == "__main__":
    main()
