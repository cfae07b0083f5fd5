"""What `init` writes is always a study file that can be read, whatever the columns are called."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from salutogen.drafting import draft_study
from salutogen.errors import StudyError
from salutogen.findings import refusals
from salutogen.study import read_study
from tests.study.small_study import codes

ODD = (
    "{x}P_1", "{x}P_2", "a{1..3}", "a{1..3", "{occasion}", "P_{occasion}", "'", '"', ":", "a: b",
    "# c", "line\nbreak", "line\r\n2", "tab\t1", "yes", "no", "null", "~", "1e5", "0x1F", "True",
    "???", "", " ", "-", "- a", "&a", "*a", "!a", "%", "@", "`", "|", ">", "[a]", "{a}", "a,b",
    "Ünïcødé_1", "Ünïcødé_2", "漢字1", "漢字2", "😀1", "😀2",
    "\u2028_1", "\x85_1", "\ufeffid", "\x7f1",
    "id", "pid", "wave", "T", "PHQ_1", "PHQ_2", "PHQ_T1_1", "PHQ_T2_1", "bdi_s0", "bdi_s1",
    "subject", "time", "valid", "EV_1", "EV_01", "EV_2", "1", "2", "01", "..",
    "x" * 1500, "\x00_1",
)  # fmt: skip
CELLS = (
    None, "", "0", "1", "2", "3", "4", "-9", "-99", "999", "NA", "yes", "No", "Not at all",
    "Several days", "line\nbreak", 'a "b"', "a: b", "# x", "{y}", "1e5", "1e400", "nan", "inf",
    "1,5", "2026-01-01", "S1", "S2", "😀", "\x07", "???", "null", "- a", "\u2028",
)  # fmt: skip

names = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
    st.builds(
        "{}{}".format, st.sampled_from(("Q", "PHQ_", "EV.", "{a}", "ü ")), st.integers(0, 30)
    ),
)


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    """A small table of text under odd names."""
    columns = draw(st.lists(names, min_size=1, max_size=14, unique=True))
    rows = draw(st.integers(1, 8))
    cells = st.lists(st.sampled_from(CELLS), min_size=rows, max_size=rows)
    return pl.DataFrame({name: pl.Series(draw(cells), dtype=pl.String) for name in columns})


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(frame=frames(), file=names)
def test_any_names_and_answers_give_a_file_that_is_read(frame: pl.DataFrame, file: str) -> None:
    assert_readable(draft_study(frame, file).text)


@pytest.mark.parametrize("columns", [2_001, pytest.param(4_100, marks=pytest.mark.lengthy)])
def test_very_many_columns(columns: int) -> None:
    values = {f"Q{number}": ["0", "1", "3"] for number in range(1, columns + 1)}
    text = draft_study(pl.DataFrame({"id": ["a", "b", "c"], **values}), "wide.csv").text
    assert_readable(text)
    assert "Q{1.." in text


def test_many_small_lists() -> None:
    values = {f"{'x' * 120}{number}_{item}": ["0", "1"] for number in range(900) for item in (1, 2)}
    text = draft_study(pl.DataFrame({"id": ["a", "b"], **values}), "wide.csv").text
    assert_readable(text)
    assert len(text.encode()) < 1_000_000


def assert_readable(text: str) -> None:
    """Read a draft: only gaps may be refused."""
    with pytest.raises(StudyError) as caught:  # a title is always left to fill
        read_study(text)
    assert set(codes(refusals(caught.value.findings))) == {"gap-to-fill"}, text
