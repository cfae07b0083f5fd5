"""The place of each prompt in its burst, and the prompts that the plan has and the file lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import polars as pl

from salutogen.panel.momentary import MISSED, STATES, UNSCHEDULED

if TYPE_CHECKING:
    from salutogen.study.format import Burst

BURST = ("person", "occasion")
_OFF_GRID = 0.1  # share of prompts whose day is another than their number says
_GRID = ("days", "per_day", "from_hour", "to_hour")
_HELP = ("date", "hour", "due", "number", "shift", "block", "rank")


def laid_out(
    prompts: pl.DataFrame, bursts: Mapping[int, Burst], attended: pl.DataFrame
) -> pl.DataFrame:
    """Give each prompt its day and beep, and add those that were planned and have no row.

    Parameters
    ----------
    prompts : DataFrame
        `person`, `occasion` (place in the plan, or null), `name`, `state`, `scheduled`, `time`,
        `ahead`, and more.
    bursts : mapping of an occasion's place to its burst
        What is planned; prompts of other occasions are numbered by their days alone.
    attended : DataFrame
        `person` and `occasion` of those who answered at an occasion: who has no prompt of its
        burst missed them all.

    Returns
    -------
    DataFrame
        The same columns, with `day`, `beep` and `rebuilt`.
    """
    grid = _grid_of(bursts)
    placed = _placed(_dated(prompts), grid)
    if not bursts:
        return placed.with_columns(rebuilt=pl.lit(value=False)).drop("start")
    # A prompt without time or number has no place of its own; the plan has one for it.
    nowhere = pl.col("beep").is_null() & (pl.col("state") != UNSCHEDULED)
    placed = placed.filter(~(nowhere & pl.col("occasion").is_in(list(bursts))))
    added = _lacking(placed, grid, attended)
    return pl.concat(
        [
            placed.with_columns(rebuilt=pl.lit(value=False)),
            added.with_columns(rebuilt=pl.lit(value=True)),
        ],
        how="diagonal",
    ).drop("start")


def _grid_of(bursts: Mapping[int, Burst]) -> pl.DataFrame:
    """Days, prompts a day and hours of each burst."""
    schema = {
        "occasion": pl.Int64,
        "days": pl.Int64,
        "per_day": pl.Int64,
        "from_hour": pl.Float64,
        "to_hour": pl.Float64,
    }
    rows = [
        (place, one.days, one.prompts_per_day, *(one.hours or (None, None)))
        for place, one in bursts.items()
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _dated(prompts: pl.DataFrame) -> pl.DataFrame:
    """Add the day on the person's calendar for which each prompt was due."""
    due = pl.coalesce("scheduled", "time")
    wall = (due + pl.duration(seconds=pl.col("ahead").fill_null(0.0))).dt.replace_time_zone(None)
    hour = wall.dt.hour().cast(pl.Float64) + wall.dt.minute() / 60.0 + wall.dt.second() / 3600.0
    return prompts.with_columns(date=wall.dt.date(), hour=hour, due=due)


def _placed(prompts: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
    """Day and beep of each row: by the prompt's number where it counts, else by day and time."""
    planned = pl.col("state") != UNSCHEDULED
    number = pl.col("name").cast(pl.Int64, strict=False)
    frame = prompts.join(grid, on="occasion", how="left", maintain_order="left").with_columns(
        number=pl.when(planned).then(number)
    )
    by_number = (pl.col("number") - 1) // pl.col("per_day") + 1
    whole = _whole_numbers(frame, "burst")
    if whole:
        frame = frame.with_columns(
            shift=(pl.col("date") - pl.duration(days=by_number - 1)).cast(pl.Date)
        )
        start = pl.col("shift").min().over(BURST)
        off = frame.select(((pl.col("date") - start).dt.total_days() + 1 != by_number).mean())
        whole = (off.item() or 0.0) <= _OFF_GRID
    first = pl.col("shift") if whole else pl.when(planned).then(pl.col("date"))
    frame = frame.with_columns(start=first.min().over(BURST))
    frame = frame.with_columns(start=pl.coalesce("start", pl.col("date").min().over(BURST)))
    day = (pl.col("date") - pl.col("start")).dt.total_days() + 1
    frame = frame.with_columns(
        day=pl.when(planned).then(by_number).otherwise(day) if whole else day
    )
    if whole:
        beep = (pl.col("number") - 1) % pl.col("per_day") + 1
    elif _whole_numbers(frame, "day"):
        beep = pl.col("number")
    else:
        frame = _in_blocks(frame, planned)
        beep = pl.col("block")
    return frame.with_columns(beep=pl.when(planned).then(beep)).select(
        pl.exclude(*_HELP, "day", "beep", "start", *_GRID),
        pl.col("day", "beep").cast(pl.Int64),
        "start",
    )


def _whole_numbers(frame: pl.DataFrame, within: str) -> bool:
    """Whether prompts are numbered from 1 within each burst, or within each day of it."""
    planned = frame.filter((pl.col("state") != UNSCHEDULED) & pl.col("per_day").is_not_null())
    if not planned.height or planned["number"].null_count():
        return False
    most = pl.col("per_day") * pl.col("days") if within == "burst" else pl.col("per_day")
    keys = BURST if within == "burst" else (*BURST, "date")
    told = planned.select(
        inside=pl.col("number").is_between(1, most).all(),
        single=~pl.struct(*keys, "number").is_duplicated().any(),
        dated=pl.col("date").is_not_null().all(),
    ).row(0, named=True)
    return told["inside"] and told["single"] and (within == "burst" or told["dated"])


def _in_blocks(frame: pl.DataFrame, planned: pl.Expr) -> pl.DataFrame:
    """Beep by the part of the day in which the prompt was due; by order where that is not clear."""
    keys = [*BURST, "day"]
    width = (pl.col("to_hour") - pl.col("from_hour")) / pl.col("per_day")
    block = ((pl.col("hour") - pl.col("from_hour")) / width).floor().cast(pl.Int64) + 1
    frame = frame.with_columns(
        block=pl.when(planned).then(block.clip(1, pl.col("per_day"))),
        rank=pl.when(planned).then(pl.col("due")).rank("ordinal").over(keys).cast(pl.Int64),
    )
    clear = ~pl.struct(*keys, "block").is_duplicated() & pl.col("block").is_not_null()
    clear = (clear | ~planned).all().over(keys)
    return frame.with_columns(block=pl.when(clear).then("block").otherwise("rank"))


def _lacking(placed: pl.DataFrame, grid: pl.DataFrame, attended: pl.DataFrame) -> pl.DataFrame:
    """Prompts that the plan has and the file lacks, of bursts of which it has some."""
    seen = placed.select("occasion").unique()
    present = placed.select(*BURST).unique()
    expected = (
        pl.concat([present, attended.select(pl.col(BURST).cast(pl.Int64))])
        .unique()
        .join(seen, on="occasion", how="semi")
        .join(grid, on="occasion")
        .sort(BURST)
    )
    starts = placed.group_by(BURST).agg(
        pl.col("start").first(), pl.col("ahead").drop_nulls().first()
    )
    usual = placed["ahead"].drop_nulls().mode()
    whole = (
        expected.with_columns(day=pl.int_ranges(1, pl.col("days") + 1))
        .explode("day")
        .with_columns(beep=pl.int_ranges(1, pl.col("per_day") + 1))
        .explode("beep")
        .join(placed.filter(pl.col("beep").is_not_null()), on=[*BURST, "day", "beep"], how="anti")
        .join(starts, on=BURST, how="left")
        .with_columns(ahead=pl.col("ahead").fill_null(usual.sort().first() if usual.len() else 0.0))
    )
    part = (pl.col("to_hour") - pl.col("from_hour")) / pl.col("per_day")
    hour = pl.col("from_hour") + (pl.col("beep") - 0.5) * part
    midnight = (pl.col("start") + pl.duration(days=pl.col("day") - 1)).cast(pl.Datetime("us"))
    seconds = (hour * 3600.0 - pl.col("ahead")).round()
    due = (midnight + pl.duration(seconds=seconds)).dt.replace_time_zone("UTC")
    return whole.select(
        *BURST,
        pl.col("day").cast(pl.Int64),
        pl.col("beep").cast(pl.Int64),
        "start",
        "ahead",
        scheduled=due,
        time=due,
        state=pl.lit(MISSED, dtype=pl.Enum(STATES)),
    )


def numbered(prompts: pl.DataFrame) -> pl.DataFrame:
    """Sort prompts by person, burst and time, number them, and count hours from the first.

    A prompt without a time stands after the one before it in the plan.
    """
    keys = list(BURST)
    ordered = prompts.sort(*keys, "day", "beep", nulls_last=True).with_columns(
        moment=pl.coalesce("scheduled", "time")
    )
    filled = pl.col("moment").forward_fill().over([*keys, "day"])
    ordered = ordered.with_columns(
        moment=pl.when(pl.col("beep").is_null()).then("moment").otherwise(filled)
    )
    ordered = ordered.sort(
        *keys, "day", "moment", "beep", nulls_last=[True, True, True, False, True],
        maintain_order=True,
    )  # fmt: skip
    since = pl.col("time") - pl.col("time").min().over(keys)
    return ordered.with_columns(
        prompt=pl.int_range(1, pl.len() + 1).over(keys),
        hours=since.dt.total_microseconds() / 3.6e9,
    ).drop("moment")
