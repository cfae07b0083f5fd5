"""The page's section on concordance: how far other ways to score SR agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.concordance.variants import registered
from salutogen.columns import Column, Kind
from salutogen.page.charting import Spec, ordered, values
from salutogen.page.colours import HEAT, colour, colours
from salutogen.page.section import Figure, Section, Table
from salutogen.page.small_counts import SMALL_NOTE
from salutogen.page.words import enumeration, heading, number, percent, points

if TYPE_CHECKING:
    from salutogen.analyses.concordance.analysis import ConcordanceResult
    from salutogen.page.audience import Audience

OPPOSED = ("veer", "ratio")
POOLED = "pooled"
LIMITS = (0.7, 0.8, 0.9, 0.95)
PAIR_COLUMNS = (
    Column(name="variant", meaning="A way to score SR", kind=Kind.LABEL),
    Column(name="other", meaning="Another way", kind=Kind.LABEL),
    Column(name="r", meaning="Correlation over persons", unit="Pearson correlation"),
)
VARIANT_COLUMNS = (
    Column(name="variant", meaning="Variant", heading="Variant", kind=Kind.LABEL),
    Column(name="what", meaning="What it is", heading="What it is", kind=Kind.LABEL),
    Column(
        name="r",
        meaning="Pearson correlation over persons",
        heading="Correlation with the primary score",
    ),
    Column(
        name="rank",
        meaning="Spearman correlation over persons",
        heading="Rank correlation (Spearman)",
    ),
    Column(
        name="moved",
        meaning="Share in another quarter than by the primary score",
        heading="Persons in another quarter",
        kind=Kind.SHARE,
    ),
)


def concordance_section(result: ConcordanceResult, audience: Audience) -> Section:
    """How far the variants agree."""
    return Section(
        title="Concordance of variants",
        paragraphs=(
            "The same answers scored in other defensible ways. "
            f"{_ranks_words(result, audience)} Claims on the group (change over time, what follows "
            "an event, the slope) may differ all the same, since means do not enter a correlation. "
            "Where correlations are lower, the choice must be argued. All are turned so that "
            "positive means less resilient.",
            *_same_words(result),
            *_opposed_words(result),
        ),
        figures=(_heatmap(result, audience),),
        tables=(_table(result, audience),),
    )


def _ranks_words(result: ConcordanceResult, audience: Audience) -> str:
    """Say what a correlation near 1 is of: persons' levels, or chance; and what makes it near."""
    made = ""
    if result.share is not None:
        made = (
            " Ways that take something out of the same problems are near 1 by themselves where "
            f"there is little to take out; exposure goes with {percent(result.share)} of the "
            "differences in problems here."
        )
    if result.levels_told:
        return (
            "Where correlations are near 1, persons roughly keep their ranks whichever is chosen, "
            f"errors of these ranks included{_moved_words(result, audience)}.{made}"
        )
    size = ""
    if result.reliability is not None:
        size = (
            f" (reliability of a person's SR {number(result.reliability, 2)}, 95 % interval 0 to "
            f"{number(result.reliability_high, 2)})"
        )
    return (
        f"That persons' levels differ is not shown here{size}: where correlations are near 1, "
        "the ways agree on ranks that chance may have made, which is no reason to rank persons by "
        f"any of them.{made}"
    )


def _moved_words(result: ConcordanceResult, audience: Audience) -> str:
    """Say how many change quarters although correlations are near 1; nothing of small counts."""
    at = list(result.names).index(result.primary)
    near = [
        name
        for place, name in enumerate(result.names)
        if name != result.primary
        and name not in result.same
        and (r := result.correlation[place][at]) is not None
        and r >= LIMITS[-1]
    ]
    shares = {name: result.changed_quarter[name].share for name in near}
    known = {name: share for name, share in shares.items() if share is not None}
    if not known or any(_moved(result, name, audience) is None for name in near):
        return ""
    most = max(known, key=lambda name: known[name])
    return (
        f": at a correlation of {number(LIMITS[-1], 2)} or more with the primary score up to "
        f"{_moved(result, most, audience)} of persons lie in another quarter ({heading(most)}; "
        "last column of the table)"
    )


def _same_words(result: ConcordanceResult) -> tuple[str, ...]:
    """Say which variants agree because they are one score."""
    if not result.same:
        return ()
    pairs = enumeration(
        [f"{heading(name)} of {heading(other)}" for name, other in result.same.items()]
    )
    return (
        f"By arithmetic some are another one in other units here, and no evidence that ways to "
        f"score agree: {pairs}.",
    )


def _opposed_words(result: ConcordanceResult) -> tuple[str, ...]:
    """Say which variants hold the same answers with opposite signs."""
    if not set(OPPOSED) <= set(result.names):
        return ()
    one, other = (heading(name) for name in OPPOSED)
    return (
        f"{one[0].upper()}{one[1:]} and {other} hold the problems of the first occasion with "
        "opposite signs: by that alone they correlate negatively, though nobody differed.",
    )


def _heatmap(result: ConcordanceResult, audience: Audience) -> Figure:
    words = [heading(name) for name in result.names]
    few = {heading(name) for name in _of_few(result, audience)}
    data = pl.DataFrame(
        [
            {"variant": one, "other": other, "r": None if {one, other} & few else r}
            for one, row in zip(words, result.correlation, strict=True)
            for other, r in zip(words, row, strict=True)
        ],
        schema={"variant": pl.String, "other": pl.String, "r": pl.Float64},
    )
    apart = data.filter((pl.col("variant") != pl.col("other")) & pl.col("r").is_not_null())
    told = "No two variants could be compared."
    if apart.height:
        least, most = (
            apart.sort("r", descending=down, maintain_order=True).row(0, named=True)
            for down in (False, True)
        )
        told = (
            f"Correlations between persons run from {points(least['r'])} ({least['variant']} with "
            f"{least['other']}) to {points(most['r'])}."
        )
    return Figure(
        name="variants",
        title="Correlation of SR between variants (persons)",
        description=f"{told} The colour deepens with agreement.",
        chart=_heatmap_chart(data, words),
        data=data,
        columns=PAIR_COLUMNS,
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


def _table(result: ConcordanceResult, audience: Audience) -> Table:
    at = list(result.names).index(result.primary)
    few = _of_few(result, audience)
    of_occasions = {item.name for item in registered() if item.level == "occasion"} - few
    rows = [
        {
            "variant": heading(name),
            "what": result.descriptions[name]
            + _same_as(result, name)
            + (_beside_pooled(result, name) if name in of_occasions else ""),
            "r": None if name in few else result.correlation[place][at],
            "rank": None if name in few else result.rank_agreement.spearman[place][at],
            "moved": _moved(result, name, audience),
        }
        for place, name in enumerate(result.names)
    ]
    texts = dict.fromkeys(("variant", "what", "moved"), pl.String)
    return Table(
        name="variants",
        title=f"Variants beside the primary score ({heading(result.primary)})",
        frame=pl.DataFrame(rows, schema_overrides=texts | dict.fromkeys(("r", "rank"), pl.Float64)),
        columns=VARIANT_COLUMNS,
        note=SMALL_NOTE if any(row["moved"] is None for row in rows) else "",
    )


def _beside_pooled(result: ConcordanceResult, name: str) -> str:
    """Set a line over occasions beside the plain one of these, not of persons' means alone."""
    if POOLED in (name, result.primary) or POOLED not in result.names:
        return ""
    names = list(result.names)
    r = result.correlation[names.index(name)][names.index(POOLED)]
    return f" Over single occasions, as pooled, with which it correlates {number(r)}."


def _same_as(result: ConcordanceResult, name: str) -> str:
    if name not in result.same:
        return ""
    return f" By arithmetic the same as {heading(result.same[name])} here."


def _of_few(result: ConcordanceResult, audience: Audience) -> set[str]:
    """Variants with a value for too few persons to be told."""
    return {name for name, n in result.n.items() if n < audience.smallest}


def _moved(result: ConcordanceResult, name: str, audience: Audience) -> str | None:
    """Share of persons in another quarter; None where it would tell a small count of them."""
    if name == result.primary:
        return "–"
    found = result.changed_quarter[name]
    if found.changed is not None and audience.hides(found.changed, found.n):
        return None
    if found.share is None:
        return percent(None)
    return percent(audience.told_share(found.share, found.n))
