"""Sentences on bands: what slope, persons' places and factors are said to outlive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.analyses.sensitivity.analysis import compute
from salutogen.analyses.sensitivity.exposure_bands import Band
from salutogen.analyses.sensitivity.settings import SensitivitySettings
from salutogen.analyses.sensitivity.words import slope_in_short, slope_in_words, words_of_factor
from salutogen.page.words import number, points
from tests.analyses.inputs import shown
from tests.analyses.sensitivity.test_sensitivity import told_of, with_outliers
from tests.norm.cohorts import simulated


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ((-0.5, -0.1, -0.6, -0.1), "differs from 0 throughout, with mood-congruent reporting as"),
        (
            (-0.5, -0.1, -0.6, 0.1),
            "at every strength of mood-congruent reporting (−0.60 to",
        ),
        ((-0.5, 0.1, -0.6, 0.1), "it is not told from 0 throughout; the factor may merely go with"),
    ],
)
def test_words_of_a_factor_follow_its_band(ends: tuple[float, ...], said: str) -> None:
    low, high, joint_low, joint_high = ends
    band = Band(
        n=100, value=-0.3, low=-0.4, high=-0.2, error_low=low, error_high=high,
        joint_low=joint_low, joint_high=joint_high,
    )  # fmt: skip
    bands = compute(with_outliers(simulated()), SensitivitySettings(draws=100)).exposure_bands
    text = words_of_factor("optimism", band, bands).worded(str)
    assert text.startswith("optimism (100 persons): r with SR −0.30 (−0.40 to −0.20) as scored, ")
    assert said in text


@pytest.mark.parametrize(
    ("error", "joint", "said"),
    [
        (
            (0.1, 0.9),
            (0.05, 0.9),
            "would hold at a reliability of persons' mean exposure of",
        ),
        ((0.1, 0.9), (-0.2, 0.9), "With error in exposure alone it would hold (0.10 to 0.90)."),
        (
            (-0.1, 0.9),
            (-0.2, 0.9),
            "(slope from −0.20 to 0.90 in the same unit; the ends hold the sampling error of",
        ),
    ],
)
def test_the_opening_says_what_the_slope_outlives(
    error: tuple[float, float], joint: tuple[float, float], said: str
) -> None:
    result = compute(with_outliers(simulated()), SensitivitySettings(draws=100))
    known = {"n": 100, "value": 0.3, "low": 0.2, "high": 0.4}
    slope = Band(
        **known, error_low=error[0], error_high=error[1], joint_low=joint[0], joint_high=joint[1]
    )
    bands = replace(result.exposure_bands, slope=slope)
    assert result.line is not None
    text = str(replace(result, exposure_bands=bands).answer())
    assert text.startswith("That those who met more stressors had more problems")
    assert said in text
    assert "0.50 to 1.0 (an assumption, as the study file states none)" in text
    assert ("need not hold" in text) is (joint[0] < 0)
    short = str(replace(result, exposure_bands=bands).in_short())
    assert ("need not hold" in short) is (joint[0] < 0)
    assert ("mood" in short) is (bands.mood_high > 0)
    seldom = replace(result, exposure_bands=bands, covered=0.077)
    assert "what was not asked about is taken to differ from the rest by chance" in str(
        seldom.answer()
    )
    assert "size of the slope and the places of persons, not its direction" in str(seldom.answer())
    assert "the time that was not asked about is no part of that error" in str(seldom.in_short())
    assert "less reliable than was taken" not in text
    assert "only just" not in text + short
    assert ("mood colours" in text) is (bands.mood_high > 0)
    curved = replace(result, exposure_bands=bands, line=None)
    assert curved.answer() == curved.in_short() == ""
    falling = replace(result.line, coefficients=tuple(-one for one in result.line.coefficients))
    assert replace(result, exposure_bands=bands, line=falling).answer() == ""
    assert "problems, age left out, " in slope_in_words(bands, ("age",))
    unclear = replace(slope, low=-0.1)
    assert slope_in_words(replace(bands, slope=unclear)) == ""
    calm = replace(bands, mood_low=0.0, mood_high=0.0)
    assert ("would hold" in slope_in_words(calm)) is (error[0] > 0)
    assert "mood" not in slope_in_words(calm)


@pytest.mark.parametrize(("nearest", "just"), [(0.02, True), (0.04, False)])
def test_what_holds_on_the_edge_alone_is_said_to(nearest: float, *, just: bool) -> None:
    """An end within a tenth of the slope from 0 would not bear much more mood than was taken."""
    result = compute(with_outliers(simulated()), SensitivitySettings(draws=100))
    slope = Band(
        n=100, value=0.3, low=0.2, high=0.4, error_low=0.2, error_high=0.9,
        joint_low=nearest, joint_high=0.9,
    )  # fmt: skip
    bands = replace(result.exposure_bands, slope=slope)
    text, short = slope_in_words(bands), slope_in_short(bands)
    assert ("would only just hold" in text) is just
    assert ("would only just hold" in short) is just
    assert (f"{number(bands.mood_high, 2)} at most, may undo it" in text) is just
    calm = replace(bands, mood_low=0.0, mood_high=0.0)
    assert "only just" not in slope_in_words(calm) + slope_in_short(calm)


def test_a_factor_is_told_beside_its_correlation_with_problems() -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings(draws=400))
    persons = inputs.resilience.persons
    factor = inputs.scores.persons["optimism"].to_numpy()
    r = float(np.corrcoef(factor, persons["P"])[0, 1])
    row = result.exposure_bands.results.filter(pl.col("what").str.contains("optimism"))
    assert row["r_P"].item() == pytest.approx(r)
    half = 1.96 * (1 - r**2) / np.sqrt(persons.height)  # of a correlation of normal values
    assert row["r_P_high"].item() - row["r_P_low"].item() == pytest.approx(2 * half, rel=0.25)
    assert result.exposure_bands.results["r_P"][0] is None  # the slope has none
    r_E = float(np.corrcoef(factor, persons["E"])[0, 1])
    r_PE = float(np.corrcoef(persons["P"], persons["E"])[0, 1])
    assert row["r_E"].item() == pytest.approx(r_E)
    by_arithmetic = (r - r_PE * r_E) / np.sqrt(1 - r_PE**2)
    assert row["value"].item() == pytest.approx(by_arithmetic)
    words = told_of(result, inputs)
    assert f", with problems themselves {points(r)} (" in words
    assert f", with exposure as reported {points(r_E)} (" in words
    assert f"optimism ({row['n'].item()} persons): r with SR" in words
    assert "Whether a factor changes how problems follow exposure was not asked" in words
    assert "whatever the exposure" not in words


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.3, 0.2, 0.4, "error: persons who truly met little then look more resilient than"),
        (-0.3, -0.4, -0.2, "error: persons who truly met little then look less resilient than"),
        (-0.1, -0.3, 0.2, "when exposure is measured with random error. Bands over"),
    ],
)
def test_who_looks_better_follows_the_told_slope(
    value: float, low: float, high: float, said: str
) -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings(draws=100))
    bands = result.exposure_bands
    slope = replace(bands.slope, value=value, low=low, high=high)
    assert said in told_of(replace(result, exposure_bands=replace(bands, slope=slope)), inputs)


def test_time_that_no_answer_looks_back_on_is_error_too() -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings(draws=100))
    assert "8.0 % of the time between planned occasions" in told_of(
        replace(result, covered=0.08), inputs
    )
    assert "between planned occasions" not in told_of(replace(result, covered=0.5), inputs)
    assert "an assumption, as the study file states none" in told_of(result, inputs)


@pytest.mark.parametrize(
    ("n", "individuals", "said"),
    [
        (43, False, "puts 45 persons on the other side of 0"),
        (2, True, "puts 2 persons on the other side of 0"),
        (2, False, "puts fewer than 5 persons on the other side of 0"),
    ],
)
def test_persons_who_change_sides_are_told_as_far_as_may_be(
    n: int, individuals: bool, said: str
) -> None:
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings(draws=100))
    table = result.exposure_bands.persons.with_columns(n_other_side=pl.lit(n))
    table = table.filter(pl.col("g") == 0)
    other = replace(result, exposure_bands=replace(result.exposure_bands, persons=table))
    (section,), _ = shown(other, inputs, individuals=individuals)
    words = " ".join(str(text) for text in section.paragraphs)
    assert said in words
    assert "At a reliability of 0.50, SR with the corrected slope" in words


def test_mood_stands_beside_error_where_persons_change_sides() -> None:
    """Both are counted from the table; the most that change by both is not left out."""
    inputs = with_outliers(simulated())
    result = compute(inputs, SensitivitySettings(draws=100, plausible_mood=(0.0, 0.4)))
    table = result.exposure_bands.persons
    mood = table.filter(pl.col("g") == 0.4).sort("reliability_E")
    words = told_of(result, inputs)
    alone = mood.row(-1, named=True)
    assert alone["reliability_E"] == 1.0
    assert (
        "Reports that mood colours by 0.40 SDs of exposure for each SD of problems put "
        f"{alone['n_other_side']} there at a reliability of 1.0" in words
    )
    most = mood["n_other_side"].max()
    if most != alone["n_other_side"]:
        assert f", and {most} at one of " in words
    other = table.with_columns(
        n_other_side=pl.when((pl.col("g") > 0) & (pl.col("reliability_E") < 0.55))
        .then(pl.lit(77))
        .otherwise(pl.col("n_other_side"))
    )
    bands = replace(result.exposure_bands, persons=other)
    assert ", and 77 at one of 0.50" in told_of(replace(result, exposure_bands=bands), inputs)
