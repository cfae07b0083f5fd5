"""Delimited text: delimiters, encodings, decimal marks, quotation marks, broken shapes."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.errors import PanelError
from salutogen.panel import read_panel
from salutogen.panel.readers.text_structure import count_fields, sniff_delimiter
from tests.panel.small_studies import answers, by_occasion, found, make_study, same_panel

STUDY = make_study()
IDS = {"p00": "  007", "p01": "Zoë Müller", "p02": "Ærø", "p03": "0", "p04": "00", "p05": "a b"}


def _write(
    folder: Path, text: str | bytes, name: str = "answers.csv", encoding: str = "utf-8"
) -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def _text(frame: pl.DataFrame, delimiter: str = ",") -> str:
    return frame.write_csv(separator=delimiter)


def _named() -> pl.DataFrame:
    return answers().with_columns(pl.col("id").replace(IDS))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_read_and_nothing_said(
    tmp_path: Path, delimiter: str, encoding: str, line_end: str
) -> None:
    frame = _named()
    text = _text(frame, delimiter).replace("\n", line_end)
    panel = read_panel(STUDY, _write(tmp_path, text, encoding=encoding))
    assert not panel.findings
    assert panel.persons["subject"].to_list() == list(IDS.values())
    assert same_panel(panel, read_panel(STUDY, frame), data_row=True)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "mac_roman", "cp1251"])
def test_other_encodings_are_named_and_never_lossy(tmp_path: Path, encoding: str) -> None:
    names = ["Пётр Иванов", "Анна Смирнова", "Ольга Попова"] if encoding == "cp1251" else [
        "Jürgen Groß, wohnhaft in Köln", "Zoë Bäcker geb. Schröder", "Françoise Déjà"]  # fmt: skip
    frame = answers(3).with_columns(
        id=pl.Series([name.replace(",", "") for name in names for _ in range(3)])
    )
    panel = read_panel(STUDY, _write(tmp_path, _text(frame), encoding=encoding))
    assert found(panel) == {"encoding-detected"}
    guessed = panel.inputs[0].encoding
    assert guessed is not None
    raw = (tmp_path / "answers.csv").read_bytes()
    assert raw.decode(guessed).splitlines()[1].split(",")[0] == panel.persons["subject"][0]
    exact = read_panel(
        make_study({"answers": by_occasion(encoding=encoding)}), tmp_path / "answers.csv"
    )
    assert exact.persons["subject"].to_list() == frame["id"].unique(maintain_order=True).to_list()
    assert not exact.findings


def test_western_letters_are_read_as_they_were_meant(tmp_path: Path) -> None:
    frame = answers(2).with_columns(pl.col("id").replace({"p00": "Zoë", "p01": "Müller"}))
    panel = read_panel(STUDY, _write(tmp_path, _text(frame), encoding="cp1252"))
    assert panel.persons["subject"].to_list() == ["Zoë", "Müller"]


@pytest.mark.parametrize("decimal", [None, ","])
def test_decimal_comma(tmp_path: Path, decimal: str | None) -> None:
    frame = answers().with_columns(
        day=pl.format("{},5", pl.col("day").cast(pl.Int64)),
        M_1=pl.format("{},0", pl.col("M_1")),
    )
    study = make_study({"answers": by_occasion(decimal=decimal)})
    panel = read_panel(study, _write(tmp_path, _text(frame, ";")))
    assert not panel.findings
    assert panel.rows["time"].to_list() == [0.5, 7.5, 14.5] * 6
    assert panel.answers["mood"].equals(read_panel(STUDY, answers()).answers["mood"])


def test_two_decimal_marks_in_one_column_are_refused(tmp_path: Path) -> None:
    frame = answers().with_columns(day=pl.Series(["0.5", "1,5", "2"] * 6))
    with pytest.raises(PanelError) as refused:
        read_panel(STUDY, _write(tmp_path, _text(frame, ";")))
    (finding,) = refused.value.findings
    assert finding.code == "time-not-a-number"
    assert finding.evidence.rows[:2] == (2, 5)


def test_quoted_fields_with_delimiters_and_line_ends(tmp_path: Path) -> None:
    frame = answers().with_columns(comment=pl.lit('said "yes, or\nno"; maybe'))
    panel = read_panel(STUDY, _write(tmp_path, _text(frame)))
    assert not panel.findings
    assert same_panel(panel, read_panel(STUDY, frame), data_row=True)


def test_gzip_and_hash(tmp_path: Path) -> None:
    path = _write(tmp_path, gzip.compress(_text(answers()).encode()), "answers.csv.gz")
    panel = read_panel(STUDY, tmp_path)
    assert panel.inputs[0].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert panel.inputs[0].rows == 18
    assert panel.inputs[0].columns == 10


def test_a_packed_text_that_grows_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("salutogen.panel.readers.limits.MOST_UNPACKED", 2**16)
    _write(tmp_path, gzip.compress(b"id,wave\n" + b"0" * 2**22), "answers.csv.gz")
    with pytest.raises(PanelError) as refused:
        read_panel(STUDY, tmp_path)
    assert found(refused.value) == {"file-too-large"}


def test_blank_lines_are_ignored_and_rows_keep_their_number(tmp_path: Path) -> None:
    lines = _text(answers()).splitlines()
    text = "\n".join([*lines[:3], "", *lines[3:], "", ""])
    panel = read_panel(STUDY, _write(tmp_path, text))
    assert panel.n_rows == 18
    assert panel.rows["data_row"].to_list()[:4] == [1, 2, 4, 5]


def test_row_names_without_a_header_name(tmp_path: Path) -> None:
    lines = _text(answers()).splitlines()
    text = "\n".join(['"",' + lines[0], *(f'"{n}",{line}' for n, line in enumerate(lines[1:], 1))])
    assert not read_panel(STUDY, _write(tmp_path, text)).findings
    text = "\n".join([lines[0], *(f'"{n}",{line}' for n, line in enumerate(lines[1:], 1))])
    with pytest.raises(PanelError, match="the header lacks a name"):
        read_panel(STUDY, _write(tmp_path, text))


def _refusal(folder: Path, text: str | bytes, study: Any = STUDY) -> Any:
    with pytest.raises(PanelError) as refused:
        read_panel(study, _write(folder, text))
    assert refused.value.findings[0].evidence.file == "answers.csv"
    return refused.value.findings[0]


@pytest.mark.parametrize(
    "text, code",
    [
        (b"", "empty-file"),
        (b" \n\n", "empty-file"),
        (b"id,wave,day,M_1\n", "no-rows"),
        (b"id,wave,day,M_1", "no-rows"),
        (b"id,wave,day,M_1,id\n1,1,1,1,1\n", "column-twice"),
        (b"id,wave\n1,1\x00\n", "null-bytes"),
        (b'id,wave\n"1,1\n', "open-quotation"),
        (b'id,wave\n1,a"b\n2,c"d\n', "stray-quotation"),
        (b"PK\x03\x04\x81\x8d\x8f\x90\x9d\xff\xfe\x00", "null-bytes"),
    ],
)
def test_refused_files(tmp_path: Path, text: bytes, code: str) -> None:
    assert _refusal(tmp_path, text).code == code


def test_uneven_rows_are_named(tmp_path: Path) -> None:
    lines = _text(answers()).splitlines()
    lines[3] += ",9"
    lines[5] += ",,"
    lines[7] = lines[7].rsplit(",", 1)[0]
    finding = _refusal(tmp_path, "\n".join(lines))
    assert finding.code == "uneven-rows"
    assert finding.evidence.rows == (3, 5)
    assert finding.evidence.numbers == {"expected": 10, "found": 11, "first": 3}


def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    text = _text(answers().with_columns(id=pl.lit("é"))).encode("latin-1")
    study = make_study({"answers": by_occasion(encoding="utf-8")})
    assert _refusal(tmp_path, text, study).code == "wrong-encoding"
    study = make_study({"answers": by_occasion(encoding="klingon")})
    assert _refusal(tmp_path, text, study).code == "unknown-encoding"


@given(
    st.lists(
        st.lists(st.text('ab,;"\n é', max_size=4), min_size=2, max_size=4), min_size=1, max_size=6
    )
)
@settings(max_examples=80)
def test_field_counts_against_the_csv_module(rows: list[list[str]]) -> None:
    """Our count over bytes against Python's csv writer."""
    import csv
    import io

    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    counts = count_fields(buffer.getvalue().encode(), ",")
    assert counts.fields.tolist() == [len(row) for row in rows]
    assert not counts.open_quote


def test_field_counts_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    data = ("a,b,c\n" + '1,"x\n,y",3\n' * 50 + "1,2").encode()
    whole = count_fields(data, ",").fields
    monkeypatch.setattr("salutogen.panel.readers.text_structure._CHUNK", 7)
    assert np.array_equal(count_fields(data, ",").fields, whole)
    assert whole.tolist() == [3] * 51 + [2]


def test_delimiter_without_known_names() -> None:
    assert sniff_delimiter(b"a;b;c\n1,5;2,5;3\n1,5;2,5;3\n", []) == ";"
    assert sniff_delimiter(b"a,b\n1,2\n", []) == ","
    assert sniff_delimiter(b"a b\tc d\n1\t2\n", []) == "\t"
    assert sniff_delimiter(b"id|wave,x\n1|2\n", ["id"]) == "|"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_records_of_one_character_are_not_blank(end: str) -> None:
    data = end.join(["id", "7", "", "8", "9"]).encode()
    counts = count_fields(data, ",")
    assert counts.fields.tolist() == [1] * 5
    assert counts.blank.tolist() == [False, False, True, False, False]
