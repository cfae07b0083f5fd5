"""Times of prompts as moments, and what the clock on the wall showed where the person was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.marked_rows import first_marked, marked_rows
from salutogen.panel.numeric import finite_numbers, id_text
from salutogen.panel.places import in_zone, is_zone
from salutogen.panel.times import Clock, tell_no_numbers, to_days
from salutogen.study.format import TimeColumn

if TYPE_CHECKING:
    from salutogen.panel.readers.source_table import SourceTable
    from salutogen.study.format import PromptTime, Source, ZoneColumn

MOMENT, WALL = pl.Datetime("us", "UTC"), pl.Datetime("us")
_SECONDS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0}
_PER_DAY, _MICROSECONDS = 86_400.0, 86_400e6
_FARTHEST = 18 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """Where each row says that the person was: by name, or by seconds ahead of UTC, or neither."""

    names: pl.Series | None = None
    ahead: pl.Series | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptClocks:
    """Times of prompts, a row each: moments by what happened then, clock on the wall, zone.

    `ahead` is by how many seconds that clock is ahead of UTC (Float64), `zone` its name or offset.
    """

    moments: pl.DataFrame
    ahead: pl.Series
    zone: pl.Series


def read_clocks(table: SourceTable, plan: Source, findings: Findings) -> PromptClocks:
    """Read the times of prompts.

    Parameters
    ----------
    table : SourceTable
    plan : Source
    findings : Findings
        Takes what cannot be read, and says where zones are not known.
    """
    moments: dict[str, pl.Series] = {}
    aheads: list[pl.Series] = []
    names: list[pl.Series] = []
    known: dict[str | ZoneColumn | None, Zones] = {}
    for what, column in plan.prompt_times.items():
        given = column.zone or plan.zone
        if given not in known:
            known[given] = _zones(table, given, plan.decimal, column.column, findings)
        zones = known[given]
        days, clock = _days(table, column, plan.decimal, findings)
        moment, ahead = _placed(days, clock, zones, column, table.label, findings)
        moments[what] = moment
        aheads.append(ahead)
        if zones.names is not None:
            names.append(zones.names)
    ahead = pl.select(pl.coalesce(aheads)).to_series()
    zone = _written(ahead)
    if names:
        zone = pl.select(pl.coalesce([*names, zone])).to_series()
    return PromptClocks(moments=pl.DataFrame(moments), ahead=ahead, zone=zone.alias("zone"))


def _days(
    table: SourceTable, time: PromptTime, decimal: str | None, findings: Findings
) -> tuple[pl.DataFrame, Clock | None]:
    """Days since 1970-01-01 by both clocks, and what is known of them; null where never."""
    raw = table.described(time.column)
    if time.unit == "datetime" or raw.dtype.is_temporal():
        plain = TimeColumn(column=time.column, unit="datetime", format=time.format)
        read = to_days(raw, plain, column=time.column, label=table.label, findings=findings)
        known = read.struct.unnest()
        clocks = known["clock"].drop_nulls()
        clock = Clock(int(clocks[0])) if clocks.len() else None
        if clock in (Clock.DAY, Clock.COUNTED):
            findings.tell("prompt-without-time-of-day", file=table.label, column=time.column)
        return known.select("time", "local_time"), clock
    values, bad = finite_numbers(raw, decimal)
    if bad.any():
        tell_no_numbers(bad, raw, time.unit, time.column, table.label, findings)
    seconds = values / 1000.0 if time.unit.startswith("milliseconds") else values
    days = pl.select(pl.when(seconds != 0).then(seconds / _PER_DAY)).to_series()
    clock = Clock.LOCAL if time.unit.startswith("local") else Clock.UTC
    return pl.DataFrame({"time": days, "local_time": days}), clock


def _zones(
    table: SourceTable,
    given: str | ZoneColumn | None,
    decimal: str | None,
    column: str,
    findings: Findings,
) -> Zones:
    """Where the persons were: one zone for all, or as a column says."""
    if given is None:
        return Zones()
    if isinstance(given, str):
        if not is_zone(given):
            findings.tell("unknown-zone", file=table.label, column=column, zone=given)
            return Zones()
        return Zones(names=pl.Series([given]).new_from_index(0, table.n_rows))
    if given.unit == "name":
        return Zones(names=_named(table, given, findings))
    values, bad = finite_numbers(table.described(given.column), decimal)
    ahead = values * _SECONDS[given.unit]
    wrong = bad | (ahead.abs() > _FARTHEST).fill_null(value=False)
    if wrong.any():
        told = first_marked(wrong, table.column(given.column))
        told["shown"] = str(told["shown"])
        findings.tell(
            "prompt-zone-not-read",
            file=table.label,
            column=given.column,
            **told,
            expected=f"{given.unit} ahead of UTC",
        )
    return Zones(ahead=pl.select(pl.when(~wrong).then(ahead)).to_series())


def _named(table: SourceTable, given: ZoneColumn, findings: Findings) -> pl.Series:
    """Names of zones, row by row; what is none is refused."""
    texts = id_text(table.described(given.column)).str.strip_chars()
    known = [text for text in texts.unique().to_list() if text and is_zone(text)]
    wrong = (texts.is_not_null() & (texts != "") & ~texts.is_in(known)).fill_null(value=False)
    if wrong.any():
        findings.tell(
            "prompt-zone-not-read",
            file=table.label,
            column=given.column,
            **first_marked(wrong, texts),
            expected="a zone such as Europe/Berlin",
        )
    return pl.select(pl.when(texts.is_in(known)).then(texts)).to_series()


def _placed(
    days: pl.DataFrame,
    clock: Clock | None,
    zones: Zones,
    time: PromptTime,
    label: str,
    findings: Findings,
) -> tuple[pl.Series, pl.Series]:
    """Moments, and seconds by which the clock on the wall is ahead of UTC; null where unknown."""
    moment, local = days["time"], days["local_time"]
    if clock is None or not moment.is_not_null().any():
        nothing = pl.Series([None], dtype=pl.Float64).new_from_index(0, days.height)
        return nothing.cast(pl.Int64).cast(MOMENT), nothing
    if clock in (Clock.LOCAL, Clock.UTC):
        _tell_blank_zones(moment, zones, time, label, findings)
        if zones.ahead is not None:
            shift = zones.ahead.fill_null(0.0) / _PER_DAY
            moment, local = (
                (moment, moment + shift) if clock is Clock.UTC else (local - shift, local)
            )
        elif zones.names is not None:
            moment, local = _in_zones(local, zones.names, is_utc=clock is Clock.UTC)
            _tell_never_shown(days["local_time"], moment, zones, clock, time, label, findings)
        elif not any(one.code == "prompt-zone-unknown" for one in findings):
            findings.tell("prompt-zone-unknown", file=label, column=time.column)
    ahead = ((local - moment) * _PER_DAY).round()
    return _as_moment(moment), ahead


def _tell_blank_zones(
    moment: pl.Series, zones: Zones, time: PromptTime, label: str, findings: Findings
) -> None:
    """Say in which rows with a time the zone is blank, once for all columns."""
    zone = zones.names if zones.ahead is None else zones.ahead
    if zone is None or any(one.code == "prompt-zone-unknown" for one in findings):
        return
    blank = moment.is_not_null() & zone.is_null()
    if blank.any():
        findings.tell(
            "prompt-zone-unknown",
            variant="rows",
            file=label,
            column=time.column,
            **marked_rows(blank),
        )


def _in_zones(days: pl.Series, names: pl.Series, *, is_utc: bool) -> tuple[pl.Series, pl.Series]:
    """Moments and clocks on the wall of rows in different zones; UTC where none is named."""
    moment, local = days, days
    for name in names.drop_nulls().unique(maintain_order=True):
        there = (names == name).fill_null(value=False)
        placed = in_zone(days, name, is_utc=is_utc)
        moment, local = (
            new.zip_with(there, old) for new, old in zip(placed, (moment, local), strict=True)
        )
    return moment, local


def _tell_never_shown(
    local: pl.Series,
    moment: pl.Series,
    zones: Zones,
    clock: Clock,
    time: PromptTime,
    label: str,
    findings: Findings,
) -> None:
    """Say which times no clock showed, because clocks were put forward over them."""
    if clock is not Clock.LOCAL or zones.names is None:
        return
    _, back = _in_zones(moment, zones.names, is_utc=True)
    if any(one.code == "prompt-at-no-time" for one in findings):
        return
    odd = ((back - local).abs() > 1 / _PER_DAY).fill_null(value=False)
    if odd.any():
        findings.tell(
            "prompt-at-no-time",
            file=label,
            column=time.column,
            **marked_rows(odd),
        )


def _as_moment(days: pl.Series) -> pl.Series:
    return (days * _MICROSECONDS).round().cast(pl.Int64).cast(MOMENT)


def _written(ahead: pl.Series) -> pl.Series:
    """Write offsets from UTC, such as UTC+02:00."""
    distinct = ahead.drop_nulls().unique()
    words = {
        one: f"UTC{'-' if one < 0 else '+'}{abs(one) // 3600:02.0f}:{abs(one) % 3600 // 60:02.0f}"
        for one in distinct.to_list()
    }
    if not words:
        return ahead.cast(pl.String)
    return ahead.replace_strict(words, default=None, return_dtype=pl.String)
