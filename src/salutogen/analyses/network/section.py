"""The page's section on networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.network.drawing import network_figure
from salutogen.analyses.network.tables import AT_ONCE, EDGE_COLUMNS, LASSO, NODE_COLUMNS, TEMPORAL
from salutogen.analyses.network.words import CAUTION, answer_of
from salutogen.page.section import Section, Table

if TYPE_CHECKING:
    from salutogen.analyses.network.analysis import NetworkResult

WHAT = (
    "What moves with what? From prompt to prompt: what is higher at the next prompt of the day "
    "when something was higher than the person's own mean. At one prompt: what goes together once "
    "that is taken out. Between persons' means: who is higher in the one is higher in the other."
)


def network_section(result: NetworkResult) -> Section:
    """The three networks in one layout, and their edges."""
    drawn = [TEMPORAL, AT_ONCE, *([LASSO] if (result.edges["network"] == LASSO).any() else [])]
    return Section(
        title="What moves with what?",
        paragraphs=(WHAT, answer_of(result), CAUTION),
        figures=tuple(network_figure(result, one) for one in drawn),
        tables=(
            Table(
                name="network-edges",
                title="Edges",
                frame=result.edges,
                columns=EDGE_COLUMNS,
                note="SDs of effects from prompt to prompt are taken as known in their intervals.",
            ),
            Table(
                name="network-nodes",
                title="Nodes",
                frame=result.strengths,
                columns=NODE_COLUMNS,
                note="Sums hold all edges, those that are not told from none too.",
            ),
        ),
    )
