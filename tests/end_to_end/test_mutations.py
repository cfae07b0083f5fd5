"""A valid study and valid answers, damaged in hundreds of ways: a result, findings or one error."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import salutogen as sg
from salutogen.errors import SalutogenError
from tests.end_to_end.test_bad_input import STUDY, _rows

VALUES = ["", "NA", "abc", "1e12", "-1e12", "1e308", "inf", "nan", "2.5", "99", "-9", "0", "3",
          "1e400", "²", "\t", "é", "True", "=1+1", "<script>"]  # fmt: skip
LINES = ["norm: {shape: test}", "norm: {shape: quadratic}", "norm: {shape: spline}",
         "norm: {unit: occasion}", "norm: {unit: mixed}", "norm: {unit: window}",
         "norm: {reference: first-window}", "norm: {reference: {window: 1}}",
         "invalid: missing", "report: {individuals: hide}", "analyses: [{step: nothing}]",
         "factors: [hassles]", "missing: {prorate: 0.1}", "missing: {codes: {skipped: [0]}}",
         "missing: {codes: {absent: [3]}}", "unknown: 1"]  # fmt: skip
WORDS = ["", "???", "0", "-1", "1e9", "null", "[]", "{}", "x", "true", '"{1..3}"', "1..0", "days"]

Rows = list[list[str]]


def _damage_rows(rows: Rows, rng: random.Random) -> None:
    kind = rng.randrange(7)
    if len(rows) == 1:
        return
    place, column = rng.randrange(1, len(rows)), rng.randrange(len(rows[0]))
    if kind == 0:
        rows[place][column] = rng.choice(VALUES)
    elif kind == 1:
        value = rng.choice(VALUES)
        for row in rows[1:]:
            row[column] = value
    elif kind == 2:
        rows.append(list(rows[place]))
    elif kind == 3:
        del rows[1 + rng.randrange(4) :]
    elif kind == 4:
        first, value = rng.choice("PH"), rng.choice(VALUES)
        chosen = [n for n, name in enumerate(rows[0]) if name.startswith(first)]
        for row in rows[1:]:
            if rng.random() < 0.8:
                for n in chosen:
                    row[n] = value
    elif kind == 5:
        rows[0][column] = rng.choice([rows[0][0], "", "<script>", "P_9"])
    else:
        rows[1:] = [row for row in rows[1:] if row[1] == "1"] or rows[1:]


def _damage_study(text: str, rng: random.Random) -> str:
    lines = text.splitlines()
    kind, place = rng.randrange(4), rng.randrange(len(lines))
    if kind == 0:
        lines.append(rng.choice(LINES))
    elif kind == 1:
        del lines[place]
    elif kind == 2:
        key, _, _ = lines[place].partition(":")
        lines[place] = f"{key}: {rng.choice(WORDS)}"
    else:
        cut = rng.randrange(len(lines[place]) + 1)
        lines[place] = lines[place][:cut] + rng.choice(WORDS) + lines[place][cut + 1 :]
    return "\n".join(lines) + "\n"


def _no_infinities(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_no_infinities(one) for one in value.values())
    if isinstance(value, list | tuple):
        return all(_no_infinities(one) for one in value)
    return not isinstance(value, float) or math.isfinite(value)


def _outcome(study: Path) -> tuple[tuple[sg.Finding, ...], sg.Results | None]:
    try:
        results = sg.run(study)
    except SalutogenError as error:
        return error.findings, None
    return results.findings, results


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32 - 1))
def test_damaged_input_ends_in_words(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    rows, text = _rows(), STUDY
    for _ in range(rng.randrange(1, 4)):
        if rng.random() < 0.65:
            _damage_rows(rows, rng)
        else:
            text = _damage_study(text, rng)
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "answers.csv").write_text(
        "".join(",".join(row) + "\n" for row in rows), encoding="utf-8"
    )
    before = sorted(tmp_path.iterdir())
    findings, results = _outcome(tmp_path / "study.yaml")
    if results is None:
        assert findings
        assert all(one.text and one.mend for one in findings)
    else:
        content = results.to_dict()
        assert _no_infinities(content)
        assert json.loads(json.dumps(content, allow_nan=False))["panel"]["persons"] > 0
        assert results.scores["subject"].null_count() == 0
    assert sorted(tmp_path.iterdir()) == before
