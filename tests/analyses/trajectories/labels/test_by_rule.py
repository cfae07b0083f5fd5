"""Labels by rule: prototypes, error rates without change, probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories import LABELS, Lock, classify, label_courses
from salutogen.analyses.trajectories.labels.by_rule import (
    OtherBackground,
    half_width_of,
    label_shares,
    unchanged_rates,
    within_person_sd,
)
from salutogen.analyses.trajectories.labels.settings import LabelSettings

PROTOTYPES = {
    "resilient": [[0, 0, 0, 0], [0, 0.9, -0.9, 0.9], [-3, -2.5, -3, -2.2], [0, -2, -2, 0]],
    "recovery": [[0, 2, 0, 0], [0, 3, 2, 0.5], [1, 5, 4, 1.9], [0, 2, 0, -3]],
    "delayed": [[0, 0, 2, 2], [0, 0.5, 0.5, 4], [0, 0, 3, 0]],
    "chronic": [[0, 2, 2, 2], [0, 3, 0, 3], [-4, 0, 0, 0]],
    "improving": [[0, 0, 0, -2], [0, -2, -2, -2]],
}


def lock_of(SR: np.ndarray, *, residual_sd: float = 5.0) -> Lock:
    return Lock(
        occasion=np.tile(np.arange(4), (SR.shape[0], 1)),
        SR=SR,
        P=SR + 10.0,
        SR_z=SR / residual_sd,
    )


@pytest.mark.parametrize("label", PROTOTYPES)
def test_prototypes_get_their_label(label: str) -> None:
    codes = classify(np.asarray(PROTOTYPES[label], dtype=float), half_width=1.0)
    assert [LABELS[code] for code in codes] == [label] * len(PROTOTYPES[label])


def test_high_before_goes_before_everything() -> None:
    courses = np.asarray([course for each in PROTOTYPES.values() for course in each], dtype=float)
    codes = classify(courses, half_width=1.0, high=np.ones(len(courses), dtype=bool))
    assert {LABELS[code] for code in codes} == {"pre-existing high"}


def test_the_level_itself_does_not_matter() -> None:
    generator = np.random.default_rng(2)
    courses = generator.normal(size=(500, 4))
    moved = courses + generator.normal(size=(500, 1)) * 10
    np.testing.assert_array_equal(
        classify(courses, half_width=1.2), classify(moved, half_width=1.2)
    )


def test_tolerance_decides_what_is_back() -> None:
    course = np.asarray([[0, 3, 1, 0.7]])
    assert LABELS[classify(course, half_width=1.0)[0]] == "recovery"
    assert LABELS[classify(course, half_width=1.0, tolerance=0.5)[0]] == "chronic"


def test_unchanged_persons_stay_within_or_below_in_94_percent() -> None:
    """Three correlated (r = .5) one-sided comparisons at 1.96: .94 (definitions of the project)."""
    rates = unchanged_rates(LabelSettings(high=9.0))
    assert rates["resilient"] + rates["improving"] == pytest.approx(0.94, abs=0.006)
    assert sum(rates.values()) == pytest.approx(1.0)
    assert "pre-existing high" not in rates


@pytest.mark.parametrize(("band", "tolerance", "high"), [(1.96, 1.0, 1.0), (1.0, 0.5, 0.2)])
def test_rates_without_change_are_those_of_whoever_was_not_high_before(
    band: float, tolerance: float, high: float
) -> None:
    """By brute force: noise of four occasions, those left out that are high at the first."""
    settings = LabelSettings(band=band, tolerance=tolerance, high=high)
    noise = np.random.default_rng(5).standard_normal((1_000_000, 4))
    calm = noise[noise[:, 0] <= high]
    codes = classify(calm, half_width=half_width_of(1.0, settings), tolerance=tolerance)
    shares = np.bincount(codes, minlength=len(LABELS))[:-1] / len(calm)
    assert list(unchanged_rates(settings).values()) == pytest.approx(list(shares), abs=0.002)


def test_a_wider_band_calls_more_unchanged_persons_resilient() -> None:
    resilient = [
        unchanged_rates(LabelSettings(band=band))["resilient"] for band in (1.0, 1.96, 3.0)
    ]
    assert resilient == sorted(resilient)
    assert resilient[-1] > 0.99


def test_only_complete_courses_are_labelled() -> None:
    SR = np.asarray([[0.0, 9.0, 9.0, 9.0], [0.0, np.nan, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    labels = label_courses(lock_of(SR), spread=1.0, settings=LabelSettings())
    assert labels.rows.tolist() == [0, 2]
    assert [LABELS[code] for code in labels.codes] == ["chronic", "resilient"]
    assert labels.half_width == pytest.approx(1.96 * np.sqrt(2.0))
    assert sum(labels.counts.values()) == labels.n == 2


def test_who_is_high_before_is_asked_of_the_standardised_score() -> None:
    SR = np.asarray([[0.0, 9.0, 0.0, 0.0], [9.0, 0.0, 0.0, 0.0]])
    labels = label_courses(lock_of(SR), spread=1.0, settings=LabelSettings())
    assert [LABELS[code] for code in labels.codes] == ["recovery", "pre-existing high"]


def test_the_spread_within_persons_is_pooled_over_degrees_of_freedom() -> None:
    """Squares 2 + 8 over 1 + 2 degrees of freedom; a single value counts for nothing."""
    SR = np.asarray([[1.0, 3.0, np.nan], [0.0, 2.0, 4.0], [7.0, np.nan, np.nan]])
    assert within_person_sd(SR) == pytest.approx(np.sqrt(10.0 / 3.0))
    assert within_person_sd(SR[2:]) is None


def test_courses_whose_band_leaves_the_scale_are_counted() -> None:
    SR = np.zeros((10, 4))
    SR[:4] += 9.0  # P = SR + 10, before and after
    SR[8:] -= 9.0
    found = label_courses(
        lock_of(SR, residual_sd=50.0),
        spread=1.0,
        settings=LabelSettings(),
        span=(0.0, 20.0),
    )
    assert (found.n_cannot_rise, found.n_cannot_fall) == (4, 2)
    assert found.wider_than_scale
    unknown = label_courses(lock_of(SR), spread=1.0, settings=LabelSettings())
    assert (unknown.n_cannot_rise, unknown.n_cannot_fall) == (None, None)
    assert not unknown.wider_than_scale


def test_both_backgrounds_are_labelled_each_with_its_band() -> None:
    SR = np.array([[0.0, 5.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]])
    settings = LabelSettings()

    def labels(ratio: float) -> dict[str, int] | None:
        other = OtherBackground(lock=lock_of(SR), ratio=ratio)
        flat = lock_of(np.zeros((2, 4)))
        found = label_courses(flat, spread=1.0, settings=settings, other=other)
        assert found.counts["resilient"] == 2
        return found.other_background

    assert labels(1.0) == dict.fromkeys(LABELS, 0) | {"resilient": 1, "recovery": 1}
    assert labels(3.0) == dict.fromkeys(LABELS, 0) | {"resilient": 2}


def test_shares_are_among_those_not_high_before() -> None:
    counts = dict.fromkeys(LABELS, 0) | {"resilient": 6, "recovery": 2, "pre-existing high": 2}
    shares = label_shares(counts)
    assert shares["resilient"] == pytest.approx(0.75)
    assert shares["pre-existing high"] == pytest.approx(0.2)
    assert sum(shares[name] for name in LABELS[:-1]) == pytest.approx(1.0)
