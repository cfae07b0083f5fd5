"""Event lists: what counts, what a blank means, and that an absent form is never zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.counts import Forms
from salutogen.page.words import Share
from salutogen.panel import Reason
from salutogen.scores.answers import Form, repeated_form
from salutogen.scores.checklist import ChecklistScore, checklist_totals, score_checklist
from salutogen.scores.exposure import type_measure
from salutogen.scores.scale_reliability import checklist_ends
from salutogen.scores.scores import Measure
from salutogen.study import AnswerRange
from tests.scores.factory import build_panel, build_study, checklist, instrument

Rows = list[list[float | None]]
N, A = Reason.NOT_ASKED, Reason.ANSWERED


def form_of(
    rows: Rows,
    *,
    reasons: dict[str, list[Reason]] | None = None,
    labels: tuple[str, ...] = ("1",),
    occasion: list[int] | None = None,
    **changes: Any,
) -> Form:
    items = [f"event {number}" for number in range(1, len(rows[0]) + 1)]
    events = checklist("events", items, **changes)
    study = build_study(
        [instrument("scale", ["mood"]), events],
        problems="scale",
        exposure={"types": ["events"]},
        labels=labels,
    )
    panel = build_panel(
        study,
        {"events": rows, "scale": [[1.0]] * len(rows)},
        reasons={"events": reasons} if reasons else None,
        occasion=occasion,
    )
    return repeated_form(panel, "events", None)


def scored(form: Form, kind: str, threshold: float | None = None) -> ChecklistScore:
    return score_checklist(checklist_totals(form, threshold=threshold), kind, most_skipped=0.2)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("count", [2, 0]), ("frequency", [7, 0]), ("severity", [7, 0]), ("relative", [7 / 20, 0])],
)
def test_kinds_by_hand(kind: str, expected: list[float]) -> None:
    assert scored(form_of([[0, 2, 5, 0], [0, 0, 0, 0]]), kind).score.tolist() == expected


def test_frequency_of_days_reaches_the_published_maximum() -> None:
    """58 events on 7 days each: at most 406 (microstressor inventory, last 7 days)."""
    form = form_of([[7.0] * 58, [1.0] * 58], answers=AnswerRange(0, 7))
    assert scored(form, "frequency").score.tolist() == [406, 58]
    assert scored(form, "count").score.tolist() == [58, 58]


def test_threshold_counts_from_a_code_on() -> None:
    assert scored(form_of([[0, 1, 2, 5]]), "count", threshold=2).score.tolist() == [2]


@pytest.mark.parametrize(
    ("absent", "span", "row", "count", "total"),
    [
        (1.0, AnswerRange(1, 2), [1, 2, 2], 2, 2),
        (1.0, AnswerRange(1, 5), [1, 3, 5], 2, 6),
        (-1.0, AnswerRange(-1, 5), [-1, 0, 5], 2, 5),
        (9.0, AnswerRange(0, 9), [9, 0, 5], 2, 5),
        (None, AnswerRange(0, 3), [0, 1, 3], 2, 4),
    ],
)
def test_the_code_of_an_event_that_did_not_happen_adds_nothing(
    absent: float | None, span: AnswerRange, row: list[float], count: float, total: float
) -> None:
    form = form_of([[*row]], answers=span, did_not_occur=absent)
    assert scored(form, "count").score.tolist() == [count]
    assert scored(form, "severity").score.tolist() == [total]


def test_up_to_a_fifth_skipped_counts_as_not_happened_within_bounds() -> None:
    form = form_of([[1, 1, 1, 1, None], [1, 1, 1, None, None], [1, 1, 1, 1, 1]])
    severity = scored(form, "severity")
    np.testing.assert_array_equal(severity.score, [4, np.nan, 5])
    assert severity.skipped.tolist() == [True, False, False]
    assert severity.too_many_skipped.tolist() == [False, True, False]
    assert severity.low.tolist() == [4, 3, 5]
    assert severity.high.tolist() == [9, 13, 5]
    assert scored(form, "count").high.tolist() == [5, 5, 5]


@pytest.mark.parametrize("form", ["explicit", "tick-list"])
@pytest.mark.parametrize("kind", ["count", "frequency", "severity", "relative"])
def test_an_absent_form_is_never_zero(form: str, kind: str) -> None:
    answers = form_of([[None, None, None], [0, 0, 0]], form=form)
    absent = scored(answers, kind)
    assert np.isnan(absent.score[0])
    assert np.isnan(absent.low[0])
    assert np.isnan(absent.high[0])
    assert absent.score[1] == 0
    assert absent.answered.tolist() == [False, True]


def test_a_tick_list_of_ratings_counts_its_blanks_as_no() -> None:
    """The panel writes 0 for a blank of a submitted tick-list, also where ratings start at 1."""
    form = form_of([[0, 1, 5]], form="tick-list", answers=AnswerRange(1, 5), did_not_occur=None)
    assert scored(form, "count").score.tolist() == [2]
    assert scored(form, "severity").score.tolist() == [6]


def test_an_impossible_answer_on_a_tick_list_is_not_a_no() -> None:
    reasons = {"event 1": [Reason.INVALID]}
    form = form_of([[None, 1, 1, 1, 1]], form="tick-list", reasons=reasons)
    ticked = scored(form, "count")
    assert ticked.skipped.tolist() == [True]
    assert ticked.high.tolist() == [5]


def test_items_not_asked_leave_the_denominator() -> None:
    """[22]: an event that never happens changes relative exposure only where it was asked."""
    short = form_of([[5, 0, None], [5, 0, 0]], reasons={"event 3": [N, A]})
    relative = scored(short, "relative")
    assert relative.score.tolist() == [5 / 10, 5 / 15]
    assert not relative.skipped.any()
    assert not relative.too_many_skipped.any()


def test_lists_by_occasion_say_what_was_asked() -> None:
    form = form_of(
        [[5, 5, None], [5, 5, 5]],
        labels=("early", "late"),
        occasion=[0, 1],
        asked={"early": frozenset({"event 1", "event 2"})},
    )
    totals = checklist_totals(form)
    assert totals.asked.tolist() == [2, 3]
    assert totals.skipped.tolist() == [0, 0]
    assert scored(form, "relative").score.tolist() == [1, 1]


def test_a_list_not_asked_at_all_has_no_score() -> None:
    reasons = {"event 1": [N, A], "event 2": [N, A]}
    unasked = scored(form_of([[None, None], [1, 1]], reasons=reasons), "relative")
    assert np.isnan(unasked.score[0])


def test_without_a_range_the_upper_bound_is_unknown() -> None:
    form = form_of([[1, 1, 1, 1, None]], answers=None)
    severity = scored(form, "severity")
    assert severity.score.tolist() == [4]
    assert np.isnan(severity.high[0])


rows = st.lists(
    st.lists(st.one_of(st.none(), st.integers(0, 5)), min_size=6, max_size=6),
    min_size=1,
    max_size=5,
)


@given(rows)
def test_agrees_with_scoring_row_by_row(table: list[list[int | None]]) -> None:
    form = form_of([[*row] for row in table])
    count, severity = scored(form, "count"), scored(form, "severity")
    for index, row in enumerate(table):
        answered = [value for value in row if value is not None]
        skipped = 6 - len(answered)
        if not answered or skipped > 0.2 * 6:
            assert np.isnan(count.score[index])
            assert np.isnan(severity.score[index])
        else:
            assert count.score[index] == sum(value > 0 for value in answered)
            assert severity.score[index] == sum(answered)
        if answered:
            assert severity.low[index] == sum(answered)
            assert severity.high[index] == sum(answered) + 5 * skipped


@pytest.mark.parametrize(("items", "said"), [(1, "The one item is an event"), (3, "The items are")])
def test_the_note_on_consistency_counts_the_items(items: int, said: str) -> None:
    measure = Measure(
        name="E", instruments=("events",), method="count", minimum=0.0, maximum=float(items),
        items=tuple(f"e{place}" for place in range(items)), unit="events",
    )  # fmt: skip
    ends = checklist_ends(measure, np.array([0.0, 1.0, np.nan]), np.array([0, 0, 1]))
    assert ends.note.startswith(said)
    assert (ends.n, ends.omega, ends.floor_share) == (2, None, 0.5)
    assert isinstance(ends.floor_share, Share)
    assert ends.floor_share.part == 1
    assert isinstance(ends.n, Forms)
    assert (ends.n.persons, ends.n.others) == (1, 1)


@pytest.mark.parametrize("stated", [0.0, None])
@pytest.mark.parametrize(
    ("kind", "expected", "ends"),
    [
        ("count", [3, 0], (0, 4)),
        ("severity", [-4, 0], (-12, 12)),
        ("relative", [-4 / 12, 0], (-1, 1)),
    ],
)
def test_ratings_below_zero_have_their_own_range(
    stated: float | None, kind: str, expected: list[float], ends: tuple[float, float]
) -> None:
    """Events rated from -3 (very bad) to 3 (very good): 0 is the event that did not happen."""
    form = form_of([[-3, -2, 1, 0], [0, 0, 0, 0]], answers=AnswerRange(-3, 3), did_not_occur=stated)
    assert scored(form, kind).score.tolist() == expected
    measure = type_measure(form.instrument, "E_events", kind, None)
    assert (measure.minimum, measure.maximum) == ends


@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=2, max_size=6))
def test_no_score_lies_outside_the_range_that_is_told(rows: Any) -> None:
    for stated in (None, 0, -3):
        form = form_of(rows, answers=AnswerRange(-3, 3), did_not_occur=stated)
        for kind in ("count", "severity", "relative"):
            measure = type_measure(form.instrument, "E_events", kind, None)
            score = scored(form, kind).score
            assert measure.minimum is not None
            assert measure.maximum is not None
            assert score.min() >= measure.minimum - 1e-12
            assert score.max() <= measure.maximum + 1e-12
