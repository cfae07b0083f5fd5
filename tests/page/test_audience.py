"""How counts, and what stands on them, are told to those who may not see single persons."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from salutogen.columns import Column, Kind
from salutogen.counts import Forms
from salutogen.findings import Persons, finding
from salutogen.page.audience import Audience, told_median, told_quantiles
from salutogen.page.hidden_findings import told_without_persons
from salutogen.page.words import Coarse, MeanCount, Share, in_halves, say, without_counts

SHOWN = Audience(individuals=True, n_persons=63, seed=1)
HIDDEN = Audience(individuals=False, n_persons=63, seed=1)


@pytest.mark.parametrize(
    ("n", "told"), [(0, 0), (5, 5), (7, 5), (8, 10), (42, 40), (43, 45), (63, 63), (1234, 1235)]
)
def test_counts_are_told_in_fives_but_for_everyone(n: int, told: int) -> None:
    assert HIDDEN.told(n) == told
    assert SHOWN.told(n) == n
    assert HIDDEN.told(HIDDEN.told(n)) == told


def test_counts_that_are_no_whole_numbers_stay_of_their_kind() -> None:
    assert (HIDDEN.told(41.3), type(HIDDEN.told(41.3))) == (40.0, float)
    assert math.isnan(HIDDEN.told(math.nan))


@pytest.mark.parametrize("n_persons", range(20, 40))
def test_no_told_count_stands_for_one_number_alone(n_persons: int) -> None:
    """Beside everyone, who are exact, a count next to those that are hidden would be known."""
    audience = Audience(individuals=False, n_persons=n_persons, seed=1)
    behind: dict[int, list[int]] = {}
    for n in range(1, n_persons):
        if not audience.hides(n):
            behind.setdefault(audience.told(n), []).append(n)
    assert behind
    assert min(map(len, behind.values())) > 1


@pytest.mark.parametrize("n_persons", [30, 60, 61, 300])
def test_an_interval_is_made_with_a_size_that_several_counts_have(n_persons: int) -> None:
    """Those that leave few of everyone, whose count is not told, are told apart by nothing."""
    audience = Audience(individuals=False, n_persons=n_persons, seed=1)
    behind: dict[int, list[int]] = {}
    for n in range(5, n_persons):
        behind.setdefault(audience.told_size(n), []).append(n)
    assert min(map(len, behind.values())) >= 3
    assert all(size % 5 == 0 for size in behind)
    assert audience.told_size(n_persons) == n_persons
    assert len({audience.told_size(n) for n in range(n_persons - 4, n_persons)}) == 1
    assert [audience.told_size(n) for n in range(5)] == list(range(5))
    assert SHOWN.told_size(42) == 42


def test_quantiles_that_are_told_occur_and_have_five_beyond() -> None:
    rng = np.random.default_rng(1)
    for n in range(12, 70):
        values = rng.permutation(np.arange(n) ** 2)
        for at in (0.0, 0.05, 0.1, 1 / 3, 0.5, 0.9, 1.0):
            (found,) = told_quantiles(values, (at,))
            assert found in values
            assert min((values < found).sum(), (values > found).sum()) >= 5
            assert told_quantiles(values, (at,), 1)[0] == np.quantile(values, at)
        assert told_median(values) in values
        assert told_median(values, 1) == np.median(values)


def test_quantiles_of_occasions_have_those_of_five_persons_beyond() -> None:
    values = np.arange(240.0)  # 12 of each of 20 persons
    low, high = told_quantiles(values, (0.1, 0.9), n_persons=20)
    assert (values < low).sum() >= 5 * 12
    assert (values > high).sum() >= 5 * 12


def test_a_count_that_is_hidden_stays_so_once_it_is_rounded() -> None:
    for n in range(1, 63):
        assert HIDDEN.hides(n) or not HIDDEN.hides(HIDDEN.told(n))


def test_shares_are_those_of_counts_in_fives() -> None:
    for whole in (24, 42, 63):
        for n in range(whole + 1):
            told = HIDDEN.told_share(n / whole, whole)
            parts = told * HIDDEN.told(whole) / 5
            assert parts == pytest.approx(round(parts)) or told == 1
            assert abs(told - n / whole) < 5 / whole
            assert HIDDEN.told_share(told, whole) == pytest.approx(told)
            assert SHOWN.told_share(n / whole, whole) == n / whole


def test_shares_of_an_unknown_number_are_told_in_tenths() -> None:
    assert HIDDEN.told_share(0.283) == pytest.approx(0.3)
    assert HIDDEN.told_share(-0.283) == pytest.approx(-0.3)
    assert HIDDEN.told_share(2.5) == 2.5  # an occasion beside shares


def test_shares_of_a_number_that_may_not_be_told_do_not_tell_it() -> None:
    """In steps of one by it they would: 24 of 57 as 25 of 55 where there are 60 in the study."""
    n_persons = HIDDEN.n_persons
    for whole in (n_persons - 1, n_persons - 4):
        assert HIDDEN.hides(whole)
        for n in range(5, whole - 4):
            assert (10 * HIDDEN.told_share(n / whole, whole)) % 1 == pytest.approx(0)
    fives = 20 / n_persons
    assert HIDDEN.told_share(21 / n_persons, n_persons) == pytest.approx(fives)


def test_figures_are_told_by_their_kinds() -> None:
    def told(value: float, of: int | None = None, **given: object) -> float:
        return HIDDEN.rounded(value, Column(name="x", meaning="", **given), of)  # type: ignore[arg-type]

    assert told(42, kind=Kind.COUNT) == 40
    assert told(42) == 42  # of the design
    assert told(0.12345) == 0.123
    assert told(17 / 63, 63, kind=Kind.SHARE) == pytest.approx(15 / 63, abs=1e-3)
    assert told(57, kind=Kind.TELLING, step=5) == 55
    assert told(0.71, step=0.5) == 0.5
    assert told(7, kind=Kind.LABEL) == 7


def test_sentences_tell_what_is_told() -> None:
    text = say(
        "{n} of {all}: {share}, {mean} on average, {shift}.",
        n=Persons(17, of=42), all=Persons(42), share=Share(17 / 42, of=42),
        mean=MeanCount(16.4, of=42), shift=Coarse(shown="0.71 SDs", hidden=in_halves(0.71, "SDs")),
    )  # fmt: skip
    assert text.worded(SHOWN.in_a_sentence) == "17 of 42: 40 %, 16.4 on average, 0.71 SDs."
    assert text.worded(HIDDEN.in_a_sentence) == "15 of 40: 38 %, 15 on average, about 0.5 SDs."
    assert text.worded(str) == "17 of 42: 40 %, 16.4 on average, 0.71 SDs."


@pytest.mark.parametrize(
    ("reason", "hidden"),
    [
        ("In 688 of 5,000 samples two go together.", "In some of the samples two go together."),
        ("3 persons for 5 terms.", "Some persons for some terms."),
        ("Too few persons in arm new (4), site '3'.", "Too few persons in arm new, site '3'."),
        ("k3 and GHQ_01: R2 is 0.25 or 95 %.", "k3 and GHQ_01: R2 is 0.25 or 95 %."),
    ],
)  # fmt: skip
def test_why_a_model_is_not_fitted_tells_no_count(reason: str, hidden: str) -> None:
    told = finding("mechanism-not-fitted", reason=without_counts(reason))
    assert told.text == f"The paths were not fitted: {reason}"
    audience = Audience(individuals=False, n_persons=120, seed=1)
    assert told_without_persons(told, audience).text == f"The paths were not fitted: {hidden}"


def test_factors_are_no_persons() -> None:
    told = finding("factor-relation-moves", moved="2", related="4", names="a, b")
    audience = Audience(individuals=False, n_persons=120, seed=1)
    assert told_without_persons(told, audience).text.startswith("2 of 4 factors relate otherwise")


def test_forms_are_as_few_as_their_persons() -> None:
    six = Forms(6, persons=1, others=40)
    assert HIDDEN.is_small(six)
    assert HIDDEN.hides(six)
    assert HIDDEN.count(six) == "few"
    assert HIDDEN.share(six, 300) == "few"
    assert HIDDEN.share(Forms(290, persons=63, others=2), 300) == "nearly all"
    assert not HIDDEN.hides(Forms(33, persons=20, others=40), 300)
    assert HIDDEN.count(Forms(33, persons=20, others=40)) == "35"
    assert not SHOWN.hides(six)
    assert SHOWN.count(six) == "6"


def test_forms_that_few_persons_lack_tell_of_these() -> None:
    """Two of 63 persons miss ten of 378 forms: no count of the others is told."""
    forms = (Forms(378, persons=63), Forms(368, persons=63, others=2))
    hidden = replace(HIDDEN, forms=forms)
    assert hidden.hides(368)
    assert hidden.in_a_sentence(Persons(368)) == "nearly all"
    assert not replace(HIDDEN, forms=(forms[0], Forms(368, persons=63, others=7))).hides(368)
    assert not replace(SHOWN, forms=forms).hides(368)


@pytest.mark.parametrize(("n_left", "n_stayed"), [(19, 51), (12, 58), (41, 159)])
def test_means_of_parts_tell_their_numbers_no_more_than_counts_in_fives(
    n_left: int, n_stayed: int
) -> None:
    """Numbers that fit a mean of everyone and those of both parts, as they are told."""
    rng = np.random.default_rng(n_left)
    left, stayed = rng.normal(0.4, 1.0, n_left), rng.normal(-0.2, 1.0, n_stayed)
    n = n_left + n_stayed

    def fitting(audience: Audience, rounding: float) -> set[int]:
        def told(values: np.ndarray) -> tuple[float, float]:
            sd = float(np.std(values))
            mean = audience.told_mean(float(values.mean()), sd, values.size)
            step = max(rounding, 0.0 if audience.individuals else 2 * sd / values.size)
            return mean, step / 2

        (all_, of_all), (one, of_one), (other, of_other) = map(
            told, (np.concatenate([left, stayed]), left, stayed)
        )
        fits = set[int]()
        for k in range(n_left - 2, n_left + 3):
            slack = n * of_all + k * of_one + (n - k) * of_other
            if abs(k * one + (n - k) * other - n * all_) <= slack:
                fits.add(k)
        return fits

    shown = Audience(individuals=True, n_persons=n, seed=1)
    hidden = Audience(individuals=False, n_persons=n, seed=1)
    assert fitting(shown, 1e-4) == {n_left}
    assert len(fitting(hidden, 1e-4)) == 5


def test_a_step_of_means_is_what_two_persons_move_them_by() -> None:
    audience = Audience(individuals=False, n_persons=70, seed=1)
    assert audience.told_mean(-0.0846, 1.0, 70) == -0.1
    assert audience.told_mean(20.37, 6.0, 70) == 20.4
    assert audience.told_mean(3.0, 0.0, 70) == 3.0
    assert Audience(individuals=True, n_persons=70, seed=1).told_mean(0.1234, 1.0, 70) == 0.1234


def counts_that_fit(
    audience: Audience, counts: tuple[int, ...], sd_told: Callable[[float, int], float]
) -> set[tuple[int, ...]]:
    """How many met none, one, two and three, as far as their mean and SD tell it.

    Sets of as many persons, to the five, whose mean and SD would be told as those of `counts`.
    """

    def told(many: tuple[int, ...]) -> tuple[float, float]:
        met, n = np.arange(len(many)), sum(many)
        total, squares = float(met @ many), float(met**2 @ many)
        sd = math.sqrt(max(squares - total**2 / n, 0.0) / (n - 1))
        return audience.told_mean(total / n, sd, n), sd_told(sd, n)

    n, given = audience.told(sum(counts)), told(counts)
    candidates = (
        (size - one - two - three, one, two, three)
        for size in range(n - 2, n + 3)
        for three in range(7)
        for two in range(15)
        for one in range(30)
    )
    return {many for many in candidates if told(many) == given}


@pytest.mark.parametrize("counts", [(57, 7, 2, 1), (52, 12, 1, 0), (50, 8, 3, 0), (360, 20, 2, 0)])
def test_mean_and_sd_do_not_tell_how_many_met_few_events(counts: tuple[int, ...]) -> None:
    audience = Audience(individuals=False, n_persons=70 if sum(counts) < 70 else 400, seed=1)
    three_digits = counts_that_fit(audience, counts, lambda sd, n: audience.with_few_digits(sd))
    steps = counts_that_fit(audience, counts, audience.told_sd)
    assert counts in steps
    assert counts in three_digits
    assert len(three_digits) < 10 <= len(steps)
    assert {sum(many) for many in steps} == {audience.told(sum(counts)) + k for k in range(-2, 3)}
    assert len({many[2:] for many in steps}) > 1, "who met two is open"


def test_an_sd_is_told_in_the_steps_of_its_mean_unless_it_is_small() -> None:
    audience = Audience(individuals=False, n_persons=70, seed=1)
    assert audience.told_sd(6.13, 70) == 6.2
    assert audience.told_sd(0.43, 70) == 0.4
    assert audience.told_sd(0.0134, 70) == 0.01
    assert audience.told_sd(0.0, 70) == 0.0
    assert Audience(individuals=True, n_persons=70, seed=1).told_sd(0.1234, 70) == 0.1234


def test_what_arithmetic_leaves_of_0_is_0() -> None:
    points = Column(name="mean_SR", meaning="Mean", unit="points of P")
    assert HIDDEN.rounded(-1.51e-15, points) == 0.0
    assert SHOWN.rounded(-1.51e-15, points) == -1.51e-15
    assert HIDDEN.rounded(1.51e-15, Column(name="p", meaning="p")) == 1.51e-15
    assert math.copysign(1.0, HIDDEN.told_mean(-1e-16, 1.0, 63)) == 1.0


def test_an_interval_of_some_is_made_with_five_at_least() -> None:
    """Six of seven: five would leave few, and none would divide by nothing."""
    audience = Audience(individuals=False, n_persons=7, seed=1)
    assert [audience.told_size(n) for n in (4, 5, 6, 7)] == [4, 5, 5, 7]
