"""Other ways to score exposure, computed from what is already there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl

from salutogen.errors import ScoreError
from salutogen.findings import Finding, finding
from salutogen.scores.answers import FloatArray, to_series, to_small_series
from salutogen.scores.checklist import most_per_item
from salutogen.scores.checks import varies
from salutogen.scores.exposure import (
    combine_types,
    exposure_measure,
    fit_standardiser,
    type_measure,
)
from salutogen.scores.exposure_quality import exposure_quality
from salutogen.scores.scores import Scores

ScoreKind = Literal["count", "frequency", "severity"]
Combine = Literal["sum", "composite", "separate"]


def rescore(
    scores: Scores, *, score: ScoreKind | None = None, combine: Combine | None = None
) -> Scores:
    """Score exposure in another way, without going back to the answers.

    Parameters
    ----------
    scores : Scores
        Scores as planned. They are not changed.
    score : {"count", "frequency", "severity"} or None
        How every type is scored; None keeps each as it is. A type without ratings stays a count,
        a ready-made score what it is.
    combine : {"sum", "composite", "separate"} or None
        How the types make E; None keeps it.

    Returns
    -------
    Scores
        With new `E`, `E_<type>`, bounds, measures and exposure quality; without findings, which
        belong to the plan. Bounds are null where the type has no score.

    Raises
    ------
    ScoreError
        A type, or the combined E, never varies in the new scoring.
    """
    how = scores.combine if combine is None else combine
    columns = _types(scores, score)
    table = scores.table
    problems = table["P"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    valid = np.isfinite(problems)
    for values, _, _ in columns.values():
        valid = valid & np.isfinite(values)
    raw = {name: values for name, (values, _, _) in columns.items()}
    standardiser = None
    if how == "composite":
        standardiser = fit_standardiser(raw, valid)
        _refuse_flat(raw, standardiser.sds)
    low = {name: values for name, (_, values, _) in columns.items()}
    high = {name: values for name, (_, _, values) in columns.items()}
    total, least, most = (combine_types(one, how, standardiser) for one in (raw, low, high))
    if not varies(total[valid]):
        raise ScoreError([_flat("E")])
    measures = dict(scores.measures)
    if score is not None:
        for name in scores.exposure_types:
            instrument = scores.study.instruments[name]
            if instrument.total:
                continue
            column = scores.type_column(name)
            kind = score if f"{column}_severity" in scores.alternatives.columns else "count"
            measures[column] = type_measure(instrument, column, kind, _threshold(scores))
    types = {column: measures[column] for column in scores.type_columns}
    measures["E"] = exposure_measure(types, how)
    return replace(
        scores,
        table=table.with_columns(
            to_series("E", total),
            to_small_series("E_low", least),
            to_small_series("E_high", most),
            pl.Series("valid", valid),
            *(to_series(name, values) for name, values in raw.items()),
        ),
        combine=how,
        measures=measures,
        exposure_standardiser=standardiser,
        exposure_quality=_quality(scores, raw, total, problems),
        findings=(),
    )


def _threshold(scores: Scores) -> float | None:
    return scores.study.plan.exposure.threshold


def _array(frame: pl.DataFrame, column: str) -> FloatArray:
    values: FloatArray = frame[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return values


def _types(
    scores: Scores, score: ScoreKind | None
) -> dict[str, tuple[FloatArray, FloatArray, FloatArray]]:
    """Score, low and high of every type as `E_<type>`."""
    found: dict[str, tuple[FloatArray, FloatArray, FloatArray]] = {}
    other = scores.alternatives
    for name in scores.exposure_types:
        column = scores.type_column(name)
        if score is None or scores.study.instruments[name].total:
            found[column] = (
                _array(scores.table, column),
                _array(other, f"{column}_low"),
                _array(other, f"{column}_high"),
            )
            continue
        rated = score != "count" and f"{column}_severity" in other.columns
        values = _array(other, f"{column}_severity" if rated else f"{column}_count")
        step = most_per_item(scores.study.instruments[name]) if rated else 1.0
        skipped = _array(other, f"{column}_skipped")
        unknown = np.where(skipped > 0, np.nan, values)
        high = unknown if step is None else values + skipped * step
        found[column] = (values, values, high)
    return found


def _refuse_flat(columns: Mapping[str, FloatArray], sds: tuple[float, ...]) -> None:
    flat = [name for name, sd in zip(columns, sds, strict=True) if not sd > 0]
    if flat:
        raise ScoreError([_flat(name) for name in flat])


def _flat(column: str) -> Finding:
    return finding("exposure-never-varies", column=column)


def _quality(
    scores: Scores, raw: Mapping[str, FloatArray], total: FloatArray, problems: FloatArray
) -> pl.DataFrame:
    table = scores.table
    shown = dict(zip(scores.exposure_types, raw.values(), strict=True))
    return exposure_quality(
        scores.study,
        shown,
        total,
        problems,
        table["person"].to_numpy(),
        table["occasion_index"].to_numpy(),
        _array(table, "time"),
    )
