"""What the page says of courses after post2, where labels end."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from salutogen.analyses.trajectories.anchors.hiding import note_of
from salutogen.analyses.trajectories.labels.afterwards import POST2, Afterwards
from salutogen.analyses.trajectories.labels.rule import HIGH, LABELS, SHOWN
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.audience import SMALL_CELL, Audience
from salutogen.page.section import Table, Text
from salutogen.page.small_counts import as_told
from salutogen.page.words import say
from salutogen.study.format.quantities import DAYS_IN

WHOLE = 0.02  # of a number of units, by which a length may miss a whole one
LEFT_BAND = ("delayed", "chronic")  # above the band after the event
COLUMNS = (
    Column(name="label", meaning="Label by rule", kind=Kind.LABEL, heading="Until post2"),
    Column(
        name="n", meaning="Courses with the label", kind=Kind.COUNT, heading="Persons", adds_up=1
    ),
    Column(
        name="n_seen",
        meaning="Courses seen after post2",
        kind=Kind.COUNT,
        heading="Seen after post2",
        of="n",
    ),
    Column(
        name="n_within",
        meaning="Of these, seen not above the band at some time after post2",
        kind=Kind.COUNT,
        heading="Of these not above the band at some time",
        of="n_seen",
    ),
    Column(
        name="n_above",
        meaning="Of these, seen above the band at some time after post2",
        kind=Kind.COUNT,
        heading="Of these above it at some time",
        of="n_seen",
    ),
    Column(
        name="n_above_last",
        meaning="Of these, above the band when last seen",
        kind=Kind.COUNT,
        heading="Of these above it when last seen",
        of="n_seen",
    ),
)


def post2_words(days: float | None) -> str:
    """How far post2 lies from the event: in occasions and, where it is planned, in time."""
    occasions = f"{POST2} occasions after the event"
    if not days or days <= 0.0:
        return occasions
    for unit in ("year", "month", "week", "day", "hour", "minute"):
        number = days / DAYS_IN[unit]
        if round(number) >= 1 and abs(number - round(number)) <= WHOLE * number:
            whole = round(number)
            return f"{occasions}, {whole} {unit}{'' if whole == 1 else 's'} as planned"
    return f"{occasions}, {days:.1f} days as planned"


def afterwards_words(
    found: Mapping[str, Afterwards], days: float | None, named: Collection[str]
) -> tuple[Text, ...]:
    """Say of those above after the event how many were seen back later, and above at last.

    Parameters
    ----------
    found : mapping of str to Afterwards
    days : float or None
        Planned days from the event to post2.
    named : collection of str
        Labels whose counts may be told.
    """
    parts: list[Text] = []
    for label in LEFT_BAND:
        item = found[label]
        if not item.n or label not in named:
            continue
        start = {"n": Persons(item.n), "seen": Persons(item.n_seen, of=item.n)}
        one = f"{{n}} course is “{SHOWN[label]}” and was"
        whose = f"Of the {{n}} courses “{SHOWN[label]}”"
        if not item.n_seen:
            begun = f"{one} not" if item.n == 1 else f"{whose} none was"
            parts.append(
                say(f"{begun} seen after post2: whether that lasts is not known.", n=start["n"])
            )
            continue
        begun = one if item.n == 1 else f"{whose} {{seen}} {{seen:was|were}}"
        parts.append(
            say(
                f"{begun} seen after it: {{within}} not above the band at some time, and {{last}} "
                "above it when last seen.",
                **start,
                within=_part(item.n_within, item),
                last=_part(item.n_above_last, item),
            )
        )
    if not parts:
        return ()
    text: Text = (
        f"Labels end at post2, which is {post2_words(days)}: none of them says that anything lasts."
    )
    for part in parts:
        text = say("{before} {part}", before=text, part=part)
    return (text,)


def _part(n: int, item: Afterwards) -> Persons:
    """A count of those seen after post2, who are a part of all with the label as well."""
    return Persons(n, of=item.n if 0 < item.n - n < SMALL_CELL else item.n_seen)


def afterwards_table(
    rule: str, found: Mapping[str, Afterwards], shown: Sequence[int | None], audience: Audience
) -> Table:
    """Counts by label; nothing of a label whose own count may not be told.

    Parameters
    ----------
    rule : str
    found : mapping of str to Afterwards
    shown : sequence of int or None
        Courses with each label, as they are told elsewhere.
    audience : Audience
    """
    names = [column.name for column in COLUMNS[2:]]
    frame = pl.DataFrame(
        {
            "label": [SHOWN[name] for name in LABELS],
            "n": [found[name].n for name in LABELS],
            **{name: [getattr(found[label], name) for label in LABELS] for name in names},
        }
    )
    frame = as_told(Table(name="later", title="", frame=frame, columns=COLUMNS), audience).frame
    told = pl.Series("told", [n is not None for n in shown])
    blank = [pl.when(told & pl.col("n").is_not_null()).then(pl.col(name)) for name in names]
    frame = frame.with_columns(pl.when(told).then(pl.col("n")).alias("n"), *blank)
    note = (
        "The band of each course is around its level before the event. Above, and within, may both "
        f"be seen of a course; of those {SHOWN[LABELS[HIGH]]} the band lies as high as they were."
    )
    return Table(
        name=f"trajectories-{rule}-afterwards",
        title="What is seen after post2",
        frame=frame,
        columns=COLUMNS,
        note=note_of(note, frame, COLUMNS),
    )
