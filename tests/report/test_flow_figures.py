"""What is withheld from figures of the flow is marked, and many occasions stay readable."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.page.audience import Audience
from salutogen.page.charting import MANY_LABELS
from salutogen.page.section import Figure, Table
from salutogen.page.small_counts import as_told
from salutogen.page.words import Sentence
from salutogen.report.sections import flow
from salutogen.report.sections.flow import told_per_person
from salutogen.report.sections.flow_figures import (
    BY_NUMBER,
    WITHHELD,
    blocks_of_occasions,
    flow_figure,
    flow_in_blocks,
    missing_figure,
    per_person_figure,
)

HIDDEN = Audience(individuals=False, n_persons=143, seed=1)


def counted(answered: list[int | None], valid: list[int | None]) -> pl.DataFrame:
    labels = [f"w{place}" for place in range(1, len(answered) + 1)]
    return pl.DataFrame({"occasion": labels, "answered": answered, "valid": valid})


def grey(figure: Figure) -> list[Any]:
    """Labels behind which a grey field lies."""
    layers = [one for one in figure.specification()["layer"] if one["mark"]["type"] == "rect"]
    assert all(one["encoding"]["color"]["datum"] == WITHHELD for one in layers)
    return [next(iter(row.values())) for one in layers for row in one["data"]["values"]]


def described(figure: Figure) -> str:
    text = figure.description
    return text.worded(HIDDEN.in_a_sentence) if isinstance(text, Sentence) else text


def test_a_withheld_bar_is_grey_and_no_half_bar_is_drawn() -> None:
    figure = flow_figure(counted([40, 36, None, 0], [38, None, None, 0]))
    assert grey(figure) == ["w2", "w3"], "0 persons is a number that is told"
    assert figure.data["answered"].to_list() == [40, None, None, 0]
    assert "2 occasions" not in described(figure)
    assert "withheld, not 0" in described(figure)
    assert "with the number above" in described(figure)
    whole = flow_figure(counted([40, 36], [38, 30]))
    assert grey(whole) == []
    assert "withheld" not in described(whole)


def test_withheld_shares_and_numbers_are_grey() -> None:
    missing = pl.DataFrame(
        {
            "occasion": ["a", "b", "a", "b"],
            "reason": ["skipped", "skipped", "form absent", "form absent"],
            "share": [0.1, None, 0.2, 0.1],
        }
    )
    assert grey(missing_figure(missing, ("a", "b"))) == ["b"]
    counts = pl.DataFrame({"valid": ["0", "1", "2"], "persons": [0, None, 50]})
    assert grey(per_person_figure(counts)) == ["1"]


def test_blocks_are_means_to_five_that_hide_few() -> None:
    generator = np.random.default_rng(1)
    valid = np.r_[np.full(7, 141), generator.integers(20, 130, 94), np.full(7, 3)]
    answered = valid + 1
    found = blocks_of_occasions(counted(answered.tolist(), valid.tolist()), HIDDEN)
    assert found.height <= MANY_LABELS
    assert found["occasions"][0] == "w1 to w7"
    assert found["valid"][0] is None, "all but few"
    assert found["valid"][-1] is None, "few"
    means = valid[7:101].reshape(-1)[:91].reshape(13, 7).mean(axis=1)
    told = found["valid"].to_numpy()[1:14]
    assert np.abs(told - means).max() <= 2.5
    assert set(told % 5) == {0.0}
    assert found["answered"][1:14].to_list() == told.tolist(), "one form is not drawn as five"
    figure = flow_in_blocks(counted(answered.tolist(), valid.tolist()), HIDDEN)
    assert grey(figure) == [found["occasions"][0], found["occasions"][-1]]


@pytest.mark.parametrize("occasions", [4, MANY_LABELS, 17, 31, 108])
def test_numbers_of_occasions_are_joined_so_that_nobody_is_lost(occasions: int) -> None:
    generator = np.random.default_rng(occasions)
    valid = generator.integers(0, 2, 60 * occasions).astype(bool)
    person = np.repeat(np.arange(60), occasions)
    context: Any = SimpleNamespace(
        scores=SimpleNamespace(table=pl.DataFrame({"person": person, "valid": valid})),
        panel=SimpleNamespace(n_persons=62),
        labels=tuple(str(label) for label in range(occasions)),
    )
    found = flow.valid_per_person(context)
    assert found.height <= MANY_LABELS + 1
    assert found["persons"].sum() == 62
    numbers = np.bincount(person, weights=valid, minlength=62)
    ends = [label.split(" to ") for label in found["valid"].to_list()]
    assert ends[0] == ["0"]
    assert int(ends[-1][-1]) == occasions
    for (first, *last), persons in zip(ends, found["persons"].to_list(), strict=True):
        upper = int(last[0]) if last else int(first)
        assert persons == int(((numbers >= int(first)) & (numbers <= upper)).sum())


def test_ticks_of_small_shares_are_not_all_written_0() -> None:
    """Four answers of ten thousand: with one decimal of a percent every tick reads 0.0 %."""
    missing = pl.DataFrame({"occasion": ["a"], "reason": ["skipped"], "share": [0.0004]})
    layers = missing_figure(missing, ("a",)).specification()["layer"]
    (axis,) = {one["encoding"]["y"]["axis"]["format"] for one in layers if "y" in one["encoding"]}
    assert axis == ".3~p", "three significant digits, trailing zeros trimmed"


def test_numbers_of_occasions_that_nobody_can_have_hide_no_other_one() -> None:
    """With everyone there three times, blanks below three would leave the few to be solved."""
    hidden = Audience(individuals=False, n_persons=80, seed=1)
    counts = pl.DataFrame(
        {"valid": [str(n) for n in range(8)], "persons": [0, 0, 0, 0, 4, 1, 0, 75]}
    )
    flow = pl.DataFrame({"valid": [80, None, 80, None, 80, 75, 75]})
    told = told_per_person(counts, flow, hidden)
    assert told["valid"].to_list() == counts["valid"].to_list()
    assert told["persons"].to_list() == [0, 0, 0, None, None, None, 0, None]
    alone = as_told(Table(name="n", title="", frame=counts, columns=BY_NUMBER), hidden).frame
    assert alone["persons"].null_count() == 4
    assert alone["persons"][0] is None, "which the flow gives back"
    shown = Audience(individuals=True, n_persons=80, seed=1)
    assert told_per_person(counts, flow, shown).equals(counts)
