"""What `salutogen simulate` does: a study's answers in a folder, complete or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from salutogen.cli.ending import Ending
from salutogen.pipeline.output_folder import require_free


def simulate_study(
    study: Path,
    persons: int,
    seed: int,
    out: Path,
    file_format: Literal["parquet", "csv"],
    force: bool,
    end: Ending,
) -> None:
    """Simulate a study's answers into a folder, with the truth beside them."""
    from salutogen.pipeline.output_folder import write_folder
    from salutogen.simulation import simulate
    from salutogen.study import read_study

    require_free(out, force=force, inputs=(study,))
    plan = read_study(study)

    def fill(folder: Path) -> None:
        simulate(plan, persons=persons, seed=seed, out=folder, format=file_format)

    write_folder(out, fill, force=force)
    end.out = str(out)
    end.lines.append(f"{persons} persons simulated into {out} (the truth in {out / 'truth'}).")
