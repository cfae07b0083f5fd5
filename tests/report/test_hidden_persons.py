"""Nothing that belongs to a single person is on a page that hides persons; no id is on any."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen import Results
from salutogen.page.audience import Audience, person_code
from salutogen.report import Report
from salutogen.report.sections.plane import count_cells
from tests.report.cohorts import make_results

pytestmark = pytest.mark.figures


def everything(report: Report) -> str:
    drawings = "".join(figure.svg.decode() for figure in report.figures.values())
    tables = "".join(table.write_csv() for table in report.tables.values())
    return report.html + drawings + tables


def own_words(report: Report) -> str:
    """The page without the Vega scripts."""
    return re.sub(r"<script>.*?</script>", "", report.html, flags=re.S)


def test_no_subject_id_anywhere(shown_results: Results, shown_report: Report) -> None:
    text = everything(shown_report)
    subjects = shown_results.score_table.persons["subject"].to_list()
    assert [subject for subject in subjects if subject in text] == []
    assert "Person A1" in text


def test_hidden_page_has_no_person(hidden_results: Results, hidden_report: Report) -> None:
    text = everything(hidden_report)
    subjects = hidden_results.score_table.persons["subject"].to_list()
    assert [subject for subject in subjects if subject in text] == []
    assert re.findall(r"Person [A-Z]+\d", text) == []
    assert "individuals: hide" in text
    assert "sr-intervals" not in hidden_report.figures


def test_hidden_page_has_no_persons_value(hidden_results: Results, hidden_report: Report) -> None:
    text = re.sub(r"<svg.*?</svg>", "", own_words(hidden_report), flags=re.S)
    told = set(re.findall(r"\d+\.\d{3,}", text))
    scores = hidden_results.resilience.persons.filter(pl.col("n_valid") > 2)["SR"].abs()
    told_of = sum(f"{value:.5g}" in told for value in scores)
    assert told_of <= 0.02 * scores.len(), "more than numbers meet by chance"


def test_hidden_page_does_not_tell_the_farthest_person(hidden_results: Results) -> None:
    resilience = hidden_results.resilience
    far = {"E": 7531.5, "P": 8642.25, "SR": 6429.75, "SR_z": 1470.125}
    first = pl.int_range(pl.len()) == 17
    moved = {
        name: frame.with_columns(
            pl.when(first).then(pl.lit(value)).otherwise(pl.col(column)).alias(column)
            for column, value in far.items()
            if column in frame.columns
        )
        for name, frame in (("persons", resilience.persons), ("occasions", resilience.occasions))
    }
    report = replace(hidden_results, resilience=replace(resilience, **moved)).report()
    drawings = "".join(figure.svg.decode() for figure in report.figures.values())
    tables = "".join(table.write_csv() for table in report.tables.values())
    told = (own_words(report) + drawings + tables).replace("\u2212", "")
    for value in far.values():
        for text in (f"{value}", f"{value:.1f}", f"{value:.0f}", f"{value:,.0f}", f"{value:,.1f}"):
            assert not re.search(rf"(?<![\d.,]){re.escape(text)}(?!\d)", told)


def test_hidden_rows_of_a_finding_are_not_told(hidden_report: Report) -> None:
    assert "7, 9, 11" not in hidden_report.html
    assert "Three scores are extrapolated." not in hidden_report.html
    assert "fewer than 5" in hidden_report.html


def test_hidden_cells_hold_at_least_five(hidden_report: Report) -> None:
    tables = {
        name: table
        for name, table in hidden_report.tables.items()
        if "persons" in table.columns or "n" in table.columns
    }
    assert "figure-plane" in tables
    for table in tables.values():
        for column in {"persons", "n", "valid"} & set(table.columns):
            if column == "valid" and "persons" in table.columns:
                continue
            counts = table[column].drop_nulls()
            assert counts.filter((counts > 0) & (counts < 5)).is_empty()


def test_large_cohorts_are_aggregated() -> None:
    report = make_results(n_persons=3100, n_occasions=3).report()
    assert "persons" in report.tables["figure-plane"].columns
    assert max(table.height for table in report.tables.values()) < 1200
    assert len(report.html) < 3_000_000


def test_long_tables_are_cut_and_say_so(bare_report: Report) -> None:
    assert bare_report.tables["figure-plane"].height == 230
    assert "The first 200 of 230 rows" in bare_report.html


@pytest.mark.parametrize("seed", [1, 2])
def test_labels_are_unique_and_unrelated_to_the_file(seed: int) -> None:
    audience = Audience(individuals=True, n_persons=500, seed=seed)
    labels = audience.labels(np.arange(500))
    assert len(set(labels)) == 500
    assert labels == Audience(individuals=True, n_persons=500, seed=seed).labels(np.arange(500))
    assert abs(np.corrcoef(audience.places, np.arange(500))[0, 1]) < 0.15


def test_codes_count_on_past_z() -> None:
    assert [person_code(place) for place in (0, 98, 99, 26 * 99 - 1, 26 * 99, 27 * 99)] == [
        "A1", "A99", "B1", "Z99", "AA1", "AB1",
    ]  # fmt: skip


def test_cells_agree_with_a_count_by_hand() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=2000), rng.normal(size=2000)
    cells = count_cells(x, y, 5)
    for row in cells.sample(20, seed=1).iter_rows(named=True):
        inside = (x >= row["E"]) & (x < row["E_to"]) & (y >= row["P"]) & (y < row["P_to"])
        assert abs(int(inside.sum()) - row["persons"]) <= 1
    assert cells["persons"].min() == 5 or cells["persons"].min() > 5
