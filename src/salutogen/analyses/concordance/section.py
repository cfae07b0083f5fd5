"""Concordance of the ways to score SR on the same data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from salutogen.page.charting import Spec, ordered, values
from salutogen.page.colours import HEAT, colour, colours
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import heading, percent, points
from salutogen.report.context import Context

LIMITS = (0.7, 0.8, 0.9, 0.95)


def concordance_section(context: Context) -> Section | None:
    """How far the variants agree, or None where none were computed."""
    variants = context.resilience.variants
    names = list(variants.get("names") or ())
    if len(names) < 2:
        return None
    return Section(
        title="Concordance of variants",
        paragraphs=(
            "The same answers scored in other defensible ways. Where variants agree closely, "
            "conclusions do not hang on the choice; where they do not, the choice must be argued. "
            "All are turned so that positive means less resilient.",
        ),
        figures=(_heatmap(names, variants["correlation"]),),
        tables=(_table(names, variants),),
    )


def _words(name: str) -> str:
    return heading(name)


def _heatmap(names: list[str], matrix: Any) -> Figure:
    words = [_words(name) for name in names]
    rows = [
        {"variant": words[i], "other": words[j], "r": matrix[i][j]}
        for i in range(len(names))
        for j in range(len(names))
    ]
    data = pl.DataFrame(rows, schema={"variant": pl.String, "other": pl.String, "r": pl.Float64})
    apart = data.filter((pl.col("variant") != pl.col("other")) & pl.col("r").is_not_null())
    told = "No two variants could be compared."
    if apart.height:
        least = apart.sort("r", maintain_order=True).row(0, named=True)
        told = (
            f"Correlations between persons run from {points(least['r'])} ({least['variant']} with "
            f"{least['other']}) to {points(apart['r'].max())}."  # type: ignore[arg-type]
        )
    return Figure(
        name="variants",
        title="Correlation of SR between variants (persons)",
        description=f"{told} The colour deepens with agreement.",
        chart=_heatmap_chart(data, words),
        data=data,
        units={"r": "Pearson correlation"},
    )


def _heatmap_chart(data: pl.DataFrame, words: list[str]) -> Spec:
    size = 46 if len(words) <= 12 else 34
    x = ordered(
        "other",
        None,
        words,
        axis={
            "labelAngle": -40,
            "labelAlign": "right",
            "labelOverlap": False,
            "orient": "bottom",
            "values": words,
            "domain": False,
            "ticks": False,
        },
    )
    y = ordered(
        "variant", None, words, axis={"labelOverlap": False, "values": words, "labelLimit": 240}
    )
    shades: Spec = {"type": "threshold", "domain": list(LIMITS), "range": colours(HEAT)}
    return {
        "width": {"step": size},
        "height": {"step": 30},
        "data": values(data),
        "layer": [
            {
                "mark": {"type": "rect", "stroke": colour("paper"), "strokeWidth": 1.5},
                "encoding": {
                    "x": x,
                    "y": y,
                    "color": {
                        "field": "r",
                        "type": "quantitative",
                        "title": "Correlation",
                        "scale": shades,
                    },
                },
            },
            {
                "mark": {"type": "text", "fontSize": 11},
                "encoding": {
                    "x": x,
                    "y": y,
                    "text": {"field": "r", "format": ".2f"},
                    "color": {
                        "condition": {"test": "datum.r >= 0.9", "value": colour("paper")},
                        "value": colour("ink"),
                    },
                },
            },
        ],
    }


def _table(names: list[str], variants: Mapping[str, Any]) -> Table:
    primary = variants.get("primary", names[0])
    at = names.index(primary) if primary in names else 0
    ranks = variants.get("rank_agreement") or {}
    spearman = ranks.get("spearman") if isinstance(ranks, Mapping) else None
    changed = variants.get("changed_quarter") or {}
    descriptions = variants.get("descriptions") or {}
    rows = [
        {
            "variant": _words(name),
            "what": descriptions.get(name, ""),
            "r": variants["correlation"][i][at],
            "rank": spearman[i][at] if spearman else None,
            "moved": percent(_share(changed.get(name))) if name != primary else "–",
        }
        for i, name in enumerate(names)
    ]
    return Table(
        name="variants",
        title=f"Variants beside the primary score ({_words(primary)})",
        frame=pl.DataFrame(
            rows,
            schema={
                "variant": pl.String,
                "what": pl.String,
                "r": pl.Float64,
                "rank": pl.Float64,
                "moved": pl.String,
            },
        ),
        labels={
            "variant": "Variant",
            "what": "What it is",
            "r": "Correlation with the primary score",
            "rank": "Rank correlation (Spearman)",
            "moved": "Persons in another quarter",
        },
    )


def _share(entry: Any) -> float | None:
    if isinstance(entry, Mapping):
        share = entry.get("share")
        return None if share is None else float(share)
    return None if entry is None else float(entry)
