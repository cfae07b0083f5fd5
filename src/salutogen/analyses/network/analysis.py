"""The analysis of momentary networks: what moves with what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.makes_spread import tell_who_makes_the_spread
from salutogen.analyses.momentary import stream_of
from salutogen.analyses.network.compared import Comparison, compared
from salutogen.analyses.network.graphml import graphml_of
from salutogen.analyses.network.means import edges_of_means
from salutogen.analyses.network.nodes import BEEP, DAY, PERSON, Nodes, read_nodes
from salutogen.analyses.network.settings import NetworkSettings
from salutogen.analyses.network.tables import (
    AT_ONCE,
    EDGE_COLUMNS,
    LASSO,
    MEANS,
    NODE_COLUMNS,
    TEMPORAL,
    edge_table,
    node_table,
)
from salutogen.columns import Kind, figure, record, rows
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings
from salutogen.models import MultilevelVAR, MultilevelVARFit
from salutogen.page.words import without_counts

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

FILES = {TEMPORAL: "temporal", AT_ONCE: "at-once", MEANS: "between", LASSO: "means"}


@record
class NetworkResult(AnalysisResult):
    """Three networks of momentary answers: from prompt to prompt, at one prompt, between means."""

    n: int = figure("Persons with prompts in a row", unit="persons", kind=Kind.COUNT)
    pairs: int = figure(
        "Prompts with an answered one just before them on the same day", unit="prompts",
        kind=Kind.COUNT, by="n",
    )  # fmt: skip
    prompts: int = figure("Complete prompts", unit="prompts", kind=Kind.COUNT, by="n")
    nodes: tuple[str, ...] = figure("Nodes", kind=Kind.LABEL)
    draws: int = figure("Samples of persons behind the stability of edges", kind=Kind.LABEL)
    doubtful: bool = figure("Whether estimates are doubtful", kind=Kind.LABEL)
    edges: pl.DataFrame = rows("Edges of the three networks", EDGE_COLUMNS)
    strengths: pl.DataFrame = rows("What nodes send and take", NODE_COLUMNS)
    compared: Comparison | None = figure(
        "Networks of means of two groups of persons; null where not asked for or not compared",
        default=None,
    )

    def sections(self, audience: Audience) -> Sequence[Section]:
        """The three networks in one layout, with their edges as a table."""
        from salutogen.analyses.network.section import network_section

        return (network_section(self),)

    def files(self) -> Mapping[str, ResultFile]:
        """Edges, as an adjacency table and as GraphML, which other programs read."""
        there = self.edges["network"].unique().to_list()
        formats = {
            f"{name}.graphml": partial(
                graphml_of, network=network, identifier=name, directed=network == TEMPORAL
            )
            for network, name in FILES.items()
            if network in there
        }
        return {"network.csv": ResultFile(table=self.edges, columns=EDGE_COLUMNS, formats=formats)}

    def answer(self) -> Text:
        """Say what moves with what."""
        from salutogen.analyses.network.words import answer_of

        return answer_of(self)

    def in_short(self) -> Text:
        """Say in a clause how much goes on from prompt to prompt."""
        from salutogen.analyses.network.words import in_short_of

        return in_short_of(self)

    def methods(self) -> Text:
        """Say which model was fitted."""
        from salutogen.analyses.network.words import methods_of

        return methods_of(self)


def compute(inputs: AnalysisInputs, settings: NetworkSettings) -> NetworkResult:
    """Fit a multilevel vector autoregression to the prompts.

    Raises
    ------
    AnalysisError
        The study has no momentary answers, a node is unknown, or the model refuses the answers.
    """
    found = Findings()
    nodes = read_nodes(stream_of(inputs, "network", found), inputs.study, settings, found)
    fit = _fit(nodes, settings, found)
    stability = None
    if settings.draws:
        with inputs.run.executor() as executor:
            stability = fit.stability(
                draws=settings.draws, seed=inputs.run.seed, executor=executor,
                progress=inputs.run.tell,
            )  # fmt: skip
    if not fit.converged:
        found.tell("network-doubtful")
    if fit.messages:
        said = " ".join(_named(message, nodes) for message in fit.messages)
        found.tell("network-says", words=without_counts(said))
    means = nodes.frame.group_by(PERSON).agg(pl.col(name).mean() for name in nodes.columns)
    called = zip(nodes.names, nodes.columns, strict=True)
    tell_who_makes_the_spread(
        inputs, {f"mean of {name}": means[column] for name, column in called}, found
    )
    return NetworkResult(
        n=fit.n_persons,
        pairs=fit.n_pairs,
        prompts=fit.n_prompts,
        nodes=nodes.names,
        draws=settings.draws,
        doubtful=not fit.converged,
        edges=pl.concat(
            [
                edge_table(fit, nodes.names, stability),
                edges_of_means(nodes, draws=settings.draws, seed=inputs.run.seed, found=found),
            ]
        ),
        strengths=node_table(fit, nodes.names),
        compared=compared(inputs, nodes, settings, found),
        findings=tuple(found),
    )


def _fit(nodes: Nodes, settings: NetworkSettings, found: Findings) -> MultilevelVARFit:
    model = MultilevelVAR(
        variables=nodes.columns, person=PERSON, day=DAY, beep=BEEP,
        random_effects=settings.random_effects,
    )  # fmt: skip
    try:
        return model.fit(nodes.frame)
    except ModelError as error:
        found.tell("network-not-fitted", reason=without_counts(_named(str(error), nodes)))
        raise AnalysisError(tuple(found)) from error


def _named(words: str, nodes: Nodes) -> str:
    """Put what nodes are called in the place of their columns; those with two digits first."""
    for name, column in reversed([*zip(nodes.names, nodes.columns, strict=True)]):
        words = words.replace(column, name)
    return words
