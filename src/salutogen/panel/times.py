"""Times as days: numbers in any unit, dates, date-times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.numeric import finite_numbers
from salutogen.study.format import DAYS_IN

if TYPE_CHECKING:
    from salutogen.study.format import TimeColumn

_PER_DAY = 86_400.0
_MICROSECONDS = 86_400e6
_OTHER_FORMATS = (
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d.%m.%y", "%d/%m/%y",
    "%m/%d/%y", "%d %b %Y", "%d %B %Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S",
)  # fmt: skip
_ISO = (
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
)
_ZONED = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z")


def to_days(
    raw: pl.Series,
    time: TimeColumn,
    *,
    column: str,
    label: str,
    findings: Findings,
    decimal: str | None = None,
) -> pl.Series:
    """Turn a column of times into days (Float64); null where blank.

    Dates and date-times count from 1970-01-01 (UTC where a zone is given). Numbers are multiplied
    by the length of their unit; a month is 365.25 / 12 days.
    """
    if raw.dtype == pl.Date:
        return raw.cast(pl.Int32).cast(pl.Float64)
    if isinstance(raw.dtype, pl.Datetime):
        zoned = raw.dt.convert_time_zone("UTC") if raw.dtype.time_zone else raw
        return zoned.dt.timestamp("us").cast(pl.Float64) / _MICROSECONDS
    if time.unit in ("date", "datetime"):
        return _dates(raw.cast(pl.String), time, column, label, findings)
    values, bad = finite_numbers(raw, decimal)
    if bad.any():
        places = bad.arg_true()
        findings.tell(
            "time-not-a-number",
            file=label,
            column=column,
            rows=[int(place) + 1 for place in places.head(10)],
            n_rows=places.len(),
            unit=time.unit,
            shown=raw[int(places[0])],
            first=int(places[0]) + 1,
        )
    return values * _factor(time.unit)


def _factor(unit: str) -> float:
    if unit == "days since 1970-01-01":
        return 1.0
    if unit == "seconds since 1970-01-01":
        return 1.0 / _PER_DAY
    return DAYS_IN[unit.removesuffix("s")]


def _dates(
    raw: pl.Series, time: TimeColumn, column: str, label: str, findings: Findings
) -> pl.Series:
    texts = raw.str.strip_chars()
    texts = pl.select(
        pl.when((texts != "") & ~texts.str.to_lowercase().is_in(["na", "nan", "nat", "null"])).then(
            texts
        )
    ).to_series()
    formats = (time.format,) if time.format else _ISO
    days = parse_dates(texts, formats)
    if not time.format and days.null_count() > texts.null_count():
        zoned = [_parse(texts, given, zoned=True) for given in _ZONED]
        days = pl.select(pl.coalesce(days, *zoned)).to_series()
    bad = days.is_null() & texts.is_not_null()
    if bad.any():
        _tell_bad_dates(texts, bad, time.format, column, label, findings)
    return days


def parse_dates(texts: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    """Days since 1970-01-01 by the first format that fits each cell; null where none does."""
    days = pl.Series([None], dtype=pl.Float64).new_from_index(0, texts.len())
    for given in formats:
        if days.null_count() <= texts.null_count():
            break
        days = pl.select(pl.coalesce(days, _parse(texts, given))).to_series()
    return days


def _parse(texts: pl.Series, given: str, *, zoned: bool = False) -> pl.Series:
    if any(mark in given for mark in ("%H", "%I", "%T", "%M", "%S", "%R")):
        kind = pl.Datetime("us", "UTC") if zoned else pl.Datetime("us")
        moments = texts.str.strptime(kind, given, strict=False)
        return moments.dt.timestamp("us").cast(pl.Float64) / _MICROSECONDS
    dates = texts.str.strptime(pl.Date, given, strict=False)
    return dates.cast(pl.Int32).cast(pl.Float64)


def _tell_bad_dates(
    texts: pl.Series,
    bad: pl.Series,
    given: str | None,
    column: str,
    label: str,
    findings: Findings,
) -> None:
    places = bad.arg_true()
    first = int(places[0])
    odd = texts.filter(bad)
    fitting = [other for other in _OTHER_FORMATS if parse_dates(odd, (other,)).null_count() == 0]
    expected = f"the format {given}" if given else "ISO dates such as 2020-05-01"
    mixed = places.len() < texts.len() - texts.null_count()
    hint = f" These cells fit {' or '.join(fitting[:3])}." if fitting else ""
    findings.tell(
        "mixed-date-formats" if mixed else "unreadable-dates",
        file=label,
        column=column,
        rows=[int(place) + 1 for place in places.head(10)],
        n_rows=places.len(),
        expected=expected,
        shown=texts[first],
        first=first + 1,
        hint=hint,
        numbers={"fitting": fitting[:3]},
    )
