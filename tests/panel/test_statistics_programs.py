"""Files of SPSS and Stata: texts declared missing, encodings, and dates of months and quarters."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyreadstat
import pytest

from salutogen.errors import PanelError
from salutogen.panel import Reason, read_panel
from tests.panel.small_studies import answers, by_occasion, found, instrument, make_study


def spss(path: Path, frame: pl.DataFrame, **given: Any) -> Path:
    pyreadstat.write_sav(frame.to_pandas(), str(path), **given)
    return path


@pytest.mark.parametrize("as_text", [True, False])
def test_texts_declared_missing_are_as_missing_as_numbers(tmp_path: Path, as_text: bool) -> None:
    values = pl.Series([9, 3, 9, *[1] * 15])
    frame = answers().with_columns(M_1=values.cast(pl.String) if as_text else values)
    declared: Any = ["9"] if as_text else [9]
    path = spss(tmp_path / "answers.sav", frame, missing_ranges={"M_1": declared})
    entries = [
        instrument("mood", "M_{1..4}", "0..10"),
        instrument("events", "E_{1..3}", "0..5", "exposure"),
    ]
    panel = read_panel(make_study(instruments=entries), path)
    assert panel.answers["mood"]["M_1"].to_list() == [None, 3, None, *[1] * 15]
    assert panel.reasons["mood"]["M_1"].to_list()[:3] == [Reason.SKIPPED, 0, Reason.SKIPPED]
    (note,) = panel.findings
    assert note.code == "declared-missing"
    assert (note.evidence.numbers["columns"], note.evidence.numbers["cells"]) == (1, 2)


def test_words_declared_missing_are_no_impossible_answers(tmp_path: Path) -> None:
    frame = answers().with_columns(
        M_1=pl.Series(["NAP", "3", *["1"] * 16]), age=pl.Series([999.0] * 3 + [40.0] * 15),
        site=pl.Series(["?"] * 3 + ["A"] * 15),
    )  # fmt: skip
    path = spss(
        tmp_path / "answers.sav", frame,
        missing_ranges={"M_1": ["NAP"], "age": [999], "site": ["?"]},
    )  # fmt: skip
    background = {"age": {"column": "age"}, "site": {"column": "site", "kind": "category"}}
    panel = read_panel(make_study(background=background), path)
    assert panel.answers["mood"]["M_1"].to_list()[:2] == [None, 3]
    assert panel.persons["age"].to_list() == [None, *[40.0] * 5]
    assert panel.persons["site"].to_list() == [None, *["A"] * 5]
    (note,) = panel.findings
    assert note.evidence.numbers["cells"] == 7


def test_an_encoding_is_given_for_an_spss_file(tmp_path: Path) -> None:
    frame = answers(2).with_columns(id=pl.Series(["Zoee"] * 3 + ["Muuller"] * 3))
    path = spss(tmp_path / "answers.sav", frame)
    raw = path.read_bytes().replace(b"Zoee", b"Zo\xeb ").replace(b"Muuller", b"M\xfcller ")
    path.write_bytes(raw)
    with pytest.raises(PanelError) as refused:
        read_panel(make_study(), path)
    assert found(refused.value) == {"wrong-encoding"}
    assert "encoding" in refused.value.findings[0].mend
    for encoding in ("latin-1", "cp1252", "ISO-8859-15"):
        panel = read_panel(make_study({"answers": by_occasion(encoding=encoding)}), path)
        assert panel.persons["subject"].to_list() == ["Zoë", "Müller"]
        assert panel.inputs[0].encoding == encoding
    with pytest.raises(PanelError) as refused:
        read_panel(make_study({"answers": by_occasion(encoding="klingon")}), path)
    assert found(refused.value) == {"unknown-encoding"}


MONTHS = [date(1959, 11, 1), date(2020, 1, 1), date(2021, 12, 1)]
QUARTERS = [date(1959, 10, 1), date(2020, 1, 1), date(2021, 7, 1)]
STATA = {
    "%tm": (MONTHS, lambda day: (day.year - 1960) * 12 + day.month - 1),
    "%tq": (QUARTERS, lambda day: (day.year - 1960) * 4 + (day.month - 1) // 3),
    "%th": ([date(2019, 7, 1), date(2020, 1, 1)],
            lambda day: (day.year - 1960) * 2 + day.month // 7),
    "%tw": ([date(2020, 1, 1), date(2020, 1, 15)],
            lambda day: (day.year - 1960) * 52 + (day.day - 1) // 7),
}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(STATA))
def test_periods_of_stata_are_their_first_day(tmp_path: Path, kind: str) -> None:
    days, count = STATA[kind]
    labels = tuple(str(number + 1) for number in range(len(days)))
    frame = answers(2, labels=labels).with_columns(day=pl.Series([count(day) for day in days] * 2))
    pyreadstat.write_dta(
        frame.to_pandas(), str(tmp_path / "answers.dta"), variable_format={"day": kind}
    )
    time = {"column": "day", "unit": "date"}
    panel = read_panel(make_study({"answers": by_occasion(time=time)}, labels=labels), tmp_path)
    expected = [float((day - date(1970, 1, 1)).days) for day in days] * 2
    assert panel.rows["time"].to_list() == expected
    assert "coarse-dates" in found(panel)


@pytest.mark.parametrize("kind, days", [("MOYR8", MONTHS), ("QYR8", QUARTERS)])
def test_periods_of_spss_are_their_first_day(tmp_path: Path, kind: str, days: list[date]) -> None:
    seconds = [(day - date(1582, 10, 14)).days * 86_400.0 for day in days]
    frame = answers(2).with_columns(day=pl.Series(seconds * 2))
    path = spss(tmp_path / "answers.sav", frame, variable_format={"day": kind})
    time = {"column": "day", "unit": "date"}
    panel = read_panel(make_study({"answers": by_occasion(time=time)}), path)
    expected = [float((day - date(1970, 1, 1)).days) for day in days] * 2
    assert panel.rows["time"].to_list() == expected
    assert "coarse-dates" in found(panel)
