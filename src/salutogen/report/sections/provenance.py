"""Where the numbers come from: inputs with hashes, versions, seed, departures from the plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from salutogen.columns import Column, Kind
from salutogen.page.section import Section, Table
from salutogen.report.context import Context

INPUTS = tuple(
    Column(name=name, meaning=words, heading=words, kind=Kind.LABEL)
    for name, words in (
        ("source", "Source"),
        ("file", "File"),
        ("rows", "Rows"),
        ("columns", "Columns"),
        ("encoding", "Encoding"),
        ("sha256", "SHA-256"),
    )
)
ORIGIN = (
    Column(name="what", meaning="What", heading="What", kind=Kind.LABEL),
    Column(name="value", meaning="Value", heading="Value", kind=Kind.LABEL),
)


def provenance_section(context: Context) -> Section:
    """Inputs, study file, versions and seed."""
    provenance = context.provenance
    rows = [
        (name, value)
        for name, value in _flat(provenance)
        if not name.startswith("inputs") and value is not None
    ]
    inputs = [
        {
            item.name: None if entry.get(item.name) is None else str(entry[item.name])
            for item in INPUTS
        }
        for entry in (_told(entry, context) for entry in provenance.get("inputs", ()))
    ]
    return Section(
        title="Provenance",
        paragraphs=(
            "The same study file, data, seed, version and platform give the same bytes, whatever "
            "the number of threads. manifest.json lists every file written with its hash.",
        ),
        tables=(
            Table(
                name="inputs",
                title="Inputs as they were read",
                frame=pl.DataFrame(inputs, schema={item.name: pl.String for item in INPUTS}),
                columns=INPUTS,
            ),
            Table(
                name="provenance",
                title="Study, versions and seed",
                frame=pl.DataFrame(
                    {"what": [name for name, _ in rows], "value": [str(v) for _, v in rows]},
                    schema={"what": pl.String, "value": pl.String},
                ),
                columns=ORIGIN,
            ),
        ),
    )


def _told(entry: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
    """Round a number of rows; one that few persons lack is left out."""
    rows = entry.get("rows")
    if not rows:
        return entry
    few = context.audience.leaves_few(rows)
    return {**entry, "rows": None if few else context.audience.told(rows)}


def _flat(content: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in content.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{before}{name} ")
        elif isinstance(value, list | tuple):
            found += [(f"{before}{name}", item) for item in value if not isinstance(item, Mapping)]
        else:
            found.append((f"{before}{name}".replace("_", " "), value))
    return found
