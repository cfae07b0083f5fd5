"""Lag, ICCs, slopes and correlations against brute force; errors against simulation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.formula.api as smf

from salutogen.counts import Forms
from salutogen.norm import fit_norm
from salutogen.resilience import Resilience, score_resilience
from salutogen.resilience.reliability import reliability_of_score
from salutogen.resilience.uncertainty import MOST_UNITS, bootstrap_line, resampling_units
from tests.norm.cohorts import simulated


@pytest.fixture(scope="module")
def result() -> Resilience:
    scores = simulated(150, 5)
    return score_resilience(scores, fit_norm(scores), bootstrap=400)


def pairs(rows: pl.DataFrame, values: np.ndarray) -> tuple[list[float], list[float]]:
    now, later = [], []
    at = {
        (person, occasion): value
        for person, occasion, value in zip(
            rows["person"], rows["occasion_index"], values, strict=True
        )
    }
    for (person, occasion), value in at.items():
        if (person, occasion + 1) in at:
            now.append(value)
            later.append(at[person, occasion + 1])
    return now, later


def test_lag_one_takes_adjacent_scheduled_occasions_only(result: Resilience) -> None:
    rows = result.occasions.filter("valid")
    SR = rows["SR"].to_numpy()
    now, later = pairs(rows, SR)
    assert result.summary.lag1 == pytest.approx(np.corrcoef(now, later)[0, 1])
    found = result.summary.lag1_pairs
    assert isinstance(found, Forms)
    assert found == len(now)
    places = rows.select("person", "occasion_index").rows()
    each = np.bincount(
        [one for (one, at), (other, then) in pairwise(places)
         if one == other and then == at + 1],
        minlength=result.persons.height,
    )  # fmt: skip
    assert found.persons == np.count_nonzero(each)
    assert found.others == np.count_nonzero(each < each.max())
    centred = rows.select(pl.col("SR") - pl.col("SR").mean().over("person"))["SR"].to_numpy()
    now, later = pairs(rows, centred)
    assert result.summary.lag1_within == pytest.approx(np.corrcoef(now, later)[0, 1])
    assert result.summary.lag1_within < result.summary.lag1


def test_icc_is_of_a_random_intercept_reml_model(result: Resilience) -> None:
    rows = result.occasions.filter("valid").select("person", "SR").to_pandas()
    fit = smf.mixedlm("SR ~ 1", rows, groups="person").fit(reml=True)
    between, within = float(fit.cov_re.iloc[0, 0]), float(fit.scale)
    assert result.summary.icc_single == pytest.approx(between / (between + within), rel=1e-4)
    assert result.descriptives.SR.within_sd == pytest.approx(np.sqrt(within), rel=1e-4)


def test_between_and_within_correlations_by_hand(result: Resilience) -> None:
    rows = result.occasions.filter("valid").to_pandas()
    means = rows.groupby("person")[["SR", "E"]].mean()
    own = rows[["SR", "E"]] - rows.groupby("person")[["SR", "E"]].transform("mean")
    left = result.summary.sr_exposure_correlation
    assert left.primary == pytest.approx(0.0, abs=1e-12)
    assert left.between == pytest.approx(means.corr().iloc[0, 1])
    assert left.within == pytest.approx(own.corr().iloc[0, 1])
    assert left.between > 0 > left.within


def test_bootstrap_agrees_with_clustered_errors(result: Resilience) -> None:
    lines = result.bootstrap.lines
    for name, line in (
        ("occasion", result.norm.lines.occasion),
        ("person", result.norm.lines.person),
    ):
        errors = np.sqrt(np.diag(line.covariance))
        for index, term in enumerate(line.terms):
            found = lines[name][term]
            assert found.low < found.estimate < found.high
            assert found.se == pytest.approx(errors[index], rel=0.2)


def test_standard_errors_join_line_and_answers(result: Resilience) -> None:
    sem = result.summary.sem
    assert sem == pytest.approx(result.descriptives.SR.sd * np.sqrt(1 - result.summary.reliability))
    rows = result.occasions.filter("valid")
    assert (rows["SR_se"].to_numpy() > sem).all()
    assert (rows["SR_se"].to_numpy() < sem * 1.1).all()
    persons = result.persons
    floor = sem / np.sqrt(persons["n_valid"].to_numpy())
    assert (persons["SR_se_days"].to_numpy() > floor).all()
    np.testing.assert_allclose(
        persons["SR_high_days"] - persons["SR_low_days"],
        2 * 1.959963984540054 * persons["SR_se_days"],
    )


def test_without_a_reliability_errors_of_days_are_of_the_line_alone() -> None:
    scores = replace(simulated(60, 4), reliability_p=None)
    result = score_resilience(scores, fit_norm(scores), bootstrap=100)
    assert result.summary.reliability is None
    assert "reliability-unknown" in [finding.code for finding in result.findings]
    assert result.persons["SR_se_days"].max() < 2.0


def residual(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    return y - np.cov(x, y)[0, 1] / np.var(x, ddof=1) * x


@pytest.mark.parametrize(("rP", "rE", "rho"), [(0.85, 0.8, 0.5), (0.9, 1.0, 0.3), (0.7, 0.6, 0.2)])
def test_reliability_of_a_residual_against_simulated_retest(
    rP: float, rE: float, rho: float
) -> None:
    rng = np.random.default_rng(4)
    true_E = rng.normal(size=400_000)
    true_P = rho * true_E + np.sqrt(1 - rho**2) * rng.normal(size=400_000)

    def form(true: np.ndarray, reliability: float) -> np.ndarray:
        noise = rng.normal(size=400_000)
        return np.sqrt(reliability) * true + np.sqrt(1 - reliability) * noise

    first = [form(true_P, rP), form(true_E, rE)]
    second = [form(true_P, rP), form(true_E, rE)]
    observed = np.corrcoef(*first)[0, 1]
    retest = np.corrcoef(residual(*first), residual(*second))[0, 1]
    assert reliability_of_score(rP, observed, rE) == pytest.approx(retest, abs=0.005)


def test_persons_are_drawn_in_groups_where_they_are_many() -> None:
    person = np.repeat(np.arange(0, 50_000, 2), 2)
    codes, units = resampling_units(person, seed=3)
    assert units == MOST_UNITS
    assert (codes[::2] == codes[1::2]).all(), "a person's rows stay together"
    sizes = np.bincount(codes[::2], minlength=units)
    assert set(sizes) == {2, 3}
    few, units = resampling_units(np.array([4, 4, 9, 11]), seed=3)
    assert few.tolist() == [0, 0, 1, 2]
    assert units == 3


def test_groups_of_persons_give_the_same_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = simulated(2000, 3)
    norm = fit_norm(scores)
    units = norm.units("occasion")
    assert units is not None
    whole = bootstrap_line(norm.lines.occasion, units, level="occasion", draws=1000, seed=1)
    monkeypatch.setattr("salutogen.resilience.uncertainty.MOST_UNITS", 500)
    grouped = bootstrap_line(norm.lines.occasion, units, level="occasion", draws=1000, seed=1)
    assert whole is not None
    assert grouped is not None
    a, b = np.sqrt(np.diag(whole.covariance)), np.sqrt(np.diag(grouped.covariance))
    np.testing.assert_allclose(b, a, rtol=0.12)


PROGRAM = """
import json, sys
from hashlib import sha256
from salutogen.norm import fit_norm
from salutogen.resilience import score_resilience
from tests.norm.cohorts import simulated
scores = simulated(1500, 4)
result = score_resilience(scores, fit_norm(scores), bootstrap=50)
tables = [result.occasions, result.windows, result.persons]
text = "".join(table.write_csv() for table in tables)
text += json.dumps(result.to_dict())
print(sha256(text.encode()).hexdigest())
"""


@pytest.mark.slow
def test_the_number_of_threads_does_not_change_a_byte(repository: Path) -> None:
    hashes = set()
    for threads in ("1", "4"):
        names = ("POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OMP_NUM_THREADS")
        environment = os.environ | dict.fromkeys((*names, "OPENBLAS_NUM_THREADS"), threads)
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        hashes.add(run.stdout.strip())
    assert len(hashes) == 1


def test_summary_is_plain_data(result: Resilience) -> None:
    text = json.dumps([result.to_dict(), result.descriptives.to_dict()])
    assert "NaN" not in text
