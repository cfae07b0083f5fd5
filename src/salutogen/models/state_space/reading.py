"""From rows in any order to rows by person and time, in scaled units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import numeric, read_columns, refuse_words
from salutogen.models.row_checks import listed_rows, missing_in, refuse_rows
from salutogen.models.state_space.gaps import Gaps
from salutogen.models.state_space.layout import Layout
from salutogen.models.state_space.problem import Rows

Float = NDArray[np.float64]
Int = NDArray[np.int64]

PULSE_UNKNOWN = "A pulse acts at its row: write 0 where nothing happened, or leave the row out."
INPUT_UNKNOWN = (
    "An input is taken as it is given, until the next row. Where it is not known at every row, "
    "make it a process: values of processes may be missing."
)
DIGITS = 12  # of gaps in units of the middle one: what differs beyond is rounding


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What one unit of the fitted rows is in units of the data.

    Attributes
    ----------
    mean, sd : array (k,)
        Of each process.
    input_sd : array (p,)
    unit : float
        Median time between rows of a person.
    factor_mean, factor_sd : dict
        Of each factor, over persons.
    """

    mean: Float
    sd: Float
    input_sd: Float
    unit: float
    factor_mean: dict[str, float]
    factor_sd: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Rows that a model is fitted to.

    Attributes
    ----------
    rows : Rows
        In scaled units.
    scale : Scale
    order : array (n,)
        Row of the frame that each row was.
    time : array (n,)
        In units of the data.
    persons : polars.Series
        Each person's label.
    messages : tuple of str
    """

    rows: Rows
    scale: Scale
    order: Int
    time: Float
    persons: pl.Series
    messages: tuple[str, ...]


def read_rows(data: Any, layout: Layout, person: str, time: str) -> Seen:
    """Read a long frame.

    Raises
    ------
    ModelError
        Columns that are absent or no numbers, rows without person or time, two rows of a person
        at one time, inputs that are missing, processes or inputs that do not vary, factors that
        change within a person.
    """
    factors = list(dict.fromkeys(factor for _, factor in layout.moderated))
    columns = [*layout.processes, *layout.inputs, *factors]
    frame = read_columns(data, [person, time, *columns], labels=(person,))
    refuse_words(frame, columns)
    for name in (person, time):
        refuse_rows(missing_in(frame[name]), name, "missing", "Leave those rows out.")
    numbers = {name: numeric(frame, name) for name in (time, *columns)}
    for name, column in numbers.items():
        refuse_rows(np.isinf(column), name, "infinite", "Mend them or make them missing.")
    values = np.column_stack([numbers[name] for name in layout.processes])
    inputs = np.column_stack([np.empty((len(frame), 0)), *(numbers[n] for n in layout.inputs)])
    kept, messages = _kept(values, inputs, frame[person], numbers, factors)
    code = frame[person].filter(pl.Series(kept)).rank("dense").to_numpy().astype(np.int64) - 1
    within = np.lexsort((numbers[time][kept], code))
    order, code = np.flatnonzero(kept)[within], code[within]
    at = numbers[time][order]
    _refuse_twice(code, at, order, f"{person} and {time}")
    starts = np.append(0, np.flatnonzero(np.diff(code)) + 1)
    starts = np.append(starts[: len(order)], len(order)).astype(np.int64)
    _refuse_gaps_in_inputs(inputs[order], starts, order, layout)
    of_persons = {name: _constant(numbers[name][order], code, starts, name) for name in factors}
    return _scaled(
        layout, values[order], inputs[order], at, starts, of_persons,
        order=order, persons=frame[person].gather(order[starts[:-1]]), messages=messages,
    )  # fmt: skip


def _kept(
    values: Float, inputs: Float, persons: pl.Series, numbers: dict[str, Float], factors: list[str]
) -> tuple[NDArray[np.bool_], tuple[str, ...]]:
    """Which rows tell anything: of persons who have a value and all factors.

    A row with one input counts: what it says of the others is refused later if it is missing.
    """
    messages = []
    seen = np.isfinite(values).any(axis=1)
    has_factors = np.all([np.isfinite(numbers[name]) for name in factors] or [seen | True], axis=0)
    with_input = np.isfinite(inputs).any(axis=1)
    table = pl.DataFrame({"person": persons, "seen": seen, "complete": has_factors})
    own = table.select(pl.col("seen").any().over("person"), pl.col("complete").all().over("person"))
    whole = own["complete"].to_numpy()
    kept = (seen | with_input) & own["seen"].to_numpy() & whole
    if not whole.all():
        lost = table.filter(~pl.Series(whole))["person"].n_unique()
        messages.append(f"Left out: {_persons(lost)} without {' or '.join(factors)}.")
    blank = int(np.sum(~(seen | with_input) & whole))
    if blank:
        messages.append(f"{blank} rows without any value tell nothing and are left out.")
    if not kept.any():
        raise ModelError("No row has a value of a process (and, where asked for, every factor).")
    return kept, tuple(messages)


def _persons(n: int) -> str:
    return "1 person" if n == 1 else f"{n} persons"


def _refuse_twice(code: Int, at: Float, order: Int, names: str) -> None:
    twice = np.flatnonzero((np.diff(code) == 0) & (np.diff(at) == 0)) + 1
    if twice.size:
        raise ModelError(
            f"{names}: {twice.size} rows are at the same time as another of the same person "
            f"({listed_rows(order[twice])}). Keep one row for each time."
        )


def _refuse_gaps_in_inputs(inputs: Float, starts: Int, order: Int, layout: Layout) -> None:
    """Refuse what is not known where it acts: pulses at every row, others until the next one."""
    acts = _acting(starts, layout)
    for j, name in enumerate(layout.inputs):
        unknown = np.zeros(int(order.max()) + 1, dtype=bool)
        unknown[order[np.isnan(inputs[:, j]) & acts[:, j]]] = True
        refuse_rows(
            unknown,
            name,
            "missing",
            PULSE_UNKNOWN if name in layout.pulses else INPUT_UNKNOWN,
        )


def _acting(starts: Int, layout: Layout) -> NDArray[np.bool_]:
    """Where inputs act (n, p): pulses everywhere, what is held not from a person's last row on."""
    found = np.ones((int(starts[-1]), len(layout.inputs)), dtype=bool)
    holds = [name not in layout.pulses for name in layout.inputs]
    found[np.ix_(starts[1:] - 1, np.flatnonzero(holds))] = False
    return found


def _constant(values: Float, code: Int, starts: Int, name: str) -> Float:
    found: Float = values[starts[:-1]]
    changed = np.unique(code[values != found[code]])
    if changed.size:
        raise ModelError(
            f"{name}: changes within {_persons(len(changed))}. A factor is one value per person; "
            "what changes is an input or a process."
        )
    if np.ptp(found) == 0:
        raise ModelError(f"{name}: the same for all persons. Leave it out.")
    return found


def _spreads(inputs: Float, starts: Int, layout: Layout) -> Float:
    """SD of each input where it acts; refuse those that do not vary there."""
    acts, found = _acting(starts, layout), np.empty(len(layout.inputs))
    for j, name in enumerate(layout.inputs):
        acting = inputs[acts[:, j], j]
        if np.ptp(acting) == 0:
            raise ModelError(f"{name}: does not vary where it acts. Leave it out of the inputs.")
        found[j] = np.std(acting)
    return found


def _scaled(
    layout: Layout, values: Float, inputs: Float, at: Float, starts: Int,
    factors: dict[str, Float], *, order: Int, persons: pl.Series,
    messages: tuple[str, ...],
) -> Seen:  # fmt: skip
    for j, name in enumerate(layout.processes):
        known = values[np.isfinite(values[:, j]), j]
        if known.size < 2 or np.ptp(known) == 0:
            raise ModelError(f"{name}: does not vary. Leave it out of the processes.")
    later = np.ones(len(at), dtype=bool)
    later[starts[:-1]] = False
    if not later.any():
        raise ModelError("No person has two rows: how processes go on in time cannot be told.")
    input_sd = _spreads(inputs, starts, layout)
    inputs = np.where(np.isnan(inputs), 0.0, inputs)  # where they act on nothing
    lengths = np.diff(at, prepend=0.0)
    scale = Scale(
        mean=np.nanmean(values, axis=0),
        sd=np.nanstd(values, axis=0),
        input_sd=input_sd,
        unit=float(np.median(lengths[later])),
        factor_mean={name: float(np.mean(value)) for name, value in factors.items()},
        factor_sd={name: float(np.std(value)) for name, value in factors.items()},
    )
    z = {n: (v - scale.factor_mean[n]) / scale.factor_sd[n] for n, v in factors.items()}
    by_parameter = np.column_stack(
        [np.empty((len(persons), 0)), *(z[f] for _, f in layout.moderated)]
    )
    patterns, kind = np.unique(by_parameter, axis=0, return_inverse=True)
    kind = kind.ravel().astype(np.int64)
    own = np.repeat(kind, np.diff(starts))[later]
    rounded = np.round(lengths[later] / scale.unit, DIGITS)
    different, of_row = np.unique(np.column_stack([own, rounded]), axis=0, return_inverse=True)
    gap = np.full(len(at), -1, dtype=np.int64)
    gap[later] = of_row.ravel()
    rows = Rows(
        starts=starts,
        values=(values - scale.mean) / scale.sd,
        inputs=inputs / scale.input_sd,
        pulses=np.array([name in layout.pulses for name in layout.inputs], dtype=bool),
        gap=gap,
        gaps=Gaps(lengths=different[:, 1].copy(), kind=different[:, 0].astype(np.int64)),
        kind=kind,
        patterns=patterns if by_parameter.shape[1] else np.zeros((1, 0)),
    )
    return Seen(rows=rows, scale=scale, order=order, time=at, persons=persons, messages=messages)
