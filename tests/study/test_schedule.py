"""The planner of time: periods by kind and number, the same for `check` and `run`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from salutogen.study import Period, Study, read_study
from salutogen.study.format import Windows
from salutogen.study.outline import outline
from tests.study.small_study import GONE, changed, codes, refused


def planned(**changes: object) -> Study:
    return read_study(changed({key.replace("__", "/"): value for key, value in changes.items()}))


def refused_codes(values: dict[str, object]) -> list[str]:
    return codes(refused(values))


def test_periods_are_the_same_by_kind_and_number_never_by_name() -> None:
    window = Period(kind="window", number=1, label="1")
    assert window == Period(kind="window", number=1, label="first")
    assert window != Period(kind="phase", number=1, label="1")
    assert window != Period(kind="window", number=2, label="1")
    assert len({window, Period(kind="window", number=1), Period(kind="occasion", number=1)}) == 2
    assert str(Period(kind="phase", number=1, label="1")) == "phase 1"


def test_windows_that_count_occasions() -> None:
    schedule = planned(resilience__windows={"width": 3, "step": 2, "valid": 2}).schedule
    assert [(one.first, one.last) for one in schedule.windows()] == [("1", "3"), ("3", "5")]
    assert [one.occasions for one in schedule.windows()] == [range(3), range(2, 5)]
    assert schedule.number_of_windows == 2


def test_fewer_occasions_than_a_window_takes_are_one_window() -> None:
    study = planned(occasions={"every": "7 days", "count": 2}, resilience=GONE)
    (only,) = study.schedule.windows()
    assert (only.first, only.last, study.schedule.number_of_windows) == ("1", "2", 1)
    assert "Windows: 1" in outline(study)


@pytest.mark.parametrize("reference", ["first-window", {"window": 1}], ids=str)
def test_first_window_and_window_one_are_the_same(reference: object) -> None:
    two = {"occasions": {"every": "7 days", "count": 2}, "resilience": GONE}
    assert planned(**two, norm__reference=reference).schedule.number_of_windows == 1
    none = changed({"resilience/windows": None, "norm/reference": reference})
    assert refused_codes(none) == ["reference-invalid"]


def test_a_phase_and_a_window_are_not_one_reference() -> None:
    both = {
        "resilience/phases": {"1": {"from": "1", "to": "2"}},
        "norm/reference": {"window": 1, "phase": "1"},
    }
    assert refused_codes(changed(both)) == ["reference-invalid"]


def test_a_window_the_plan_does_not_have_is_refused() -> None:
    assert refused_codes(changed({"norm/reference": {"window": 5}})) == ["reference-invalid"]
    in_time = {"width": "21 days", "step": "7 days", "valid": 2}
    assert refused_codes(
        changed({"norm/reference": {"window": 5}, "resilience/windows": in_time})
    ) == ["reference-invalid"]


def test_windows_in_time_cover_the_planned_days() -> None:
    in_time = {"width": "21 days", "step": "7 days", "valid": 2}
    schedule = planned(resilience__windows=in_time).schedule
    days = [(one.start, one.end) for one in schedule.windows(last_day=900.0)]
    assert days == [(0, 21), (7, 28), (14, 35), (21, 42)]
    assert schedule.number_of_windows == 4


def test_without_planned_days_the_data_say_how_long_windows_go_on() -> None:
    in_time = {"width": "14 days", "step": "14 days", "valid": 1}
    schedule = planned(occasions={"labels": ["a", "b"]}, resilience__windows=in_time).schedule
    assert schedule.number_of_windows is None
    assert schedule.windows() == ()
    assert len(schedule.windows(last_day=30.0)) == 3


@pytest.mark.parametrize(
    ("width", "wide"), [("5 weeks", False), ("36 days", True), ("3 months", True)]
)
def test_windows_in_time_wider_than_the_plan_are_told(width: str, wide: bool) -> None:
    """Six weekly occasions lie within 35 days."""
    in_time = {"width": width, "step": "7 days", "valid": 2}
    study = planned(resilience__windows=in_time)
    told = [one for one in study.findings if one.code == "window-too-wide"]
    assert [one.severity for one in told] == ["warning"] * wide
    assert all(width in one.text and "35 days" in one.text for one in told)
    assert (study.schedule.number_of_windows == 1) == wide


def test_windows_in_time_need_a_time() -> None:
    in_time = {"width": "14 days", "step": "7 days", "valid": 2}
    untimed = {"sources/answers/time": GONE, "resilience/windows": in_time}
    found = read_study(changed(untimed)).findings
    assert [(one.code, one.severity) for one in found if "windows" in one.code] == [
        ("windows-by-planned-days", "note")
    ]
    assert refused_codes(changed({**untimed, "occasions": {"labels": ["a", "b", "c"]}})) == [
        "windows-need-time"
    ]


def test_phases_keep_the_order_of_the_file() -> None:
    phases = {"late": {"from": "4", "to": "6"}, "1": {"from": "1", "to": "3"}}
    late, first = planned(resilience__phases=phases).schedule.phases
    assert (late.number, late.label, late.occasions) == (1, "late", range(3, 6))
    assert (first.number, first.label, first.kind) == (2, "1", "phase")


def test_bursts_belong_to_their_occasions() -> None:
    burst = {"days": 5, "prompts_per_day": 4}
    blocks = [{"every": "7 days", "count": 2}, {"every": "7 days", "count": 2, "burst": burst}]
    found = planned(occasions=blocks, resilience=GONE).schedule.bursts
    assert [(one.label, one.start, one.end) for one in found] == [("3", 14, 19), ("4", 21, 26)]


def test_the_planner_needs_no_tables_and_no_arrays() -> None:
    script = "import sys, salutogen.study.schedule; print({'numpy', 'polars'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("width", "step", "overlap"),
    [(3, 1, True), (3, 3, False), ("9 months", "3 months", True), ("7 days", "1 week", False)],
)
def test_windows_overlap_where_they_move_by_less_than_their_width(
    width: int | str, step: int | str, overlap: bool
) -> None:
    assert Windows.model_validate({"width": width, "step": step}).overlap == overlap
