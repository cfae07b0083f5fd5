"""SR with the slope within persons: against the score over occasions, and a jump by arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories.courses.scored_within import scored_within
from salutogen.analyses.trajectories.recovery.response import jump_findings, jump_test
from salutogen.findings import Findings
from salutogen.norm.mixed import MixedLine, fit_mixed_line
from salutogen.norm.periods import ValidRows

PERSONS, OCCASIONS = 400, 6


def simulated() -> tuple[np.ndarray, np.ndarray, MixedLine]:
    """P follows person means of E by 1.0 and their ups and downs by .25; nothing happens."""
    generator = np.random.default_rng(2)
    mean = 10.0 + 3.0 * generator.standard_normal((PERSONS, 1))
    E = mean + 3.0 * generator.standard_normal((PERSONS, OCCASIONS))
    E[:, 3] += 4.0  # the event adds to exposure
    P = 5.0 + mean + 0.25 * (E - mean) + 2.0 * generator.standard_normal(E.shape)
    P[generator.random(P.shape) < 0.1] = np.nan
    person, occasion = np.nonzero(np.isfinite(P))
    rows = ValidRows(
        person=person,
        occasion=occasion,
        time=np.full(person.size, np.nan),
        values={"P": P[person, occasion], "E": E[person, occasion]},
        n_persons=PERSONS,
    )
    line = fit_mixed_line(rows, Findings())[0]
    assert line is not None
    return P, E, line


def test_a_change_is_that_of_P_minus_the_slope_within_times_that_of_E() -> None:
    P, E, line = simulated()
    SR = scored_within(P, E, line)
    assert SR is not None
    slope = line.within_slope * line.sd_P / line.sd_E
    assert slope == pytest.approx(0.25, abs=0.05)
    expected = (P[:, 3] - P[:, 2]) - slope * (E[:, 3] - E[:, 2])
    np.testing.assert_allclose(SR[:, 3] - SR[:, 2], expected, atol=1e-9)
    assert np.nanmean(SR) == pytest.approx(0.0, abs=0.15)
    assert scored_within(P, E, None) is None


def test_a_jump_by_arithmetic_is_warned_of() -> None:
    P, E, line = simulated()
    known = np.isfinite(P)
    design = np.column_stack([np.ones(known.sum()), E[known]])
    coefficients = np.linalg.lstsq(design, P[known], rcond=None)[0]
    plain = P - coefficients[0] - coefficients[1] * E
    within = scored_within(P, E, line)
    assert within is not None
    who = np.arange(PERSONS)
    tests = {
        "SR": jump_test(plain[:, 3] - plain[:, 2], who),
        "SR_within": jump_test(within[:, 3] - within[:, 2], who),
    }
    assert tests["SR"].told
    assert not tests["SR_within"].told
    (told,) = jump_findings(tests)
    assert told.code == "jump-by-arithmetic"
    assert "may be arithmetic" in told.text
    assert jump_findings({"SR": tests["SR"], "SR_within": tests["SR"]}) == ()
