"""Subscales: by their names, which no other scale shares."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from salutogen.namespaces import subscale_names
from salutogen.scores import score
from tests.scores.factory import build_panel, build_study, checklist, instrument

EVENTS = checklist("events", ["e1", "e2"])


def test_subscales_whose_names_would_be_the_same_are_kept_apart() -> None:
    """Subscale `b_c` of `a`, `c` of `a_b`, and an instrument `d_x` beside subscale `x` of `d`."""
    one = instrument("a", ["a1", "a2"], subscales={"b_c": ("a1",), "y": ("a2",)})
    two = instrument("a_b", ["b1", "b2"], subscales={"c": ("b1",)})
    three = instrument("d", ["d1", "d2"], subscales={"x": ("d1",)})
    four = instrument("d_x", ["x1"])
    study = build_study(
        [one, two, three, four, EVENTS],
        problems={"instruments": ["a", "a_b", "d"], "combine": "sum"},
        exposure={"types": [EVENTS.name]},
        factors=["d_x"],
    )
    rows = [[0, 1], [1, 2], [3, 0], [2, 2]]
    turned = [row[::-1] for row in rows]
    answers = {"a": rows, "a_b": turned, "d": turned, "d_x": [[3], [2], [1], [0]],
               EVENTS.name: [[0, 1], [2, 2], [0, 0], [5, 1]]}  # fmt: skip
    scores = score(build_panel(study, answers))
    first, second = [0, 1, 3, 2], [1, 2, 0, 2]
    parts = scores.alternatives.select(pl.selectors.starts_with("a_", "d_"))
    assert parts.to_dict(as_series=False) == {
        "a_subscale_b_c": first, "a_y": second, "a_b_subscale_c": second, "d_subscale_x": second
    }  # fmt: skip
    (told,) = [one for one in scores.findings if one.code == "columns-renamed"]
    for name in ("a_subscale_b_c", "a_b_subscale_c", "d_subscale_x"):
        assert name in told.text


@given(st.lists(st.tuples(*[st.text("ab_", min_size=1, max_size=4)] * 2), unique=True, max_size=8))
def test_no_two_subscales_share_a_name(parts: list[tuple[str, str]]) -> None:
    instruments = {instrument for instrument, _ in parts}
    names = subscale_names(parts, instruments)
    assert set(names) == set(parts)
    assert len(set(names.values())) == len(parts)
    assert not set(names.values()) & instruments
    if len({f"{one}_{two}" for one, two in parts} - instruments) == len(parts):
        assert names == {(one, two): f"{one}_{two}" for one, two in parts}
