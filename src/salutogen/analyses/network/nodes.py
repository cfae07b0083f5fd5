"""From prompts to the columns of a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from salutogen.analyses.network.settings import NetworkSettings
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.panel.momentary import ANSWERED, PARTIAL, Momentary
from salutogen.study import Study

PERSON, DAY, BEEP = "person", "day_of_burst", "beep"
MOST_NODES = 12
FLOOR = 0.6  # share of answers of one value from which on a node is named
NODE = "node_{}"


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """Rows of a network.

    Attributes
    ----------
    frame : DataFrame
        `person`, `day_of_burst` (over all bursts), `beep` and `node_0`, `node_1`, …; one row per
        planned prompt that was answered at least in part.
    names : tuple of str
        What the nodes are called, in their order.
    """

    frame: pl.DataFrame
    names: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the nodes."""
        return tuple(NODE.format(place) for place in range(len(self.names)))


def read_nodes(
    stream: Momentary, study: Study, settings: NetworkSettings, found: Findings
) -> Nodes:
    """Take the variables of a network from the prompts.

    Raises
    ------
    AnalysisError
        An unknown name, or fewer than two nodes.
    """
    series = _series(stream, study)
    names = settings.variables or _default(stream, series)
    unknown = [name for name in names if name not in series]
    if unknown:
        near = get_close_matches(unknown[0], series, n=1)
        found.tell(
            "network-variable-unknown", name=unknown[0], known=sorted(series),
            near=f" Did you mean {near[0]!r}?" if near else "",
        )  # fmt: skip
        raise AnalysisError(tuple(found))
    twice = sorted({name for name in names if names.count(name) > 1})
    if len(set(names)) < 2 or twice:
        found.tell("network-too-few-nodes", names=list(names))
        raise AnalysisError(tuple(found))
    day = pl.struct("occasion", "day").rank("dense").over(PERSON).cast(pl.Int64)
    frame = stream.prompts.select(
        PERSON, day.alias(DAY), pl.col(BEEP).cast(pl.Int64), "state",
        *(series[name].alias(NODE.format(place)) for place, name in enumerate(names)),
    )  # fmt: skip
    given = (
        frame.filter(pl.col("state").is_in([ANSWERED, PARTIAL])).drop_nulls([BEEP]).drop("state")
    )
    made = Nodes(frame=given, names=tuple(names))
    _tell_floors(made, found)
    return made


def _series(stream: Momentary, study: Study) -> Mapping[str, pl.Series]:
    """Every score and item of the prompts, by name; a score comes before an item called so."""
    found: dict[str, pl.Series] = {}
    for items in stream.answers.values():
        for item in items.columns:
            found[item] = items[item].cast(pl.Float64)
    for role, instrument in stream.roles.named.items():
        if instrument in study.prompted:
            found[instrument] = stream.prompts[role]
    return found


def _default(stream: Momentary, series: Mapping[str, pl.Series]) -> tuple[str, ...]:
    """Items of affect and the stressor's score; scores alone where items are many."""
    named = stream.roles.named
    affect = [named[role] for role in ("negative", "positive") if role in named]
    items = [item for name in affect for item in stream.answers[name].columns]
    stressor = [named["stressor"]] if "stressor" in named else []
    nodes = [*items, *stressor]
    if len(nodes) > MOST_NODES:
        nodes = [*affect, *stressor]
    return tuple(name for name in dict.fromkeys(nodes) if name in series)


def _tell_floors(nodes: Nodes, found: Findings) -> None:
    """Name nodes at which most answers are the same: their edges are weak for that reason."""
    floored = []
    for name, column in zip(nodes.names, nodes.columns, strict=True):
        values = nodes.frame[column].drop_nulls()
        two = values.n_unique() <= 2  # yes or no is no floor
        if values.len() and not two:
            commonest = values.value_counts()["count"].to_numpy().max()
            if commonest / values.len() >= FLOOR:
                floored.append(name)
    if floored:
        found.tell("network-floored-nodes", names=floored)
