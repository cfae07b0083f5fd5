"""The collection of lines: one key for each, in the order they were fitted in."""

from __future__ import annotations

import pytest

from salutogen.norm import Line, LineKey, Norm, fit_norm
from salutogen.study import Period
from tests.norm.cohorts import simulated

PHASES = {"phases": {"1": {"from": "T0", "to": "T1"}, "after": {"from": "T2", "to": "T4"}}}


@pytest.fixture(scope="module")
def norm() -> Norm:
    return fit_norm(simulated(resilience=PHASES))


def test_each_line_has_one_key(norm: Norm) -> None:
    lines = norm.lines
    assert LineKey("person") in lines
    assert lines[LineKey("person")] is lines.person is lines.reference("person")
    assert LineKey("person", exposure="nothing") not in lines
    assert lines.of("person", variant="unheard of") is None
    with pytest.raises(KeyError):
        lines[LineKey("phase", Period(kind="window", number=1))]


def test_windows_and_phases_of_one_number_are_told_apart(norm: Norm) -> None:
    window = norm.lines.of("window", period=Period(kind="window", number=1))
    phase = norm.lines.of("phase", period=Period(kind="phase", number=1))
    assert window is norm.lines.reference("window")
    assert phase is norm.lines.reference("phase")
    assert window is not None
    assert phase is not None
    assert (window.reference, phase.reference) == ("window 1", "phase 1")
    assert window.coefficients != phase.coefficients


def test_lines_come_in_the_order_of_the_plan(norm: Norm) -> None:
    lines = norm.lines
    assert [one.label for one in lines.by_period("window")] == ["1", "2", "3"]
    assert [one.label for one in lines.by_period("phase")] == ["1", "after"]
    assert [one.label for one in lines.by_period("occasion")] == ["T0", "T1", "T2", "T3", "T4"]
    assert list(lines.by_exposure("window")) == ["general", "pandemic"]
    assert list(lines.variants) == [
        *(f"{name}_occasion" for name in ("winsorised", "robust", "quadratic")),
        *(f"{name}_person" for name in ("winsorised", "robust", "quadratic")),
        "mixed",
    ]
    again = fit_norm(simulated(resilience=PHASES)).lines
    assert list(again) == list(lines)
    assert len(again) == len(lines)


def test_plain_data_have_the_keys_of_the_results_file(norm: Norm) -> None:
    content = norm.to_dict()
    assert list(content) == list(type(norm).schema()["properties"])
    # Only winsorised lines know of persons whose values were pulled in.
    known = [name for name in Line.schema()["properties"] if name != "n_changed"]
    assert list(content["person"]) == known
    assert content["variants"]["winsorised_person"]["n_changed"] >= 0
    assert content["primary"]["unit"] == "person"
    assert set(content["variants"]["quadratic_person"]["coefficients"]) == {"intercept", "E", "E2"}


def test_representations_are_short(norm: Norm) -> None:
    for shown in (norm, norm.lines, norm.lines.person):
        assert len(repr(shown)) < 200
        assert "shape:" not in repr(shown), "no frame is printed"
    assert repr(norm.lines).startswith("Lines(occasion: ")
