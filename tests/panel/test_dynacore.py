"""The DynaCORE-L answers: counts of the published data, and every layout the same panel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.panel import Panel, read_panel
from salutogen.study import Study
from tests.panel.small_studies import by_item, by_occasion, by_person, instrument, make_study

LABELS = ("1", "2", "3", "4", "5", "6")
TIME = {"column": "start.Date", "unit": "days since 1970-01-01"}
SCALES = {
    "mood": ("CM_{01..12}", "0..3", "problems"),
    "general": ("GE_{01..11}", "0..5", "exposure"),
    "events": ("CE_{01..29}", "0..5", "exposure"),
}


def _study(layout: str = "rows") -> Study:
    wave = "_w{occasion}" if layout == "wide" else ""
    entries = [instrument(name, given[0] + wave, *given[1:]) for name, given in SCALES.items()]
    entries.append(instrument("optimism", "OPT_T0", None, "resource", measured="baseline"))
    source = {
        "rows": by_occasion(file="dynacore_l", person="subject.ID", occasion="beep", time=TIME),
        "wide": by_person(time={"column": "time_w{occasion}", "unit": TIME["unit"]}),
        "long": by_item(
            person="subject", occasion="occasion", value="value",
            time={"column": "time", "unit": TIME["unit"]},
        ),
    }[layout]  # fmt: skip
    background = {"age": {"column": "age"}, "gender": {"column": "gender", "kind": "category"}}
    return make_study(
        {"answers": source}, entries, LABELS, background=background if layout == "rows" else {}
    )


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    path = shared_data / "dynacore-l"
    if not path.is_dir():
        pytest.skip("absent folder: dynacore-l")
    return path


@pytest.fixture(scope="module")
def panel(folder: Path) -> Panel:
    return read_panel(_study(), folder)


def test_counts(panel: Panel) -> None:
    assert panel.n_rows == 1045
    assert panel.n_persons == 200
    assert np.bincount(panel.rows["occasion"]).tolist() == [200, 195, 186, 181, 159, 124]
    assert not any(frame.width for frame in panel.reasons.values())
    assert panel.persons["gender"].unique().sort().to_list() == ["1", "2"]
    assert not [f for f in panel.findings if f.code not in ("straight-lining", "few-occasions")]


def test_sums_and_gaps(panel: Panel) -> None:
    """P mean 14.352, SD 5.901; E (sum of both types) 43.897, 20.513; gaps 5-23 days, median 7."""
    problems = panel.answers["mood"].sum_horizontal().cast(pl.Float64)
    both = (
        panel.answers["general"].sum_horizontal() + panel.answers["events"].sum_horizontal()
    ).cast(pl.Float64)
    assert [problems.mean(), problems.std()] == pytest.approx([14.352, 5.901], abs=5e-4)
    assert [both.mean(), both.std()] == pytest.approx([43.897, 20.513], abs=5e-4)
    gaps = panel.rows.select(pl.col("time").diff().over("person")).to_series().drop_nulls()
    assert (gaps.min(), gaps.max(), gaps.median()) == (5, 23, 7)


def test_long_form_and_back(panel: Panel, tmp_path: Path) -> None:
    long = panel.long()
    assert long.height == 1045 * 52 + 200
    long.write_csv(tmp_path / "answers.csv")
    _same(panel, read_panel(_study("long"), tmp_path))


def test_wide_form_and_back(panel: Panel) -> None:
    rows = panel.rows.select(
        subject=panel.persons["subject"].gather(panel.rows["person"]),
        occasion=(pl.col("occasion") + 1).cast(pl.String),
        time="time",
    )
    items = pl.concat([rows, *panel.answers.values()], how="horizontal")
    wide = items.pivot("occasion", index="subject", separator="_w")
    if "time_w1" not in wide.columns:
        raise AssertionError(wide.columns[:5])
    wide = wide.with_columns(OPT_T0=panel.baseline["optimism"]["OPT_T0"])
    _same(panel, read_panel(_study("wide"), wide.rename({"subject": "id"})))


def _same(first: Panel, second: Panel) -> None:
    assert second.rows.drop("data_row").equals(first.rows.drop("data_row"))
    assert second.persons["subject"].equals(first.persons["subject"])
    for name, frame in first.answers.items():
        assert second.answers[name].equals(frame)
    assert second.baseline["optimism"].equals(first.baseline["optimism"])
