"""What `salutogen run` does before and while it fits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.small_plan import plan

WITHOUT_NUMBA = (
    "import sys; sys.modules['numba'] = None\n"  # whoever loads it fails
    "from salutogen.cli import main; sys.argv = ['salutogen', *sys.argv[1:]]; main()"
)
BAD = {
    "a word among the answers": {"P_1": pl.lit("many")},
    "a code that cannot be": {"P_1": pl.lit(7)},
    "problems that never vary": {f"P_{item}": pl.lit(1) for item in range(1, 7)},
    "exposure that never varies": {f"H_{item:02d}": pl.lit(1) for item in range(1, 11)},
    "the same row twice": {"wave": pl.lit(1)},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_answers_are_refused_before_anything_is_compiled(
    tmp_path: Path, bad: dict[str, pl.Expr]
) -> None:
    answers = {"id": [f"p{row // 4:02d}" for row in range(80)], "wave": [1, 2, 3, 4] * 20}
    items = {f"P_{item}": [(row * item) % 4 for row in range(80)] for item in range(1, 7)}
    hassles = {f"H_{item:02d}": [(row + item) % 6 for row in range(80)] for item in range(1, 11)}
    pl.DataFrame({**answers, **items, **hassles}).with_columns(**bad).write_csv(
        tmp_path / "answers.csv"
    )
    (tmp_path / "study.yaml").write_text(json.dumps(plan()), "utf-8")
    command = [sys.executable, "-c", WITHOUT_NUMBA, "run", "study.yaml", "--out", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1, done.stderr
    assert "compiling" not in done.stderr
    assert "unexpected-failure" not in done.stderr
    assert "refusal" in done.stderr
