"""Sentences of the methods on what was assumed of exposure, made from what was followed through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from salutogen.page.words import enumeration, number

if TYPE_CHECKING:
    from salutogen.analyses.sensitivity.analysis import SensitivityResult
    from salutogen.analyses.sensitivity.person_bands import PersonBands


def methods_words(result: SensitivityResult) -> str:
    """Say what was assumed, what was computed under it, and what was left out."""
    return " ".join(_sentences(result))


def _sentences(result: SensitivityResult) -> Iterator[str]:
    bands = result.exposure_bands
    related = any(band.value is not None for band in bands.factors.values())
    if bands.slope.value is not None:
        what = "The slope and factors' correlations with SR" if related else "The slope"
        yield (
            f"{what} over persons' means (straight line, without covariates) were followed through "
            f"reliabilities of exposure from {number(bands.reliability_low, 2)} to "
            f"{number(bands.reliability_high, 2)} ({source_words(bands)}) by the correction for "
            "attenuation (Fuller, 1987), and through mood-congruent reporting of "
            f"{number(bands.mood_low, 2)} to {number(bands.mood_high, 2)} SDs of exposure per SD "
            f"of problems; the ends of the bands hold the sampling error over {bands.draws:,} "
            "resamples of persons."
        )
    if related:
        yield (
            "Factors were correlated with SR and, beside it, with problems themselves and with "
            "exposure as reported. A factor was said to hold where every interval of its band "
            "leaves out 0 on the same side."
        )
    refits = [name for name in result.outliers["policy"].to_list() if name != "as they are"]
    if refits:
        yield (
            "The line of persons was refitted with far points treated otherwise "
            f"({enumeration(refits)})."
        )


def source_words(bands: PersonBands) -> str:
    """Say where the reliabilities of exposure come from."""
    if bands.reliability_given:
        return (
            "from the reliabilities given for the exposure instruments, whether a person's errors "
            "last or are independent between occasions"
        )
    return "an assumption, as the study file states none"
