"""Quality of answers: codes that are none, copies, straight lines, items that seem turned round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.counts import forms_of
from salutogen.findings import Findings
from salutogen.panel.absent_as_zero import check_absent_as_zero
from salutogen.panel.copied_waves import check_copied_waves
from salutogen.panel.key_groups import opposed_groups
from salutogen.panel.missing_codes import check_missing_codes

if TYPE_CHECKING:
    from salutogen.study import Instrument, Study

STRAIGHT_ITEMS = 8
FLIP_ROWS = 200_000
FLIP_LIMIT = -0.1
FLIP_OTHERS = 0.1
_FEWEST_ROWS = 30


def check_answers(
    study: Study,
    answers: Mapping[str, pl.DataFrame],
    rows: pl.DataFrame,
    findings: Findings,
) -> None:
    """Look at every repeated instrument."""
    check_missing_codes(study, answers, rows, findings)
    check_absent_as_zero(study, answers, rows, findings)
    check_copied_waves(study, answers, rows, findings)
    for name, frame in answers.items():
        instrument = study.instruments[name]
        if frame.width >= STRAIGHT_ITEMS:
            _check_straight(instrument, frame, rows, findings)
        if not instrument.is_checklist and frame.width >= 3:
            _check_keys(instrument, frame, findings)


def _check_straight(
    instrument: Instrument, frame: pl.DataFrame, rows: pl.DataFrame, findings: Findings
) -> None:
    first = frame.to_series(0)
    same = first.is_not_null()
    for column in frame.iter_columns():
        same &= (column == first).fill_null(value=False)
        if not same.any():
            return
    mixed = 0 < len(instrument.reverse) < frame.width
    healthy = _healthy_code(instrument)
    plain = same & (first == healthy) if healthy is not None and not mixed else same & False
    odd = same & ~plain
    if not odd.any():
        return
    count, well = int(odd.sum()), int(plain.sum())
    variant = "turned-round" if mixed else "healthy" if well else ""
    numbers = rows.filter(odd)["data_row"].to_numpy()
    person = rows["person"].to_numpy()
    whose = forms_of(odd.to_numpy(), person)
    findings.tell(
        "straight-lining",
        variant=variant,
        when_hidden={
            "n_rows": whose,
            "forms": whose,
            "healthiest": forms_of(plain.to_numpy(), person),
        },
        rows=[int(row) for row in np.sort(numbers)[:10]],
        n_rows=count,
        instrument=instrument.name,
        forms=count,
        of=frame.height,
        items=frame.width,
        healthiest=well,
        healthiest_code=healthy,
        turned_round=len(instrument.reverse),
    )


def _healthy_code(instrument: Instrument) -> float | None:
    if instrument.did_not_occur is not None:
        return instrument.did_not_occur
    if instrument.answers is None:
        return None
    worse = instrument.higher == "worse"
    return instrument.answers.minimum if worse else instrument.answers.maximum


def _check_keys(instrument: Instrument, frame: pl.DataFrame, findings: Findings) -> None:
    if instrument.reverse and instrument.answers is None:
        return
    head = frame.head(FLIP_ROWS).drop_nulls()
    if head.height < _FEWEST_ROWS:
        return
    values = keyed(instrument, head)
    correlations = item_rest_correlations(values)
    if np.isnan(correlations).any():
        return
    flipped = np.flatnonzero(correlations < FLIP_LIMIT)
    others = np.delete(correlations, flipped)
    if not flipped.size or not others.size or float(np.median(others)) < FLIP_OTHERS:
        _check_groups(instrument, frame.columns, values, findings)
        return
    for place in flipped:
        item = frame.columns[int(place)]
        findings.tell(
            "flipped-item",
            variant="first-rows" if frame.height > FLIP_ROWS else "",
            column=instrument.columns[item],
            item=item,
            instrument=instrument.name,
            item_rest_correlation=round(float(correlations[place]), 6),
            median_of_others=round(float(np.median(others)), 6),
            complete_rows=head.height,
        )


def _check_groups(
    instrument: Instrument, items: list[str], values: NDArray[np.float64], findings: Findings
) -> None:
    """Warn where the items fall into two groups that go against each other."""
    groups = opposed_groups(values)
    if groups is None:
        return
    findings.tell(
        "half-keyed-items",
        instrument=instrument.name,
        one=[items[place] for place in groups.one],
        other=[items[place] for place in groups.other],
        within=round(groups.within, 6),
        between=round(groups.between, 6),
        complete_rows=len(values),
    )


def keyed(instrument: Instrument, frame: pl.DataFrame) -> NDArray[np.float64]:
    """Complete answers as an array (rows, items), reversed items turned round."""
    values = frame.select(pl.all().cast(pl.Float64)).to_numpy()
    if instrument.reverse and instrument.answers is not None:
        turn = np.array([item in instrument.reverse for item in frame.columns])
        ends = instrument.answers.minimum + instrument.answers.maximum
        values = np.where(turn, ends - values, values)
    return values


def item_rest_correlations(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate each item with the sum of the others (corrected item-total correlation).

    From the covariance matrix C of the items: r_i = (sum_j C_ij - C_ii) / sqrt(C_ii V_i), where
    V_i = sum_jk C_jk - 2 sum_j C_ij + C_ii is the variance of the sum of the others. NaN where
    an item or the sum of the others does not vary.
    """
    covariance = np.cov(values, rowvar=False, ddof=1)
    own = np.diag(covariance)
    row = covariance.sum(axis=1)
    rest = covariance.sum() - 2 * row + own
    product = own * rest
    with np.errstate(invalid="ignore", divide="ignore"):
        result: NDArray[np.float64] = np.where(product > 0, (row - own) / np.sqrt(product), np.nan)
    return result
