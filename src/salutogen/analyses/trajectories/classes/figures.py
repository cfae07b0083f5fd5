"""Figures of classes: criteria by number of classes, shares by assumptions, courses, certainty."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.classes.assessment import ClassAssessment
from salutogen.analyses.trajectories.classes.tables import (
    COURSE_COLUMNS,
    CRITERIA,
    certainty_table,
    course_table,
    criteria_rows,
    share_words,
    shown_shares,
)
from salutogen.analyses.trajectories.courses import single_courses
from salutogen.columns import Column, Kind
from salutogen.page.audience import Audience
from salutogen.page.charting import (
    Spec,
    layered,
    ordered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.colours import CATEGORIES, colour
from salutogen.page.section import Figure, Table
from salutogen.page.small_counts import as_told
from salutogen.page.words import SR_AXIS, enumeration, percent, signed

SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down")
PANELS = 640
LABELLED = 0.07  # shares from which a bar has room for its label
CERTAIN = (0.5, 0.6, 0.7, 0.8, 0.9)
CRITERIA_COLUMNS = (
    Column(name="assumptions", meaning="Set of assumptions", kind=Kind.LABEL),
    Column(name="classes", meaning="Number of classes"),
    Column(name="above", meaning="BIC above the lowest of all"),
    *(Column(name=name, meaning=name.upper()) for name in CRITERIA),
    Column(name="entropy", meaning="Relative entropy"),
)
SHARE_COLUMNS = (
    Column(name="assumptions", meaning="Set of assumptions", kind=Kind.LABEL),
    Column(name="class", meaning="Class, by falling share", kind=Kind.LABEL),
    Column(name="share", meaning="Share of the class"),  # as it may be told
)
CERTAINTY_COLUMNS = (
    Column(name="class", meaning="Class, by falling share", kind=Kind.LABEL),
    Column(name="probability", meaning="Probability of the class", kind=Kind.LABEL),
    Column(name="persons", meaning="Persons", unit="persons", kind=Kind.COUNT, adds_up=1),
)


def criteria_figure(assessment: ClassAssessment, rule: str) -> Figure:
    """BIC by number of classes under each set of assumptions, above the lowest."""
    data = criteria_rows(assessment)
    names = [found.words for found in assessment.sets]
    numbers = sorted(set(data["classes"].to_list()))
    hue: Spec = {"field": "assumptions", "type": "nominal", "title": None, "sort": names}
    hue["legend"] = {"columns": 2, "labelLimit": 300, "orient": "top"}
    scale = palette_scale(dict(zip(names, CATEGORIES, strict=False)))
    shapes = {"domain": names, "range": [SHAPES[i % len(SHAPES)] for i in range(len(names))]}
    k = assessment.n_classes
    return Figure(
        name=f"trajectories-{rule}-classes-criteria",
        title="Does another class describe the courses better?",
        description=(
            "BIC by number of classes under the sets of assumptions on which a claim may rest, as "
            "points above the lowest of these; lower is better. The lowest is "
            f"{assessment.chosen.words}, where "
            f"{_number_words(k)} {'is' if k == 1 else 'are'} chosen: no larger number lowers BIC "
            f"by {assessment.settings.gates.bic:g} or more. {_choices(assessment)}"
        ),
        chart=layered(
            {"mark": {"type": "line", "strokeWidth": 2}},
            {"mark": {"type": "point", "filled": True, "size": 75, "opacity": 1}},
            height=300,
            data=values(data.select("assumptions", "classes", "above")),
            encoding={
                "x": ordered("classes", "Number of classes", numbers),
                "y": quantity("above", "BIC above the lowest", zero=True),
                "color": {**hue, "scale": scale},
                "shape": {**hue, "scale": shapes},
            },
        ),
        data=data,
        columns=CRITERIA_COLUMNS,
    )


def _number_words(k: int) -> str:
    return "one class" if k == 1 else f"{k} classes"


def _choices(assessment: ClassAssessment) -> str:
    """What each set of assumptions would choose."""
    margin = assessment.settings.gates.bic
    numbers = [found.number(margin) for found in assessment.sets]
    if len(set(numbers)) == 1:
        return f"By the same rule each of these sets chooses {_number_words(numbers[0])}."
    parts = [
        f"{_number_words(k)} under {found.words}"
        for found, k in zip(assessment.sets, numbers, strict=True)
    ]
    return f"By the same rule: {enumeration(parts)}."


def share_figure(assessment: ClassAssessment, audience: Audience, rule: str) -> Figure | None:
    """Shares of the classes that each set of assumptions alone would give."""
    data, words = _shares(assessment, audience)
    if not data.height:
        return None
    names = [found.words for found in assessment.shown]
    most = int(data["class"].max())  # type: ignore[arg-type]
    scale = palette_scale({str(k): CATEGORIES[(k - 1) % 8] for k in range(1, most + 1)})
    x: Spec = quantity("from", "Share of persons", zero=True)
    x["axis"] = {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}
    x["scale"] = {"domain": [0, 1], "nice": False}
    hue = {
        "field": "class",
        "type": "nominal",
        "title": "Class, by share",
        "scale": {**scale, "domain": list(range(1, most + 1))},
    }
    y = {"field": "assumptions", "type": "nominal", "title": None, "sort": names}
    return Figure(
        name=f"trajectories-{rule}-classes-shares",
        title="Shares depend on what is assumed",
        description=(
            "Shares of the classes that each set of assumptions alone would give, with its own "
            f"number of classes by BIC, the largest class first: {words}."
        ),
        chart=layered(
            {
                "mark": {"type": "bar", "stroke": colour("paper"), "strokeWidth": 2},
                "encoding": {"x": x, "x2": {"field": "to"}, "color": hue},
            },
            {
                "mark": {"type": "text", "color": colour("paper"), "fontWeight": "bold"},
                "encoding": {
                    "x": {"field": "middle", "type": "quantitative"},
                    "text": {"field": "text", "type": "nominal"},
                },
            },
            width=460,
            height=34 * len(names),
            data=values(data),
            encoding={"y": {**y, "axis": {"labelLimit": 300}}},
        ),
        data=data.select("assumptions", "class", "share"),
        columns=SHARE_COLUMNS,
    )


def _shares(assessment: ClassAssessment, audience: Audience) -> tuple[pl.DataFrame, str]:
    """A row for each bar, and all of them in words; shares of too few persons left out."""
    n, margin = int(assessment.rows.size), assessment.settings.gates.bic
    rows: list[dict[str, Any]] = []
    parts = []
    for found in assessment.shown:
        shares = shown_shares(found.fits[found.number(margin)].shares, n, audience)
        begin = 0.0
        for k, share in enumerate(shares, start=1):
            if share is None:
                continue
            rows.append(
                {
                    "assumptions": found.words,
                    "class": k,
                    "share": share,
                    "from": begin,
                    "to": begin + share,
                    "middle": begin + share / 2,
                    "text": percent(share) if share >= LABELLED else "",
                }
            )
            begin += share
        parts.append(f"{found.words}: {share_words(shares)}")
    return pl.DataFrame(rows), "; ".join(parts)


def course_figure(
    assessment: ClassAssessment, anchors: Anchors, audience: Audience
) -> Figure | None:
    """Mean course of each class with its band, a panel per class, over thin single courses.

    Classes of too few persons for the audience are left out.

    Parameters
    ----------
    assessment : ClassAssessment
    anchors : Anchors
        A row of the matrix each.
    audience : Audience
    """
    sizes = certainty_table(assessment, audience)
    shares = dict(zip(sizes["class"].to_list(), sizes["share"].to_list(), strict=True))
    kept = [k for k, n in sizes.select("class", "n").iter_rows() if not audience.is_small(n)]
    if not kept:
        return None
    means = course_table(assessment).filter(pl.col("class").is_in(kept))
    single = _single_courses(assessment, anchors, audience)
    names = assessment.courses.positions
    everything = [means["low"], means["high"], *([] if single is None else [single["value"]])]
    low = min(float(each.min()) for each in everything)  # type: ignore[arg-type]
    high = max(float(each.max()) for each in everything)  # type: ignore[arg-type]
    panels = [
        _panel(k, shares[k], means, single, names, (low, high), PANELS // len(kept), k == kept[0])
        for k in kept
    ]
    words = [
        f"Class {k} ({percent(shares[k])}): "
        + ", ".join(
            f"{signed(row['mean'])} at {row['position']}"
            for row in means.filter(pl.col("class") == k).iter_rows(named=True)
        )
        for k in kept
    ]
    thin = " Thin lines are persons in their most probable class." if single is not None else ""
    return Figure(
        name=f"trajectories-{anchors.rule}-classes-courses",
        title="Mean courses of the classes",
        description=(
            f"Mean SR by class. {'. '.join(words)}. Shaded bands are 95 % intervals of the "
            f"means.{thin}"
        ),
        chart={"hconcat": panels, "spacing": 12},
        data=means if single is None else pl.concat([means, single], how="diagonal"),
        columns=(*COURSE_COLUMNS, *single_courses.COLUMNS),
    )


def _single_courses(
    assessment: ClassAssessment, anchors: Anchors, audience: Audience
) -> pl.DataFrame | None:
    """Single courses under labels; None where persons are hidden."""
    if not audience.draws_persons:
        return None
    person = anchors.person[assessment.rows]
    order = np.argsort(audience.places[person], kind="stable")[: single_courses.DRAWN]
    labels = assessment.labels()
    names = assessment.courses.positions
    return pl.DataFrame(
        {
            "class": np.repeat(labels[order] + 1, len(names)),
            "position": list(names) * len(order),
            "who": [label for label in audience.labels(person[order]) for _ in names],
            "value": assessment.courses.values[order].ravel(),
        }
    ).filter(pl.col("value").is_finite())


def _panel(
    k: int,
    share: float,
    means: pl.DataFrame,
    single: pl.DataFrame | None,
    names: tuple[str, ...],
    extent: tuple[float, float],
    width: int,
    leftmost: bool,
) -> Spec:
    shade = CATEGORIES[(k - 1) % len(CATEGORIES)]
    x = ordered("position", None, names)
    axis = {"title": SR_AXIS if leftmost else None, "labels": leftmost}
    y = {"type": "quantitative", "axis": axis, "scale": {"domain": list(extent), "nice": True}}
    layers: list[Spec] = []
    if single is not None:
        layers.append(
            {
                "data": values(single.filter(pl.col("class") == k)),
                "mark": {
                    "type": "line",
                    "color": colour("person"),
                    "strokeWidth": 0.7,
                    "opacity": 0.45,
                },
                "encoding": {
                    "x": x,
                    "y": {"field": "value", **y},
                    "detail": {"field": "who", "type": "nominal"},
                },
            }
        )
    layers.append(zero_rule())
    own = values(means.filter(pl.col("class") == k))
    layers.append(
        {
            "data": own,
            "mark": {"type": "area", "color": colour(shade), "fillOpacity": 0.3, "opacity": 1},
            "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
        }
    )
    point = {"filled": True, "size": 60, "color": colour(shade)}
    layers.append(
        {
            "data": own,
            "mark": {"type": "line", "color": colour(shade), "strokeWidth": 3, "point": point},
            "encoding": {"x": x, "y": {"field": "mean", **y}},
        }
    )
    layers.append(_heading(f"Class {k} ({percent(share)})"))
    return layered(*layers, width=width, height=320)


def _heading(words: str) -> Spec:
    """Words above a panel; titles of panels side by side would not stand on one line."""
    mark = {"type": "text", "align": "left", "fontSize": 13, "fontWeight": "bold"}
    return {
        "data": {"values": [{"words": words}]},
        "mark": {**mark, "color": colour("ink"), "x": 0, "y": -14},
        "encoding": {"text": {"field": "words", "type": "nominal"}},
    }


def certainty_figure(assessment: ClassAssessment, audience: Audience, rule: str) -> Figure:
    """How probable each person's most probable class is."""
    sure, labels = assessment.fit.posterior.max(axis=1), assessment.labels()
    bands = ["below .5", ".5 to .6", ".6 to .7", ".7 to .8", ".8 to .9", ".9 or more"]
    place = np.searchsorted(CERTAIN, sure, side="right")
    rows: list[dict[str, Any]] = []
    for k in range(assessment.n_classes):
        counts = np.bincount(place[labels == k], minlength=len(bands)).tolist()
        rows += [
            {"class": f"Class {k + 1}", "probability": band, "persons": count}
            for band, count in zip(bands, counts, strict=True)
        ]
    everyone = pl.DataFrame(rows, schema_overrides={"persons": pl.Int64})
    data = pl.concat(
        as_told(
            Table(name="certainty", title="", frame=part, columns=CERTAINTY_COLUMNS), audience
        ).frame
        for part in everyone.partition_by("class", maintain_order=True)
    )
    table = certainty_table(assessment, audience)
    words = [
        f"{row['probability']:.2f} in class {row['class']}" for row in table.iter_rows(named=True)
    ]
    names = [f"Class {k + 1}" for k in range(assessment.n_classes)]
    hue: Spec = {"field": "class", "type": "nominal", "title": None, "sort": names}
    hidden = "" if audience.individuals else " Counts under 5 are left out."
    return Figure(
        name=f"trajectories-{rule}-classes-certainty",
        title="How certain is each person's class?",
        description=(
            "Persons by the probability of their most probable class, beside one another for "
            f"each class. On average it is {enumeration(words)}.{hidden}"
        ),
        chart={
            "width": 560,
            "height": 240,
            "data": values(data.drop_nulls("persons")),
            "mark": {"type": "bar"},
            "encoding": {
                "x": ordered("probability", "Probability of the most probable class", bands),
                "xOffset": {"field": "class", "type": "nominal", "sort": names},
                "y": quantity("persons", "Persons", zero=True),
                "color": {
                    **hue,
                    "scale": palette_scale(dict(zip(names, CATEGORIES, strict=False))),
                },
            },
        },
        data=data,
        columns=CERTAINTY_COLUMNS,
    )
