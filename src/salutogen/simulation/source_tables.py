"""Blocks of persons as the tables that the study's sources say they are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from salutogen.errors import SimulationError
from salutogen.findings import Findings
from salutogen.namespaces import ARM, background_column
from salutogen.panel.joined_columns import as_number
from salutogen.simulation.cohort import Block
from salutogen.simulation.item_tables import Floats
from salutogen.simulation.population import Population
from salutogen.simulation.prompt_tables import prompt_table
from salutogen.simulation.random_streams import BLOCK, Purpose, stream
from salutogen.simulation.simulated_scales import Scale
from salutogen.study.format import DAYS_IN, OCCASION_PLACEHOLDER, Source
from salutogen.study.instruments.instrument import columns_at

_SECONDS = 86_400.0


def check_columns(population: Population) -> None:
    """Refuse column patterns that the source's layout cannot have, and files of other forms.

    Raises
    ------
    SimulationError
        `{occasion}` is missing from a pattern that needs it, or stands where it must not; or a
        source has a form in which simulated answers are not written.
    """
    findings = Findings()
    for name, source in population.study.plan.sources.items():
        for key in _not_written(source):
            findings.tell("simulation-source-form", variant="source", named=name, name=key)
    for scale in population.scales:
        if any(as_number(text) is not None for text in scale.instrument.recode):
            findings.tell(
                "simulation-source-form", variant="instrument", named=scale.name, name="recode"
            )
        source = population.study.plan.sources[scale.instrument.source]
        wide = source.layout == "row-per-person" and not scale.baseline
        has = all(OCCASION_PLACEHOLDER in column for column in scale.instrument.columns.values())
        if wide and not has and source.occasion is None:
            findings.tell("simulation-columns", instrument=scale.name)
    findings.raise_refusals(SimulationError)


def _not_written(source: Source) -> Iterator[str]:
    """Keys of a source that ask for a form in which simulated answers are not written."""
    if len(source.person_columns) > 1:
        yield "person"
    if len(source.occasion_columns) > 1:
        yield "occasion"
    given = {
        "files": source.files is not None,
        "header_rows": source.header_rows > 1,
        "skip_rows": source.skip_rows > 0,
        "complete": source.complete is not None,
        "zone": source.zone is not None and not isinstance(source.zone, str),
    }
    yield from (key for key, asked in given.items() if asked)


def source_tables(population: Population, block: Block, seed: int) -> dict[str, pl.DataFrame]:
    """Each source's table for one block of persons, rows by person, then occasion."""
    return {
        name: _table(population, block, seed, name, source)
        for name, source in population.study.plan.sources.items()
    }


def _table(
    population: Population, block: Block, seed: int, name: str, source: Source
) -> pl.DataFrame:
    if source.layout == "row-per-event":
        return _by_event(population, block, source)
    if source.layout == "row-per-prompt":
        return prompt_table(population, block, seed, source)
    scales = [scale for scale in population.scales if scale.instrument.source == name]
    if source.layout == "row-per-person" or (
        source.layout == "row-per-occasion" and source.occasion is None
    ):
        return _by_person(population, block, seed, name, source, scales)
    frame = _by_occasion(population, block, seed, name, source, scales)
    return frame if source.layout == "row-per-occasion" else _by_item(frame, source, scales)


def _by_occasion(
    population: Population,
    block: Block,
    seed: int,
    name: str,
    source: Source,
    scales: list[Scale],
) -> pl.DataFrame:
    present = block.present
    person, occasion = np.nonzero(present)
    columns = [block.subjects.gather(person).alias(source.person_columns[0])]
    for column in source.occasion_columns:
        columns.append(occasion_labels(population).gather(occasion).alias(column))
    if source.time is not None:
        columns.append(_times(population, source, block.days[present]).alias(source.time.column))
    described = _described(population, block, name)
    columns.extend(described[column].gather(person) for column in described.columns)
    for scale in scales:
        for item, column in enumerate(scale.instrument.columns.values()):
            values, missing = _item(population, block, seed, scale, item)
            if scale.baseline:
                values = np.broadcast_to(values, present.shape)
                missing = None if missing is None else np.broadcast_to(missing, present.shape)
            gone = None if missing is None else missing[present]
            columns.append(_series(column, values[present], gone))
    return pl.DataFrame(columns)


def _by_event(population: Population, block: Block, source: Source) -> pl.DataFrame:
    """One row per major event."""
    events = block.events
    columns = [block.subjects.gather(events["person"]).alias(source.person_columns[0])]
    if source.time is not None:
        times = _times(population, source, events["day"].to_numpy())
        columns.append(times.alias(source.time.column))
    if source.event is not None:
        columns.append(events["event"].alias(source.event))
    if source.rating is not None:
        columns.append(events["rating"].alias(source.rating))
    return pl.DataFrame(columns)


def _by_person(
    population: Population,
    block: Block,
    seed: int,
    name: str,
    source: Source,
    scales: list[Scale],
) -> pl.DataFrame:
    columns = [block.subjects.alias(source.person_columns[0])]
    labels = population.study.labels
    described = _described(population, block, name)
    columns.extend(described.get_columns())
    if source.time is not None and OCCASION_PLACEHOLDER in source.time.column:
        for place, title in enumerate(columns_at(source.time.column, labels)):
            times = _times(population, source, block.days[:, place])
            columns.append(_blank_where(times.alias(title), ~block.present[:, place]))
    for scale in scales:
        for item, column in enumerate(scale.instrument.columns.values()):
            values, missing = _item(population, block, seed, scale, item)
            if scale.baseline:
                gone = None if missing is None else missing[:, 0]
                columns.append(_series(column, values[:, 0], gone))
                continue
            absent = ~block.present
            gone = absent if missing is None else absent | missing
            for place, title in enumerate(columns_at(column, labels)):
                columns.append(_series(title, values[:, place], gone[:, place]))
    return pl.DataFrame(columns)


def _by_item(frame: pl.DataFrame, source: Source, scales: list[Scale]) -> pl.DataFrame:
    """One row per answer; baseline items stand at the person's first occasion only."""
    item, value = source.item or "item", source.value or "value"
    answers = [column for scale in scales for column in scale.instrument.columns.values()]
    once = [
        column for scale in scales if scale.baseline for column in scale.instrument.columns.values()
    ]
    keep = [column for column in frame.columns if column not in answers]
    dtype = pl.Float64 if any(frame[column].dtype.is_float() for column in answers) else pl.Int16
    first = frame.select(pl.col(source.person_columns[0]).is_first_distinct()).to_series()
    numbered = frame.with_columns(pl.col(column).cast(dtype) for column in answers).with_row_index(
        "row number"
    )
    long = numbered.with_columns(first.alias("first row")).unpivot(
        on=answers,
        index=["row number", "first row", *keep],
        variable_name=item,
        value_name=value,
    )
    long = long.filter(pl.col("first row") | ~pl.col(item).is_in(once))
    return long.sort("row number", maintain_order=True).drop("row number", "first row")


def _item(
    population: Population, block: Block, seed: int, scale: Scale, item: int
) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.bool_] | None]:
    """Codes of one item as written (persons, occasions), and where it is blank."""
    answers = block.answers[scale.name][item]
    values: npt.NDArray[np.generic] = answers
    if scale.table.family != "number":
        codes = scale.table.codes
        if scale.reverse[item]:
            codes = codes.min() + codes.max() - codes
        plain = (codes == np.arange(codes.size)).all()
        values = answers if plain else codes.astype(_smallest(codes))[answers]
    elif scale.reverse[item] and scale.instrument.answers is not None:
        ends = scale.instrument.answers
        values = ends.minimum + ends.maximum - answers
    missing: npt.NDArray[np.bool_] | None = None
    share = population.settings.missing.skipped
    if share > 0:
        rng = _skipping(population, seed, block.block, scale, item)
        missing = rng.random((BLOCK, answers.shape[1]), dtype=np.float32)[: block.n_persons] < share
    if scale.asked is not None:
        unasked = np.broadcast_to(~scale.asked[item], answers.shape)
        missing = unasked if missing is None else missing | unasked
    return values, missing


def _smallest(codes: Floats) -> type[np.int8 | np.int16]:
    limits = np.iinfo(np.int8)
    return np.int8 if limits.min <= codes.min() and codes.max() <= limits.max else np.int16


def _skipping(
    population: Population, seed: int, block: int, scale: Scale, item: int
) -> np.random.Generator:
    """A stream for one item's skipped answers, whichever source it is written to."""
    place = [other.name for other in population.scales].index(scale.name)
    base = stream(seed, block, Purpose.SKIPPED).integers(0, 2**32)
    sequence = np.random.SeedSequence(int(base), spawn_key=(place, item))
    return np.random.Generator(np.random.PCG64DXSM(sequence))


def _series(
    name: str,
    values: npt.NDArray[np.generic] | Floats,
    missing: npt.NDArray[np.bool_] | None,
) -> pl.Series:
    series = pl.Series(name, np.ascontiguousarray(values))
    return series if missing is None else _blank_where(series, missing)


def _blank_where(series: pl.Series, missing: npt.NDArray[np.bool_]) -> pl.Series:
    blank = pl.Series(series.name, [None], dtype=series.dtype).new_from_index(0, len(series))
    return series.zip_with(pl.Series(~missing), blank)


def _described(population: Population, block: Block, name: str) -> pl.DataFrame:
    """Background columns and arm that stand in this source, by their name in the file."""
    plan = population.study.plan
    default = next(iter(plan.answer_sources))
    columns = {
        planned.column: block.background[background_column(label)]
        for label, planned in plan.background.items()
        if (planned.source or default) == name
    }
    if plan.arms is not None and (plan.arms.source or default) == name:
        columns[plan.arms.column] = block.background[ARM]
    return pl.DataFrame(columns)


def occasion_labels(population: Population) -> pl.Series:
    """Labels as written: whole numbers where all of them are, else text."""
    labels = population.study.labels
    if all(label.isdecimal() and str(int(label)) == label for label in labels):
        return pl.Series([int(label) for label in labels], dtype=pl.Int16)
    return pl.Series(list(labels), dtype=pl.String)


def _times(population: Population, source: Source, days: Floats) -> pl.Series:
    """Times as the source writes them."""
    start = population.settings.timing.start
    unit = source.time.unit if source.time is not None else "days"
    if unit in ("date", "datetime"):
        pattern = source.time.format if source.time is not None else None
        moment = np.datetime64(start, "ms") + np.rint(days * _SECONDS * 1000).astype(
            "timedelta64[ms]"
        )
        series = pl.Series(moment)
        usual = "%Y-%m-%d" if unit == "date" else "%Y-%m-%dT%H:%M:%S"
        return series.dt.strftime(pattern or usual)
    since = np.datetime64(start, "D").astype(np.int64)
    if unit == "days since 1970-01-01":
        return pl.Series((since + np.rint(days)).astype(np.int32))
    if unit == "seconds since 1970-01-01":
        return pl.Series(np.rint((since + days) * _SECONDS).astype(np.int64))
    if unit == "days":
        return pl.Series(np.rint(days).astype(np.int32))
    return pl.Series(np.round(days / DAYS_IN[unit.removesuffix("s")], 3))
