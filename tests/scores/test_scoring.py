"""`score` as a whole: rows, how scales and types combine, what is refused and what is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ScoreError
from salutogen.panel import Panel
from salutogen.scores import FirstComponent, Scores, Standardiser, score
from salutogen.study import AnswerRange, Instrument, ScoringRule
from tests.scores.factory import build_panel, build_study, checklist, instrument

MOOD = instrument("mood", ["m1", "m2", "m3", "m4", "m5"])
HASSLES = checklist("hassles", ["h1", "h2", "h3", "h4", "h5"])
EVENTS = checklist("events", ["e1", "e2"])
SEVERITY_SUM = {"types": ["hassles", "events"], "score": "severity", "combine": "sum"}


def small(
    mood: list[Any],
    hassles: list[Any],
    events: list[Any] | None = None,
    *,
    exposure: dict[str, Any] | None = None,
    instruments: list[Instrument] | None = None,
    **more: Any,
) -> Panel:
    study = build_study(
        instruments or [MOOD, HASSLES, EVENTS],
        problems="mood",
        exposure=exposure or SEVERITY_SUM,
        labels=("before", "after"),
    )
    rows = events if events is not None else [[0, 1]] * len(mood)
    return build_panel(study, {"mood": mood, "hassles": hassles, "events": rows}, **more)


def codes(scores: Scores) -> list[str]:
    return [one.code for one in scores.findings]


def refused(panel: Panel) -> list[str]:
    with pytest.raises(ScoreError) as caught:
        score(panel)
    return [one.code for one in caught.value.findings]


MOODS = [[0, 0, 0, 1, 1], [1, 1, 1, 1, 1], [3, 3, 3, 3, 3], [2, 2, 2, 2, 1]]
HASSLED = [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [5, 5, 0, 0, 0], [2, 0, 0, 0, 2]]


def test_table_has_its_columns_in_order_and_its_rows_as_read() -> None:
    scores = score(
        small(MOODS, HASSLED, person=[0, 0, 1, 1], occasion=[0, 1, 0, 1], time=[0, 7, 1, 9])
    )
    assert scores.table.columns == [
        "person", "occasion_index", "occasion", "time", "E", "P", "E_hassles",
        "E_events", "valid", "P_prorated", "E_skipped", "E_low", "E_high", "P_low", "P_high",
    ]  # fmt: skip
    assert scores.table["person"].to_list() == [0, 0, 1, 1]
    assert scores.persons["subject"].to_list() == ["id 0", "id 1"]
    assert scores.table["occasion"].to_list() == ["before", "after", "before", "after"]
    assert scores.table["P"].to_list() == [2, 5, 15, 9]
    assert scores.table["E"].to_list() == [1, 2, 11, 5]
    assert scores.table["valid"].all()
    assert scores.table.schema["person"] == pl.UInt32
    assert scores.table.schema["occasion_index"] == pl.UInt16


def test_a_row_without_answers_is_only_in_the_flow() -> None:
    nothing = [None] * 5
    scores = score(
        small(
            [*MOODS, nothing],
            [*HASSLED, nothing],
            [[0, 1]] * 4 + [[None, None]],
            person=[0, 0, 1, 1, 2],
            occasion=[0, 1, 0, 1, 0],
        )
    )
    assert scores.table["person"].to_list() == [0, 0, 1, 1]
    assert scores.flow["planned"].to_list() == [3, 3]
    assert scores.flow["answered"].to_list() == [2, 2]
    assert "rows-without-answers" in codes(scores)


def test_absent_exposure_is_missing_never_zero() -> None:
    """A published file shows absent forms as zero stress: 181 of 317 zeros at its last wave."""
    scores = score(small(MOODS, [*HASSLED[:3], [None] * 5]))
    assert scores.table["E_hassles"].to_list() == [0, 1, 10, None]
    assert scores.table["E"].to_list() == [1, 2, 11, None]
    assert scores.table["E_low"].to_list()[3] is None
    assert scores.table["valid"].to_list() == [True, True, True, False]
    (absent,) = [one for one in scores.findings if one.code == "exposure-absent"]
    assert absent.evidence.rows == (4,)
    (partial,) = [one for one in scores.findings if one.code == "exposure-type-missing"]
    assert partial.evidence.n_rows == 1


def test_skipped_items_are_flagged_bounded_and_said() -> None:
    skipping = [*HASSLED[:3], [2, 0, 0, 0, None]]
    moods = [*MOODS[:3], [2, 2, 2, 2, None]]
    scores = score(small(moods, skipping))
    last = scores.table.row(3, named=True)
    assert (last["P"], last["P_prorated"], last["P_low"], last["P_high"]) == (10, True, 8, 11)
    assert (last["E"], last["E_skipped"], last["E_low"], last["E_high"]) == (3, True, 3, 8)
    first = scores.table.row(0, named=True)
    assert first["E_low"] == first["E"] == first["E_high"]
    assert {scores.table.schema[name] for name in ("E_low", "E_high", "P_low", "P_high")} == {
        pl.Int8
    }  # a byte a row
    assert {"problems-prorated", "skipped-items-as-zero"} <= set(codes(scores))
    assert scores.alternatives["E_hassles_high"].to_list() == [0, 1, 10, 7]


def test_bounds_reach_rows_with_too_few_answers() -> None:
    scores = score(small([*MOODS, [1, 1, None, None, None]], [*HASSLED, [1, None, None, 0, 0]]))
    last = scores.table.row(4, named=True)
    assert last["P"] is None
    assert (last["P_low"], last["P_high"]) == (2, 11)
    assert last["E"] is None
    assert (last["E_low"], last["E_high"]) == (2, 12)
    assert {"problems-too-few-items", "exposure-too-many-skipped"} <= set(codes(scores))


def test_composite_is_the_mean_of_z_over_valid_rows() -> None:
    events = [[0, 1], [4, 1], [5, 5], [None, None]]
    exposure = SEVERITY_SUM | {"combine": "composite"}
    scores = score(small(MOODS, HASSLED, events, exposure=exposure))
    hassles, happened = np.array([0.0, 1, 10]), np.array([1.0, 5, 10])
    z = [(one - one.mean()) / one.std(ddof=1) for one in (hassles, happened)]
    np.testing.assert_allclose(scores.table["E"].to_list()[:3], (z[0] + z[1]) / 2)
    assert scores.table["E"].to_list()[3] is None
    fitted = scores.exposure_standardiser
    assert isinstance(fitted, Standardiser)
    assert fitted.n == 3
    np.testing.assert_allclose(fitted.composite(scores.table)[:3], scores.table["E"][:3])


def test_separate_types_show_their_sum() -> None:
    scores = score(small(MOODS, HASSLED, [[0, 1], [0, 1], [3, 3], [0, 0]],
                         exposure=SEVERITY_SUM | {"combine": "separate"}))  # fmt: skip
    assert scores.combine == "separate"
    assert scores.table["E"].to_list() == [1, 2, 16, 4]


def test_wellbeing_is_turned_round() -> None:
    wellbeing = instrument(
        "mood",
        MOOD.items,
        answers=AnswerRange(0, 5),
        measures="wellbeing",
        higher="better",
        scoring=ScoringRule(name="percent", multiply=4),
    )
    scores = score(small(MOODS, HASSLED, instruments=[wellbeing, HASSLES, EVENTS]))
    assert scores.table["P"].to_list() == [100 - 8, 100 - 20, 100 - 60, 100 - 36]
    assert scores.measures["P"].method == "sum, percent, turned round"
    assert scores.measures["P"].higher == "worse"


TWO = [
    instrument("phq", ["p1", "p2", "p3"]),
    instrument("who", ["w1", "w2", "w3"], higher="better", answers=AnswerRange(0, 5)),
    HASSLES,
]


def two_scales(combine: str, n: int = 40) -> Panel:
    rng = np.random.default_rng(3)
    bad = rng.normal(size=n)
    noise = rng.normal(size=(n, 6)) * 0.5
    phq = np.clip(np.round(1.5 + bad[:, None] + noise[:, :3]), 0, 3)
    who = np.clip(np.round(2.5 - 1.5 * bad[:, None] + noise[:, 3:]), 0, 5)
    events = np.clip(np.round(1 + bad[:, None] * 0.5 + rng.normal(size=(n, 5))), 0, 5)
    study = build_study(
        TWO,
        problems={"instruments": ["phq", "who"], "combine": combine},
        exposure={"types": ["hassles"], "score": "severity", "combine": "sum"},
    )
    return build_panel(
        study, {"phq": phq.tolist(), "who": who.tolist(), "hassles": events.tolist()}
    )


def test_sum_of_scales_adds_them_all_pointing_to_problems() -> None:
    scores = score(two_scales("sum"))
    table = scores.table
    assert table["P"].to_list() == (table["P_phq"] + table["P_who"]).to_list()
    assert (scores.measures["P"].minimum, scores.measures["P"].maximum) == (0, 9 + 15)
    assert table.select(pl.corr("P_phq", "P_who")).item() > 0.5


def test_first_component_points_to_problems_and_is_stored() -> None:
    scores = score(two_scales("first-component"))
    component = scores.first_component
    assert isinstance(component, FirstComponent)
    assert component.columns == ("P_phq", "P_who")
    assert all(loading > 0 for loading in component.loadings)
    assert scores.table.select(pl.corr("P", "P_phq")).item() > 0.5
    table = scores.table
    z = (table["P_phq"] - table["P_phq"].mean()) / table["P_phq"].std()
    y = (table["P_who"] - table["P_who"].mean()) / table["P_who"].std()
    np.testing.assert_allclose(table["P"], (z + y) / np.sqrt(2), atol=1e-9)
    assert scores.measures["P"].unit == "first component"
    assert "first-component-used" in codes(scores)


def test_combined_reliability_follows_mosier() -> None:
    scores = score(two_scales("sum"))
    by_scale = {one.scale: one for one in scores.reliability if one.level == "first form"}
    table = scores.table
    error = sum(
        table[name].var() * (1 - (by_scale[name].omega or 0)) for name in ("P_phq", "P_who")
    )
    assert scores.reliability_p == pytest.approx(1 - error / table["P"].var())


def test_reliability_of_the_study_file_goes_first() -> None:
    stated = instrument("mood", MOOD.items, reliability=0.77)
    scores = score(small(MOODS, HASSLED, instruments=[stated, HASSLES, EVENTS]))
    assert scores.reliability_p == 0.77


def test_unknown_reliability_is_none_and_said() -> None:
    scores = score(small(MOODS, HASSLED))
    assert scores.reliability_p is None
    assert "problems-reliability-unknown" in codes(scores)


def test_factors_stand_beside_rows_and_persons() -> None:
    support = instrument("support", ["s1", "s2"], answers=AnswerRange(1, 5), measures="resource")
    optimism = instrument("optimism", ["opt"], measured="baseline", answers=None)
    trauma = checklist("trauma", ["t1", "t2"], measured="baseline", measures="adversity")
    study = build_study(
        [MOOD, HASSLES, EVENTS, support, optimism, trauma],
        problems="mood",
        exposure=SEVERITY_SUM,
        factors=["support", "optimism", "trauma"],
    )
    panel = build_panel(
        study,
        {
            "mood": MOODS,
            "hassles": HASSLED,
            "events": [[0, 1]] * 4,
            "support": [[1, 2], [5, 5], [3, 3], [None, 4]],
        },
        baseline={
            "optimism": [[-1.5], [None], [2.25], [7]],
            "trauma": [[1, 0], [None, None], [0, 0], [5, 5]],
        },
    )
    scores = score(panel)
    assert scores.factor("support").to_list() == [3, 10, 6, None]
    assert scores.persons["optimism"].to_list() == [-1.5, None, 2.25, 7]
    assert scores.persons["trauma"].to_list() == [1, None, 0, 10]
    assert scores.factors_repeated == ("support",)
    assert scores.factors_baseline == ("optimism", "trauma")


def test_subscales_stand_among_the_alternatives() -> None:
    with_parts = instrument("mood", MOOD.items, subscales={"low": ("m1", "m2")})
    scores = score(small(MOODS, HASSLED, instruments=[with_parts, HASSLES, EVENTS]))
    assert scores.alternatives["mood_low"].to_list() == [0, 2, 6, 4]


@pytest.mark.parametrize(
    ("mood", "hassles", "expected"),
    [
        ([[1] * 5] * 4, HASSLED, ["problems-never-vary"]),
        (MOODS, [[0] * 5] * 4, ["exposure-never-varies"] * 2),
        ([[1] * 5] * 4, [[0] * 5] * 4, ["problems-never-vary", *["exposure-never-varies"] * 2]),
        (MOODS, [[None] * 5] * 4, ["no-valid-occasions"]),
    ],
)
def test_what_cannot_be_scored_is_refused_all_at_once(
    mood: list[Any], hassles: list[Any], expected: list[str]
) -> None:
    assert refused(small(mood, hassles)) == expected


def test_types_that_cancel_out_are_refused_as_a_sum() -> None:
    mirrored = [[2, 0, 0, 0, 0], [1, 0, 0, 0, 0], [2, 0, 0, 0, 0], [1, 0, 0, 0, 0]]
    assert refused(small(MOODS, mirrored, [[0, 1], [0, 2], [0, 1], [0, 2]])) == [
        "exposure-never-varies"
    ]


def test_a_constant_type_stops_a_composite_but_not_a_sum() -> None:
    exposure = SEVERITY_SUM | {"combine": "composite"}
    assert refused(small(MOODS, HASSLED, exposure=exposure)) == ["exposure-never-varies"]
    assert score(small(MOODS, HASSLED)).table["E"].to_list() == [1, 2, 11, 5]


def test_faults_of_the_plan_come_together() -> None:
    odd = instrument("mood", MOOD.items, answers=None, reverse=frozenset({"m1"}))
    unranged = checklist("hassles", HASSLES.items, answers=None)
    low = checklist("low", ["l1", "l2"], answers=None)
    study = build_study(
        [odd, unranged, low],
        problems="mood",
        exposure={"types": ["hassles", "low"], "score": "relative", "combine": "sum"},
    )
    panel = build_panel(study, {"mood": MOODS, "hassles": HASSLED, "low": [[0, 1]] * 4})
    assert refused(panel) == [
        "range-needed",
        "range-needed",
        "range-needed",
    ]


def test_a_role_without_occasions_is_refused() -> None:
    study = build_study([MOOD, HASSLES, EVENTS], problems="mood", exposure=SEVERITY_SUM)
    panel = build_panel(study, {"mood": MOODS})
    with pytest.raises(ScoreError) as caught:
        score(panel)
    assert [one.evidence.column for one in caught.value.findings] == ["hassles", "events"]


def test_several_scales_without_a_way_to_combine_are_refused() -> None:
    assert refused(two_scales("single")) == ["problems-not-combined"]


def test_a_list_that_changes_is_said_when_summed_and_fine_when_relative() -> None:
    from salutogen.panel import Reason

    rows = [[5, 5, 0, 0, None], [1, 0, 0, 0, None], [5, 5, 0, 0, 0], [2, 0, 0, 0, 2]]
    why = {"hassles": {"h5": [Reason.NOT_ASKED] * 2 + [Reason.ANSWERED] * 2}}
    events = [[0, 1], [2, 2], [0, 0], [1, 1]]
    summed = score(small(MOODS, rows, events, reasons=why))
    assert "changing-list-summed" in codes(summed)
    relative = score(
        small(MOODS, rows, events, reasons=why, exposure=SEVERITY_SUM | {"score": "relative"})
    )
    assert "changing-list-summed" not in codes(relative)
    assert relative.table["E_hassles"].to_list() == [10 / 20, 1 / 20, 10 / 25, 4 / 25]
    assert [one.evidence.column for one in relative.findings
            if one.code == "relative-without-change"] == ["E_events"]  # fmt: skip


def test_crowding_at_the_floor_is_said() -> None:
    moods = [[0] * 5] * 6 + [[value] * 5 for value in (1, 1, 2, 2, 3, 3)]
    hassles = [[index % 6, 0, 0, 0, 0] for index in range(12)]
    scores = score(small(moods, hassles))
    assert scores.reliability[0].floor_share == 0.5
    assert "problems-crowd-at-end" in codes(scores)


def test_measures_describe_what_a_line_may_share() -> None:
    scores = score(small(MOODS, HASSLED))
    assert scores.measures["P"].scoring() == {
        "instruments": ["mood"],
        "method": "sum",
        "n_items": 5,
        "minimum": 0,
        "maximum": 15,
        "unit": "points of mood",
    }
    assert scores.measures["E_hassles"].maximum == 25
    assert scores.measures["E"].maximum == 35
    assert scores.measures["E"].unit == "sum of burden codes"


def test_scores_do_not_depend_on_the_order_of_persons() -> None:
    panel = small(MOODS, HASSLED)
    back = small(MOODS[::-1], HASSLED[::-1])
    assert score(panel).table["E"].to_list() == score(back).table["E"].to_list()[::-1]
