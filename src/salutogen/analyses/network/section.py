"""The page's section on networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.network.compared import COMPARED_COLUMNS, SIZE_COLUMNS
from salutogen.analyses.network.drawing import group_figures, network_figure
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
        figures=(*(network_figure(result, one) for one in drawn), *group_figures(result)),
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
            *_group_tables(result),
        ),
    )


def _group_tables(result: NetworkResult) -> tuple[Table, ...]:
    """Two groups of persons, and their edges beside each other."""
    found = result.compared
    if found is None:
        return ()
    first, second = found.labels
    return (
        Table(
            name="network-groups",
            title=f"Networks of persons' means by {found.by}",
            frame=found.groups,
            columns=SIZE_COLUMNS,
            note="A larger group keeps more edges for its size alone.",
        ),
        Table(
            name="network-group-edges",
            title=f"Edges of {found.by} {first} (first) and {second} (second)",
            frame=found.edges,
            columns=COMPARED_COLUMNS,
            note="Answers were brought to the same mean and SD in both groups before.",
        ),
    )
