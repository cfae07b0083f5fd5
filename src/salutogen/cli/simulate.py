"""What `salutogen simulate` does: a study's answers in a folder, complete or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from salutogen.cli.ending import Ending
from salutogen.cli.surroundings import require_surroundings
from salutogen.pipeline.output_folder import require_free, require_possible
from salutogen.pipeline.what_is_read import WhatIsRead


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
    from salutogen.pipeline.output_folder import claimed
    from salutogen.pipeline.what_is_read import what_is_read
    from salutogen.simulation import simulate
    from salutogen.study import read_study

    require_surroundings()
    require_possible(study)
    require_free(out, force=force, reads=WhatIsRead((study,)))
    plan = read_study(study)
    reads = WhatIsRead((study,), what_is_read(plan).searched)

    def fill(folder: Path) -> None:
        simulate(plan, persons=persons, seed=seed, out=folder, format=file_format)

    with claimed(out, force=force, reads=reads) as place:
        end.findings = place.write(fill, then=lambda: end.place(out))
    end.lines.append(f"{persons} persons simulated into {out} (the truth in {out / 'truth'}).")
