"""What each set of columns is taken for: the instrument, its role, and what stays open."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from salutogen.drafting.answer_codes import AnswerCodes, is_missing_code
from salutogen.drafting.items import Block
from salutogen.drafting.known_scales import KnownScale
from salutogen.study.format import GAP
from salutogen.study.instruments.registry import RegisteredInstrument, registry

ROLES = ("problems", "exposure", "factor", "none")
MOSTLY_LOWEST = 0.3
_FACTORS = ("resource", "trait", "risk", "perceived-recovery")
_LONGEST_WORD = 40
_PLAIN_WORD = 5  # letters of a word that can mean nothing else (hassles, unlike le)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedInstrument:
    """A set of columns with its name in the study file, its role and its instrument.

    Attributes
    ----------
    name : str
    block : Block
    role : str
        One of `ROLES`, or `???` where the columns do not tell.
    registered : str
        Instrument of the registry; empty where none is told by name, items and codes.
    range_open : bool
        Whether the codes that were seen need a person's word.
    remarks : tuple of str
        What was seen, for the comment in the file.
    """

    name: str
    block: Block
    role: str
    registered: str
    range_open: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def entry(self) -> RegisteredInstrument | None:
        """The instrument of the registry."""
        return registry()[self.registered] if self.registered else None


def lacks_a_side(blocks: Sequence[Block]) -> bool:
    """Whether no block is told to be problems, or none to be exposure."""
    found = {_role(block)[0] for block in blocks}
    return not {"problems", "exposure"} <= found


def draft_instruments(blocks: Sequence[Block]) -> list[DraftedInstrument]:
    """Name each block and guess its role; what its name does not tell stays open."""
    used: set[str] = set()
    made = []
    for block in blocks:
        entry = _entry(block)
        wanted = entry.name if entry is not None else _stem_word(block)
        open_range, told = _range(block, entry)
        role, why = _role(block)
        made.append(
            DraftedInstrument(
                name=a_word(wanted, used),
                block=block,
                role=role,
                registered=entry.name if entry is not None else "",
                range_open=open_range,
                remarks=(_looks_like(block, entry), *told, *why),
            )
        )
    return made


def _entry(block: Block) -> RegisteredInstrument | None:
    """The instrument of the registry, unless the codes say that it is another form of it."""
    if block.total or block.scale is None:
        return None
    fitting = block.scale.entries_for(block.n_items)
    if len(fitting) > 1:
        return _by_codes(fitting, block.codes)
    return block.entry


def _by_codes(
    fitting: Sequence[RegisteredInstrument], codes: AnswerCodes | None
) -> RegisteredInstrument | None:
    """Of instruments with the same items, the only one that has all the codes that were seen."""
    if codes is None:
        return None
    able = [one for one in fitting if one.answers.maximum >= codes.maximum]
    return able[0] if len(able) == 1 else None


def _stem_word(block: Block) -> str:
    if block.total and block.scale is not None and not block.scale.entries:
        return block.scale.word
    return block.stem or "items"


def _looks_like(block: Block, entry: RegisteredInstrument | None) -> str:
    kind = "A ready-made score" if block.total else f"{block.n_items} items"
    if block.n_items == 1 and not block.total:
        kind = "A single column, an answer or a score"
    if block.codes is None:
        seen = "answers in words"
    else:
        values = "values" if block.n_items == 1 else "codes"
        seen = f"{values} {block.codes.minimum:g} to {block.codes.maximum:g}"
        if block.n_items > 1:
            seen += f", {100 * block.codes.zeros:.0f} % are 0"
    if entry is not None:
        return (
            f"{kind}, {seen}: looks like {entry.name} of the registry, {_measured(entry.measures)}."
        )
    alike = _alike_by_codes(block)
    if block.scale is not None and (block.scale.entries or not alike):
        also = "" if block.n_items == 1 else "; not in this form in the registry"
        word = block.scale.word
        return f"{kind}, {seen}: named {word!r}, {_measured(block.scale.measures)}{also}."
    named = "the name tells no scale"
    if block.scale is not None:
        named = f"named {block.scale.word!r}, {_measured(block.scale.measures)}"
    if alike:
        return (
            f"{kind}, {seen}: {named}; {' and '.join(alike)} "
            f"{'has' if len(alike) == 1 else 'have'} as many items and such codes "
            "(if it is that, add `instrument:`)."
        )
    return f"{kind}, {seen}; {named}."


def _measured(measures: str) -> str:
    return measures.replace("-", " ")


def _alike_by_codes(block: Block) -> list[str]:
    """Instruments with the same number of items and the same codes, under whatever name."""
    if block.n_items == 1 or block.codes is None:
        return []
    return [
        entry.name
        for entry in registry().values()
        if entry.items == block.n_items
        and (entry.answers.minimum, entry.answers.maximum)
        == (block.codes.minimum, block.codes.maximum)
    ][:3]


def _range(block: Block, entry: RegisteredInstrument | None) -> tuple[bool, list[str]]:
    """Whether the range of codes needs a person's word, and why."""
    codes = block.codes
    if codes is None:
        return False, []
    told = []
    if codes.missing:
        listed = ", ".join(f"{code:g}" for code in codes.missing)
        told.append(f"{listed} taken as codes of a missing answer.")
    questioned = False
    if codes.unsure:
        listed = ", ".join(f"{code:g}" for code in codes.unsure)
        slips = not any(is_missing_code(code) for code in codes.unsure)
        told.append(
            f"{listed}: far from all other answers, a slip of the pen?"
            if slips
            else f"{listed}: an answer, a missing one, or an event that did not occur?"
        )
        questioned = True
    if codes.stray:
        listed = ", ".join(f"{code:g}" for code in codes.stray[:6])
        told.append(f"A few answers are {listed}, which the scale does not have.")
    if entry is not None and not (
        entry.answers.minimum <= codes.minimum and codes.maximum <= entry.answers.maximum
    ):
        shift = codes.minimum - entry.answers.minimum
        same = codes.maximum - codes.minimum <= entry.answers.maximum - entry.answers.minimum
        also = f": all {shift:+g}?" if same and shift else "."
        told.append(
            f"The codes are {codes.seen}, but {entry.name} has {entry.answers}{also} "
            f"Write {codes.seen} if these are its answers."
        )
        questioned = True
    return questioned, told


def _role(block: Block) -> tuple[str, list[str]]:
    """What a block is in the study, by what its name says that it measures."""
    scale = block.scale
    if scale is None:
        return GAP, []
    if block.total and (beyond := _beyond(block, scale)):
        return GAP, [beyond]
    if scale.measures == "problems":
        if block.repeated:
            return "problems", []
        return "none", ["Measured once, so neither problems over time nor a factor."]
    if scale.measures == "exposure":
        return _exposure_role(block, scale)
    if scale.measures in _FACTORS:
        return "factor", []
    if scale.measures == "perceived-stress":
        return "none", ["Perceived stress answers to stressors: never exposure."]
    if scale.measures == "wellbeing" and block.repeated:
        return GAP, ["Wellbeing can stand for problems, turned round."]
    return GAP, []


def _beyond(block: Block, scale: KnownScale) -> str:
    """Say that a score is higher than the scale of this name can give; empty where it is not."""
    highest = [one.items * one.answers.maximum for one in scale.entries if one.items]
    if block.codes is None or not highest or block.codes.maximum <= max(highest):
        return ""
    names = " or ".join(one.name for one in scale.entries)
    return (
        f"{block.codes.maximum:g} is more than the items of {names} add up to "
        f"({max(highest):g}): another scale of that name?"
    )


def _exposure_role(block: Block, scale: KnownScale) -> tuple[str, list[str]]:
    if not block.repeated:
        return "none", ["Measured once, so no exposure over time."]
    if scale.entries or block.total or block.in_words:
        return "exposure", []
    codes = block.codes
    plain = len(scale.word) >= _PLAIN_WORD
    rare = codes is not None and (codes.lowest_share >= MOSTLY_LOWEST or bool(codes.unsure))
    return (
        ("exposure", []) if rare or plain else (GAP, ["Most items have occurred, unlike events."])
    )


def a_word(text: str, used: set[str]) -> str:
    """Make a name of a column or stem that is not used yet."""
    plain = unicodedata.normalize("NFC", text).lower()
    word = re.sub(r"[\W_]+", "-", plain)[:_LONGEST_WORD].strip("-") or "items"
    if not word[0].isalpha():
        word = f"i-{word}"
    name, number = word, 2
    while name in used:
        name, number = f"{word}-{number}", number + 1
    used.add(name)
    return name
