"""The major event: new to the person, at its occasion, followed by its course."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.design import simulate
from tests.design.measures import total

N, T = 4000, 6
CLASSES = {
    "resilient": {"share": 0.5},
    "recovery": {"share": 0.3, "jump": 1.2, "half_life": "3 months"},
    "delayed": {"share": 0.2, "jump": 1.0, "delay": 1},
}


@pytest.fixture
def cohort(study_of):
    events = {
        "instrument": "hassles",
        "share": 0.6,
        "first": "3",
        "last": "4",
        "classes": CLASSES,
    }
    return simulate(study_of({"events": events}), persons=N, seed=9)


def test_share_and_classes(cohort):
    met = cohort.persons["event_occasion"].is_not_null()
    assert met.mean() == pytest.approx(0.6, abs=0.03)
    assert set(cohort.persons["event_occasion"].drop_nulls()) == {"3", "4"}
    counts = dict(cohort.persons["response_class"].drop_nulls().value_counts().iter_rows())
    for name, response in CLASSES.items():
        assert counts[name] / met.sum() == pytest.approx(response["share"], abs=0.03)


def test_some_item_occurs_at_the_event_and_never_before(cohort):
    answers = cohort.frames["answers"]
    columns = [column for column in answers.columns if column.startswith("H_")]
    occurred = answers.select(columns).to_numpy().reshape(N, T, -1) > 0
    for place, occasion in enumerate(cohort.persons["event_occasion"].to_list()[:200]):
        if occasion is not None:
            at = int(occasion) - 1
            new = occurred[place, at] & ~occurred[place, :at].any(axis=0)
            assert new.any()


def test_courses_after_the_event(cohort):
    p = total(cohort.frames["answers"], "P_", T)
    occasion = cohort.persons["event_occasion"].to_numpy()
    response = cohort.persons["response_class"].to_numpy()
    sd = cohort.parameters["scales"]["distress"]["sd"]
    nobody = p[occasion == None].mean(axis=0)  # noqa: E711 - an array of objects

    def course(name: str) -> np.ndarray:
        return (p[(occasion == "3") & (response == name)].mean(axis=0) - nobody) / sd

    assert course("resilient") == pytest.approx(0.0, abs=0.2)
    assert course("recovery")[:2] == pytest.approx(0.0, abs=0.25)
    assert course("recovery")[2:] == pytest.approx([1.2, 0.6, 0.3, 0.15], abs=0.25)
    assert course("delayed")[2:] == pytest.approx([0.0, 1.0, 1.0, 1.0], abs=0.25)
