"""Claim: 100,000 persons × 8 × 52 run in under 30 s and 4 GB on 2 cores, linearly in persons.

    python benchmarks/bench_scale.py [persons ...]      (default 1000 10000 100000)

One row per person and occasion in Parquet; the run includes the bootstrap and the report.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from measuring import REPOSITORY, RESULTS, Measured, call, measure, salutogen, save

STUDY = REPOSITORY / "examples" / "scale" / "study.yaml"
DEFAULT = (1_000, 10_000, 100_000)
CLAIMED = 100_000
REPEATS = 3


def main() -> None:
    sizes = tuple(int(text) for text in sys.argv[1:]) or DEFAULT
    simulated: dict[int, Measured] = {}
    ran: dict[int, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        for persons in sizes:
            data, out = Path(folder) / f"data-{persons}", Path(folder) / "out"
            make = salutogen("simulate", STUDY, "--persons", str(persons), "--out", data)
            seconds, memory, _ = call(make)
            simulated[persons] = Measured([round(seconds, 3)], round(seconds, 3), round(memory, 1))
            command = salutogen("run", STUDY, "--data", data, "--out", out, "--force", "--quiet")
            if persons == sizes[0]:
                call(command)
            ran[persons] = measure(command, REPEATS if persons <= CLAIMED else 1)
            print(persons, simulated[persons], ran[persons], flush=True)
    exponent = _exponent(ran)
    rows = [_row(persons, simulated[persons], ran[persons]) for persons in sizes]
    if exponent is not None:
        rows.append(
            {
                "what": "seconds and memory above the smallest run grow with persons to the power",
                "measured": f"{exponent['seconds']:.2f} and {exponent['memory']:.2f}",
                "limit": "1",
            }
        )
    save("scale", rows, simulate=_keys(simulated), run=_keys(ran), exponent=exponent)
    _draw(ran)


def _row(persons: int, simulated: Measured, ran: Measured) -> dict[str, Any]:
    row = {
        "what": f"run with report, {persons:,} persons × 8 × 52 (simulated in"
        f" {simulated.median_s:.0f} s, {simulated.peak_mib:.0f} MiB)",
        "measured": f"{ran.median_s:.1f} s, {ran.peak_mib / 1024:.2f} GiB",
    }
    if persons == CLAIMED:
        row["limit"] = "30 s, 4 GB"
    return row


def _keys(measured: dict[int, Measured]) -> dict[str, Measured]:
    return {str(persons): value for persons, value in measured.items()}


def _exponent(ran: dict[int, Measured]) -> dict[str, float] | None:
    """Slope on log-log axes, from 10,000 persons on, of what exceeds the fixed cost.

    The fixed cost is that of the smallest run, which starts the program and draws the page.
    """
    smallest = min(ran)
    larger = [persons for persons in ran if persons > smallest]
    if len(larger) < 2:
        return None

    def power(value: dict[int, float]) -> float:
        above = [math.log(max(value[n] - value[smallest], 1e-3)) for n in larger]
        return float(np.polyfit(np.log(larger), above, 1)[0])

    return {
        "seconds": power({n: m.median_s for n, m in ran.items()}),
        "memory": power({n: m.peak_mib for n, m in ran.items()}),
    }


def _draw(ran: dict[int, Measured]) -> None:
    """Time and memory against persons, on logarithmic axes, as SVG and PNG."""
    import altair as alt
    import polars as pl

    table = pl.DataFrame(
        [
            {"persons": persons, "value": value, "what": what}
            for persons, m in ran.items()
            for what, value in (("seconds", m.median_s), ("peak memory, GiB", m.peak_mib / 1024))
        ]
    )
    base = alt.Chart(table, width=280, height=220).encode(
        x=alt.X("persons:Q", scale=alt.Scale(type="log"), title="Persons"),
        y=alt.Y("value:Q", scale=alt.Scale(type="log"), title=None),
    )
    marks = base.mark_line() + base.mark_point(filled=True, size=60)
    chart = marks.facet(column=alt.Column("what:N", title=None, sort="descending"))
    chart = chart.resolve_scale(y="independent").properties(
        title="Full run with report: 8 occasions × 52 items"
    )
    chart.save(RESULTS / "scale.svg")
    chart.save(RESULTS / "scale.png", ppi=150)


if __name__ == "__main__":
    main()
