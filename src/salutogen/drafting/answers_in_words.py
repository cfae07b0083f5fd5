"""Answers in words: the order of response scales in common use, and yes and no."""

from __future__ import annotations

import re
from collections.abc import Sequence

YES = frozenset({"true", "yes", "ja", "wahr", "y", "t"})
NO = frozenset({"false", "no", "nein", "falsch", "n", "f"})
MOST_WORDS = 12
_SCALES = tuple(
    tuple(word.strip() for word in line.split("|"))
    for line in (
        "not at all|several days|more than half the days|nearly every day",
        "überhaupt nicht|an einzelnen tagen|an mehr als der hälfte der tage|beinahe jeden tag",
        "never|almost never|sometimes|fairly often|very often",
        "nie|fast nie|manchmal|ziemlich oft|sehr oft",
        "none of the time|a little of the time|some of the time|most of the time|all of the time",
        "at no time|some of the time|less than half of the time|more than half of the time|"
        "most of the time|all of the time",
        "not at all|a little bit|moderately|quite a bit|extremely",
        "not at all|a little|moderately|quite a bit|extremely",
        "überhaupt nicht|ein wenig|mäßig|ziemlich|sehr stark",
        "strongly disagree|disagree|neutral|agree|strongly agree",
        "strongly disagree|disagree|neither agree nor disagree|agree|strongly agree",
        "stimme überhaupt nicht zu|stimme nicht zu|neutral|stimme zu|stimme vollkommen zu",
        "never|rarely|sometimes|often|always",
        "nie|selten|manchmal|oft|immer",
        "not true at all|rarely true|sometimes true|often true|true nearly all the time",
        "not at all true|hardly true|moderately true|exactly true",
        "stimmt nicht|stimmt kaum|stimmt eher|stimmt genau",
        "not at all|no more than usual|rather more than usual|much more than usual",
        "better than usual|same as usual|less than usual|much less than usual",
    )
)


def plain(word: str) -> str:
    """A word as it is compared: lower case, single blanks, no sign at its end."""
    return re.sub(r"\s+", " ", word).strip(" .!").casefold()


def are_yes_no(words: Sequence[str]) -> bool:
    """Whether all words say yes or no."""
    told = {plain(word) for word in words}
    return bool(told) and told <= YES | NO


def in_order(words: Sequence[str], length: int | None = None) -> dict[str, int] | None:
    """Place of each word on the one response scale that holds them all; None where none does.

    Parameters
    ----------
    length : int, optional
        Number of answers the instrument has.
    """
    told = {word: plain(word) for word in words}
    found = [
        scale
        for scale in _SCALES
        if set(told.values()) <= set(scale) and length in (None, len(scale))
    ]
    orders = {tuple(scale.index(word) for word in told.values()) for scale in found}
    if len(orders) != 1:
        return None
    return {word: found[0].index(one) for word, one in told.items()}
