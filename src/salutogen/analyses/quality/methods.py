"""Sentences of the methods on reliability, intervals and leavers, made from what was computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from salutogen.page.words import enumeration

if TYPE_CHECKING:
    from salutogen.analyses.quality.analysis import QualityResult


def methods_words(result: QualityResult) -> str:
    """Say how the figures on measurement came about."""
    return " ".join(_sentences(result))


def _sentences(result: QualityResult) -> Iterator[str]:
    known = result.scales.filter(pl.col("omega").is_not_null() | pl.col("alpha").is_not_null())
    levels = known["level"].unique(maintain_order=True).to_list()
    names = {"first form": "each person's first complete form", "all forms": "all complete forms"}
    if levels:
        yield (
            "Internal consistency (McDonald's omega, Cronbach's alpha) was computed from "
            f"{enumeration([names.get(level, level) for level in levels])}; checklists of "
            "stressors, whose items need not agree, have none."
        )
    if result.between_within.height:
        yield (
            "Omega between persons and within them comes from the covariance of the items parted "
            "into the two, the interval of the share between persons from the F of its analysis of "
            "variance."
        )
    if result.draws and result.intervals["low"].is_not_null().any():
        yield (
            "Intervals of intraclass correlations and of correlations over occasions are on "
            f"Fisher's z, with standard errors over {result.draws:,} resamples of persons."
        )
    if result.leavers.height:
        yield (
            f"Persons {last_seen_words(result.closing)} were compared with the others at their "
            "first valid occasion (Hedges' g with its large-sample interval; Hedges & Olkin, 1985)."
        )
    if result.leavers["odds_ratio"].is_not_null().any():
        yield (
            "What leaving goes with was told by logistic regressions over every occasion after "
            "which a person could leave (discrete time), each on one score at it and on the number "
            "of the occasion, with errors clustered by person."
        )


def last_seen_words(closing: int) -> str:
    """Say who counts as having left."""
    if closing == 2:
        return "seen at neither of the last two occasions"
    return "not seen at the last occasion"
