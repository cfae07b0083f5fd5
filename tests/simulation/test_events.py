"""The major event: new to the person, at its occasion, followed by its course."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.simulation import simulate
from salutogen.study import read_study
from tests.simulation.measures import total

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


def test_the_rating_of_the_event_can_be_set(study_of):
    events = {"instrument": "hassles", "share": 1.0, "first": "3", "last": "3", "rating": 5}
    cohort = simulate(study_of({"events": events}), persons=200, seed=9)
    answers = cohort.frames["answers"]
    columns = [column for column in answers.columns if column.startswith("H_")]
    rated = answers.select(columns).to_numpy().reshape(200, T, -1)
    assert ((rated[:, 2] == 5) & (rated[:, :2] == 0).all(axis=1)).any(axis=1).all()


def test_dated_events_lie_between_their_visits(study_of):
    """A source of dated events holds every major event, within the time its visit looks back on."""
    events = {"instrument": "hassles", "share": 0.6, "rating": 5}
    study = study_of({"events": events, "timing": {"jitter": "3 days"}})
    plan = study.plan.model_dump(mode="json", exclude_none=True, by_alias=True)
    (answers,) = plan["sources"]
    plan["sources"]["dated"] = {
        "layout": "row-per-event",
        "person": "who",
        "time": {"column": "on", "unit": "days"},
        "event": "what",
        "rating": "burden",
    }
    plan["sources"][answers]["time"] = {"column": "when", "unit": "days"}
    cohort = simulate(read_study(plan), persons=300, seed=9)
    dated, answered = cohort.frames["dated"], cohort.frames[answers]
    met = cohort.persons["event_occasion"].is_not_null()
    assert dated["who"].to_list() == cohort.persons.filter(met)["subject"].to_list()
    assert (dated["burden"] == 5).all()
    days = answered["when"].to_numpy().reshape(300, T)[met.to_numpy()]
    at = cohort.persons.filter(met)["event_occasion"].cast(int).to_numpy() - 1
    rows = np.arange(at.size)
    assert (dated["on"].to_numpy() >= days[rows, at - 1]).all()
    assert (dated["on"].to_numpy() <= days[rows, at]).all()
