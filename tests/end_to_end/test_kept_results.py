"""The numbers of `results.json` stay what they were, to the last printed digit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
KEPT = REPOSITORY / "tests" / "reference" / "results"
LAST_DIGIT = 1e-9  # ten significant digits are written
NOTHING = 1e-12  # rounding error of a figure that is 0
# Counts of findings and lists of what is null follow the words, not the numbers.
FREE = ("findings", "salutogen")


def differences(kept: Any, now: Any, path: str = "") -> Iterator[str]:
    """Dotted paths at which a kept value is gone or another one now; what is new is free."""
    if path in FREE:
        return
    if isinstance(kept, dict):
        for key, value in kept.items():
            inner = f"{path}.{key}" if path else key
            if not isinstance(now, dict) or key not in now:
                yield f"{inner} is gone"
            else:
                yield from differences(value, now[key], inner)
    elif isinstance(kept, list):
        if not isinstance(now, list) or len(now) != len(kept):
            yield f"{path} has another length"
        else:
            for index, value in enumerate(kept):
                yield from differences(value, now[index], f"{path}[{index}]")
    elif isinstance(kept, float) and isinstance(now, int | float):
        if not math.isclose(kept, now, rel_tol=LAST_DIGIT, abs_tol=NOTHING):
            yield f"{path} was {kept} and is {now}"
    elif kept != now:
        yield f"{path} was {kept!r} and is {now!r}"


def check_kept(name: str, out: Path) -> None:
    kept = json.loads((KEPT / f"{name}.json").read_text("utf-8"))
    now = json.loads((out / "results.json").read_text("utf-8"))
    assert list(differences(kept, now)) == []


@pytest.mark.parametrize(("name", "persons"), [("quarterly", 300), ("scale", 1000)])
def test_simulated_studies(tmp_path: Path, salutogen: object, name: str, persons: int) -> None:
    assert callable(salutogen)
    study = tmp_path / "study.yaml"
    text = (EXAMPLES / name / "study.yaml").read_text("utf-8")
    # Where persons are hidden, figures have few digits.
    study.write_text(text.replace("individuals: hide", "individuals: show"), "utf-8")
    for call in (
        ("simulate", study, "--persons", str(persons), "--seed", "1", "--out", tmp_path / "data"),
        ("run", study, "--data", tmp_path / "data", "--out", tmp_path / "out", "--seed", "1"),
    ):
        done = salutogen(*call)
        assert done.returncode == 0, done.stderr
    check_kept(name, tmp_path / "out")


@pytest.mark.parametrize("name", ["study", "trajectories"])
def test_dynacore(tmp_path: Path, salutogen: object, shared_data: Path, name: str) -> None:
    assert callable(salutogen)
    study = EXAMPLES / "dynacore-l" / f"{name}.yaml"
    done = salutogen("run", study, "--data", shared_data / "dynacore-l", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    check_kept(f"dynacore-{name}", tmp_path / "out")


def test_a_changed_digit_is_noticed() -> None:
    kept = {"a": {"b": [1.234567891, None]}, "c": 3}
    assert list(differences(kept, {"a": {"b": [1.234567891, None]}, "c": 3, "new": 1})) == []
    now = {"a": {"b": [1.234567899, 0.0]}}
    assert list(differences(kept, now)) == [
        "a.b[0] was 1.234567891 and is 1.234567899",
        "a.b[1] was None and is 0.0",
        "c is gone",
    ]
