"""Whether two groups of persons have the same network of means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.frames import frame_of
from salutogen.analyses.group_labels import group_labels, names_of_groups
from salutogen.analyses.network.means import FEWEST_PERSONS, means_of
from salutogen.analyses.network.nodes import PERSON, Nodes
from salutogen.analyses.network.settings import NetworkSettings
from salutogen.columns import Column, Kind, Record, figure, record, rows
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.models import GraphicalLasso, compare_networks
from salutogen.names import did_you_mean
from salutogen.page.words import without_counts

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs

GROUP = "group_of_person"
SIZE_COLUMNS = (
    Column(name="group", meaning="Group", heading="Group", kind=Kind.LABEL),
    Column(name="n", meaning="Persons whose means are in its network", unit="persons",
           heading="Persons", kind=Kind.COUNT),
    Column(name="kept", meaning="Edges that its network keeps", heading="Edges kept"),
    Column(name="strength", meaning="Sum of the sizes of its edges", heading="Sum of edges"),
)  # fmt: skip
COMPARED_COLUMNS = (
    Column(name="source", meaning="One node", heading="One", kind=Kind.LABEL),
    Column(name="target", meaning="The other", heading="Other", kind=Kind.LABEL),
    Column(name="first", meaning="Edge in the first group's network (0: not kept)",
           unit="partial correlation, shrunk", heading="First group"),
    Column(name="second", meaning="Edge in the second group's network",
           unit="partial correlation, shrunk", heading="Second group"),
    Column(name="difference", meaning="Second less first", unit="partial correlation, shrunk",
           heading="Second - first"),
    Column(name="p", meaning="p value by permutation of persons", heading="p"),
    Column(name="p_adjusted", meaning="p value with the rate of false discoveries among the edges "
           "held (Benjamini and Hochberg 1995)", heading="p (adjusted)"),
)  # fmt: skip


@record
class Comparison(Record):
    """Networks of the means of two groups of persons, and how often chance makes them differ so."""

    by: str = figure("What groups persons", kind=Kind.LABEL)
    groups: pl.DataFrame = rows("The two groups", SIZE_COLUMNS)
    structure: float = figure("Largest difference of an edge")
    structure_p: float = figure("Share of permutations with one as large")
    strength: float = figure("Difference of the sums of edges, second less first")
    strength_p: float = figure("Share of permutations with one as large, either way")
    permutations: int = figure("Permutations of persons", kind=Kind.LABEL)
    edges: pl.DataFrame = rows("Edges in both groups", COMPARED_COLUMNS)

    @property
    def labels(self) -> tuple[str, str]:
        """Labels of the first and the second group."""
        first, second = self.groups["group"].to_list()
        return first, second


def compared(
    inputs: AnalysisInputs, nodes: Nodes, settings: NetworkSettings, found: Findings
) -> Comparison | None:
    """Compare two groups of persons; None, and why, where they cannot be."""
    if settings.groups is None:
        return None
    labels = group_labels(inputs, settings.groups)
    if labels is None:
        known = names_of_groups(inputs)
        found.tell(
            "network-group-unknown", name=settings.groups, known=known,
            near=did_you_mean(settings.groups, known),
        )  # fmt: skip
        return None
    means = means_of(nodes)
    means = means.with_columns(labels.gather(means[PERSON]).alias(GROUP)).drop_nulls(GROUP)
    sizes = means[GROUP].value_counts(name="n").sort(GROUP)
    if sizes.height != 2 or sizes["n"].to_numpy().min() < FEWEST_PERSONS:
        found.tell("network-groups-not-two", name=settings.groups, least=FEWEST_PERSONS)
        return None
    try:
        fit = compare_networks(
            GraphicalLasso(), means.drop(PERSON), group=GROUP, draws=settings.permutations,
            seed=inputs.run.seed,
        )  # fmt: skip
    except ModelError as error:
        found.tell("network-groups-not-compared", reason=without_counts(error))
        return None
    names, kept = nodes.names, (fit.edges != 0).sum(axis=1)
    pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    return Comparison(
        by=settings.groups,
        groups=frame_of(
            (
                {
                    "group": label,
                    "n": fit.n_persons[place],
                    "kept": float(kept[place]),
                    "strength": float(abs(fit.edges[place]).sum()),
                }
                for place, label in enumerate(fit.groups)
            ),
            SIZE_COLUMNS,
        ),
        structure=fit.structure,
        structure_p=fit.structure_p,
        strength=fit.strength,
        strength_p=fit.strength_p,
        permutations=fit.draws,
        edges=fit.table()
        .with_columns(
            source=pl.Series([one for one, _ in pairs]),
            target=pl.Series([other for _, other in pairs]),
        )
        .rename({"p_value": "p"})
        .select(column.name for column in COMPARED_COLUMNS),
    )
