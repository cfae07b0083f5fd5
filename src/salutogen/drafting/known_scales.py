"""Scales that the names of columns speak of: those of the registry, and others known by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from salutogen.drafting.words_of_names import tokens
from salutogen.study.format import Measures
from salutogen.study.instruments.registry import RegisteredInstrument, shipped

# What a scale is called in names of columns, and the instruments of the registry it may be.
_REGISTERED: dict[str, tuple[str, ...]] = {
    "phq": ("phq-9", "phq-ads"),
    "dpq": ("phq-9",),
    "phqads": ("phq-ads",),
    "gad": ("gad-7",),
    "ghq": ("ghq-12", "ghq-28"),
    "bsi": ("bsi-18",),
    "pcl": ("pcl-5",),
    "k": ("k10",),
    "kessler": ("k10",),
    "pss": ("pss-10",),
    "perceivedstress": ("pss-10",),
    "who": ("who-5",),
    "brs": ("brs",),
    "cope": ("brief-cope",),
    "briefcope": ("brief-cope",),
    "bcope": ("brief-cope",),
    "bsss": ("bsss-emotional",),
    "risc": ("cd-risc-2", "cd-risc-10", "cd-risc-25"),
    "cdrisc": ("cd-risc-2", "cd-risc-10", "cd-risc-25"),
    "cerq": ("cerq-short",),
    "ctq": ("ctq-sf",),
    "fsozu": ("fsozu-k6", "fsozu-k14"),
    "fsozuk": ("fsozu-k6", "fsozu-k14"),
    "sozu": ("fsozu-k6", "fsozu-k14"),
    "gse": ("gse",),
    "hamscq": ("hamscq",),
    "lot": ("lot-r",),
    "lotr": ("lot-r",),
    "mspss": ("mspss",),
    "osss": ("osss-3",),
    "oslo": ("osss-3",),
    "passc": ("pass-content",),
    "passp": ("pass-process",),
    "passcontent": ("pass-content",),
    "passprocess": ("pass-process",),
    "mimis": ("mimis", "mimis-strain"),
    "lte": ("lte-q",),
    "lteq": ("lte-q",),
}
_OTHERS: dict[Measures, str] = {
    "problems": (
        "bdi cesd hads hadsa hadsd hads dass scl hamd hrsd hdrs madrs epds gds iesr "
        "ies mfq rcads ads adsk hscl symptomchecklist depression depressive depr anxiety angst "
        "depressivitaet depressivität distress qids bai ptss pdss "
        "negaff negaffect negativeaffect negativaffekt"
    ),
    "wellbeing": (
        "swls wemwbs swemwbs wellbeing wohlbefinden posaff posaffect positiveaffect positivaffekt"
    ),
    "exposure": (
        "event events ev stressor stressors hassle hassles dailyhassles dh dhs lifeevent "
        "lifeevents le sle nle dle srrs leq evt negativeevents ereignis ereignisse "
        "lebensereignisse belastungen stressoren microstressor microstressors adversity "
        "adversities ge ce dise slesq lec"
    ),
    "perceived-stress": "psq stressempfinden",
    "resource": "rses selfefficacy selbstwirksamkeit support socialsupport unterstuetzung ssq soc",
    "trait": "optimism optimismus",
    "risk": "neuroticism neurotizismus ace aces",
    "other": "sleep schlaf psqi isi pain schmerz stai panas affect bfi neo sf",
}
_MEASURES = {word: measures for measures, words in _OTHERS.items() for word in words.split()}
# A question after the items that is part of the form but no item: how difficult it has been made.
_EXTRA_QUESTION = {"phq-9": 1, "gad-7": 1}
_LONGEST_NAME = 3  # words of a name that together may be a scale's


@dataclass(frozen=True, slots=True)
class KnownScale:
    """What a name speaks of.

    Attributes
    ----------
    word : str
        The scale as its name has it, such as `phq`.
    measures : str
    entries : tuple of RegisteredInstrument
        Instruments of the registry that are called so; empty for a scale known by name alone.
    """

    word: str
    measures: Measures
    entries: tuple[RegisteredInstrument, ...]

    def entry_for(self, n_items: int) -> RegisteredInstrument | None:
        """The only instrument of the registry with this number of items, if there is one."""
        fitting = [
            one
            for one in self.entries
            if n_items in (one.items, (one.items and len(one.scored or ())) or None)
        ]
        return fitting[0] if len(fitting) == 1 else None

    def entries_for(self, n_items: int) -> tuple[RegisteredInstrument, ...]:
        """Instruments of the registry with this number of items."""
        return tuple(one for one in self.entries if one.items == n_items)

    def entry_with_question(self, n_items: int) -> RegisteredInstrument | None:
        """The instrument whose items are followed by one question that is none."""
        for one in self.entries:
            if one.items is not None and n_items == one.items + _EXTRA_QUESTION.get(one.name, -1):
                return one
        return None


def known_scale(name: str) -> KnownScale | None:
    """Find the scale that a name, or the stem of names, speaks of.

    A name that speaks of two scales (`phq_gad`) is taken to speak of none.

    Examples
    --------
    >>> known_scale("T1_PHQ9_").word, known_scale("CD-RISC_").measures
    ('phq', 'trait')
    """
    found: dict[str, KnownScale] = {}
    for word, number in _joined(name):
        if word == "k" and number not in ("6", "10"):
            continue
        if word in _REGISTERED:
            entries = tuple(shipped(entry) for entry in _REGISTERED[word])
            found.setdefault(entries[0].name, KnownScale(word, entries[0].measures, entries))
        elif word in _MEASURES:
            found.setdefault(word, KnownScale(word, _MEASURES[word], ()))
    if "phq-9" in found and "phq-ads" in found:
        del found["phq-9"]
    longest = sorted(found.values(), key=lambda one: -len(one.word))
    if len(longest) > 1 and longest[1].word not in longest[0].word:
        measured = {one.measures for one in longest}
        return longest[0] if len(measured) == 1 and not longest[0].entries else None
    return longest[0] if longest else None


def _joined(name: str) -> Iterator[tuple[str, str]]:
    """Neighbouring words of a name written as one, each with the number behind it."""
    found = tokens(name)
    for start in range(len(found)):
        word = ""
        for end in range(start, min(start + _LONGEST_NAME, len(found))):
            if found[end].isdigit():
                break
            word += found[end]
            following = found[end + 1] if end + 1 < len(found) else ""
            yield word, following if following.isdigit() else ""
