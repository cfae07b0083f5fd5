"""Far points against other programs, their limits, and who is shown them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy.stats import chi2

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.outliers.analysis import compute
from salutogen.analyses.outliers.far_points import (
    Names,
    _most_influential,
    cooks_distance,
    far_points,
    mahalanobis_p,
)
from salutogen.analyses.outliers.settings import OutliersSettings
from tests.analyses.inputs import audience_of, inputs_of, shown
from tests.norm.cohorts import simulated


def guarded(part: object) -> str:
    return part if isinstance(part, str) else part.worded("{:,}".format)  # type: ignore[attr-defined]


def test_cooks_distance_agrees_with_statsmodels(cohort: AnalysisInputs) -> None:
    persons = cohort.resilience.persons
    X = sm.add_constant(persons["E"].to_numpy())
    fit = sm.OLS(persons["P"].to_numpy(), X).fit()
    expected = fit.get_influence().cooks_distance[0]
    np.testing.assert_allclose(cooks_distance(X, fit.resid), expected, rtol=1e-8)


def test_mahalanobis_has_as_many_degrees_of_freedom_as_variables() -> None:
    rng = np.random.default_rng(1)
    X = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 2]], 300)
    S = np.linalg.inv(np.cov(X.T))
    d = X - X.mean(axis=0)
    distance = np.einsum("ij,jk,ik->i", d, S, d)
    np.testing.assert_allclose(mahalanobis_p(X[:, 0], X[:, 1]), chi2.sf(distance, 2), rtol=1e-8)


def test_far_points_by_two_degrees_of_freedom(real: AnalysisInputs) -> None:
    result = compute(real, OutliersSettings())
    counts = result.occasion
    assert (counts.far_P, counts.far_E) == (2, 2)
    assert counts.far_jointly == 2, "one degree of freedom for two variables flags 10"
    (told,) = result.findings
    assert told.text == (
        "At occasions 2 values of P and 2 of E lie beyond 3 SD, 2 are far jointly (Mahalanobis "
        "p < .001, 2 degrees of freedom). Of persons' means 2 of P and 1 of E do, and 1 jointly."
    )
    assert told.worded(lambda n: f"fewer than 5 ({n})").endswith(
        "Of persons' means fewer than 5 (2) of P and fewer than 5 (1) of E do, and "
        "fewer than 5 (1) jointly."
    )


@pytest.mark.parametrize("n", [0, 1, 9, 10, 11, 400])
def test_the_ten_most_influential_are_the_first_of_all_in_order(n: int) -> None:
    rng = np.random.default_rng(n)
    for cooks in (rng.random(n), rng.integers(0, 4, n).astype(float)):  # without and with equals
        cooks[rng.random(n) < 0.1] = np.nan
        expected = np.zeros(n, dtype=bool)
        expected[np.argsort(-cooks, kind="stable")[:10]] = True
        moving = cooks > 0.5
        np.testing.assert_array_equal(_most_influential(moving, cooks), expected & moving)


def test_limits_decide_what_is_far(cohort: AnalysisInputs) -> None:
    strict = compute(cohort, OutliersSettings())
    lenient = compute(cohort, OutliersSettings(beyond_sd=1.5, mahalanobis_p=0.05))
    assert lenient.occasion.far_P > strict.occasion.far_P
    assert lenient.occasion.far_jointly > strict.occasion.far_jointly
    assert lenient.occasion.influential == strict.occasion.influential == 10
    assert "beyond 1.5 SD" in lenient.findings[0].text
    assert "p < .05" in lenient.findings[0].text
    z = cohort.scores.valid["P"]
    by_hand = (((z - z.mean()) / z.std()).abs() > 1.5).sum()
    assert lenient.occasion.far_P == by_hand


def test_far_points_are_listed_only_where_persons_are_shown(cohort: AnalysisInputs) -> None:
    result = compute(cohort, OutliersSettings(beyond_sd=2))
    (section,), told = shown(result, cohort, individuals=True)
    assert told == ()
    (table,) = section.tables
    assert table.frame.height == result.flagged.height
    assert table.heading("who") == "Who"
    assert table.frame["who"].str.starts_with("Person ").all()
    (hidden,), told = shown(result, cohort, individuals=False)
    assert (told, hidden.tables) == ((), ())
    far = result.flagged.filter(pl.any_horizontal("far_P", "far_E", "far_jointly")).height
    assert far > 5
    for part, n in ((section, far), (hidden, 5 * round(far / 5))):
        assert f"Far points flagged: {n}." in str(part.paragraphs[0])


def test_who_merely_moves_the_line_is_not_counted_as_far(cohort: AnalysisInputs) -> None:
    result = compute(cohort, OutliersSettings(beyond_sd=50, mahalanobis_p=1e-30))
    assert result.flagged.height == result.flagged["influential"].sum()
    (section,), _ = shown(result, cohort, individuals=True)
    words = [guarded(part) for part in section.paragraphs]
    n = result.person.influential
    assert words[0] == "No far points were flagged."
    assert 0 < n <= 10
    persons = cohort.resilience.persons
    X = sm.add_constant(persons["E"].to_numpy())
    cooks = sm.OLS(persons["P"].to_numpy(), X).fit().get_influence().cooks_distance[0]
    assert result.person.moving == int((cooks > 4 / cooks.size).sum())
    assert f"{n} persons of {result.person.moving} whose Cook's distance" in words[2]


@pytest.mark.parametrize(("n", "words"), [(0, "No far points"), (3, "flagged: few.")])
def test_few_far_points_are_not_counted_for_everyone(
    cohort: AnalysisInputs, n: int, words: str
) -> None:
    result = compute(cohort, OutliersSettings(beyond_sd=2))
    far = result.flagged.filter(pl.col("far_P"))
    few = replace(result, flagged=far.filter(pl.int_range(pl.len()) < n))
    (hidden,), _ = shown(few, cohort, individuals=False)
    assert words in str(hidden.paragraphs[0])


def test_methods_tell_what_was_flagged(cohort: AnalysisInputs) -> None:
    told = str(compute(cohort, OutliersSettings(beyond_sd=3.5)).methods())
    assert "beyond 3.5 SDs" in told
    assert "p < 0.001" in told
    assert "none left out" in told


@pytest.mark.parametrize("n", [0, 1, 2])
def test_next_to_nobody_is_far_from_nobody(cohort: AnalysisInputs, n: int) -> None:
    """A borrowed line may score fewer persons than any spread can be told of."""
    table = cohort.norm.period_tables["person"].head(n)
    names = Names(cohort.scores.persons["subject"], cohort.study.labels)
    flagged, _ = far_points(cohort.norm.lines.person, table, "person", OutliersSettings(), names)
    assert not flagged["far_P"].any()
    assert not flagged["far_jointly"].any()


@pytest.mark.parametrize(("far", "warned"), [((), False), ((5,), True), ((5, 6, 7), False)])
def test_one_person_who_makes_the_spread_is_warned_of_where_persons_are_hidden(
    far: tuple[int, ...], warned: bool
) -> None:
    """An SD, the number of persons and the middle half give how far one person lies."""
    scores = simulated(60, 4, missing=0.0)
    moved = pl.when(pl.col("person").is_in(far)).then(36.0).otherwise(pl.col("P") * 0.15)
    scores = replace(scores, table=scores.table.with_columns(P=moved))
    inputs = inputs_of(scores)
    audience = audience_of(scores, individuals=False)
    hidden = compute(
        replace(inputs, run=replace(inputs.run, audience=audience)), OutliersSettings()
    )
    found = [item for item in hidden.findings if item.code == "person-makes-spread"]
    assert bool(found) is warned
    assert "person-makes-spread" not in [
        item.code for item in compute(inputs, OutliersSettings()).findings
    ]
    P = inputs.resilience.persons["P"].to_numpy()
    if warned:
        (told,) = found
        assert "One person's P makes much" in told.text
        sd = audience.with_few_digits(float(np.std(P, ddof=1)))
        solved = np.median(P) + sd * np.sqrt(60 - 1)
        assert solved == pytest.approx(P.max(), rel=0.05), "the attack that it warns of"
