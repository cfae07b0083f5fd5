"""The example of the page on ready-made scores is a study."""

from __future__ import annotations

import re
from pathlib import Path

from salutogen.study import AnswerRange, read_study

PAGE = Path(__file__).parents[2] / "docs" / "totals.md"
REST = """\
salutogen: 1
title: Totals
occasions: {every: 1 month, count: 3}
sources: {answers: {person: id, occasion: wave}}
problems: {instruments: [bdi, gad-7], combine: first-component}
exposure: {types: [hassles]}
"""


def test_the_example_is_read() -> None:
    (text,) = re.findall(r"study.yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    study = read_study(REST + text)
    assert all(one.total for one in study.instruments.values())
    assert study.instruments["gad-7"].answers == AnswerRange(0, 21)
    assert "total-without-range" not in {one.code for one in study.findings}
