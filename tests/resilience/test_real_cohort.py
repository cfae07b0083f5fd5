"""The real cohort: every published figure of the scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from salutogen.norm import fit_norm
from salutogen.resilience import Resilience, score_resilience
from tests.norm.cohorts import dynacore


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Resilience:
    scores = dynacore(shared_data)
    return score_resilience(scores, fit_norm(scores), bootstrap=200)


def test_descriptives(real: Resilience) -> None:
    P, E, SR = (getattr(real.descriptives, name) for name in ("P", "E", "SR"))
    assert (P.mean, P.sd) == pytest.approx((14.352, 5.901), abs=5e-4)
    assert (E.mean, E.sd) == pytest.approx((43.897, 20.513), abs=5e-4)
    assert P.icc == pytest.approx(0.696, abs=5e-4)
    assert E.icc == pytest.approx(0.650, abs=5e-4)
    assert SR.icc == pytest.approx(0.62, abs=5e-3)
    assert real.summary.icc_single == SR.icc


def test_window_iccs(real: Resilience) -> None:
    assert real.summary.icc_windows.frozen == pytest.approx(0.87, abs=5e-3)
    assert real.summary.icc_windows.refit == pytest.approx(0.88, abs=5e-3)


def test_exposure_left_in_scores(real: Resilience) -> None:
    left = real.summary.sr_exposure_correlation
    assert left.primary == pytest.approx(0.0, abs=1e-12)
    assert left.between == pytest.approx(0.093, abs=5e-4)
    assert left.within == pytest.approx(-0.208, abs=5e-4)
    assert left.mixed == pytest.approx(0.152, abs=5e-4)
    assert left.mixed_between == pytest.approx(0.241, abs=5e-4)
    assert left.mixed_within == pytest.approx(-0.062, abs=5e-4)
    assert left.mixed_split_between == pytest.approx(0.0, abs=0.01)
    assert left.mixed_split_within == pytest.approx(0.0, abs=0.01)
    codes = [finding.code for finding in real.findings]
    assert "mixed-slope-leaves-exposure" in codes
    assert "exposure-left-in-score" in codes


def test_a_distance_without_sign_is_another_score(real: Resilience) -> None:
    SR = real.occasions["SR"].to_numpy()
    assert np.corrcoef(SR, np.abs(SR))[0, 1] == pytest.approx(0.24, abs=5e-3)
