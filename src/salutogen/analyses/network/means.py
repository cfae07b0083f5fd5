"""The network of persons' means, by graphical lasso: who is high in one is high in what."""

from __future__ import annotations

import polars as pl

from salutogen.analyses.frames import frame_of
from salutogen.analyses.network.nodes import PERSON, Nodes
from salutogen.analyses.network.tables import EDGE_COLUMNS, LASSO
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.models import GraphicalLasso
from salutogen.page.words import without_counts

FEWEST_PERSONS = 20


def means_of(nodes: Nodes) -> pl.DataFrame:
    """Means of the nodes of each person who has all of them, beside `person`."""
    means = nodes.frame.group_by(PERSON).agg(pl.col(nodes.columns).mean())
    return means.sort(PERSON).drop_nulls()


def edges_of_means(nodes: Nodes, *, draws: int, seed: int, found: Findings) -> pl.DataFrame:
    """Edges between persons' means, chosen by the extended BIC; empty, and why, where none can be.

    A node whose mean is the same in everybody is refused by the model.
    """
    means = means_of(nodes).drop(PERSON).rename(dict(zip(nodes.columns, nodes.names, strict=True)))
    empty = frame_of((), EDGE_COLUMNS)
    if means.height < FEWEST_PERSONS:
        found.tell("network-without-means", reason="fewer than 20 persons have all nodes.")
        return empty
    try:
        fit = GraphicalLasso().fit(means)
    except ModelError as error:
        found.tell("network-without-means", reason=without_counts(error))
        return empty
    table = fit.table().select(
        pl.lit(LASSO).alias("network"), source="one", target="other", estimate="partial_correlation"
    )
    if draws:
        samples = fit.stability(draws=draws, seed=seed).table()
        table = table.with_columns(
            samples["conf_low"].alias("low"), samples["conf_high"].alias("high"),
            samples["chosen"].alias("same_sign"),
        )  # fmt: skip
    return pl.concat([empty, table], how="diagonal").select(empty.columns)
