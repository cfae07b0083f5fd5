"""Columns of the tables of reactivity."""

from __future__ import annotations

from salutogen.columns import Column, Kind

AFFECT_POINTS = "points of affect per point of the stressor"
NOW, LATER, LEVELS, SEVERITY = (
    "now, within persons",
    "at the prompt before, within persons",
    "persons' means, between persons",
    "appraisal at prompts with a stressor, within persons",
)
YES, NO = "yes", "no"
SLOPES, ABOVE = "reactivity to stressors", "affect beside what stressors let expect"


def _label(name: str, meaning: str, heading: str) -> Column:
    return Column(name=name, meaning=meaning, heading=heading, kind=Kind.LABEL)


def _of_affect(name: str, meaning: str, heading: str, unit: str = AFFECT_POINTS) -> Column:
    return Column(name=name, meaning=meaning, heading=heading, unit=unit)


PERSONS = Column(
    name="n", meaning="Persons", heading="Persons", unit="persons", kind=Kind.COUNT
)  # fmt: skip
PROMPTS = Column(
    name="prompts", meaning="Prompts", heading="Prompts", unit="prompts", kind=Kind.COUNT, by="n"
)
EFFECT_COLUMNS = (
    _label("affect", "Affect", "Affect"),
    _label("term", "What goes with it", "Stressor"),
    PERSONS,
    PROMPTS,
    _of_affect("estimate", "How much affect differs for a point more", "Difference"),
    _of_affect("se", "Its standard error", "SE"),
    _of_affect("low", "Lower end of its 95 % interval", "from"),
    _of_affect("high", "Upper end of its 95 % interval", "to"),
    Column(name="p", meaning="p value (Satterthwaite)", heading="p"),
)
SPREAD_COLUMNS = (
    _label("affect", "Affect", "Affect"),
    _label("what", "What persons differ in", "What"),
    Column(name="sd", meaning="SD of persons, error taken off", unit="points of affect",
           heading="SD of persons"),
    Column(name="error", meaning="Root mean square error of a person's estimate",
           unit="points of affect", heading="Error of a person"),
    Column(name="reliability", meaning="Mean share of the variance of persons' estimates that is "
           "true: 1 - error variance given the answers / variance of persons",
           heading="Reliability"),
    Column(name="by_halves", meaning="Correlation of odd with even bursts (days, where one burst), "
           "stepped up to the whole", heading="By halves"),
    Column(name="usable", meaning="Whether the smaller of both is enough to rank persons, or for a "
           "factor or outcome", heading="Usable of persons", kind=Kind.LABEL),
)  # fmt: skip
BY_COLUMNS = (
    _label("affect", "Affect", "Affect"),
    _label("by", "What persons have more or less of", "By"),
    _label("visits", "Visits it is averaged over, at most", "Visits"),
    PERSONS,
    PROMPTS,
    _of_affect("estimate", "How much more affect differs at a stressor, for an SD more of it",
               "Difference in reactivity"),
    _of_affect("se", "Its standard error", "SE"),
    _of_affect("low", "Lower end of its 95 % interval", "from"),
    _of_affect("high", "Upper end of its 95 % interval", "to"),
    Column(name="p", meaning="p value (Satterthwaite)", heading="p"),
    Column(name="p_adjusted", meaning="The same, adjusted over what was asked of this affect "
           "(false-discovery rate)", heading="p, adjusted"),
    _of_affect("at_less", "How much affect differs at a stressor 1 SD below the mean of it",
               "1 SD below"),
    _of_affect("at_more", "How much affect differs at a stressor 1 SD above the mean of it",
               "1 SD above"),
)  # fmt: skip
LASTING_COLUMNS = (
    _label("affect", "Affect", "Affect"),
    Column(name="correlation", meaning="Correlation of what is left of affect an hour apart",
           heading="Correlation an hour apart"),
    Column(name="half_life", meaning="Hours in which half of what is left is gone", unit="hours",
           heading="Half is gone after"),
    Column(name="sd", meaning="SD of what is left within persons", unit="points of affect",
           heading="SD within persons"),
)  # fmt: skip
THROUGH_COLUMNS = (
    _label("affect", "Affect", "Affect"),
    PERSONS,
    Column(name="total", meaning="Whole difference at a point more of the stressor",
           unit=AFFECT_POINTS, heading="All"),
    Column(name="indirect", meaning="Part of it that goes with appraisal", unit=AFFECT_POINTS,
           heading="With appraisal"),
    Column(name="low", meaning="Lower end of its 95 % interval (bootstrap of persons)",
           unit=AFFECT_POINTS, heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=AFFECT_POINTS,
           heading="to"),
)  # fmt: skip
PERSON_COLUMNS = (
    Column(name="subject", meaning="Person", unit="text", heading="Who", kind=Kind.IDENTIFIER),
    _label("affect", "Affect", "Affect"),
    Column(name="prompts", meaning="Prompts with stressor and affect answered", unit="prompts",
           heading="Prompts", kind=Kind.PERSON),
    Column(name="stressor", meaning="Mean of the stressor", unit="points of the stressor",
           heading="Stressor", kind=Kind.PERSON),
    *(
        Column(name=name, meaning=meaning, unit=unit, heading=words, kind=Kind.PERSON)
        for name, meaning, unit, words in (
            ("reactivity", "How much affect differs at a point more, drawn towards the mean",
             AFFECT_POINTS, "Reactivity"),
            ("low", "Lower end of its 95 % interval", AFFECT_POINTS, "from"),
            ("high", "Upper end of its 95 % interval", AFFECT_POINTS, "to"),
            ("reliability", "1 - its error variance / variance of persons", "", "Reliability"),
            ("above", "Momentary SR: affect beside what the person's stressors let expect; of "
             "negative affect positive = over-reactive = less resilient; drawn towards 0",
             "points of affect", "Momentary SR"),
            ("above_low", "Lower end of its 95 % interval", "points of affect", "from"),
            ("above_high", "Upper end of its 95 % interval", "points of affect", "to"),
        )
    ),
)  # fmt: skip
