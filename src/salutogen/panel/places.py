"""Moments and clocks on the wall: from the one to the other, in the zone of a place."""

from __future__ import annotations

import polars as pl

_MICROSECONDS_PER_DAY = 86_400e6
_UTC = pl.Datetime("us", "UTC")


def since_1970(moments: pl.Series) -> pl.Series:
    """Days from 1970-01-01 to each date-time; in UTC where it has a zone."""
    return moments.dt.timestamp("us").cast(pl.Float64) / _MICROSECONDS_PER_DAY


def to_the_microsecond(days: pl.Series) -> pl.Series:
    """Round days so that the same moment is the same number, however it came about."""
    return (days * _MICROSECONDS_PER_DAY).round() / _MICROSECONDS_PER_DAY


def is_zone(name: str) -> bool:
    """Whether a name is that of a zone, such as Europe/Berlin."""
    try:
        pl.Series([0]).cast(_UTC).dt.convert_time_zone(name)
    except pl.exceptions.PolarsError:
        return False
    return True


def in_zone(days: pl.Series, zone: str, *, is_utc: bool) -> tuple[pl.Series, pl.Series]:
    """Moments and what the clock on the wall shows, in the zone of a place.

    Parameters
    ----------
    days : Series of Float64
        Days since 1970-01-01: moments in UTC, or what the clock on the wall showed. A time that
        the clock showed twice is the earlier one; one that it left out is as if not put forward.
    zone : str
        As in the IANA database of zones.
    is_utc : bool

    Returns
    -------
    moment, local : Series of Float64
        Days since 1970-01-01.
    """
    given = (days * _MICROSECONDS_PER_DAY).round().cast(pl.Int64)
    if is_utc:
        there = given.cast(_UTC).dt.convert_time_zone(zone)
        return days, since_1970(there.dt.replace_time_zone(None))
    plain = given.cast(pl.Datetime("us"))
    frame = pl.DataFrame({"shown": plain, "later": plain.dt.offset_by("1h")})
    placed = [
        pl.col(name).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        for name in ("shown", "later")
    ]
    moment = frame.select(pl.coalesce(placed)).to_series().dt.convert_time_zone("UTC")
    return since_1970(moment), days
