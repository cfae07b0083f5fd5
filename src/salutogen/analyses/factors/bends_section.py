"""What the page says of associations that bend over time, and of their bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.factors.distance import SCALED, Distance
from salutogen.analyses.factors.distance_rows import DAYS
from salutogen.analyses.factors.figures import ONE, STEPS, TWO
from salutogen.analyses.factors.tables import table
from salutogen.columns import LESS_RESILIENT, Column, Kind
from salutogen.page.charting import Spec, line, values
from salutogen.page.colours import colour
from salutogen.page.section import Table
from salutogen.page.words import p_value, signed, span

if TYPE_CHECKING:
    from salutogen.analyses.factors.bends import Bend, TimeBand
    from salutogen.analyses.factors.records import FactorFound

STRAIGHT, BROKEN = "straight line through all occasions", "broken line through bands of time"
DASHES = {STRAIGHT: [1, 0], BROKEN: [6, 4]}
BAND_COLUMNS = (
    Column(name="factor", meaning="Factor", kind=Kind.LABEL, heading="Factor"),
    Column(name="occasions", meaning="Later occasions", kind=Kind.LABEL, heading="Occasions"),
    Column(name="since", meaning="Time since the factor", kind=Kind.LABEL,
           heading="Time since the factor"),
    *(
        column
        for key, words in (("two", "Two steps"), ("one", "One step"))
        for column in (
            Column(name=key, meaning=f"{words}: association", unit=SCALED, sign=LESS_RESILIENT,
                   heading=words),
            Column(name=f"{key}_low", meaning="Lower end of its 95 % interval", heading="from"),
            Column(name=f"{key}_high", meaning="Upper end of its 95 % interval", heading="to"),
        )
    ),
)  # fmt: skip


def bend_words(told: Sequence[tuple[FactorFound, Distance]]) -> list[str]:
    """Say which associations do not go along a straight line."""
    return [_words(item, one, one.bend) for item, one in told if one.bends and one.bend is not None]


def _words(item: FactorFound, one: Distance, bend: Bend) -> str:
    off, course = bend.two_step, one.two_step
    low, high = (course.scaled(end) for end in off.interval or (float("nan"), float("nan")))
    ways = [f"{signed(band.two_step.standardised)} ({_reach(one, band)})" for band in bend.bands]
    at = bend.straight + off.b
    if at * bend.straight < 0:
        way = "of the other sign than"
    else:
        way = f"{'nearer to' if abs(at) < abs(bend.straight) else 'further from'} 0 than on"
    return (
        f"{item.title}: a straight line hides a bend. The association goes from {ways[0]} over "
        f"{ways[1]} to {ways[2]} (SDs per SD). Halfway in time it is {way} a straight line between "
        f"first and last (off by {signed(off.standardised)}, 95 % interval {signed(low)} to "
        f"{signed(high)}, {p_value(off.p)}), in one step, too."
    )


def _reach(one: Distance, band: TimeBand) -> str:
    first, last = (time_words(one, at) for at in band.since)
    if first == last:
        return f"at {first}"
    return time_range(first, last)


def time_range(first: str, last: str) -> str:
    """Join two times; the unit stands once where both have one: 1 to 2 occasions.

    >>> time_range("1 occasion", "2 occasions"), time_range("3 weeks", "2 months")
    ('1 to 2 occasions', '3 weeks to 2 months')
    """
    number, _, unit = first.rpartition(" ")
    if unit.removesuffix("s") == last.rpartition(" ")[2].removesuffix("s"):
        return f"{number} to {last}"
    return f"{first} to {last}"


def time_words(one: Distance, since: float) -> str:
    """Write a time since the factor in the unit of its course."""
    if one.time_unit == DAYS:
        return span(since, one.since_last)
    return f"{since:.0f} {'occasion' if round(since) == 1 else 'occasions'}"


def band_tables(told: Sequence[tuple[FactorFound, Distance]]) -> list[Table]:
    """Associations by bands of occasions; none where there are few occasions."""
    rows: list[dict[str, object]] = []
    for item, one in told:
        for band in one.bend.bands if one.bend is not None else ():
            row: dict[str, object] = {
                "factor": item.title, "since": _reach(one, band),
                "occasions": band.first if band.first == band.last else
                f"{band.first} to {band.last}",
            }  # fmt: skip
            for key, step, course in (
                ("two", band.two_step, one.two_step),
                ("one", band.one_step, one.one_step),
            ):
                low, high = step.interval or (None, None)
                row |= {
                    key: step.standardised,
                    f"{key}_low": None if low is None else course.scaled(low),
                    f"{key}_high": None if high is None else course.scaled(high),
                }
            rows.append(row)
    if not rows:
        return []
    title = "Associations by bands of later occasions"
    note = "Whatever the course between the bands, in one model over all of them."
    return [table("factors-distance-bands", title, rows, BAND_COLUMNS, note)]


def band_lines(one: Distance, x: Spec, y_axis: str, length: float) -> list[Spec]:
    """Broken lines through the bands, where a straight line hides a bend."""
    if not one.bends or one.bend is None:
        return []
    layers = []
    for name, which, shade in ((TWO, "two_step", STEPS[TWO]), (ONE, "one_step", STEPS[ONE])):
        data = pl.DataFrame(
            {
                "since": [band.middle / length for band in one.bend.bands],
                "b": [getattr(band, which).standardised for band in one.bend.bands],
                "step": [name] * len(one.bend.bands),
            }
        )
        layers.append({"data": values(data), **_told(line("b", x, y_axis, shade=shade), BROKEN)})
    return layers


def straight_line(one: Distance, x: Spec, y_axis: str, shade: str) -> Spec:
    """The straight line of one way of asking; told from broken lines where there are any."""
    drawn = line("b", x, y_axis, shade=shade)
    return _told(drawn, STRAIGHT) if one.bends and one.bend is not None else drawn


def _told(drawn: Spec, kind: str) -> Spec:
    """Give a line the dashes of its kind, with a legend."""
    dashes: Spec = {
        "datum": kind, "type": "nominal", "title": None,
        "scale": {"domain": list(DASHES), "range": list(DASHES.values())},
        "legend": {"columns": 1, "symbolType": "stroke", "symbolSize": 600,
                   "symbolStrokeColor": colour("ink"), "labelLimit": 400},
    }  # fmt: skip
    return {**drawn, "encoding": {**drawn["encoding"], "strokeDash": dashes}}
