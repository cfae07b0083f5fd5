"""Where a run spends its time and memory: processor seconds and peak memory by stage.

    python benchmarks/bench_stages.py [persons] [folder of another version's src ...]

Processor seconds, unlike those of the clock, say something on a machine that others use as well.
Other versions are run in turn with this one, three times each; medians are kept.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from pathlib import Path

from measuring import REPOSITORY, call, python, salutogen, save

STUDY = REPOSITORY / "examples" / "scale" / "study.yaml"
REPEATS = 3
THIS = "this version"

_RUN = """
import json, resource, sys, time
import salutogen as sg

found, stage, begun = [], "start", time.process_time()

def progress(name, done, total):
    global stage, begun
    if name == stage or name not in (*sg.pipeline.pipeline.STAGES, "end"):
        return
    now, peak = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found.append({"stage": stage, "cpu_s": round(now - begun, 3), "peak_mib": round(peak)})
    stage, begun = name, now

clock = time.perf_counter()
import salutogen.pipeline.pipeline
sg.run(sys.argv[1], data=sys.argv[2], out=sys.argv[3], force=True, progress=progress)
progress("end", 0, 0)
drawn = resource.getrusage(resource.RUSAGE_CHILDREN)
found.append({"stage": "processes that draw", "cpu_s": round(drawn.ru_utime + drawn.ru_stime, 3)})
found.append({"stage": "clock", "cpu_s": round(time.perf_counter() - clock, 3)})
print(json.dumps(found))
"""


def main() -> None:
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    versions = {THIS: str(REPOSITORY / "src")} | {
        f"other version {place}": path for place, path in enumerate(sys.argv[2:], 1)
    }
    runs: dict[str, list[list[dict[str, float]]]] = {name: [] for name in versions}
    with tempfile.TemporaryDirectory() as folder:
        data, out = Path(folder) / "data", Path(folder) / "out"
        call(salutogen("simulate", STUDY, "--persons", str(persons), "--out", data))
        for _ in range(REPEATS):
            for name, source in versions.items():
                command = python(_RUN, STUDY, data, out)
                runs[name].append(json.loads(call(command, PYTHONPATH=source)[2]))
                print(name, runs[name][-1], flush=True)
    medians = {name: _medians(found) for name, found in runs.items()}
    rows = [
        {
            "what": f"{persons:,} persons × 8 × 52, {name}, {stage}",
            "measured": f"{value['cpu_s']:.1f} s of processors"
            + (f", peak by then {value['peak_mib'] / 1024:.2f} GiB" if "peak_mib" in value else ""),
        }
        for name, stages in medians.items()
        for stage, value in stages.items()
        if stage != "clock"
    ]
    save("stages", rows, persons=persons, medians=medians)


def _medians(found: list[list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Median of each figure of each stage over the runs."""
    return {
        str(stages[0]["stage"]): {
            figure: statistics.median(stage[figure] for stage in stages)
            for figure in stages[0]
            if figure != "stage"
        }
        for stages in zip(*found, strict=True)
    }


if __name__ == "__main__":
    main()
