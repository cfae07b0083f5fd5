"""Figures of `results.json` are hidden by the kinds they were declared with."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
import pytest

from salutogen.columns import Column, Kind, Record, figure, record, rows
from salutogen.counts import Forms
from salutogen.page.audience import Audience
from salutogen.page.words import Share
from salutogen.pipeline.hidden_figures import HiddenFigures

AUDIENCE = Audience(individuals=False, n_persons=100, seed=1)
GROUPS = (
    Column(name="group", meaning="Group", kind=Kind.LABEL),
    Column(name="n", meaning="Persons", kind=Kind.COUNT, nested="statistics"),
    Column(name="mean", meaning="Mean"),
    Column(name="far", meaning="The farthest", kind=Kind.PERSON),
)


@record
class Inside(Record):
    """A part of few or of many."""

    n: int = figure("Persons", kind=Kind.COUNT)
    mean: float = figure("Mean")
    ends: tuple[float, float] = figure("Lowest and highest", kind=Kind.PERSON)
    quantiles: tuple[float, ...] = figure("Quantiles", at=(0.01, 0.5))


@record
class Made(Record):
    """A result with every kind of figure."""

    n: int = figure("Persons", kind=Kind.COUNT)
    left: int = figure("Who left", kind=Kind.COUNT)
    df: int = figure("Degrees of freedom")
    share: float = figure("Share", kind=Kind.SHARE)
    coefficients: Mapping[str, float] = figure("Coefficients")
    counts: Mapping[str, int] = figure("By label", kind=Kind.COUNT)
    seen: Mapping[str, int] = figure("By occasion", kind=Kind.COUNT, nested="counts")
    flow: Mapping[str, Mapping[str, int]] = figure("By rule", kind=Kind.COUNT, nested="counts")
    few: Inside | None = figure("Of few")
    many: Inside | None = figure("Of many")
    groups: pl.DataFrame = rows("By group", GROUPS)


def made() -> Made:
    return Made(
        n=80,
        left=3,
        df=2,
        share=0.5,
        coefficients={"E": 0.5, "site=B": 1.0},
        counts={"a": 3, "b": 20, "c": 40, "d": 17},
        seen={"1": 80, "2": 78, "3": 70},
        flow={"strict": {"seen": 60, "kept": 57}},
        few=Inside(n=4, mean=1.5, ends=(0.0, 9.0), quantiles=(0.1, 0.5)),
        many=Inside(n=60, mean=1.5, ends=(0.0, 9.0), quantiles=(0.1, 0.5)),
        groups=pl.DataFrame(
            {"group": ["all", "but one"], "n": [60, 59], "mean": [1.0, 0.9], "far": [9.0, 8.0]}
        ),
    )


def test_every_kind_is_hidden_by_its_rule() -> None:
    hide = HiddenFigures(AUDIENCE, ("site",))
    told = hide.of(made().to_dict(), Made.schema(), "made")
    assert (told["n"], told["left"], told["df"]) == (80, None, 2)
    assert told["share"] is None, "it stands beside a count that is hidden"
    assert told["coefficients"] == {"E": 0.5, "site": None}, "without the label"
    assert told["counts"] == {"a": None, "b": 20, "c": 40, "d": None}, "80 less the others is 3"
    assert told["seen"] == {"1": 80, "2": None, "3": 70}
    assert told["flow"] == {"strict": {"seen": 60, "kept": None}}
    assert told["few"] == {
        "n": None, "mean": None, "ends": [None, None], "quantiles": [None, None],
    }  # fmt: skip
    assert told["many"] == {
        "n": 60, "mean": 1.5, "ends": [None, None], "quantiles": [None, 0.5],
    }  # fmt: skip
    assert told["groups"].rows() == [("all", 60, 1.0, None), ("but one", None, None, None)]


def test_what_was_hidden_is_named() -> None:
    hide = HiddenFigures(AUDIENCE)
    hide.of(made().to_dict(), Made.schema(), "made")
    assert {"made.left", "made.seen.2", "made.few.mean", "made.groups[1].n"} <= set(hide.withheld)
    assert "made.n" not in hide.withheld


def test_a_line_of_a_norm_tells_no_extremes() -> None:
    change = {"E_from": 10.0, "E_to": 20.0}
    for claims, told in (({"expected_change": change}, [10.0, 20.0]), (None, [None, None])):
        line = {"range_E": [1.0, 99.0], "claims": claims, "n": 98, "n_persons": 60}
        found = HiddenFigures(AUDIENCE).of(line, {}, "line")
        assert (found["range_E"], found["n"], found["n_persons"]) == (told, 95, 60)


def test_the_coefficient_of_a_number_that_few_have_otherwise_is_not_told() -> None:
    """Among a line's terms alone: elsewhere its name may be a key of anything."""
    hide = HiddenFigures(AUDIENCE, ("num",))
    content = {"coefficients": {"intercept": 9.28, "E": 0.107, "num": 1.85}, "r": {"num": 0.2}}
    told = hide.of(content, {}, "line")
    assert told["coefficients"] == {"intercept": 9.28, "E": 0.107, "num": None}
    assert told["r"] == {"num": 0.2}


def test_errors_of_a_line_with_a_category_of_few_are_not_told() -> None:
    claims = {"df": 57.0, "df_by_term": [57.0, 2.5], "covariance": [[1.0, 0.5], [0.5, 2.0]]}
    line = {
        "range_E": [1.0, 99.0], "claims": claims, "n": 62, "terms": ["E", "site=B"],
        "covariance": [[1.0, 0.5], [0.5, 2.0]],
    }  # fmt: skip
    content = {"line": line, "covariance": [[1.0]]}
    told = HiddenFigures(AUDIENCE, ("site",)).of(content, {}, "norm")
    assert told["covariance"] == [[None]]
    assert told["line"]["covariance"] == [[None, None], [None, None]]
    assert told["line"]["claims"]["covariance"] == [[None, None], [None, None]]
    assert told["line"]["claims"]["df_by_term"] == [55.0, None]
    assert (told["line"]["n"], told["line"]["claims"]["df"]) == (60, 55.0)
    whole = HiddenFigures(AUDIENCE).of(content, {}, "norm")
    assert whole["line"]["covariance"] == line["covariance"]


def test_counts_and_shares_are_told_in_fives() -> None:
    hide = HiddenFigures(AUDIENCE)
    told = hide.of({**made().to_dict(), "n": 83, "left": 41}, Made.schema(), "made")
    assert (told["n"], told["left"]) == (85, 40)
    schema = {"properties": {
        "n": {"x-kind": "count"}, "share": {"x-kind": "share"}, "df": {"x-kind": "telling",
        "x-step": 5}, "binary": {}, "worth": {"x-kind": "count"},
    }}  # fmt: skip
    content = {"n": 83, "share": 20 / 83, "df": 81, "binary": Share(20 / 83, of=83), "worth": 61.2}
    told = hide.of(content, schema, "x")
    assert told == {
        "n": 85, "share": pytest.approx(20 / 85, abs=1e-3), "df": 80,
        "binary": pytest.approx(20 / 85), "worth": 60.0,
    }  # fmt: skip


def test_undeclared_whole_numbers_called_n_are_counts() -> None:
    hide = HiddenFigures(AUDIENCE)
    assert hide.of({"n": 3, "mean": 2.5, "window": 3}, {}, "x") == {
        "n": 3, "mean": 2.5, "window": 3,
    }  # fmt: skip
    told = hide.of({"n": 3, "mean": 2.5, "window": 3}, {"properties": {"window": {}}}, "x")
    assert (told["n"], told["mean"]) == (None, None)


@record
class OfForms(Record):
    """Counts and a share of forms, beside the count of their persons."""

    n_persons: int = figure("Persons", kind=Kind.COUNT)
    n_rows: int = figure("Their forms", kind=Kind.COUNT, by="n_persons")
    far: int = figure("Forms that are far", kind=Kind.COUNT)
    share: float = figure("Share of forms", kind=Kind.SHARE)


@pytest.mark.parametrize(
    ("persons", "far", "others", "told"),
    [
        (80, 6, 60, (80, 400, 10, 0.025)),
        (80, 4, 60, (80, 400, None, None)),  # twelve forms of four persons
        (80, 60, 4, (80, 400, None, None)),
        (97, 6, 60, (None, None, 10, None)),  # three persons have the other forms
    ],
)
def test_forms_go_with_their_persons(
    persons: int, far: int, others: int, told: tuple[float | None, ...]
) -> None:
    part = Forms(12, persons=far, others=others)
    made = OfForms(
        n_persons=persons, n_rows=402, far=part, share=Share(12 / 402, of=402, part=part)
    )
    found = HiddenFigures(AUDIENCE).of(made.to_dict(), OfForms.schema(), "x")
    assert tuple(found.values()) == told


@record
class ByLabel(Record):
    """Counts by label, and a record of each label beside them."""

    counts: Mapping[str, int] = figure("By label", kind=Kind.COUNT)
    parts: Mapping[str, Inside] = figure("What is seen of each label")


def test_what_is_withheld_by_label_is_withheld_of_the_label_beside_it() -> None:
    """The next smallest is hidden with the one of few: its record tells it no more than it does."""
    numbers = {"a": 3, "b": 10, "c": 40, "d": 27}
    of_other_persons = {"a": 3, "b": 9, "c": 40, "d": 27, "e": 10}
    parts = {
        name: Inside(n=n, mean=1.5, ends=(0.0, 9.0), quantiles=(0.1, 0.5))
        for name, n in of_other_persons.items()
    }
    hide = HiddenFigures(AUDIENCE)
    told = hide.of(ByLabel(counts=numbers, parts=parts).to_dict(), ByLabel.schema(), "made")
    assert told["counts"] == {"a": None, "b": None, "c": 40, "d": 25}
    assert {name: part["n"] for name, part in told["parts"].items()} == {
        "a": None, "b": None, "c": 40, "d": 25, "e": 10
    }  # fmt: skip
    assert told["parts"]["b"]["mean"] is None
    assert told["parts"]["c"]["mean"] == 1.5
    assert "made.parts.b.n" in hide.withheld
    assert len(hide.withheld) == len(set(hide.withheld))
