"""What networks say, in words made from what was fitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.network.tables import AT_ONCE, LASSO, LEVEL, MEANS, TEMPORAL, shown
from salutogen.findings import Persons
from salutogen.page.words import enumeration, p_value, say, signed

if TYPE_CHECKING:
    from salutogen.analyses.network.analysis import NetworkResult
    from salutogen.page.section import Text

Row = Mapping[str, Any]
MOST = 3  # edges that are named in words
CAUTION = (
    "An edge is what is left when all other nodes are held; nodes that were not asked may stand "
    "behind it. From prompt to prompt says what was higher before the other, not what made it "
    "so; effects that come and go between two prompts show at one prompt, where nothing says which "
    "came first. Strong nodes are no targets of treatment for that reason alone."
)


def answer_of(result: NetworkResult) -> Text:
    """Say what goes on from prompt to prompt, and what goes together at one."""
    parts = [network_in_words(result, one) for one in (TEMPORAL, AT_ONCE, MEANS, LASSO)]
    parts.append(compared_in_words(result))
    if result.doubtful:
        parts.append("Estimates of this model are doubtful: do not build on them.")
    return " ".join(part for part in parts if part)


def network_in_words(result: NetworkResult, network: str) -> str:
    """Name the strongest edges of a network, and count the others."""
    edges = shown(result.edges, network)
    how = f"{network[:1].upper()}{network[1:]}"
    known = result.edges.filter(
        (pl.col("network") == network) & (pl.col("source") != pl.col("target"))
    )["estimate" if network == LASSO else "p_adjusted"]
    if network == LASSO and not known.len():
        return ""
    if known.null_count() == known.len():
        return f"{how}, edges cannot be told."
    if not edges.height:
        return f"{how}, no edge is {'kept' if network == LASSO else 'told from none'}."
    strongest = edges.sort(pl.col("estimate").abs(), descending=True)
    told = enumeration([_edge(row, network) for row in strongest[:MOST].iter_rows(named=True)])
    verb = "is" if edges.height == 1 else "are"
    first = "" if edges.height <= MOST else ", the strongest"
    done = "kept" if network == LASSO else "told from none"
    return f"{how} {edges.height} of {known.len()} edges {verb} {done}{first}: {told}."


def _edge(row: Row, network: str) -> str:
    sign = "→" if network == TEMPORAL else "–"
    if network == LASSO:  # shrunk: no test
        return f"{row['source']} {sign} {row['target']} {signed(row['estimate'])}"
    return (
        f"{row['source']} {sign} {row['target']} {signed(row['estimate'])} "
        f"({signed(row['low'])} to {signed(row['high'])}, {p_value(row['p_adjusted'])})"
    )


def compared_in_words(result: NetworkResult) -> str:
    """Say whether two groups' networks differ by more than chance; empty without groups."""
    found = result.compared
    if found is None:
        return ""
    first, second = found.labels
    who = f"the networks of persons' means of {found.by} {first} and {second}"
    tests = (
        f"largest difference of an edge {signed(found.structure)}, {p_value(found.structure_p)}; "
        f"difference of the sums of edges {signed(found.strength)}, {p_value(found.strength_p)}"
    )
    if min(found.structure_p, found.strength_p) >= LEVEL:
        return (
            f"That {who} differ is not shown ({tests}); with so many persons that does not say "
            "that they are the same."
        )
    edges = found.edges.filter(pl.col("p_adjusted") < LEVEL)
    named = enumeration([f"{row['source']} – {row['target']}" for row in edges.to_dicts()[:MOST]])
    which = f" Single edges that differ: {named}." if edges.height else ""
    if not edges.height:
        which = " Which edges differ is not told."
    return f"{who[:1].upper()}{who[1:]} differ ({tests}).{which}"


def in_short_of(result: NetworkResult) -> Text:
    """Say in a clause how many effects go on from prompt to prompt."""
    if result.doubtful:
        return "what moves with what hangs on a model with doubtful estimates"
    edges = shown(result.edges, TEMPORAL)
    if not edges.height:
        return "from one prompt to the next no momentary answer is shown to move another"
    row = edges.sort(pl.col("estimate").abs(), descending=True).row(0, named=True)
    more = "higher" if row["estimate"] > 0 else "lower"
    return (
        f"from one prompt to the next {row['target']} is {more} after more {row['source']}, the "
        f"strongest of {edges.height} such effects that are shown"
    )


def methods_of(result: NetworkResult) -> Text:
    """Say which model was fitted, to whom, and how."""
    samples = (
        f" The share of {result.draws} samples of persons in which an edge has the same sign "
        "stands beside it."
        if result.draws
        else ""
    )
    groups = ""
    if result.compared is not None:
        groups = (
            f" Groups of {result.compared.by} are compared by {result.compared.permutations} "
            "permutations of persons between them, each group's answers brought to mean 0 and "
            "variance 1 before (van Borkulo et al. 2022)."
        )
    return say(
        "Networks of {k} momentary answers are those of a multilevel vector autoregression of "
        "{n:# person|# persons} ({pairs} prompts with an answered one just before them on the same "
        "day): each on all at the prompt before, with effects of each person's own, then residuals "
        "on each other, and persons' means (Epskamp, Waldorp, Mõttus and Borsboom 2018). Lags go "
        "from one planned prompt to the next, whatever the hours between them. Rates of false "
        "discoveries are held within each network (Benjamini and Hochberg 1995). Persons' means "
        "also make a network by graphical lasso with the extended BIC (Foygel and Drton 2010); its "
        "edges are shrunk and not tested.{samples}{groups}",
        k=len(result.nodes),
        n=Persons(result.n),
        pairs=Persons(result.pairs),
        samples=samples,
        groups=groups,
    )
