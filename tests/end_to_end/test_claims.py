"""What a report says is what is true: shapes, covariates, types, reliabilities, references."""

from __future__ import annotations

import os
import re

import numpy as np
import pytest

from salutogen.norm.design_matrix import line_matrix, with_exposure
from tests.end_to_end.claim_studies import Case, Told, every_case, some_cases, told

EVERY = os.environ.get("SALUTOGEN_CLAIMS") == "all"
CASES = every_case() if EVERY else some_cases(60)
BROKEN = re.compile(r"\bnan\b|\bNone\b|\binf\b|[{}]")


@pytest.fixture(scope="module", params=CASES, ids=[case.name for case in CASES])
def said(request: pytest.FixtureRequest) -> Told:
    return told(request.param)


def own_share(said: Told) -> tuple[float, float]:
    """R² that exposure adds to the covariates, and of the whole person line, by least squares."""
    line = said.results.norm.lines.person
    units = with_exposure(line, said.results.norm.reference_units["person"])
    X = line_matrix(line, units, level="person")
    y = units["P"].to_numpy()
    of_exposure = np.array([term.startswith("E") for term in line.terms])

    def r_squared(columns: np.ndarray) -> float:
        rest = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
        return 1.0 - float(rest @ rest) / float((y - y.mean()) @ (y - y.mean()))

    whole = r_squared(X)
    return whole - r_squared(X[:, ~of_exposure]), whole


def test_exposure_is_credited_with_its_own_share_alone(said: Told) -> None:
    share, whole = own_share(said)
    primary = said.numbers["norm"]["primary"]
    assert primary["exposure_r_squared"] == pytest.approx(share, abs=1e-8)
    assert primary["r_squared"] == pytest.approx(whole, abs=1e-8)
    ((below, first), *rest) = re.findall(r"goe?s? with (below )?(\d+(?:\.\d+)?) %", said.opening)
    if below:
        assert 0 <= share < float(first) / 100
    else:
        assert float(first) == pytest.approx(100 * share, abs=0.51)
    assert said.case.covariate == ("covariates included" in said.opening)
    assert [float(one) for _, one in rest] == pytest.approx(
        [100 * whole] if said.case.covariate else [], abs=0.51
    )


def test_the_direction_is_the_true_one(said: Told) -> None:
    more, fewer = "had more problems" in said.opening, "had fewer problems" in said.opening
    curved = said.results.norm.lines.person.shape != "linear"
    assert not (more and fewer)
    assert not (curved and (more or fewer)), "a curve has no direction at one place"
    assert not (said.case.relation == "rising" and fewer)
    assert not (said.case.relation == "falling" and more)
    assert not (said.case.relation == "rising" and "problems fall with" in said.opening)
    assert not (said.case.relation == "falling" and "problems rise with" in said.opening)
    separate = len(said.results.norm.lines.person.predictors) > 1
    if said.case.relation in ("rising", "falling") and not curved and not separate:
        assert more or fewer
    if "slope-not-positive" in said.findings:
        assert said.case.relation != "rising"


def test_a_curve_is_told_by_what_it_lets_expect(said: Told) -> None:
    line = said.results.norm.lines.person
    places = said.numbers["norm"]["primary"]["expected_at"]
    if line.shape != "linear" and said.results.norm.lines.person.claims.shows_exposure:
        assert said.opening.count(" at low exposure") == 1
        assert "at middle exposure" in said.opening
        short, of_line = said.opening.split("\n")[:2]
        assert short.startswith("In short: ")
        assert "slope" not in short + of_line
    if said.case.relation == "u-shaped" and line.shape == "quadratic" and len(line.predictors) == 1:
        assert places["middle"]["P"] < max(places["low"]["P"], places["high"]["P"])
        # Where exposure's terms are not told from 0 together, no turn is claimed of the estimates.
        turns, open_ = ("lowest", "throughout", "not settled"), ("not settled", "too weakly")
        shows = line.claims.shows_exposure
        assert any(word in said.opening for word in (turns if shows else open_))
        assert shows or "expected problems are" not in said.opening
    if said.case.types == 1 and said.case.combine == "sum" and said.case.relation == "rising":
        for place in places.values():
            truth = 28 + 3 + 0.6 * place["E"]
            assert place["P"] == pytest.approx(truth, abs=4 * place["se"] + 0.5)


def test_nobody_is_called_clear_where_nobody_differs(said: Told) -> None:
    persons = said.numbers["resilience"]["persons"]
    if said.case.occasions == 1:
        assert persons["clear_below"] is None
        assert persons["between_variance"] is None
        assert "cannot be told" in said.opening
    elif said.case.lasting == 0 and not _bent_between(said.case):
        assert persons["clear_below"] + persons["clear_above"] <= 1
    assert "enough to rank" not in said.everything
    assert "clearly fewer problems" not in said.everything


def _bent_between(case: Case) -> bool:
    """Whether a straight line is laid through a curve, or sex is left out: persons then differ."""
    return (case.relation == "u-shaped" and case.shape == "linear") or not case.covariate


def test_who_is_called_clear_is_on_the_true_side(said: Told) -> None:
    """At most a tenth of those called, and one, lie on the other side of the line in truth."""
    if said.case.occasions == 1 or not said.case.covariate or said.case.relation == "u-shaped":
        return
    persons = said.results.persons.sort("subject")
    sides = zip(persons["clear"].to_list(), said.lasting.tolist(), strict=True)
    called = [(side, truth) for side, truth in sides if side]
    wrong = sum((side == "below") != (truth < 0) for side, truth in called)
    assert wrong <= 1 + 0.1 * len(called)
    if said.case.lasting > 0 and said.case.reference == "all":
        assert len(called) >= 0.05 * persons.height


def test_units_and_words_belong_to_what_was_fitted(said: Told) -> None:
    composite = said.case.combine == "composite" and said.case.types > 1
    assert composite or "unit of the composite" not in said.everything
    assert not BROKEN.search(said.opening)
    for text in said.findings.values():
        assert not BROKEN.search(text), text
    assert not re.search(r"\bnan\b|\bNone\b", said.page)
    overlap = said.case.occasions > 1  # windows of two occasions, one apart
    assert overlap or "inflated by overlap" not in said.everything
