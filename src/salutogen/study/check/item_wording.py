"""Looks for stressor items that describe the person's reaction instead of what happened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.study import Study


@dataclass(frozen=True, slots=True)
class Reaction:
    """What in an item's wording names a reaction: kind and the words found."""

    kind: str
    words: str


_KINDS = {
    "worry": (
        r"worr(?:y|ies|ied|ying)|anxi(?:ous|ety)|afraid|fear(?:s|ed|ful|ing)?|concern(?:ed|s)\s+"
        r"(?:about|that|for)|dread(?:ed|ing)?|panic(?:k\w*)?|ruminat\w*|brood(?:ed|ing)?|"
        r"intrusive thoughts?|unwanted thoughts?|sorge[nt]?|angst|gr(?:ü|ue)bel\w*|befürcht\w*"
    ),
    "symptom": (
        r"depress(?:ed|ion|ive)|sad(?:ness)?|hopeless(?:ness)?|lonel(?:y|iness)|irritab\w*|"
        r"nervous(?:ness)?|tense|tension headaches?|insomnia|"
        r"sleep(?:ing)? (?:problems?|badly|poorly)|"
        r"(?:trouble|difficulty|problems?) (?:sleeping|concentrating|falling asleep)|"
        r"exhaust(?:ed|ion)|burn(?:ed|t)?[- ]?out|fatigue[d]?|crying|tearful|"
        r"niedergeschlagen\w*|schlafstörung\w*|erschöpf\w*|einsam\w*"
    ),
    "appraisal": (
        r"not enough|too (?:much|many|little|few)|feel(?:s|ing)?|felt|overwhelm\w*|overload\w*|"
        r"stress(?:ed|ful|ing)|upset(?:ting)?|annoy(?:ed|ing)|frustrat(?:ed|ing|ion)|"
        r"unable to cope|could not cope|bother(?:ed|ing)|dissatisf\w*|unsatisf\w*|uncertain\w*|"
        r"insufficient|inadequate|lack of (?:motivation|meaning|recognition|appreciation)|"
        r"nicht genug|zu (?:viel|wenig)\w*|überforder\w*|gefühl\w*|belastend\w*"
    ),
}


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """Compile the words by kind; most studies give no wordings and never need them."""
    return {
        kind: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
        for kind, words in _KINDS.items()
    }


def reactions_named(text: str) -> tuple[Reaction, ...]:
    """Find words of a stressor item that name worry, symptoms or appraisal.

    A checklist of stressors should say what happened, so that E is not P in other words
    (Chmitorz et al. 2020). The list of words is a screen: it errs on both sides.

    Examples
    --------
    >>> [found.kind for found in reactions_named("Being worried about my family")]
    ['worry']
    >>> reactions_named("Death of patient")
    ()
    """
    return tuple(
        Reaction(kind, match.group())
        for kind, pattern in _patterns().items()
        if (match := pattern.search(text))
    )


def check_item_wording(study: Study, found: FindingsByLine) -> None:
    """Warn of stressor items that name a reaction, unless a justification is given.

    Items that the study file or the registry grades as appraisals are among them, whatever their
    wording.
    """
    for name in study.exposure_types:
        instrument = study.instruments.get(name)
        if instrument is None or instrument.justification:
            continue
        for item, text in instrument.texts.items():
            reactions = reactions_named(text)
            if reactions:
                found.tell(
                    "item-not-objective",
                    variant="wording",
                    at=f"instruments.{name}.texts.{item}",
                    name=name,
                    item=item,
                    reactions=", ".join(f"{one.words!r} ({one.kind})" for one in reactions),
                    column=item,
                )
        for item in instrument.items:
            named = item in instrument.texts and reactions_named(instrument.texts[item])
            if instrument.fact(item).objectivity == "appraised" and not named:
                found.tell(
                    "item-not-objective",
                    at=f"instruments.{name}.item_metadata",
                    variant="grade",
                    name=name,
                    item=item,
                    column=item,
                )
