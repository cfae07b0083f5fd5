"""Measure commands in processes of their own, and keep the results as JSON and one table."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent
RESULTS = HERE / "results"
FIRST = ("startup", "small_study", "scale", "peers")  # the others follow by name


@dataclass(frozen=True)
class Measured:
    """One command, measured several times: wall-clock seconds and peak resident memory."""

    seconds: list[float]
    median_s: float
    peak_mib: float


def salutogen(*arguments: str | Path) -> list[str]:
    """The command line of `salutogen` in this environment."""
    script = Path(sys.executable).with_name("salutogen")
    start = [str(script)] if script.is_file() else [sys.executable, "-m", "salutogen"]
    return [*start, *map(str, arguments)]


def python(code: str, *arguments: str | Path) -> list[str]:
    """A command line that runs Python code or a script of this folder."""
    program = [str(HERE / code)] if code.endswith(".py") else ["-c", code]
    return [sys.executable, *program, *map(str, arguments)]


def call(command: Sequence[str], **environment: str) -> tuple[float, float, str]:
    """Run once: seconds, peak memory in MiB, standard output.

    Raises
    ------
    RuntimeError
        The command failed; its last words are in the message.
    """
    begun = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        out, err = _read_both(process)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command[-6:]} ended with {process.returncode}: {err[-2000:]}")
    scale = 1024 if sys.platform != "darwin" else 1024**2
    return seconds, usage.ru_maxrss / scale, out


def _read_both(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Read standard output and error to their ends without waiting for the process itself."""
    import threading

    texts: dict[str, str] = {}

    def read(name: str) -> None:
        pipe = getattr(process, name)
        texts[name] = pipe.read()

    reader = threading.Thread(target=read, args=("stderr",))
    reader.start()
    read("stdout")
    reader.join()
    return texts["stdout"], texts["stderr"]


def measure(command: Sequence[str], repeats: int = 3, **environment: str) -> Measured:
    """Run several times and keep the median; memory is the largest."""
    runs = [call(command, **environment) for _ in range(repeats)]
    return summary([seconds for seconds, _, _ in runs], [memory for _, memory, _ in runs])


def summary(seconds: Sequence[float], memory: Sequence[float]) -> Measured:
    """Median of the seconds, maximum of the memory."""
    rounded = [round(value, 3) for value in seconds]
    return Measured(rounded, round(statistics.median(seconds), 3), round(max(memory), 1))


def in_turn(commands: Mapping[str, Sequence[str]], repeats: int = 3) -> dict[str, Measured]:
    """Run several commands one after the other, repeatedly, so that none is favoured."""
    runs: dict[str, list[tuple[float, float, str]]] = {name: [] for name in commands}
    for _ in range(repeats):
        for name, command in commands.items():
            runs[name].append(call(command))
    return {
        name: summary([run[0] for run in done], [run[1] for run in done])
        for name, done in runs.items()
    }


def machine() -> dict[str, Any]:
    """The machine in general words."""
    from importlib.metadata import version

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    packages = ("numpy", "polars", "numba", "scipy", "altair", "pandas", "statsmodels")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
    }


def save(name: str, rows: Sequence[Mapping[str, Any]], **more: Any) -> None:
    """Keep one benchmark's rows and renew the table of all.

    A row has `what`, `measured` and, where something is claimed, `limit`. A comparison with
    another program also has `short` (its name in the figure), `peer`, `times` (how many times
    faster) and, where something is asked of it, `asked`.
    """
    RESULTS.mkdir(exist_ok=True)
    content = {"name": name, "machine": machine(), "rows": list(rows), **more}
    text = json.dumps(content, indent=2, default=_plain, ensure_ascii=False)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    _write_table()
    draw_comparisons()
    for row in rows:
        print(
            f"{row['what']}: {row['measured']}"
            + (f" (limit {row['limit']})" if "limit" in row else "")
        )


def _plain(value: Any) -> Any:
    return asdict(value) if isinstance(value, Measured) else str(value)


def kept() -> dict[str, dict[str, Any]]:
    """Content of every benchmark's file, in the order of the table."""
    names = [path.stem for path in RESULTS.glob("*.json")]
    order = sorted(names, key=lambda name: (FIRST.index(name) if name in FIRST else 99, name))
    return {
        name: json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")) for name in order
    }


def _write_table() -> None:
    lines = ["| what | measured | claimed |", "|---|---|---|"]
    machines: list[str] = []
    for content in kept().values():
        host = content["machine"]
        machines.append(
            f"{host['cores']} cores, {host['memory_gib']} GiB, {host['system']},"
            f" Python {host['python']}"
        )
        lines += [
            f"| {row['what']} | {row['measured']} | {row.get('limit', '')} |"
            for row in content["rows"]
        ]
    lines += ["", "Measured on: " + "; ".join(dict.fromkeys(machines)) + ".", ""]
    (RESULTS / "summary.md").write_text("\n".join(lines), encoding="utf-8")


def draw_comparisons() -> None:
    """Draw how many times faster than its peer each piece of work is, beside what was asked."""
    import altair as alt

    rows = [row for content in kept().values() for row in content["rows"] if "times" in row]
    if not rows:
        return
    values = [{name: row.get(name) for name in ("short", "peer", "times", "asked")} for row in rows]
    base = alt.Chart(alt.InlineData(values=values)).encode(
        y=alt.Y("short:N", title=None, sort=None, axis=alt.Axis(labelLimit=420))
    )
    scale = alt.Scale(type="log", domainMin=1)
    bars = base.mark_bar(height=12).encode(
        x=alt.X("times:Q", title="times faster than the peer (log scale)", scale=scale),
        x2=alt.X2Datum(1),
        color=alt.Color("peer:N", title="Peer", scale=alt.Scale(scheme="tableau10")),
    )
    numbers = base.mark_text(align="left", dx=4).encode(
        x=alt.X("times:Q", scale=scale), text=alt.Text("times:Q", format=",.0f")
    )
    asked = (
        base.transform_filter("isValid(datum.asked)")
        .mark_tick(color="black", thickness=3, size=20)
        .encode(x=alt.X("asked:Q", scale=scale))
    )
    chart = (bars + numbers + asked).properties(width=420, background="white")
    chart.save(RESULTS / "comparisons.svg")
