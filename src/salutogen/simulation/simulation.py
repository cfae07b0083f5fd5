"""`simulate`: answers of a cohort whose truth is known, in the shape a study file describes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from salutogen.errors import DesignError
from salutogen.findings import finding
from salutogen.simulation.blueprint import Blueprint, draw_up
from salutogen.simulation.cohort import Block, draw_block
from salutogen.simulation.factors import stable_weights
from salutogen.simulation.layout import check_columns, tables
from salutogen.simulation.streams import BLOCK
from salutogen.simulation.writing import (
    TRUTH,
    Format,
    prepare_folder,
    source_file,
    write_table,
    write_truth,
)
from salutogen.study import Study


@dataclass(frozen=True, kw_only=True)
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
    DesignError
        Settings are unknown, impossible or contradict the study; the folder holds other files.
    """
    if persons < 1 or seed < 0:
        text = f"{persons} persons and the seed {seed} were asked for."
        raise DesignError([finding("simulation-persons", text)])
    blueprint = draw_up(study)
    check_columns(blueprint)
    for scale in blueprint.factors:
        stable_weights(blueprint, scale.name)
    parameters = _parameters(blueprint, persons, seed)
    if out is None:
        blocks = list(_blocks(blueprint, persons, seed))
        return Simulated(
            frames=_frames(blueprint, blocks, seed),
            persons=pl.concat(block.truth for block in blocks),
            parameters=parameters,
        )
    return _write(blueprint, persons, seed, Path(out), format, parameters)


def _blocks(blueprint: Blueprint, persons: int, seed: int) -> Iterator[Block]:
    for block in range(-(-persons // BLOCK)):
        yield draw_block(blueprint, seed, block, min(BLOCK, persons - block * BLOCK))


def _frames(blueprint: Blueprint, blocks: list[Block], seed: int) -> dict[str, pl.DataFrame]:
    drawn = [tables(blueprint, block, seed) for block in blocks]
    return {name: pl.concat(block[name] for block in drawn) for name in drawn[0]}


def _parameters(blueprint: Blueprint, persons: int, seed: int) -> dict[str, Any]:
    from salutogen import __version__

    return {
        "format": 1,
        "version": __version__,
        "study": blueprint.study.hash,
        "persons": persons,
        "seed": seed,
        "sign": "SR = observed - expected problems; positive = over-reactive = less resilient",
        **blueprint.truth(),
    }


def _write(
    blueprint: Blueprint,
    persons: int,
    seed: int,
    out: Path,
    file_format: Format,
    parameters: dict[str, Any],
) -> Simulated:
    """Write each source by passing over the blocks once; memory holds one block at a time."""
    sources = blueprint.study.plan.sources
    targets = {name: source_file(name, sources[name], file_format) for name in sources}
    prepare_folder(out)
    truths: list[pl.DataFrame] = []
    for name, (file, written_as) in targets.items():
        truths.clear()

        def answers(name: str = name) -> Iterator[pl.DataFrame]:
            for block in _blocks(blueprint, persons, seed):
                truths.append(block.truth)
                yield tables(blueprint, block, seed)[name]

        write_table(answers(), out / file, written_as, sources[name])
    truth = pl.concat(truths)
    files = [file for file, _ in targets.values()]
    write_truth(out, truth, {**parameters, "files": files})
    written = [out / file for file in files]
    written += [out / TRUTH / "persons.csv", out / TRUTH / "parameters.json"]
    return Simulated(frames={}, persons=truth, parameters=parameters, files=tuple(written))
