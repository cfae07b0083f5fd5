"""Networks as GraphML, which igraph, Gephi, Cytoscape and NetworkX read."""

from __future__ import annotations

from xml.etree import ElementTree

import polars as pl

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
EDGE_KEYS = {
    "weight": "estimate", "low": "low", "high": "high", "p": "p", "p_adjusted": "p_adjusted",
}  # fmt: skip


def graphml_of(edges: pl.DataFrame, network: str, identifier: str, *, directed: bool) -> str:
    """Write one network: every edge, told from none or not, with weight, interval and p.

    Parameters
    ----------
    edges : DataFrame
        Columns of `EDGE_COLUMNS`; what is missing has no entry, nor has an edge without estimate.
    network : str
        Which one, as in the column `network`.
    identifier : str
        Of the graph: a word without spaces.
    directed : bool
        Whether edges go from `source` to `target`.
    """
    root = ElementTree.Element("graphml", xmlns=NAMESPACE)
    ElementTree.SubElement(root, "key", {"id": "name", "for": "node", "attr.name": "name",
                                  "attr.type": "string"})  # fmt: skip
    for name in EDGE_KEYS:
        ElementTree.SubElement(root, "key", {"id": name, "for": "edge", "attr.name": name,
                                      "attr.type": "double"})  # fmt: skip
    way = "directed" if directed else "undirected"
    graph = ElementTree.SubElement(root, "graph", id=identifier, edgedefault=way)
    own = edges.filter(network=network)
    names = [*dict.fromkeys([*own["source"].to_list(), *own["target"].to_list()])]
    identity = {name: f"n{place}" for place, name in enumerate(names)}
    for name in names:
        node = ElementTree.SubElement(graph, "node", id=identity[name])
        ElementTree.SubElement(node, "data", key="name").text = name
    for row in own.drop_nulls("estimate").iter_rows(named=True):
        ends = {"source": identity[row["source"]], "target": identity[row["target"]]}
        edge = ElementTree.SubElement(graph, "edge", ends)
        for key, column in EDGE_KEYS.items():
            if row[column] is not None:
                ElementTree.SubElement(edge, "data", key=key).text = repr(float(row[column]))
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
