"""The page's section on domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.domains.shares import (
    BELOW,
    CLEAR,
    DOMAIN_COLUMNS,
    JOINT_COLUMNS,
    PERSONS,
    PROFILE_COLUMNS,
)
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.charting import Spec, layered, ordered, palette_scale, quantity, values
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.small_counts import hide_small_beside
from salutogen.page.words import percent, points, say

if TYPE_CHECKING:
    from salutogen.analyses.domains.analysis import DomainsResult
    from salutogen.page.audience import Audience

HALF = (
    "Each domain has a line of its own. About half of the persons lie below any line: that is "
    "arithmetic, and no sign of resilience. What the data tell is how many lie below in every "
    "domain, against domains that have nothing to do with each other, and how many lie below by "
    "more than their own fluctuation over occasions."
)
ALL = "all domains"
FIGURE_COLUMNS = (
    Column(name="where", meaning="Domain, or all of them", kind=Kind.LABEL, heading="Where"),
    *(item for item in DOMAIN_COLUMNS if item.name in ("criterion", "n", "n_below")),
    *(item for item in DOMAIN_COLUMNS if item.name in ("share", "low", "high")),
    Column(name="chance", meaning="Share in all if domains were unrelated", unit="share",
           heading="Unrelated domains", kind=Kind.SHARE, n="n"),
)  # fmt: skip


def domains_section(result: DomainsResult, audience: Audience) -> Section:
    """Shares by domain and in all; what would tell of a few persons is left out."""
    tellable = [row for row in (BELOW, CLEAR) if _may_be_told(result, row, audience)]
    joint = result.joint.filter(pl.col("criterion").is_in(tellable))
    paragraphs: list[Text] = [HALF]
    if BELOW in tellable:
        paragraphs.append(_all(joint.row(0, named=True), result, audience))
    paragraphs.append(_clear(result, audience))
    paragraphs.append(_together(result))
    tables = [
        Table(
            name="domains",
            title="Persons below the line, by domain",
            frame=result.domains,
            columns=DOMAIN_COLUMNS,
            note="Over the same persons and occasions. Intervals: persons drawn with replacement, "
            "lines fitted anew.",
        )
    ]
    if joint.height:
        tables.append(
            Table(
                name="domains-joint",
                title="Below the line in all domains, and in any",
                frame=joint,
                columns=JOINT_COLUMNS,
                note="With more domains fewer persons lie below in all, and more in any, whatever "
                "the persons are like: the columns of unrelated domains show how many.",
            )
        )
    if BELOW in tellable:
        profile = Table(
            name="domains-profile",
            title="In how many domains persons lie below the line",
            frame=result.profile.with_columns(pl.lit(result.n, dtype=pl.Int64).alias(PERSONS.name)),
            columns=PROFILE_COLUMNS,
        )
        tables.append(hide_small_beside(profile, (PERSONS,), audience))
    return Section(
        title="Resilience by domain",
        paragraphs=tuple(paragraphs),
        tables=tuple(tables),
        figures=(_figure(result, tellable, audience),),
    )


def _may_be_told(result: DomainsResult, criterion: str, audience: Audience) -> bool:
    """Whether no number of persons by number of domains is small.

    With the shares of the domains, the number in all or in any would otherwise tell it.
    """
    row = result.joint.filter(criterion=criterion).row(0, named=True)
    counts = [row["n_all"], row["n_any"], row["n_any"] - row["n_all"]]
    if criterion == BELOW:
        counts += result.profile["persons"].to_list()
    return not any(audience.hides(count, result.n) for count in counts)


def _all(exact: dict[str, float], result: DomainsResult, audience: Audience) -> Text:
    settled = exact["beyond_low"] > 0 or exact["beyond_high"] < 0
    row = {
        item.name: audience.told_share(exact[item.name], result.n)
        for item in JOINT_COLUMNS
        if item.kind is Kind.SHARE
    }
    more = "more" if row["beyond"] > 0 else "fewer"
    beyond = (
        f"{100 * abs(row['beyond']):.1f} percentage points {more} than unrelated domains would give"
        if settled
        else "not clearly another share than unrelated domains would give"
    )
    limit = "" if result.limit == 0 else f" by more than {result.limit:g} SDs of SR"
    return (
        f"Below the line{limit} in all {result.profile.height - 1} domains: "
        f"{percent(row['share_all'])} (95 % interval {percent(row['all_low'])} to "
        f"{percent(row['all_high'])}; unrelated domains: {percent(row['chance_all'])}), which is "
        f"{beyond} (difference {100 * row['beyond']:+.1f}, {100 * row['beyond_low']:+.1f} to "
        f"{100 * row['beyond_high']:+.1f}). It cannot be more than the smallest share of a domain, "
        f"{percent(row['smallest'])}."
    ).replace("-", "−")


def _clear(result: DomainsResult, audience: Audience) -> Text:
    row = result.joint.filter(criterion=CLEAR).row(0, named=True)
    if row["n_any"] == 0:
        return (
            "Nobody lies clearly below the line in any domain: no person's mean lies further from "
            "it than fluctuation over occasions may bring it."
        )
    return say(
        "By more than their fluctuation over occasions (false-discovery rate 5 % over all persons "
        "and domains), {any:# person lies|# persons lie} below in at least one domain and "
        "{all:# person|# persons} in all.",
        any=Persons(row["n_any"], of=result.n),
        all=Persons(row["n_all"], of=row["n_any"]),
    )


def _together(result: DomainsResult) -> Text:
    found = result.correlations["r"].drop_nulls()
    if not found.len():
        return ""
    low, high = float(found.min()), float(found.max())  # type: ignore[arg-type]
    told = points(low) if low == high else f"{points(low)} to {points(high)}"
    return (
        f"SR of the domains correlates {told} over persons. Answers given on the same days by the "
        "same persons share moods, so some of this is not about resilience."
    )


def _figure(result: DomainsResult, tellable: list[str], audience: Audience) -> Figure:
    domains = result.domains.rename({"domain": "where"}).select(
        "where", "criterion", "n", "n_below", "share", "low", "high"
    )
    joint = result.joint.filter(pl.col("criterion").is_in(tellable)).select(
        pl.lit(ALL).alias("where"), "criterion", "n", pl.col("n_all").alias("n_below"),
        pl.col("share_all").alias("share"), pl.col("all_low").alias("low"),
        pl.col("all_high").alias("high"), pl.col("chance_all").alias("chance"),
    )  # fmt: skip
    data = pl.concat([domains, joint], how="diagonal")
    small = [audience.hides(row["n_below"], row["n"]) for row in data.iter_rows(named=True)]
    data = data.filter(~pl.Series(small, dtype=pl.Boolean))
    order = data["where"].unique(maintain_order=True).to_list()
    return Figure(
        name="domains",
        title="Persons below the line, by domain and in all",
        description=(
            "Shares of persons below the line, with 95 % intervals, in each domain and in all of "
            "them; hollow marks: the share in all if domains were unrelated. About half lie below "
            "each line by construction."
        ),
        chart=_chart(data, order),
        data=data,
        columns=FIGURE_COLUMNS,
    )


def _chart(data: pl.DataFrame, order: list[str]) -> Spec:
    kinds = [BELOW, CLEAR]
    y: Spec = ordered("where", None, order, axis={"labelLimit": 240})
    moved = {"yOffset": {"field": "criterion", "sort": kinds, "scale": {"paddingOuter": 0.5}}}
    hue: Spec = {
        "field": "criterion", "type": "nominal", "title": None,
        "scale": palette_scale({BELOW: "one", CLEAR: "two"}), "legend": {"columns": 2},
    }  # fmt: skip
    title = "Share of persons"
    x = quantity("share", title, scale={"domain": [0, 1]}, axis={"format": "%"})
    return layered(
        {
            "mark": {"type": "rule", "strokeWidth": 2},
            "encoding": {
                "y": y, **moved, "color": hue, "x": quantity("low", title),
                "x2": {"field": "high"},
            },
        },
        {
            "mark": {"type": "point", "filled": True, "size": 75, "opacity": 1},
            "encoding": {"y": y, **moved, "color": hue, "x": x},
        },
        {
            "transform": [{"filter": "isValid(datum.chance)"}],
            "mark": {"type": "point", "filled": False, "size": 90, "shape": "diamond"},
            "encoding": {"y": y, **moved, "color": hue, "x": quantity("chance", title)},
        },
        height=62 * len(order),
        data=values(data),
    )  # fmt: skip
