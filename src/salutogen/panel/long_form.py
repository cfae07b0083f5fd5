"""The long form of a panel: one row per answer, missing ones with their reason."""

from __future__ import annotations

import polars as pl

from salutogen.panel.panel import Panel, Reason

REASON_NAMES = {reason.value: reason.name.lower().replace("_", "-") for reason in Reason}
LONG_SCHEMA = {
    "subject": pl.String,
    "occasion": pl.String,
    "time": pl.Float64,
    "instrument": pl.String,
    "item": pl.String,
    "value": pl.Float64,
    "reason": pl.String,
}


def to_long(panel: Panel) -> pl.DataFrame:
    """Write a panel with one row per person, occasion and item.

    Returns
    -------
    DataFrame
        `subject`, `occasion` (label; null for what was measured at baseline), `time` (days),
        `instrument`, `item` (as its column is called in the study file, without the occasion),
        `value` (as answered, not reversed), `reason` (answered, did-not-occur, not-asked, skipped,
        absent, invalid). Sorted by instrument, item, person, occasion.

    Notes
    -----
    On demand only: the panel itself keeps one column per item, which takes a fraction of the room.
    """
    labels = pl.Series(panel.study.labels, dtype=pl.String)
    subjects = panel.persons["subject"]
    repeated = pl.DataFrame(
        {
            "subject": subjects.gather(panel.rows["person"]),
            "occasion": labels.gather(panel.rows["occasion"]),
            "time": panel.rows["time"],
        }
    )
    once = pl.DataFrame({"subject": subjects}).with_columns(
        occasion=pl.lit(None, dtype=pl.String), time=pl.lit(None, dtype=pl.Float64)
    )
    none = {name: entry.did_not_occur for name, entry in panel.study.instruments.items()}
    pieces = [
        _piece(repeated, name, item, reasons, none[name])
        for name, frame in panel.answers.items()
        for reasons in [panel.reasons[name]]
        for item in frame.iter_columns()
    ]
    pieces += [
        _piece(once, name, item, pl.DataFrame(), none[name])
        for name, frame in panel.baseline.items()
        for item in frame.iter_columns()
    ]
    return pl.concat(pieces) if pieces else pl.DataFrame(schema=LONG_SCHEMA)


def _piece(
    rows: pl.DataFrame,
    instrument: str,
    values: pl.Series,
    reasons: pl.DataFrame,
    did_not_occur: float | None,
) -> pl.DataFrame:
    answered = pl.lit(REASON_NAMES[Reason.ANSWERED])
    reason: pl.Expr
    if values.name in reasons.columns:
        reason = pl.lit(reasons[values.name]).replace_strict(REASON_NAMES, return_dtype=pl.String)
    else:
        none = pl.lit(did_not_occur, dtype=pl.Float64)
        reason = (
            pl.when(pl.col("value").is_null())
            .then(pl.lit(REASON_NAMES[Reason.SKIPPED]))
            .when(pl.col("value") == none)
            .then(pl.lit(REASON_NAMES[Reason.DID_NOT_OCCUR]))
            .otherwise(answered)
        )
    return rows.with_columns(
        instrument=pl.lit(instrument), item=pl.lit(values.name), value=values.cast(pl.Float64)
    ).with_columns(reason=reason)
