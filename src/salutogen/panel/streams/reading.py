"""`read_stream`: from a source with a row per prompt to `Momentary`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import Findings
from salutogen.panel.items import rules_for, type_item
from salutogen.panel.momentary import DTYPES, ROLES, WALL, Momentary
from salutogen.panel.streams.checks import check_stream, tell_left_out, tell_rebuilt
from salutogen.panel.streams.clocks import MOMENT, read_clocks
from salutogen.panel.streams.copies import without_copies
from salutogen.panel.streams.planned import laid_out, numbered
from salutogen.panel.streams.role_scores import score_of
from salutogen.panel.streams.rows import read_keys
from salutogen.panel.streams.states import has_answers, lacks_answers, states_of
from salutogen.study.format import MomentaryRoles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from salutogen.panel.readers.source_table import SourceTable
    from salutogen.study import Study
    from salutogen.study.format import Source

_TIMES = ("scheduled", "sent", "started", "answered")
_BY_VALUE = ("answered", "started", "sent", "scheduled")  # when the answers were given, the best


def read_stream(
    study: Study,
    tables: Mapping[str, Sequence[SourceTable]],
    persons: pl.DataFrame,
    rows: pl.DataFrame,
    findings: Findings,
) -> Momentary | None:
    """Read the prompts of a study, if it has a source of them.

    Parameters
    ----------
    study : Study
    tables : mapping of source name to its tables
        Their columns are there (`check_columns`).
    persons, rows : DataFrame
        As in the panel: prompts of others are left out, with a finding.
    findings : Findings
        Takes what has to be said; what cannot be read is refused with row and column.

    Returns
    -------
    Momentary or None
        None without such a source, or where something was refused.
    """
    name = next(iter(study.plan.prompt_sources), None)
    if name is None:
        return None
    table, plan = tables[name][0], study.plan.sources[name]
    roles = study.plan.momentary or MomentaryRoles()
    prompts, items = _read(study, table, plan, roles, persons["subject"], findings)
    if any(one.severity == "refusal" for one in findings) or not prompts.height:
        if not prompts.height:
            findings.tell("no-prompts", file=table.label)
        return None
    prompts = without_copies(prompts, items, plan.duplicates, table.label, findings)
    bursts = {one.index: burst for one, burst in study.schedule.planned_bursts}
    attended = rows.select("person", "occasion").filter(pl.col("occasion").is_in(list(bursts)))
    whole = numbered(laid_out(prompts, bursts, attended))
    tell_rebuilt(whole, bursts, table.label, findings)
    answers = {
        one: whole.select(pl.col(_column(one, item)).alias(item) for item in instrument.items)
        for one, instrument in study.prompted.items()
    }
    scores = {
        role: score_of(study.prompted[one], answers[one], study.plan.missing, findings)
        for role, one in roles.named.items()
    }
    stream = Momentary(
        prompts=_told(whole, study.labels, scores),
        answers=answers,
        roles=roles,
        source=name,
        prompts_per_day=max((one.prompts_per_day for one in bursts.values()), default=None),
        days=max((one.days for one in bursts.values()), default=None),
        bursts=tuple(study.labels[place] for place in bursts),
    )
    check_stream(study, stream, rows, table.label, findings)
    return stream


def _column(instrument: str, item: str) -> str:
    """Name of an item's column while all stand in one frame."""
    return f"{instrument}\n{item}"


def _read(
    study: Study,
    table: SourceTable,
    plan: Source,
    roles: MomentaryRoles,
    subjects: pl.Series,
    findings: Findings,
) -> tuple[pl.DataFrame, list[str]]:
    """Rows of the file that are prompts of the study's persons, and the names of their items."""
    keys = read_keys(study, table, plan, subjects, findings)
    clocks = read_clocks(table, plan, findings)
    answers = _answers(study, table, plan, findings)
    core = [one for role, one in roles.named.items() if role in ("negative", "positive")]
    given = {one: answers[one] for one in asked_of(study)}
    state = states_of(
        clocks.moments,
        plan,
        keys["name"],
        has_answers(given, table.n_rows),
        lacks_answers(answers, core or _without_stamp(study, plan), table.n_rows),
    )
    items = {
        _column(one, item): frame[item] for one, frame in answers.items() for item in frame.columns
    }
    nothing = pl.Series([None], dtype=MOMENT).new_from_index(0, table.n_rows)
    times = {what: clocks.moments.get_column(what, default=nothing) for what in _TIMES}
    if "scheduled" not in plan.prompt_times and "sent" in plan.prompt_times:
        times["scheduled"] = times["sent"]
    frame = keys.with_columns(
        state=state,
        **times,
        ahead=clocks.ahead,
        zone=clocks.zone,
        **items,
    ).with_columns(time=pl.coalesce(*_BY_VALUE))
    frame = frame.filter("meant").drop("meant").with_columns(key=_key(plan))
    blank = pl.col("time").is_null() & pl.col("name").is_null()
    tell_left_out("prompt-row-blank", frame.filter(blank), table.label, findings)
    return frame.filter(~blank), list(items)


def _without_stamp(study: Study, plan: Source) -> list[str]:
    """Instruments all of whose items a finished prompt has, where nothing says it was finished."""
    return [] if "answered" in plan.prompt_times else asked_of(study)


def asked_of(study: Study) -> list[str]:
    """Momentary instruments that are answered; what a device measures comes without an answer."""
    return [name for name, one in study.prompted.items() if one.measures != "physiology"]


def _key(plan: Source) -> pl.Expr:
    """What tells the prompts of one person and burst apart: the name and the time due."""
    due = pl.coalesce("scheduled", "time")
    moment = due.cast(pl.Int64).cast(pl.String)
    if plan.prompt is None:
        return moment
    # Numbers that begin again each day name another prompt on each.
    wall = due + pl.duration(seconds=pl.col("ahead").fill_null(0.0))
    day = wall.dt.date().cast(pl.String).fill_null("")
    return pl.concat_str(pl.col("name").fill_null(moment), day, separator=" ")


def _answers(
    study: Study, table: SourceTable, plan: Source, findings: Findings
) -> dict[str, pl.DataFrame]:
    """Typed answers of every momentary instrument, in the rows of the file."""
    found: dict[str, pl.DataFrame] = {}
    for name, instrument in study.prompted.items():
        rules = rules_for(instrument, plan)
        columns = {}
        for item in instrument.items:
            column = instrument.columns[item]
            cells = type_item(
                table.column(column),
                rules,
                column=column,
                label=table.label,
                findings=findings,
                decimal=plan.decimal,
                user_missing=table.user_missing.get(column, ()),
            )
            columns[item] = rules.smallest(cells.values)
        found[name] = pl.DataFrame(columns)
    return found


def _told(
    prompts: pl.DataFrame, labels: Sequence[str], scores: Mapping[str, pl.Series]
) -> pl.DataFrame:
    """Put the columns of `Momentary.prompts` into their order and types."""
    occasions = pl.Enum(list(labels))
    names = pl.Series(list(labels), dtype=occasions)
    ahead = pl.duration(seconds=pl.col("ahead").fill_null(0.0))
    nothing = pl.lit(None, dtype=pl.Float64)
    frame = prompts.with_columns(
        occasion=names.gather(prompts["occasion"]),
        local=(pl.col("time") + ahead).dt.replace_time_zone(None).cast(WALL),
        data_row=pl.col("data_row").fill_null(0),
        **{role: scores.get(role, nothing) for role in ROLES},
    )
    types = {**DTYPES, "occasion": occasions}
    return frame.select(pl.col(name).cast(dtype) for name, dtype in types.items())
