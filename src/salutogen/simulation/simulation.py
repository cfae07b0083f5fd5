"""`simulate`: answers of a cohort whose truth is known, in the shape a study file describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from salutogen.errors import SimulationError
from salutogen.findings import finding
from salutogen.simulation.cohort import Block, draw_block
from salutogen.simulation.factors import stable_weights
from salutogen.simulation.population import Population, build_population
from salutogen.simulation.random_streams import BLOCK
from salutogen.simulation.sizes import require_size
from salutogen.simulation.source_tables import check_columns, source_tables
from salutogen.simulation.true_affect import momentary_truth
from salutogen.simulation.writing import (
    TRUTH,
    Format,
    prepare_folder,
    source_file,
    write_table,
    write_truth,
)
from salutogen.study import Study
from salutogen.version import VERSION


@dataclass(frozen=True, kw_only=True, repr=False)
class Simulated:
    """A simulated cohort and the truth behind it.

    Attributes
    ----------
    frames : mapping of source name to DataFrame
        The answers, as `salutogen.run` takes them. Empty where they were written to files.
    persons : DataFrame
        The truth, a row per person: `subject`; `E_mean`, `P_mean` and `SR_mean` over all planned
        occasions; `level`, the long-term SR apart from slope, events and arms; `slope`; the last
        occasion answered; event and response class. SR is observed minus expected problems, in
        points: positive = over-reactive = less resilient.
    parameters : mapping
        The true line, scales and settings, as in `truth/parameters.json`.
    files : tuple of Path
        What was written.
    """

    frames: Mapping[str, pl.DataFrame]
    persons: pl.DataFrame
    parameters: Mapping[str, Any]
    files: tuple[Path, ...] = field(default=())

    def __repr__(self) -> str:
        """Say how large the cohort is and where it is."""
        where = f"{len(self.files)} files" if self.files else f"sources {', '.join(self.frames)}"
        return f"Simulated({self.persons.height} persons, {where})"


def simulate(
    study: Study,
    *,
    persons: int,
    seed: int,
    out: str | Path | None = None,
    format: Format = "parquet",
) -> Simulated:
    """Simulate a cohort from a study file's plan and its `simulation` settings.

    The same study, seed and version give the same bytes, whatever the number of threads; a larger
    cohort begins with the very persons of a smaller one.

    Parameters
    ----------
    study : Study
        What is asked of whom and when; `study.plan.simulation` holds the truth to simulate.
    persons : int
        Number of persons, at least 1.
    seed : int
        Seed of the random numbers, at least 0.
    out : path, optional
        Folder to write to: a file per source, and `truth/`. Without it the tables are returned.
    format : {"parquet", "csv"}
        Format of sources whose file name has no suffix.

    Raises
    ------
    SimulationError
        Settings are unknown, impossible or contradict the study; the cohort is too large; the
        folder holds other files.
    """
    if persons < 1 or seed < 0:
        raise SimulationError([finding("simulation-persons", persons=persons, seed=seed)])
    require_size(study, persons, None if out is None else Path(out), format)
    population = build_population(study)
    check_columns(population)
    for scale in population.factors:
        stable_weights(population, scale.name)
    parameters = _parameters(population, persons, seed)
    if out is None:
        blocks = list(_blocks(population, persons, seed))
        return Simulated(
            frames=_frames(population, blocks, seed),
            persons=pl.concat(block.truth for block in blocks),
            parameters=parameters,
        )
    return _write(population, persons, seed, Path(out), format, parameters)


def _blocks(population: Population, persons: int, seed: int) -> Iterator[Block]:
    for block in range(-(-persons // BLOCK)):
        yield draw_block(population, seed, block, min(BLOCK, persons - block * BLOCK))


def _frames(population: Population, blocks: list[Block], seed: int) -> dict[str, pl.DataFrame]:
    drawn = [source_tables(population, block, seed) for block in blocks]
    return {name: pl.concat(block[name] for block in drawn) for name in drawn[0]}


def _parameters(population: Population, persons: int, seed: int) -> dict[str, Any]:
    momentary = momentary_truth(population)
    return {
        "format": 1,
        "version": VERSION,
        "study": population.study.hash,
        "persons": persons,
        "seed": seed,
        "sign": "SR = observed - expected problems; positive = over-reactive = less resilient",
        **population.truth(),
        **({"momentary": momentary} if momentary else {}),
    }


def _write(
    population: Population,
    persons: int,
    seed: int,
    out: Path,
    file_format: Format,
    parameters: dict[str, Any],
) -> Simulated:
    """Write each source by passing over the blocks once; memory holds one block at a time."""
    sources = population.study.plan.sources
    targets = {name: source_file(name, sources[name], file_format) for name in sources}
    prepare_folder(out)
    truths: list[pl.DataFrame] = []
    for name, (file, written_as) in targets.items():
        truths.clear()

        def answers(name: str = name) -> Iterator[pl.DataFrame]:
            for block in _blocks(population, persons, seed):
                truths.append(block.truth)
                yield source_tables(population, block, seed)[name]

        write_table(answers(), out / file, written_as, sources[name])
    truth = pl.concat(truths)
    files = [file for file, _ in targets.values()]
    write_truth(out, truth, {**parameters, "files": files})
    written = [out / file for file in files]
    written += [out / TRUTH / "persons.csv", out / TRUTH / "parameters.json"]
    return Simulated(frames={}, persons=truth, parameters=parameters, files=tuple(written))
