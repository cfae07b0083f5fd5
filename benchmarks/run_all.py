"""Run every benchmark, one after the other."""

from __future__ import annotations

import subprocess
import sys

from measuring import HERE, RESULTS


def main() -> None:
    for script in sorted(HERE.glob("bench_*.py")):
        print(f"== {script.name}", flush=True)
        subprocess.run([sys.executable, str(script)], check=True)
    print((RESULTS / "summary.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
