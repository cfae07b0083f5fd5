"""Answers in words: the order of response scales in common use, and yes and no."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from salutogen.study.format.part import GAP

BOOLEAN_WORDS = {
    "true": 1, "false": 0, "yes": 1, "no": 0, "y": 1, "n": 0, "t": 1, "f": 0,
    "ja": 1, "nein": 0, "nee": 0, "wahr": 1, "falsch": 0, "oui": 1, "non": 0, "vrai": 1,
    "faux": 0, "sí": 1, "si": 1, "sì": 1, "verdadero": 1, "falso": 0, "vero": 1, "j": 1, "sim": 1,
    "não": 0, "nao": 0, "да": 1, "нет": 0, "ναι": 1, "όχι": 0, "evet": 1, "hayır": 0, "はい": 1,
    "いいえ": 0, "是": 1, "否": 0,
}  # fmt: skip
_TICKS = frozenset({"x", "xx", "✓", "✔", "☑", "☒", "checked", "ticked", "selected", "angekreuzt"})
_NUMBERED = re.compile(
    r"[(\[]?(-?\d{1,3})(?:[)\]]|\s*[-–=:.)])\s*\D.*|\D.*[(\[=:]\s*(-?\d{1,3})[)\]]?"
)
MOST_WORDS = 12  # more different texts than this are no answers of a scale
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
        "never|rarely|sometimes|often",
        "never|seldom|sometimes|often",
        "never|seldom|sometimes|often|always",
        "nie|selten|manchmal|oft",
        "nie|selten|manchmal|häufig",
        "jamais|rarement|parfois|souvent",
        "nunca|rara vez|a veces|a menudo",
        "nooit|zelden|soms|vaak",
        "mai|raramente|a volte|spesso",
        "no|a little|a lot",
        "nein|ein wenig|stark",
        "nie|selten|manchmal|häufig|immer",
        "nie|selten|gelegentlich|oft|immer",
        "nie|selten|gelegentlich|häufig|sehr häufig",
        "trifft gar nicht zu|trifft eher nicht zu|teils/teils|trifft eher zu|trifft völlig zu",
        "trifft nicht zu|trifft eher nicht zu|trifft eher zu|trifft zu",
        "gar nicht|ein wenig|mäßig|stark|sehr stark",
        "gar nicht|wenig|mittelmäßig|ziemlich|sehr",
        "jamais|rarement|parfois|souvent|toujours",
        "jamais|plusieurs jours|plus de la moitié du temps|presque tous les jours",
        "nunca|casi nunca|de vez en cuando|a menudo|muy a menudo",
        "nunca|rara vez|a veces|a menudo|siempre",
        "nunca|varios días|más de la mitad de los días|casi todos los días",
        "nooit|zelden|soms|vaak|altijd",
        "helemaal niet|meerdere dagen|meer dan de helft van de dagen|bijna elke dag",
        "mai|raramente|a volte|spesso|sempre",
        "unchecked|checked",
        "not selected|selected",
        "not ticked|ticked",
    )
)
_ON_A_SCALE = frozenset(word for scale in _SCALES for word in scale) | BOOLEAN_WORDS.keys()


def plain_word(text: str) -> str:
    """Write a word as it is compared: small letters, one space between words, one form of each."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _on_a_scale(word: str) -> str:
    """A word as it is looked up among response scales: without a sign at its end as well."""
    return plain_word(word).strip(" .!")


def are_yes_no(words: Sequence[str]) -> bool:
    """Whether all words say yes or no."""
    told = {plain_word(word) for word in words}
    return bool(told) and told <= BOOLEAN_WORDS.keys()


def in_order(words: Sequence[str], length: int | None = None) -> dict[str, int] | None:
    """Place of each word on the one response scale that holds them all; None where none does.

    Parameters
    ----------
    length : int, optional
        Number of answers the instrument has.
    """
    told = {word: _on_a_scale(word) for word in words}
    found = [
        scale
        for scale in _SCALES
        if set(told.values()) <= set(scale) and length in (None, len(scale))
    ]
    orders = {tuple(scale.index(word) for word in told.values()) for scale in found}
    if len(orders) != 1:
        return None
    return {word: found[0].index(one) for word, one in told.items()}


def proposed(words: Sequence[str], length: int | None = None, first: float = 0) -> dict[str, str]:
    """Propose the number of each word, in the order of the scale; `???` where none is known.

    Words that hold their number (2 - often) have that one; a mere tick is 1. Words that are on no
    scale (I would rather not say) keep the gap, and do not hinder the rest.

    Examples
    --------
    >>> proposed(["often", "never", "not asked", "rarely"], 5)
    {'never': '0', 'rarely': '1', 'often': '3', 'not asked': '???'}
    >>> proposed(["2 - often", "1 - rarely"])
    {'1 - rarely': '1', '2 - often': '2'}
    """
    numbers = _numbers_of(words, length, first)
    ordered = sorted(numbers, key=lambda word: numbers[word])
    gaps = dict.fromkeys((word for word in words if word not in numbers), GAP)
    return {word: f"{numbers[word]:g}" for word in ordered} | gaps


def _numbers_of(words: Sequence[str], length: int | None, first: float) -> dict[str, float]:
    """Numbers of the words for which they are known."""
    written = {word: found for word in words if (found := _NUMBERED.fullmatch(plain_word(word)))}
    numbers = {word: float(found[1] or found[2]) for word, found in written.items()}
    if numbers and len(set(numbers.values())) == len(numbers) and 2 * len(numbers) >= len(words):
        return numbers
    if words and all(plain_word(word) in _TICKS for word in words):
        return dict.fromkeys(words, 1.0)
    known = [word for word in words if _on_a_scale(word) in _ON_A_SCALE]
    if known and are_yes_no(known):
        return {word: float(BOOLEAN_WORDS[plain_word(word)]) for word in known}
    places = (in_order(known, length) or {}) if known else {}
    return {word: first + place for word, place in places.items()}
