"""What is odd about a stream of prompts: clocks, zones, late answers, who never answered."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import polars as pl

from salutogen.counts import Persons, forms_of
from salutogen.findings import Findings
from salutogen.panel.momentary import ANSWERED, PARTIAL, UNSCHEDULED, Momentary
from salutogen.panel.times import Clock

if TYPE_CHECKING:
    from salutogen.study import Study

EARLY_MINUTES = 5  # opened before it was sent: clocks of phone and server may differ by less
FEWEST_ANSWERS = 10  # below it an item that is always the same says nothing
_FIRST_YEAR, _LAST_YEAR = 1990, 2099
_GIVEN = (ANSWERED, PARTIAL, UNSCHEDULED)


def tell_left_out(code: str, rows: pl.DataFrame, file: str, findings: Findings) -> None:
    """Say how many rows of the file were left out, and why."""
    if rows.height:
        findings.tell(code, file=file, rows=rows["data_row"].head(10).to_list(), n_rows=rows.height)


def tell_rebuilt(
    prompts: pl.DataFrame, bursts: Collection[int], file: str, findings: Findings
) -> None:
    """Say which prompts were made from the plan, and which have no place in it."""
    made = prompts["rebuilt"]
    if made.any():
        whole = prompts.group_by("person", "occasion").agg(pl.col("rebuilt").all())
        findings.tell(
            "prompts-rebuilt",
            file=file,
            prompts=int(made.sum()),
            of=prompts.height,
            persons=Persons(prompts.filter("rebuilt")["person"].n_unique()),
            empty=int(whole["rebuilt"].sum()),
            when_hidden={
                "prompts": forms_of(made.to_numpy(), prompts["person"].to_numpy()),
                "empty": forms_of(whole["rebuilt"].to_numpy(), whole["person"].to_numpy()),
            },
        )
    unseen = set(bursts) - set(prompts["occasion"].unique().to_list())
    if unseen:
        findings.tell("burst-without-prompts", file=file, bursts=len(unseen), of=len(bursts))


def check_stream(
    study: Study, stream: Momentary, rows: pl.DataFrame, file: str, findings: Findings
) -> None:
    """Look at clocks, zones, order, persons and items; nothing is changed.

    Parameters
    ----------
    study : Study
    stream : Momentary
    rows : DataFrame
        As in the panel: the times of the answers given at occasions.
    file : str
    findings : Findings
    """
    prompts = stream.prompts
    _check_dates(prompts, file, findings)
    _check_clocks(prompts, file, findings)
    _check_zones(prompts, file, findings)
    _check_order(prompts, file, findings)
    _check_begin(prompts, rows, file, findings)
    _check_plan(study, prompts, file, findings)
    _check_persons(prompts, file, findings)
    _check_items(study, stream, file, findings)


def _tell(code: str, odd: pl.Series, prompts: pl.DataFrame, file: str, findings: Findings) -> None:
    """Tell of prompts that are marked, with the persons whose they are."""
    marked = odd.fill_null(value=False)
    if not marked.any():
        return
    numbers = prompts.filter(marked)["data_row"].sort()
    forms = forms_of(marked.to_numpy(), prompts["person"].to_numpy())
    findings.tell(
        code,
        file=file,
        rows=numbers.filter(numbers > 0).head(10).to_list(),
        n_rows=int(marked.sum()),
        persons=Persons(prompts.filter(marked)["person"].n_unique()),
        when_hidden={"n_rows": forms},
    )


def _check_dates(prompts: pl.DataFrame, file: str, findings: Findings) -> None:
    """Say which prompts have a date that no study has."""
    years = prompts["time"].dt.year()
    _tell("prompt-odd-date", ~years.is_between(_FIRST_YEAR, _LAST_YEAR), prompts, file, findings)


def _check_clocks(prompts: pl.DataFrame, file: str, findings: Findings) -> None:
    """Say which prompts were opened before they were sent, or answered before they were opened."""
    sent = pl.coalesce("sent", "scheduled")
    opened = pl.coalesce("started", "answered")
    early = sent - opened > pl.duration(minutes=EARLY_MINUTES)
    backwards = pl.col("started") - pl.col("answered") > pl.duration(minutes=1)
    odd = early.fill_null(value=False) | backwards.fill_null(value=False)
    _tell("prompt-clock-jumps", prompts.select(odd).to_series(), prompts, file, findings)


def _check_zones(prompts: pl.DataFrame, file: str, findings: Findings) -> None:
    """Say on which days a person was in two zones, or clocks were changed."""
    ahead = pl.col("local") - pl.col("time").dt.replace_time_zone(None)
    days = (
        prompts.filter(pl.col("time").is_not_null() & ~pl.col("rebuilt"))
        .with_columns(ahead=ahead, date=pl.col("local").dt.date())
        .group_by("person", "date")
        .agg(
            offsets=pl.col("ahead").n_unique(),
            zones=pl.col("zone").drop_nulls().n_unique(),
            row=pl.col("data_row").min(),
        )
    )
    offsets = days.filter(pl.col("offsets") > 1)
    for code, these in (
        ("two-zones-in-a-day", offsets.filter(pl.col("zones") > 1)),
        ("clocks-changed-in-a-day", offsets.filter(pl.col("zones") <= 1)),
    ):
        if these.height:
            findings.tell(
                code,
                file=file,
                rows=these["row"].sort().head(10).to_list(),
                n_rows=these.height,
                persons=Persons(these["person"].n_unique()),
                when_hidden={
                    "n_rows": forms_of(
                        days["row"].is_in(these["row"].to_list()).to_numpy(),
                        days["person"].to_numpy(),
                    )
                },
            )


def _check_order(prompts: pl.DataFrame, file: str, findings: Findings) -> None:
    """Say which prompts were answered after the next one was sent."""
    # Of prompts that were made from the plan nobody knows when they were sent.
    following = pl.when(~pl.col("rebuilt")).then(pl.coalesce("sent", "scheduled"))
    planned = prompts.filter(pl.col("state") != UNSCHEDULED)
    late = planned.select(
        pl.coalesce("answered", "started") >= following.shift(-1).over("person", "occasion")
    ).to_series()
    _tell("prompt-answered-late", late, planned, file, findings)


def _check_begin(prompts: pl.DataFrame, rows: pl.DataFrame, file: str, findings: Findings) -> None:
    """Say which prompts were answered before the person's first occasion."""
    dated = rows.filter(
        pl.col("local_time").is_not_null() & (pl.col("clock") != int(Clock.COUNTED))
    )
    if not dated.height:
        return
    first = dated.group_by("person").agg(pl.col("local_time").min().floor().alias("first"))
    joined = prompts.select("person", "local", "state").join(
        first, on="person", how="left", maintain_order="left"
    )
    day = pl.col("local").dt.date().cast(pl.Int32)
    early = (day < pl.col("first")) & pl.col("state").is_in(_GIVEN)
    _tell("prompt-before-study", joined.select(early).to_series(), prompts, file, findings)


def _check_plan(study: Study, prompts: pl.DataFrame, file: str, findings: Findings) -> None:
    """Say how many prompts have no place in the plan of their burst."""
    plan = pl.DataFrame(
        [
            (one.label, burst.days, burst.prompts_per_day)
            for one, burst in study.schedule.planned_bursts
        ],
        schema={"label": pl.String, "days": pl.Int64, "per_day": pl.Int64},
        orient="row",
    )
    joined = prompts.select("day", "beep", label=pl.col("occasion").cast(pl.String)).join(
        plan, on="label", how="left", maintain_order="left"
    )
    beyond = (pl.col("day") > pl.col("days")) | (pl.col("beep") > pl.col("per_day"))
    beyond = beyond & pl.col("beep").is_not_null()
    _tell("more-prompts-than-planned", joined.select(beyond).to_series(), prompts, file, findings)


def _check_persons(prompts: pl.DataFrame, file: str, findings: Findings) -> None:
    """Say how many persons answered none of their prompts."""
    given = prompts.group_by("person").agg(pl.col("state").is_in(_GIVEN).any())
    never = given.height - int(given["state"].sum())
    if never:
        persons = Persons(never, of=given.height)
        code = "stream-without-answers" if never == given.height else "all-prompts-missed"
        findings.tell(code, file=file, persons=persons, all=Persons(given.height))


def _check_items(study: Study, stream: Momentary, file: str, findings: Findings) -> None:
    """Say which items everyone always answered alike, and which nobody answered."""
    for name, frame in stream.answers.items():
        for item in frame.columns:
            known = frame[item].drop_nulls()
            if known.len() >= FEWEST_ANSWERS and known.n_unique() == 1:
                findings.tell(
                    "momentary-item-constant",
                    file=file,
                    column=study.prompted[name].columns[item],
                    item=item,
                    instrument=name,
                    answers=known.len(),
                )
