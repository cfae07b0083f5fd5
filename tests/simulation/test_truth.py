"""What was set comes back out of the simulated answers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.simulation import simulate
from tests.simulation.measures import correlation, deviations, icc, slope, total

SCALES = {
    "distress": {"mean": 24.0, "sd": 12.0, "icc": 0.4},
    "hassles": {"mean": 60.0, "sd": 24.0, "icc": 0.45},
}
N, T = 4000, 6


@pytest.fixture
def plain(study_of):
    """Answers of a cohort with one common line, nothing missing, nothing biased."""
    study = study_of({"scales": SCALES, "line": {"slope": 0.5, "slope_sd": 0.0}})
    return simulate(study, persons=N, seed=11)


def test_means_sds_and_iccs_are_those_asked_for(plain):
    answers = plain.frames["answers"]
    for prefix, name in (("P_", "distress"), ("H_", "hassles")):
        score = total(answers, prefix, T)
        assert score.mean() == pytest.approx(SCALES[name]["mean"], rel=0.02)
        assert score.std(ddof=1) == pytest.approx(SCALES[name]["sd"], rel=0.02)
        assert icc(score) == pytest.approx(SCALES[name]["icc"], abs=0.02)
        assert plain.parameters["scales"][name]["icc"] == pytest.approx(
            SCALES[name]["icc"], abs=0.006
        )


def test_line_is_recovered_in_points(plain):
    answers, line = plain.frames["answers"], plain.parameters["line"]
    e, p = total(answers, "H_", T), total(answers, "P_", T)
    assert line["slope"] == pytest.approx(0.5 * 12.0 / 24.0, rel=0.01)
    assert slope(e, p) == pytest.approx(line["slope"], rel=0.03)
    assert p.mean() - slope(e, p) * e.mean() == pytest.approx(line["intercept"], abs=0.7)


def test_within_and_between_slopes_differ_where_they_were_set_to(study_of):
    study = study_of({"scales": SCALES, "line": {"slope": 0.2, "between": 0.6, "slope_sd": 0.0}})
    cohort = simulate(study, persons=N, seed=12)
    answers, line = cohort.frames["answers"], cohort.parameters["line"]
    e, p = total(answers, "H_", T), total(answers, "P_", T)
    assert slope(deviations(e), deviations(p)) == pytest.approx(line["slope"], rel=0.05)
    means = slope(e.mean(axis=1), p.mean(axis=1))
    assert line["slope"] < means < line["slope_between"]
    assert means > 2.2 * line["slope"]


def test_negative_line(study_of):
    study = study_of({"scales": SCALES, "line": {"slope": -0.4, "slope_sd": 0.0}})
    answers = simulate(study, persons=1000, seed=1).frames["answers"]
    assert slope(total(answers, "H_", T), total(answers, "P_", T)) == pytest.approx(-0.2, rel=0.1)


def test_true_levels_and_slopes_are_in_the_answers(study_of):
    study = study_of(
        {"scales": SCALES, "line": {"slope": 0.3, "slope_sd": 0.25}},
        occasions={"every": "1 week", "count": 40},
    )
    cohort = simulate(study, persons=400, seed=4)
    answers, truth = cohort.frames["answers"], cohort.persons
    e, p = total(answers, "H_", 40), total(answers, "P_", 40)
    own = [np.polyfit(e[i] - e.mean(), p[i], 1) for i in range(400)]
    assert correlation(np.array(own)[:, 0], truth["slope"].to_numpy()) > 0.7
    assert correlation(np.array(own)[:, 1], truth["level"].to_numpy()) > 0.9
    assert truth["slope"].std() == pytest.approx(cohort.parameters["line"]["slope_sd"], rel=0.1)
    assert correlation(p.mean(axis=1), truth["P_mean"].to_numpy()) > 0.98
    assert correlation(e.mean(axis=1), truth["E_mean"].to_numpy()) > 0.999


def test_factors_go_with_true_reactivity(study_of):
    study = study_of(
        {
            "scales": SCALES,
            "line": {"slope_sd": 0.2, "level_slope_correlation": 0.3},
            "factors": {
                "optimism": {"reactivity": -0.5, "slope": -0.3},
                "support": {"reactivity": -0.4, "within": -0.5},
            },
        }
    )
    cohort = simulate(study, persons=N, seed=6)
    answers, truth = cohort.frames["answers"], cohort.persons
    codes = answers.select(pl.col("^O_.*$")).to_numpy().astype(float)
    codes[:, [1, 3]] = 6 - codes[:, [1, 3]]
    optimism = codes.mean(axis=1).reshape(-1, T)
    assert (optimism == optimism[:, :1]).all()
    reliable = cohort.parameters["scales"]["optimism"]["reliability"] ** 0.5
    level, own_slope = truth["level"].to_numpy(), truth["slope"].to_numpy()
    assert correlation(optimism[:, 0], level) == pytest.approx(-0.5 * reliable, abs=0.03)
    assert correlation(optimism[:, 0], own_slope) == pytest.approx(-0.3 * reliable, abs=0.03)
    assert correlation(level, own_slope) == pytest.approx(0.3, abs=0.03)
    support, p = total(answers, "S_", T), total(answers, "P_", T)
    assert correlation(support.mean(axis=1), level) < -0.25
    assert correlation(deviations(support), deviations(p)) < -0.1


def test_factors_go_with_exposure_with_each_other_and_after_problems(study_of):
    study = study_of(
        {
            "scales": SCALES,
            "factors": {
                "optimism": {"reactivity": -0.35, "exposure": -0.5},
                "support": {"reactivity": -0.5, "factors": {"optimism": 0.6}, "follows": -0.6},
            },
        }
    )
    cohort = simulate(study, persons=N, seed=6)
    answers, truth = cohort.frames["answers"], cohort.persons
    codes = answers.select(pl.col("^O_.*$")).to_numpy().astype(float)
    codes[:, [1, 3]] = 6 - codes[:, [1, 3]]
    optimism = codes.mean(axis=1).reshape(-1, T)[:, 0]
    support, p = total(answers, "S_", T), total(answers, "P_", T)
    reliable = cohort.parameters["scales"]["optimism"]["reliability"] ** 0.5
    assert correlation(optimism, truth["level"].to_numpy()) == pytest.approx(
        -0.35 * reliable, abs=0.03
    )
    assert correlation(optimism, truth["E_mean"].to_numpy()) < -0.35
    # Beyond the reactivity that they share (.35 * .5), support goes with optimism.
    assert correlation(support[:, 0], optimism) > 0.25
    after = correlation(deviations(support)[:, 1:], deviations(p)[:, :-1])
    before = correlation(deviations(support)[:, :-1], deviations(p)[:, 1:])
    assert after < -0.15
    assert after < before - 0.1


def test_a_factor_that_follows_problems_is_at_the_first_occasion_what_it_goes_on_as(study_of):
    """Whoever answers first has had problems before: mean, SD and correlations stay the same."""
    study = study_of(
        {
            "scales": SCALES,
            "line": {"slope": 0.5, "slope_sd": 0.1, "autocorrelation": 0.4},
            "exposure": {"autocorrelation": 0.5},
            "factors": {"support": {"follows": -0.8, "autocorrelation": 0.3}},
        }
    )
    cohort = simulate(study, persons=2 * N, seed=7)
    answers, truth = cohort.frames["answers"], cohort.persons
    support, e, p = (total(answers, prefix, T) for prefix in ("S_", "H_", "P_"))
    level = truth["level"].to_numpy()
    known = {
        "mean": support.mean(axis=0) / support.std(),
        "sd": support.std(axis=0) / support.std(),
        "level": [correlation(support[:, t], level) for t in range(T)],
        "problems": [correlation(support[:, t], p[:, t]) for t in range(T)],
        "problems later": [correlation(support[:, t], p[:, t + 1]) for t in range(T - 1)],
        "exposure": [correlation(support[:, t], e[:, t]) for t in range(T)],
        "next": [correlation(support[:, t], support[:, t + 1]) for t in range(T - 1)],
    }
    for name, by_occasion in known.items():
        assert by_occasion[0] == pytest.approx(np.mean(by_occasion[1:]), abs=0.03), name
    assert abs(known["level"][0]) > 0.2, "and there is something to be the same"
    assert abs(known["exposure"][0]) > 0.1


def test_what_follows_problems_changes_no_other_answer(study_of):
    """Occasions nobody sees are drawn from a stream of their own."""
    plain, following = (
        simulate(
            study_of({"scales": SCALES, "factors": {"support": {"follows": follows}}}),
            persons=50,
            seed=7,
        ).frames["answers"]
        for follows in (0.0, -0.5)
    )
    rest = pl.exclude("^S_.*$")
    assert plain.select(rest).equals(following.select(rest))
    assert not plain.select("^S_.*$").equals(following.select("^S_.*$"))


def test_exposure_of_the_unseen_occasion_has_the_trend_and_no_shock(study_of):
    """A factor is at the first occasion where problems of the occasion before have brought it."""
    study = study_of(
        {
            "scales": SCALES,
            "line": {"slope": 0.6, "slope_sd": 0.0},
            "exposure": {"trend": 1.0, "shocks": {"1": 1.0}},
            "factors": {"support": {"follows": -0.9}},
        }
    )
    support = total(simulate(study, persons=N, seed=9).frames["answers"], "S_", T)
    mean = support.mean(axis=0) / support.std()
    steps = np.diff(mean)
    assert steps[0] < -0.4, "the shock of the first occasion is followed at the second"
    assert steps[1] > 0.2, "and gone at the third"
    trend = steps[2:].mean()
    assert mean[2] - mean[0] == pytest.approx(2 * trend, abs=0.06)


def test_persons_differ_and_occasions_resemble_each_other(plain):
    score = total(plain.frames["answers"], "P_", T)
    near = correlation(deviations(score)[:, :-1], deviations(score)[:, 1:])
    far = correlation(deviations(score)[:, :1], deviations(score)[:, -1:])
    assert near > far


def test_shared_shock_moves_exposure_at_its_occasion(study_of):
    study = study_of({"scales": SCALES, "exposure": {"shocks": {"4": 0.6}}})
    cohort = simulate(study, persons=N, seed=3)
    e = total(cohort.frames["answers"], "H_", T)
    others = np.delete(e, 3, axis=1).mean()
    assert e[:, 3].mean() - others == pytest.approx(0.6 * 24.0, rel=0.06)
    assert e.mean() == pytest.approx(60.0, rel=0.02)
    assert e.std() == pytest.approx(24.0, rel=0.02)


def test_arms_shift_the_line_from_their_start(study_of):
    study = study_of(
        {"scales": SCALES, "arms": {"effects": {"training": {"level": -0.5, "start": "3"}}}},
        arms={"column": "arm", "control": "waiting"},
    )
    answers = simulate(study, persons=2 * 1024, seed=8).frames["answers"]
    p = total(answers, "P_", T)
    arm = answers["arm"].to_numpy().reshape(-1, T)[:, 0]
    assert (arm == "training").sum() == (arm == "waiting").sum() == 1024
    gap = p[arm == "training"].mean(axis=0) - p[arm == "waiting"].mean(axis=0)
    assert gap[:2] == pytest.approx(0.0, abs=1.5)
    assert gap[2:] == pytest.approx(-6.0, abs=1.5)
    assert gap[2:].mean() == pytest.approx(-6.0, abs=0.8)


def test_several_problem_scales_follow_one_process(study_of):
    instruments = {
        "distress": {"columns": "P_{01..20}", "measures": "problems", "answers": "0..4"},
        "wellbeing": {
            "columns": "W_{1..5}",
            "measures": "wellbeing",
            "answers": "0..5",
            "higher": "better",
        },
        "hassles": {
            "columns": "H_{01..60}",
            "measures": "exposure",
            "answers": "0..5",
            "did_not_occur": 0,
        },
    }
    study = study_of(
        {"scales": {**SCALES, "wellbeing": {"association": 0.8}}},
        instruments=instruments,
        problems={"instruments": ["distress", "wellbeing"], "combine": "first-component"},
        factors=[],
    )
    answers = simulate(study, persons=1000, seed=2).frames["answers"]
    p, w = total(answers, "P_", T), total(answers, "W_", T)
    assert correlation(p, w) == pytest.approx(-0.6, abs=0.12)
    assert correlation(total(answers, "H_", T), w) < -0.15
