"""Change over windows: the model against statsmodels, its error and shifts by hand, and truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.formula.api as smf

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.windows.change import change_of, change_over_windows
from salutogen.analyses.windows.change_result import WindowChange
from salutogen.analyses.windows.change_rows import ChangeRows, change_rows
from salutogen.models.mixed.random_intercept_ar1 import (
    Persistence,
    error_of_persistence,
    fit_persistence,
    person_rows,
)
from salutogen.scores import Scores
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import scores_of, simulated, study

WINDOWS: dict[str, Any] = {"windows": {"width": 3, "step": 1, "valid": 2}, "bootstrap": 200}


def leaving(
    persons: int,
    *,
    seed: int = 1,
    change: float = 0.0,
    strength: float = 0.9,
    **parts: Any,
) -> Scores:
    """Six occasions; who has more problems is likelier to leave."""
    rng = np.random.default_rng(seed)
    E = np.clip(20 + rng.normal(0, 4, persons)[:, None] + rng.normal(0, 3, (persons, 6)), 0, None)
    P = 18 + 0.3 * (E - 20) + rng.normal(0, 2, persons)[:, None] + rng.normal(0, 2.5, (persons, 6))
    P = np.clip(P + change * np.arange(6) / 3, 0, 36)
    here = np.ones((persons, 6), dtype=bool)
    for t in range(1, 6):
        chance = 1 / (1 + np.exp(2 - strength * (P[:, t - 1] - 18)))
        here[:, t] = here[:, t - 1] & (rng.random(persons) > chance)
    person, occasion = np.nonzero(here)
    table = pl.DataFrame(
        {
            "person": np.arange(persons, dtype=np.uint32),
            "subject": [f"s {index}" for index in range(persons)],
        }
    )
    plan = study([f"T{index}" for index in range(6)], **{"resilience": WINDOWS, **parts})
    half = E[here] / 2
    return scores_of(plan, person, occasion, P[here], half, half, persons=table)


def found(inputs: AnalysisInputs) -> WindowChange:
    change = change_over_windows(inputs)
    assert change is not None
    return change


def of_statsmodels(inputs: AnalysisInputs, formula: str) -> Any:
    rows = inputs.norm.with_covariates(inputs.scores.valid).to_pandas()
    rows = rows.rename(columns=lambda column: column.removeprefix("covariate:"))
    return smf.mixedlm(f"P ~ 0 + C(occasion_index) + {formula}", rows, groups="person").fit()


@pytest.mark.parametrize(
    ("norm", "formula", "model"),
    [
        ({}, "E", "P ~ E + occasion + (1 | person)"),
        ({"shape": "quadratic"}, "E + I(E**2)", "P ~ E + occasion + (1 | person)"),
        (
            {"covariates": ["age", "site"]},
            "E + age + C(site)",
            "P ~ E + covariates + occasion + (1 | person)",
        ),
    ],
)
def test_change_is_a_contrast_of_the_mixed_model(
    norm: dict[str, Any], formula: str, model: str
) -> None:
    inputs = inputs_of(simulated(150, 6, norm=norm, resilience=WINDOWS))
    change = found(inputs)
    fit = of_statsmodels(inputs, formula)
    effects = fit.fe_params.to_numpy()[:6]
    assert change.model == model
    assert change.estimate == pytest.approx(effects[3:].mean() - effects[:3].mean(), abs=1e-4)
    assert change.residual_sd == pytest.approx(np.sqrt(fit.scale), rel=1e-3)
    assert change.between_sd == pytest.approx(np.sqrt(float(fit.cov_re.iloc[0, 0])), rel=1e-3)
    assert (change.frozen is None) == (norm.get("shape") == "quadratic")


def test_the_slope_within_persons_stands_beside() -> None:
    inputs = inputs_of(simulated(150, 6, resilience=WINDOWS))
    rows = inputs.scores.valid.select("person", "occasion_index", "P", "E").to_pandas()
    exposure = smf.mixedlm("E ~ 0 + C(occasion_index)", rows, groups="person").fit()
    levels = {person: float(one.iloc[0]) for person, one in exposure.random_effects.items()}
    rows["mean"] = rows["person"].map(levels)
    formula = "P ~ 0 + C(occasion_index) + E + mean"
    fit = smf.mixedlm(formula, rows, groups="person").fit()
    effects = fit.fe_params.to_numpy()[:6]
    within = found(inputs).within
    assert within is not None
    assert within.estimate == pytest.approx(effects[3:].mean() - effects[:3].mean(), abs=2e-3)


def test_frozen_line_and_what_leaving_moves_by_hand() -> None:
    inputs = inputs_of(leaving(200))
    change = found(inputs)
    line = inputs.norm.lines.reference("window")
    assert line is not None
    rows = inputs.scores.valid.with_columns(
        SR=pl.col("P") - line.intercept - (line.slope or 0.0) * pl.col("E")
    )
    how = fit_of(inputs)
    covariance = {t: np.eye(t) + how * np.ones((t, t)) for t in range(1, 7)}
    left, right = np.zeros((6, 6)), np.zeros(6)
    for _, one in rows.group_by("person", maintain_order=True):
        design = np.eye(6)[one["occasion_index"].to_numpy()]
        weight = np.linalg.inv(covariance[one.height])
        left += design.T @ weight @ design
        right += design.T @ weight @ one["SR"].to_numpy()
    effects = np.linalg.solve(left, right)
    model = effects[3:].mean() - effects[:3].mean()
    means = rows.group_by("occasion_index").agg(pl.col("SR").mean()).sort("occasion_index")["SR"]
    plain = means[3:].mean() - means[:3].mean()  # type: ignore[operator]
    assert change.frozen is not None
    assert change.moved_by_leaving is not None
    assert change.frozen.estimate == pytest.approx(model, abs=1e-8)
    assert change.moved_by_leaving.estimate == pytest.approx(plain - model, abs=1e-8)
    assert change.moved_by_leaving.told
    assert change.moved_by_leaving.estimate < 0


def fit_of(inputs: AnalysisInputs) -> float:
    """Ratio of the variances that the analysis finds."""
    rows = change_rows(inputs)
    assert rows is not None
    columns = np.column_stack([rows.design(slice(None)), rows.P])
    how = fit_persistence(columns, rows.rows, rows.occasion)
    assert how is not None
    assert how.lag == 0
    return how.ratio


def test_error_over_persons_is_that_of_the_sandwich() -> None:
    inputs = inputs_of(leaving(300, resilience={**WINDOWS, "bootstrap": 2000}))
    change, ratio = found(inputs), fit_of(inputs)
    rows = inputs.scores.valid
    parts = []
    for _, one in rows.group_by("person", maintain_order=True):
        design = np.column_stack([np.eye(6)[one["occasion_index"].to_numpy()], one["E"]])
        weight = np.linalg.inv(np.eye(one.height) + ratio)
        parts.append((design.T @ weight @ design, design.T @ weight @ one["P"].to_numpy()))
    bread = np.linalg.inv(np.sum([left for left, _ in parts], axis=0))
    effects = bread @ np.sum([right for _, right in parts], axis=0)
    scores = np.array([right - left @ effects for left, right in parts])
    contrast = np.array([-1, -1, -1, 1, 1, 1, 0]) / 3
    expected = np.sqrt(contrast @ bread @ scores.T @ scores @ bread @ contrast)
    columns = np.column_stack([np.eye(6)[rows["occasion_index"]], rows["E"], rows["P"]])
    more = error_of_persistence(
        columns,
        person_rows(rows["person"].to_numpy().astype(int), rows["occasion_index"].to_numpy()),
        rows["occasion_index"].to_numpy(),
        Persistence(ratio=ratio),
        contrast[None],
    )[0]
    assert 0 < more < 0.3 * expected**2
    assert change.se == pytest.approx(np.sqrt(expected**2 + more), rel=0.06)
    assert change.interval is not None
    assert change.interval[1] - change.estimate == pytest.approx(1.968 * (change.se or 0), rel=1e-3)


def test_shifts_move_the_change_by_the_share_of_those_who_left() -> None:
    inputs = inputs_of(leaving(200, change=1.0))
    change = found(inputs)
    seen = inputs.scores.valid.group_by("person").agg(pl.col("occasion_index").max())
    last = seen["occasion_index"].to_numpy().astype(int)
    absent = [float((last < t).mean()) for t in range(6)]
    share = np.mean(absent[3:]) - np.mean(absent[:3])
    assert change.share_missing == pytest.approx(share)
    assert change.n_left == int((last < 5).sum())
    shifts = change.sensitivity
    assert shifts["delta"].to_list() == pytest.approx(
        [size * change.residual_sd for size in (-0.5, -0.25, 0.0, 0.25, 0.5)]
    )
    expected = change.estimate + shifts["delta"].to_numpy() * share
    np.testing.assert_allclose(shifts["estimate"], expected)
    assert (shifts["low"][2], shifts["high"][2]) == change.interval
    assert change.sign_delta == pytest.approx(-change.estimate / share)


@pytest.mark.parametrize("true_change", [0.0, 2.0])
def test_at_the_tipping_point_an_end_of_the_interval_is_0(true_change: float) -> None:
    rows = change_rows(inputs_of(leaving(250, change=true_change)))
    assert rows is not None
    change = change_of(rows, draws=200, seed=1)
    assert change is not None
    delta = change.tipping_delta
    assert delta is not None
    assert change.told == (true_change > 0)
    ends = [
        change.estimate + delta * change.share_missing + sign * half_width(change, delta)
        for sign in (-1, 1)
    ]
    assert min(abs(end) for end in ends) == pytest.approx(0, abs=0.02)


def half_width(change: WindowChange, delta: float) -> float:
    """Half the interval at a shift, from its square at three others, of which it is a parabola."""
    table = change.sensitivity
    half = (table["high"] - table["low"]).to_numpy() / 2
    curve = np.polyfit(table["delta"].to_numpy(), half**2, 2)
    return float(np.sqrt(np.polyval(curve, delta)))


def test_leaving_by_what_was_seen_does_not_move_the_model() -> None:
    inputs = inputs_of(leaving(4000, resilience={**WINDOWS, "bootstrap": 0}))
    change, windows = found(inputs), inputs.resilience.windows
    complete = windows.filter(pl.len().over("person") == 4)
    means = complete.group_by("window").agg(pl.col("SR_frozen").mean()).sort("window")["SR_frozen"]
    assert means[-1] - means[0] > 0.3
    assert change.moved_by_leaving is not None
    assert change.moved_by_leaving.estimate < -0.5
    assert abs(change.estimate) < 0.15
    assert change.tipping_delta is None
    assert change.draws == 0


def test_a_true_change_is_found_and_none_is_claimed_without() -> None:
    changed = found(inputs_of(leaving(300, change=2.0)))
    assert changed.told
    assert changed.claimed
    assert not changed.depends_on_slope
    assert changed.interval is not None
    assert changed.interval[0] < 2.0 < changed.interval[1]
    line = inputs_of(leaving(300, change=2.0)).norm.lines.reference("window")
    assert line is not None
    assert changed.standardised == pytest.approx(changed.estimate / line.residual_sd, rel=1e-9)
    assert not found(inputs_of(leaving(300))).told


def test_a_slope_between_persons_makes_no_change_within_them() -> None:
    """Exposure falls for everyone; problems follow it by .08 within and .2 between persons."""
    scores = simulated(300, 6, resilience=WINDOWS)
    fall = scores.table["occasion_index"].cast(pl.Float64) * 4.0
    table = scores.table.with_columns(
        E=pl.col("E") + 24 - fall,
        E_pandemic=pl.col("E_pandemic") + 24 - fall,
        P=(pl.col("P") + 0.08 * (24 - fall)).clip(0, 36),
    )
    change = found(inputs_of(replace(scores, table=table)))
    assert change.within is not None
    assert change.frozen is not None
    assert not change.within.told
    assert change.frozen.told
    assert change.frozen.estimate == pytest.approx(0.12 * 12, rel=0.25)
    assert change.depends_on_slope == change.told
    assert not change.claimed


def test_composites_and_types_that_enter_separately() -> None:
    for combine in ("composite", "separate"):
        change = found(inputs_of(simulated(120, 5, combine=combine, resilience=WINDOWS)))
        assert change.frozen is not None
        assert change.within is not None
        assert change.frozen.interval is not None
        assert change.within.interval is not None


def test_a_line_that_comes_from_elsewhere_is_not_redrawn(cohort: AnalysisInputs) -> None:
    norm = replace(cohort.norm, reference_units={})
    change = found(replace(cohort, norm=norm))
    own = found(cohort)
    assert change.estimate == own.estimate
    assert change.frozen is not None
    assert own.frozen is not None
    assert change.frozen.estimate == pytest.approx(own.frozen.estimate, abs=1e-9)
    assert change.frozen.se != own.frozen.se


@pytest.mark.parametrize(
    "parts",
    [
        {"windows": {"width": 1, "step": 1, "valid": 1}},
        {"windows": {"width": 3, "step": 3, "valid": 2}},
        {"windows": {"width": "21 days", "step": "7 days", "valid": 2}},
        {
            "windows": {"width": 2, "step": 1, "valid": 1},
            "phases": {"early": {"from": "T0", "to": "T2"}, "late": {"from": "T3", "to": "T5"}},
        },
    ],
)
def test_every_kind_of_window(parts: dict[str, Any]) -> None:
    scores = simulated(80, 6, resilience={**parts, "bootstrap": 50})
    change = found(inputs_of(scores))
    assert change.interval is not None
    assert change.interval[0] < change.estimate < change.interval[1]
    assert change.n_rows == scores.valid.height


def test_windows_of_days_are_those_of_occasions_where_answers_are_in_time() -> None:
    by_day = {"windows": {"width": "21 days", "step": "7 days", "valid": 2}, "bootstrap": 0}
    by_occasion = {"windows": {"width": 3, "step": 1, "valid": 2}, "bootstrap": 0}
    days = found(inputs_of(simulated(80, 6, missing=0.0, resilience=by_day)))
    occasions = found(inputs_of(simulated(80, 6, missing=0.0, resilience=by_occasion)))
    assert days.estimate == pytest.approx(occasions.estimate, abs=1e-9)


@pytest.mark.parametrize(
    ("occasions", "parts"),
    [
        (3, {"windows": {"width": 3, "step": 1, "valid": 2}}),
        (1, {"windows": {"width": 1, "step": 1, "valid": 1}}),
        (4, {"windows": None}),
    ],
)
def test_nothing_to_compare(occasions: int, parts: dict[str, Any]) -> None:
    assert change_over_windows(inputs_of(simulated(40, occasions, resilience=parts))) is None


def test_many_occasions_share_effects_in_blocks_that_keep_to_the_windows() -> None:
    inputs = inputs_of(
        simulated(60, 40, resilience={"windows": {"width": 5, "step": 5, "valid": 2}})
    )
    rows = change_rows(inputs)
    assert rows is not None
    assert rows.contrast.size < 22
    assert not rows.single
    assert rows.contrast.sum() == pytest.approx(0)
    first = set(rows.block[rows.occasion < 5])
    assert first == set(np.flatnonzero(rows.contrast < 0))
    assert set(rows.block[rows.occasion >= 35]) == set(np.flatnonzero(rows.contrast > 0))
    change = change_of(rows, draws=50, seed=1)
    assert change is not None
    assert "block of occasions" in change.model
    assert change.interval is not None


def test_persons_in_random_groups_give_about_the_same_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = change_rows(inputs_of(leaving(1500)))
    assert rows is not None
    single = change_of(rows, draws=400, seed=1)
    monkeypatch.setattr("salutogen.analyses.windows.change_sums.FEWEST_UNITS", 300)
    monkeypatch.setattr("salutogen.analyses.windows.change_sums.MOST_NUMBERS", 1)
    monkeypatch.setattr("salutogen.analyses.windows.change_sums.PERSONS_AT_ONCE", 700)
    grouped = change_of(rows, draws=400, seed=1)
    assert single is not None
    assert grouped is not None
    assert grouped.estimate == pytest.approx(single.estimate, rel=1e-10)
    assert grouped.se == pytest.approx(single.se, rel=0.15)


def test_exposure_that_never_differs_within_persons_has_no_slope_within(
    cohort: AnalysisInputs,
) -> None:
    rows = change_rows(cohort)
    assert rows is not None
    same = replace(rows, exposure=np.sqrt(1.0 + rows.rows.person)[:, None] - 8)
    change = change_of(same, draws=20, seed=1)
    assert change is not None
    assert change.within is None
    assert not change.depends_on_slope


def test_what_cannot_be_told_apart_is_not_estimated(cohort: AnalysisInputs) -> None:
    rows = change_rows(cohort)
    assert rows is not None
    time = (rows.block - rows.block.mean())[:, None].astype(float)
    assert change_of(with_exposure(rows, time), draws=20, seed=1) is None


@pytest.mark.filterwarnings("error")
def test_problems_that_follow_from_exposure_exactly_show_no_change(cohort: AnalysisInputs) -> None:
    rows = change_rows(cohort)
    assert rows is not None
    exact = replace(rows, P=10.0 + 0.3 * rows.exposure[:, 0])
    for draws in (0, 40):
        change = change_of(exact, draws=draws, seed=1)
        if change is not None:
            assert change.estimate == pytest.approx(0.0, abs=1e-8)
            assert change.residual_sd == pytest.approx(0.0, abs=1e-6)


def with_exposure(rows: ChangeRows, exposure: np.ndarray) -> ChangeRows:
    return replace(rows, exposure=exposure)
