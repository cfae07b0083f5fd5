"""Tables of early-warning indicators: over persons, by person, by person and window."""

from __future__ import annotations

from salutogen.columns import Column, Kind

EARLIER_DAYS = "days since the person's first answer"
_INDICATORS = (
    ("autocorrelation", "Correlation of answers that follow each other within the day", ""),
    ("spread", "SD within the window", "points of affect"),
    ("skewness", "Skewness within the window", ""),
    ("cross_correlation", "Correlation with the other affect at the same answers", ""),
)
AFFECT = Column(name="affect", meaning="Affect", heading="Affect", kind=Kind.LABEL)
INDICATOR = Column(name="indicator", meaning="Indicator", heading="Indicator", kind=Kind.LABEL)
INDICATOR_COLUMNS = (
    AFFECT,
    INDICATOR,
    Column(name="n", meaning="Persons with enough windows", unit="persons", heading="Persons",
           kind=Kind.COUNT),
    Column(name="rose", meaning="Of these, persons in whom it rose, p < .05 each, one-sided",
           unit="persons", heading="Rose, p < .05", kind=Kind.COUNT, of="n"),
    Column(name="kept", meaning="Of these, persons who are left with the rate of false discoveries "
           "over persons held at 5 % (Benjamini and Hochberg 1995)", unit="persons",
           heading="Left after correction", kind=Kind.COUNT, of=("n", "rose")),
    Column(name="false", meaning="Share of series without any change in which it rises so, mean of "
           "persons", heading="By chance"),
    Column(name="sensitivity", meaning="Share of series that slow down in which it rises so, mean "
           "of persons; empty where slowing down says nothing of the indicator",
           heading="Were they all to slow down"),
    Column(name="predictive", meaning="Share of those with such a rise who slow down, if as "
           "large a share of persons does as the settings say",
           heading="Of those who rose, slow down"),
)  # fmt: skip


def _own(name: str, meaning: str, unit: str = "") -> Column:
    return Column(name=name, meaning=meaning, unit=unit, kind=Kind.PERSON)


SUBJECT = Column(name="subject", meaning="Person", unit="text", kind=Kind.IDENTIFIER)
PERSON_COLUMNS = (
    SUBJECT,
    AFFECT,
    INDICATOR,
    _own("windows", "Windows with enough answers", "windows"),
    _own("answers", "Answers in these", "answers"),
    _own("rise", "Change from the first to the last window along a straight line in time, in units "
         "of the indicator; of the cross-correlation, of its strength"),
    _own("tau", "Kendall's correlation of the indicator with time"),
    _own("p", "p value of the rise, one-sided, by series without a change"),
    _own("p_adjusted", "The same with the rate of false discoveries over persons held"),
    _own("specificity", "Share of series without a change that have p of .05 or more"),
    _own("sensitivity", "Share of series that slow down that have p < .05"),
)  # fmt: skip
WINDOW_COLUMNS = (
    SUBJECT,
    AFFECT,
    Column(name="window", meaning="Burst, or days", heading="Window", kind=Kind.LABEL),
    _own("day", "Middle of the window's answers", EARLIER_DAYS),
    _own("answers", "Answers in the window", "answers"),
    _own("pairs", "Of these, with one before them on the same day", "answers"),
    *(_own(*one) for one in _INDICATORS),
)  # fmt: skip
