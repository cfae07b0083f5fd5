"""Tables of a network: its edges, and its nodes."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.models import MultilevelVARFit
from salutogen.models.networks.person_bootstrap import VARStability

TEMPORAL, AT_ONCE, MEANS = (
    "from prompt to prompt", "at one prompt", "between persons' means",
)  # fmt: skip
LASSO = "between persons' means, by lasso"
NETWORKS = {"temporal": TEMPORAL, "contemporaneous": AT_ONCE, "between": MEANS}
UNIT = "SDs per SD, or partial correlation"
LEVEL = 0.05

EDGE_COLUMNS = (
    Column(name="network", meaning="Network", heading="Network", kind=Kind.LABEL),
    Column(name="source", meaning="Node that comes first, or one of the two", heading="From",
           kind=Kind.LABEL),
    Column(name="target", meaning="Node that comes later, or the other", heading="To",
           kind=Kind.LABEL),
    Column(name="estimate", meaning="From prompt to prompt: SDs within persons by which the later "
           "is higher for one SD more of the earlier, all other nodes held; else the partial "
           "correlation", unit=UNIT, heading="Edge"),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=UNIT, heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=UNIT, heading="to"),
    Column(name="p", meaning="p value", heading="p"),
    Column(name="p_adjusted", meaning="p value with the rate of false discoveries among the "
           "network's edges held (Benjamini and Hochberg 1995)", heading="p (adjusted)"),
    Column(name="same_sign", meaning="Share of samples of persons in which the edge has this sign; "
           "by lasso, in which it is kept", heading="Same sign in samples"),
)  # fmt: skip
NODE_COLUMNS = (
    Column(name="node", meaning="Node", heading="Node", kind=Kind.LABEL),
    Column(name="itself", meaning="Effect on itself from prompt to prompt", unit="SDs per SD",
           heading="On itself"),
    Column(name="sd_itself", meaning="SD of persons in it", unit="points per point",
           heading="SD of persons"),
    Column(name="out", meaning="Sum of sizes of effects on other nodes", unit="SDs per SD",
           heading="On others, summed"),
    Column(name="into", meaning="Sum of sizes of effects of other nodes", unit="SDs per SD",
           heading="From others, summed"),
)  # fmt: skip


def edge_table(
    fit: MultilevelVARFit, names: tuple[str, ...], stability: VARStability | None
) -> pl.DataFrame:
    """One row per edge of each network; temporal ones in SDs within persons."""
    told = fit.table()
    k = len(names)
    sources, targets, factors = [], [], []
    spread = fit.standardised / np.where(fit.temporal == 0, 1.0, fit.temporal)
    for into in range(k):
        for start in range(k):
            sources.append(names[start])
            targets.append(names[into])
            factors.append(float(spread[into, start]) if fit.temporal[into, start] else 1.0)
    for _ in range(2):
        for one in range(k):
            for other in range(one + 1, k):
                sources.append(names[one])
                targets.append(names[other])
                factors.append(1.0)
    factor = pl.Series(factors)
    same = None if stability is None else stability.table()["same_sign"]
    return told.select(
        pl.col("network").replace(NETWORKS),
        pl.Series("source", sources),
        pl.Series("target", targets),
        estimate=pl.col("estimate") * factor,
        low=pl.col("conf_low") * factor,
        high=pl.col("conf_high") * factor,
        p="p_value",
        p_adjusted="p_adjusted",
        same_sign=pl.lit(None, pl.Float64) if same is None else same,
    )


def node_table(fit: MultilevelVARFit, names: tuple[str, ...]) -> pl.DataFrame:
    """One row per node: its effect on itself, and how much it sends and takes."""
    effects = fit.standardised
    others = np.abs(effects) * (1 - np.eye(len(names)))
    return pl.DataFrame(
        {
            "node": list(names),
            "itself": np.diag(effects),
            "sd_itself": np.diag(fit.temporal_sd),
            "out": others.sum(axis=0),
            "into": others.sum(axis=1),
        }
    )


def shown(edges: pl.DataFrame, network: str) -> pl.DataFrame:
    """Edges between different nodes that are told from none; of the lasso those that it keeps."""
    if network == LASSO:
        return edges.filter((pl.col("network") == LASSO) & (pl.col("estimate") != 0))
    return edges.filter(
        (pl.col("network") == network)
        & (pl.col("source") != pl.col("target"))
        & (pl.col("p_adjusted") < LEVEL)
    )
