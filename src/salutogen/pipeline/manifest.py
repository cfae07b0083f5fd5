"""Provenance: which inputs, versions and seed the results came from, and what was written."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from salutogen.panel import Panel
from salutogen.study import Study
from salutogen.version import VERSION

LIBRARIES = ("numpy", "scipy", "numba", "polars", "pydantic", "altair", "vl-convert-python")
PERSONAL = ("scores.csv", "scores.parquet", "windows.csv", "person.csv", "phases.csv")
# What tells of the study file alone; everything else holds persons unless they are hidden.
OF_THE_PLAN = ("items.csv", "codebook.csv")
_CHUNK = 1 << 20


def provenance(study: Study, panel: Panel, seed: int) -> dict[str, Any]:
    """Return what the results came from: study, inputs, seed, versions. No machine paths."""
    return {
        "salutogen": VERSION,
        "seed": seed,
        "study": {
            "file": study.path.name if study.path else None,
            "sha256": sha256_of(study.path) if study.path else None,
            "plan_sha256": study.hash,
        },
        "inputs": [
            {
                "source": item.source,
                "file": item.name,
                "sha256": item.sha256,
                "rows": item.rows,
                "columns": item.columns,
                "encoding": item.encoding,
            }
            for item in panel.inputs
        ],
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def manifest(
    origin: Mapping[str, Any],
    folder: Path,
    outputs: Iterable[Path],
    *,
    individuals: str,
    personal_files: Collection[str] = (),
    verbatim: bool = False,
    digests: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Describe a finished output folder.

    Parameters
    ----------
    origin : mapping
        What `provenance` gave.
    folder : Path
        The folder that holds the outputs.
    outputs : iterable of Path
        Files in it; `personal_data` marks those with one row per person or answer form and, where
        the page shows single persons, all from which one could be told: pictures and tables, but
        also extremes, counts of few and every digit of a result.
    individuals : {"show", "hide"}
        Whether the page shows single persons.
    personal_files : collection of str
        Further files with one row per person or answer form, written by analyses.
    verbatim : bool, default False
        Whether texts in CSV files are to the letter.
    digests : mapping of str to str, optional
        SHA-256 of files by their names, where it is known.
    """
    known = digests or {}
    files = []
    for path in sorted(outputs):
        name = path.relative_to(folder).as_posix()
        row_level = name in PERSONAL or name in personal_files
        personal = row_level or (individuals == "show" and name not in OF_THE_PLAN)
        files.append(
            {
                "file": name,
                "sha256": known.get(name) or sha256_of(path),
                # Rows and labels of few could be counted by the size of what holds them.
                "bytes": None if row_level and individuals == "hide" else path.stat().st_size,
                "personal_data": personal,
            }
        )
    return {
        "format": 1,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **origin,
        "individuals": individuals,
        "csv_text": "verbatim" if verbatim else "formulas made harmless",
        "outputs": files,
        "sign": "SR = observed - expected problems; positive = over-reactive = less resilient",
    }
