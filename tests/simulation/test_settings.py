"""Settings: a closed list, and everything that is wrong said at once."""

from __future__ import annotations

import pytest

from salutogen.errors import SimulationError
from salutogen.simulation import SimulationSettings, simulate
from salutogen.simulation.settings import read_settings


def codes_and_texts(error: pytest.ExceptionInfo[SimulationError]) -> list[tuple[str, str]]:
    return [(item.code, item.text) for item in error.value.findings]


def test_nothing_said_gives_the_defaults():
    assert read_settings(None) == SimulationSettings()


@pytest.mark.parametrize(
    ("raw", "nearest"),
    [
        ({"lines": {}}, "line"),
        ({"line": {"slop": 0.3}}, "slope"),
        ({"scales": {"distress": {"maen": 3}}}, "mean"),
        ({"events": {"instrument": "x", "shares": 0.2}}, "share"),
        ({"missing": {"dropout": {"previous_problem": 0.2}}}, "previous_problems"),
        ({"arms": {"effects": {"a": {"levle": 1}}}}, "level"),
        (
            {"events": {"instrument": "x", "classes": {"a": {"share": 1, "jmp": 1}}}},
            "jump",
        ),
    ],
)
def test_unknown_settings_are_refused_with_the_nearest_name(raw, nearest):
    with pytest.raises(SimulationError) as error:
        read_settings(raw)
    [(code, text)] = codes_and_texts(error)
    assert code == "simulation-unknown-setting"
    assert f"Did you mean '{nearest}'?" in text


def test_all_wrong_settings_are_said_at_once():
    with pytest.raises(SimulationError) as error:
        read_settings({"line": {"slope_sd": -1, "slop": 1}, "reporting": {"omitted": 2}})
    codes = [code for code, _ in codes_and_texts(error)]
    assert sorted(codes) == [
        "simulation-setting-invalid",
        "simulation-setting-invalid",
        "simulation-unknown-setting",
    ]


def test_names_that_the_study_does_not_have(study_of):
    study = study_of(
        {
            "scales": {"hasles": {"mean": 20}},
            "exposure": {"shocks": {"9": 1.0}},
            "events": {"instrument": "distress", "first": "0"},
            "arms": {"effects": {"treated": {"level": -1}}},
        }
    )
    with pytest.raises(SimulationError) as error:
        simulate(study, persons=10, seed=1)
    found = codes_and_texts(error)
    assert {code for code, _ in found} == {"simulation-unknown-name"}
    assert len(found) == 5
    assert "Did you mean 'hassles'?" in found[0][1]


@pytest.mark.parametrize(
    ("simulation", "code"),
    [
        ({"scales": {"distress": {"mean": 20, "sd": 0.5}}}, "simulation-infeasible-scale"),
        (
            {"scales": {"distress": {"mean": 20, "sd": 8, "icc": 0.99}}},
            "simulation-infeasible-scale",
        ),
        ({"scales": {"distress": {"mean": 500, "sd": 8}}}, "simulation-infeasible-scale"),
        ({"line": {"slope": 1.5}}, "simulation-infeasible-line"),
        ({"exposure": {"trend": 9.0}}, "simulation-infeasible-scale"),
        (
            {"factors": {"optimism": {"reactivity": -0.9, "slope": 0.9}}},
            "simulation-infeasible-factor",
        ),
        (
            {"factors": {"optimism": {"factors": {"support": 0.2}}}},
            "simulation-factor-not-before",
        ),
        (
            {"events": {"instrument": "hassles", "classes": {"a": {"share": 0.4}}}},
            "simulation-setting-invalid",
        ),
        ({"events": {"instrument": "hassles", "rating": 0}}, "simulation-setting-invalid"),
        ({"events": {"instrument": "hassles", "rating": 9}}, "simulation-setting-invalid"),
    ],
)
def test_impossible_truths_are_refused(study_of, simulation, code):
    with pytest.raises(SimulationError) as error:
        simulate(study_of(simulation), persons=10, seed=1)
    assert [found for found, _ in codes_and_texts(error)] == [code]


@pytest.mark.parametrize(("persons", "seed"), [(0, 1), (-3, 1), (5, -1)])
def test_impossible_sizes(study_of, persons, seed):
    with pytest.raises(SimulationError) as error:
        simulate(study_of(), persons=persons, seed=seed)
    assert codes_and_texts(error)[0][0] == "simulation-persons"


def test_a_cohort_is_named_in_a_line(study_of):
    said = repr(simulate(study_of({}), persons=10, seed=1))
    assert said == "Simulated(10 persons, sources answers)"
