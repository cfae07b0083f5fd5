"""The same answers written as people write them read as the same panel."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salutogen.errors import PanelError
from salutogen.panel import Panel, read_panel
from salutogen.study import Study
from tests.panel.small_studies import (
    EVENTS,
    MOOD,
    answers,
    by_item,
    by_occasion,
    by_person,
    found,
    instrument,
    lengthen,
    make_study,
    same_panel,
    wide_instruments,
    widen,
)

LABELS = ("1", "2", "3")
WORDS = {"Not at all": 0, "Several days": 1, "More than half": 2, "Nearly every day": 3}
QUIET = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def gappy(blanks: list[int]) -> pl.DataFrame:
    """Answers of six persons of two sites, some blank; who is 0 to 2 exists at both sites."""
    frame = answers(6)
    for blank in blanks:
        column = [*MOOD, *EVENTS][blank % 7]
        place = blank // 7 % frame.height
        values = frame[column].to_list()
        values[place] = None
        frame = frame.with_columns(pl.Series(column, values, dtype=frame[column].dtype))
    return frame


def split_persons(frame: pl.DataFrame) -> pl.DataFrame:
    """The person's identifier as a site and a number that is unique within it."""
    number = pl.col("id").str.slice(1).cast(pl.Int64)
    site = pl.when(number < 3).then(pl.lit("North")).otherwise(pl.lit("South/West"))
    return frame.select(site.alias("site"), (number % 3).alias("pid"), pl.exclude("id"))


def joined_persons(frame: pl.DataFrame) -> pl.DataFrame:
    """The same with the identifier as it is written."""
    both = split_persons(frame)
    site = both["site"].str.replace("/", "\\/", literal=True)
    return frame.with_columns(id=site + "/" + both["pid"].cast(pl.String))


def text(
    frame: pl.DataFrame,
    *,
    delimiter: str = ",",
    titles: list[str] | None = None,
    further: int = 0,
    ragged: bool = False,
    announced: bool = False,
) -> str:
    """A delimited text with lines above the header, rows below it, and rows cut at their end."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    writer.writerow(frame.columns)
    for number in range(further):
        writer.writerow([f"wording {number}\nof {name!r}" for name in frame.columns])
    for row in frame.iter_rows():
        cells = ["" if cell is None else str(cell) for cell in row]
        while ragged and len(cells) > 1 and not cells[-1]:
            cells.pop()
        writer.writerow(cells)
    above = [f"sep={delimiter}"] if announced else []
    return "\n".join([*above, *(titles or []), buffer.getvalue()])


def worded(frame: pl.DataFrame) -> pl.DataFrame:
    words = {number: word for word, number in WORDS.items()}
    return frame.with_columns(
        pl.col(MOOD).replace_strict(words, default=None, return_dtype=pl.String)
    )


def study_of(layout: str, *, recode: bool, **source: Any) -> Study:
    plan = {"occasion": by_occasion, "person": by_person, "item": by_item}[layout]
    given = plan(**source)
    if layout == "person":
        mood, events = wide_instruments()
    else:
        mood = instrument("mood", "M_{1..4}", "0..3")
        events = instrument("events", "E_{1..3}", "0..5", "exposure")
    if recode:
        mood = instrument(
            "mood", "M_{1..4}_w{occasion}" if layout == "person" else "M_{1..4}", "0..3",
            recode=WORDS,
        )  # fmt: skip
    return make_study({"answers": given}, [mood, events])


@QUIET
@given(
    layout=st.sampled_from(["occasion", "person", "item"]),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    titles=st.lists(st.text("abc: \"'", max_size=12), max_size=3),
    further=st.integers(0, 2),
    ragged=st.booleans(),
    announced=st.booleans(),
    sites=st.booleans(),
    recode=st.booleans(),
    blanks=st.lists(st.integers(0, 7 * 18 - 1), max_size=30),
)
def test_any_way_of_writing_a_text_file_gives_the_same_panel(
    tmp_path: Path,
    layout: str,
    delimiter: str,
    titles: list[str],
    further: int,
    ragged: bool,
    announced: bool,
    sites: bool,
    recode: bool,
    blanks: list[int],
) -> None:
    frame = gappy(blanks)
    expected = read_panel(make_study(), joined_persons(frame) if sites else frame)
    written = worded(frame) if recode else frame
    shaped = {"occasion": lambda one: one, "person": widen, "item": lengthen}[layout](
        written.with_columns(pl.col(EVENTS).cast(pl.String)) if recode else written
    )
    if sites:
        shaped = split_persons(shaped)
    path = tmp_path / "answers.csv"
    path.write_text(
        text(shaped, delimiter=delimiter, titles=titles, further=further, ragged=ragged,
             announced=announced),
        encoding="utf-8",
    )  # fmt: skip
    study = study_of(
        layout, recode=recode, skip_rows=len(titles) + (1 if announced and titles else 0),
        header_rows=further + 1, person=["site", "pid"] if sites else "id",
    )  # fmt: skip
    panel = read_panel(study, path)
    assert panel.persons["subject"].to_list() == expected.persons["subject"].to_list()
    assert _same(panel, expected)
    codes = found(panel)
    assert ("rows-above-data" in codes) == bool(titles or further or announced)
    assert ("several-columns" in codes) == sites
    assert ("words-as-answers" in codes) == recode


def _same(first: Panel, second: Panel) -> bool:
    """Rows whose form is wholly blank aside: a file by item has no row for them."""
    return bool(
        same_panel(first, second)
        or (
            first.rows.drop("data_row").equals(second.rows.drop("data_row"))
            and all(first.answers[name].equals(second.answers[name]) for name in first.answers)
        )
    )


@QUIET
@given(
    wide=st.booleans(),
    marked=st.booleans(),
    order=st.permutations(LABELS),
    blanks=st.lists(st.integers(0, 7 * 18 - 1), max_size=30),
    absent=st.sets(st.integers(0, 17), max_size=6),
)
def test_a_file_for_each_occasion_gives_the_same_panel(
    tmp_path: Path, wide: bool, marked: bool, order: list[str], blanks: list[int], absent: set[int]
) -> None:
    frame = gappy(blanks).filter(pl.Series([place not in absent for place in range(18)]))
    marked = marked and wide
    expected = read_panel(make_study(), frame)
    for label in LABELS:
        part = frame.filter(pl.col("wave") == label).drop("wave")
        if marked:
            names = {name: f"{name}_w{label}" for name in part.columns if name != "id"}
            part = part.rename(names)
        (tmp_path / f"wave {label}.csv").write_text(text(part), encoding="utf-8")
    source = {
        "files": {label: f"wave {label}" for label in order},
        "layout": "row-per-person" if wide else "row-per-occasion",
        "person": "id",
        "time": {"column": "day_w{occasion}" if marked else "day", "unit": "days"},
    }
    study = make_study({"answers": source}, wide_instruments() if marked else None)
    panel = read_panel(study, tmp_path)
    assert "file-per-occasion" in found(panel)
    assert _by_subject(panel).equals(_by_subject(expected))
    assert [one.name for one in panel.inputs] == [f"wave {label}.csv" for label in LABELS]


def _by_subject(panel: Panel) -> pl.DataFrame:
    """Everything about each person and occasion, by the person's identifier."""
    subjects = panel.persons["subject"].gather(panel.rows["person"])
    columns = [subjects, panel.rows["occasion"], panel.rows["time"]]
    whole = pl.DataFrame(columns).hstack(
        [column for frame in panel.answers.values() for column in frame.iter_columns()]
    )
    return whole.sort("subject", "occasion")


def test_files_with_one_row_per_answer(tmp_path: Path) -> None:
    frame = gappy([5, 40, 77])
    for label in LABELS:
        part = lengthen(frame.filter(pl.col("wave") == label)).drop("wave")
        if label == "3":  # an item that was not asked any more
            part = part.filter(pl.col("item") != "M_2")
        part.write_csv(tmp_path / f"long{label}.csv")
    source = by_item(files={label: f"long{label}" for label in LABELS}, occasion=None, file=None)
    panel = read_panel(make_study({"answers": source}), tmp_path)
    asked = pl.when(pl.col("wave") != "3").then(pl.col("M_2"))
    expected = read_panel(make_study(), frame.with_columns(asked))
    assert _by_subject(panel).equals(_by_subject(expected))
    misspelt = lengthen(frame).drop("wave").with_columns(pl.col("item").replace({"M_2": "M-2"}))
    (tmp_path / "long1.csv").write_text(misspelt.write_csv())
    (tmp_path / "long2.csv").write_text((tmp_path / "long3.csv").read_text())
    with pytest.raises(PanelError) as refused:
        read_panel(make_study({"answers": source}), tmp_path)
    assert "item-missing" in found(refused.value)


@pytest.mark.parametrize("as_frames", [True, False])
def test_files_are_given_by_occasion_in_python(tmp_path: Path, as_frames: bool) -> None:
    frame = answers()
    parts: dict[Any, Any] = {}
    for label in LABELS:
        part = frame.filter(pl.col("wave") == label).drop("wave")
        path = tmp_path / f"{label}.csv"
        part.write_csv(path)
        parts[int(label)] = part if as_frames else str(path)
    source = {"files": {label: f"{label}.csv" for label in LABELS}, "person": "id"}
    study = make_study({"answers": source})
    panel = read_panel(study, {"answers": parts})
    expected = read_panel(make_study(), frame)
    assert panel.answers["mood"].equals(expected.answers["mood"])
    for given_data, code in (
        ({"answers": frame}, "file-for-each-occasion"),
        ({"answers": {"1": frame, "2": frame}}, "source-not-given"),
        ({"answers": parts | {"9": frame}}, "unknown-source"),
    ):
        with pytest.raises(PanelError) as refused:
            read_panel(study, given_data)
        assert code in found(refused.value)


def test_what_is_asked_once_stands_in_one_of_the_files(tmp_path: Path) -> None:
    frame = answers(4)
    trait = pl.DataFrame({"id": ["p03", "p01", "p00"], "T_1": [2, 1, 0], "age": [40, 30, 20]})
    for label in LABELS:
        part = frame.filter(pl.col("wave") == label).drop("wave", "day")
        if label == "2":
            part = part.join(trait, on="id", how="left")
        part.write_csv(tmp_path / f"w{label}.csv")
    source = {"files": {label: f"w{label}.csv" for label in LABELS}, "person": "id"}
    entries = [
        instrument("mood", "M_{1..4}", "0..3"),
        instrument("events", "E_{1..3}", "0..5", "exposure"),
        instrument("trait", "T_1", "0..4", "trait", measured="baseline"),
    ]
    study = make_study({"answers": source}, entries, background={"age": {"column": "age"}})
    panel = read_panel(study, tmp_path)
    assert panel.baseline["trait"]["T_1"].to_list() == [0, 1, None, 2]
    assert panel.persons["age"].to_list() == [20, 30, None, 40]
    (tmp_path / "w2.csv").write_text(
        frame.filter(pl.col("wave") == "2").drop("wave", "day", "M_3").write_csv()
    )
    with pytest.raises(PanelError) as refused:
        read_panel(study, tmp_path)
    missing = {one.evidence.column: one.evidence.file for one in refused.value.findings}
    assert missing["M_3"] == "w2.csv"
    assert set(missing) == {"M_3", "T_1", "age"}
    assert len(refused.value.findings) == 3
