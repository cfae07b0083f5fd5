"""Every room's result shows itself in a notebook, with names escaped."""

from __future__ import annotations

import numpy as np
import polars as pl

import salutogen as sg
from salutogen.display import card
from salutogen.findings import finding


def test_card_counts_findings_and_escapes_text() -> None:
    told = finding("step-refused", label="<b>", reason="Too few.")
    html = card("<script>", {"n": 3, "slope": 0.123456}, [told], note="a < b")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "1 refusals, 0 warnings, 0 notes" in html
    assert "0.1235" in html
    assert "&#x27;&lt;b&gt;&#x27;" in html


def test_every_room_shows_itself() -> None:
    random = np.random.default_rng(2)
    persons, waves = 30, 3
    events = random.integers(0, 2, size=(persons * waves, 8))
    answers = pl.DataFrame(
        {
            "id": np.repeat(np.arange(persons), waves),
            "wave": np.tile([1, 2, 3], persons),
            **{f"H_{item + 1}": events[:, item] for item in range(8)},
            **{f"P_{item + 1}": random.integers(0, 4, size=persons * waves) for item in range(4)},
        }
    )
    study = sg.read_study(
        {
            "salutogen": 1,
            "title": "A & B",
            "occasions": {"every": "7 days", "count": waves},
            "sources": {"answers": {"person": "id", "occasion": "wave"}},
            "instruments": {
                "distress": {"columns": "P_{1..4}", "answers": "0..3"},
                "hassles": {"columns": "H_{1..8}", "answers": "0..1", "did_not_occur": 0,
                            "recall": "7 days"},
            },
            "problems": "distress",
            "exposure": {"types": ["hassles"], "combine": "sum"},
        }
    )  # fmt: skip
    results = sg.run(study, data=answers)
    rooms = (study, results.panel, results.score_table, results.norm, results.resilience, results)
    for room in rooms:
        html = room._repr_html_()
        assert html.startswith("<section><h3>")
        assert "Findings:" in html
    assert "A &amp; B" in study._repr_html_()
    for signed in rooms[3:]:
        assert "Positive = over-reactive = less resilient" in signed._repr_html_()
