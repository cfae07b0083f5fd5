"""A draft of a study file from a data file; what cannot be seen stays open as `???`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from salutogen.drafting.data_columns import (
    Block,
    DataColumn,
    Layout,
    find_blocks,
    find_layout,
    find_single_columns,
    read_columns,
)
from salutogen.study.format import GAP
from salutogen.study.instruments.registry import RegisteredInstrument, registry

ROLES = ("problems", "exposure", "factor", "none")
MANY_ZEROS = 0.4
FEWEST_EVENTS = 5
_RESERVED = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", ""}
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*")


@dataclass(frozen=True, slots=True)
class Question:
    """Something a person may know better: where it goes, what is asked, the draft."""

    path: str
    text: str
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftedInstrument:
    """An item block with its guessed name, role and registered instrument."""

    name: str
    block: Block
    role: str
    registered: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft of a study file: what was seen in the columns, and what is open.

    Attributes
    ----------
    file : str
        Name of the data file.
    layout : Layout
        How rows stand for persons and occasions.
    background : tuple of (name, column, kind)
    instruments : tuple of DraftedInstrument
        Item blocks with their guessed role.
    scores : tuple of (name, column, whether it is repeated)
        Single columns that look like ready-made scores.
    unused : tuple of str
        Columns that went nowhere.
    """

    file: str
    layout: Layout
    background: tuple[tuple[str, str, str], ...]
    instruments: tuple[DraftedInstrument, ...]
    scores: tuple[tuple[str, str, bool], ...]
    unused: tuple[str, ...]

    @property
    def text(self) -> str:
        """The commented YAML file with every open question as a gap or at its guess."""
        return self.filled({})

    @property
    def questions(self) -> tuple[Question, ...]:
        """What a person may know better than the columns tell, in the order of the file."""
        return tuple(_questions(self))

    def filled(self, answers: Mapping[str, str]) -> str:
        """Write the study file with the answers given; questions left out keep their guess."""
        return _written(self, answers)


def draft_study(frame: Any, name: str) -> Draft:
    """Look at the columns of a data file and draft a study file.

    Parameters
    ----------
    frame : polars.DataFrame
        The answers, as text or typed. The first 20,000 rows are looked at.
    name : str
        Name of the file.
    """
    columns = read_columns(frame)
    layout = find_layout(columns)
    blocks = _instruments(find_blocks(columns, layout))
    background, scores, rest = find_single_columns(columns, layout, [one.block for one in blocks])
    left = [item for one in blocks for item in one.block.left_out]
    used = {one.name for one in blocks}
    return Draft(
        file=name,
        layout=layout,
        background=tuple((_word(item, set()), item, _kind(columns[item])) for item in background),
        instruments=tuple(blocks),
        scores=tuple((_word(item, used), item, repeated) for item, repeated in scores),
        unused=tuple(dict.fromkeys([*left, *rest])),
    )


def _instruments(blocks: list[Block]) -> list[DraftedInstrument]:
    guessed: list[DraftedInstrument] = []
    names: set[str] = set()
    has_problems = False
    for block in blocks:
        entry = _candidate(block)
        role = _role(block, entry)
        if role == "problems" and has_problems:
            role = "none"
        has_problems |= role == "problems"
        registered = entry.name if entry is not None and role in ("problems", "none") else ""
        if registered in names:
            registered = ""
        guessed.append(
            DraftedInstrument(
                name=registered or _word(block.stem or "items", names),
                block=block,
                role=role,
                registered=registered,
            )
        )
        names.add(guessed[-1].name)
    return guessed


def _candidate(block: Block) -> RegisteredInstrument | None:
    """Registered problem scale with this number of items whose highest code was seen."""
    for entry in registry().values():
        if (
            entry.measures == "problems"
            and entry.items == block.n_items
            and entry.answers.maximum == block.maximum
            and entry.answers.minimum <= block.minimum
        ):
            return entry
    return None


def _role(block: Block, entry: RegisteredInstrument | None) -> str:
    if entry is not None and block.repeated:
        return "problems"
    many_zeros = block.minimum == 0 and block.zeros >= MANY_ZEROS
    if block.repeated and many_zeros and block.n_items >= FEWEST_EVENTS:
        return "exposure"
    return GAP if block.repeated else "factor"


def _kind(column: DataColumn) -> str:
    few = column.numbers is None or column.distinct <= 6
    return "category" if few else "number"


def _word(text: str, used: set[str]) -> str:
    """Make a name of a column or stem that is not used yet."""
    word = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "items"
    if not word[0].isalpha():
        word = f"i-{word}"
    name, number = word, 2
    while name in used:
        name, number = f"{word}-{number}", number + 1
    used.add(name)
    return name


def _questions(draft: Draft) -> list[Question]:
    layout = draft.layout
    asked = [
        Question("title", "Title of the study", GAP),
        Question(
            "sources.answers.person", "Column that identifies the person", layout.person or GAP
        ),
    ]
    if layout.kind == "row-per-occasion":
        text = "Column that names the occasion"
        asked.append(Question("sources.answers.occasion", text, layout.occasion or GAP))
    if layout.time and layout.unit is None:
        text = f"What does {layout.time} count (days, weeks, date, ...)"
        asked.append(Question("sources.answers.time.unit", text, GAP))
    every = f"{layout.interval:.0f} days" if layout.interval and layout.interval >= 1 else GAP
    asked.append(Question("occasions.every", "Planned time between occasions", every))
    for one in draft.instruments:
        here = f"instruments.{one.name}"
        seen = (
            f"{one.block.pattern}: {one.block.n_items} items, "
            f"{one.block.minimum:g} to {one.block.maximum:g}"
        )
        asked.append(Question(f"{here}.role", f"Role of {seen} ({', '.join(ROLES)})", one.role))
        if one.role in ("exposure", GAP):
            text = f"How far back {one.name} reaches, if it is exposure (e.g. 7 days)"
            asked.append(Question(f"{here}.recall", text, GAP))
    return asked


def _written(draft: Draft, answers: Mapping[str, str]) -> str:
    value = {question.path: question.default for question in _questions(draft)}
    value |= {path: str(answer).strip() or GAP for path, answer in answers.items()}
    roles = {one.name: value[f"instruments.{one.name}.role"] for one in draft.instruments}
    lines = [
        f"# Drafted from {_comment(draft.file)}: compare each line with your questionnaire.",
        "# Three question marks stand for what the data cannot tell; `salutogen check` lists them.",
        "salutogen: 1",
        f"title: {_scalar(value['title'])}",
        "",
        *_occasion_lines(draft, value),
        "",
        *_source_lines(draft, value),
        *_background_lines(draft),
        "",
        "instruments:",
        *(line for one in draft.instruments for line in _block_lines(one, roles[one.name], value)),
        *_score_lines(draft),
        *([] if draft.instruments or draft.scores else [f"  {GAP}: {{columns: {_quoted(GAP)}}}"]),
        "",
        *_role_lines(draft, roles),
        "",
        "norm: {unit: person, shape: test, reference: all}",
        f"resilience: {{windows: {_windows(draft)}}}",
        "report: {individuals: hide}",
        "analyses: []",
    ]
    if draft.unused:
        lines += ["", "# Columns not used: " + ", ".join(map(_comment, draft.unused))]
    return "\n".join(lines) + "\n"


def _occasion_lines(draft: Draft, value: Mapping[str, str]) -> list[str]:
    labels = draft.layout.labels
    every = f"every: {_scalar(value['occasions.every'])}"
    if not labels:
        return [f"occasions: {{{every}, count: {_quoted(GAP)}}}"]
    if list(labels) == [str(number) for number in range(1, len(labels) + 1)]:
        return [f"occasions: {{{every}, count: {len(labels)}}}"]
    return [f"occasions: {{{every}, labels: [{', '.join(map(_quoted, labels))}]}}"]


def _source_lines(draft: Draft, value: Mapping[str, str]) -> list[str]:
    layout = draft.layout
    lines = [
        "sources:",
        "  answers:",
        f"    file: {_scalar(draft.file)}",
        f"    layout: {layout.kind}",
        f"    person: {_scalar(value['sources.answers.person'])}",
    ]
    if layout.kind == "row-per-occasion":
        lines.append(f"    occasion: {_scalar(value['sources.answers.occasion'])}")
    if layout.time:
        unit = layout.unit or value["sources.answers.time.unit"]
        lines.append(f"    time: {{column: {_scalar(layout.time)}, unit: {_scalar(unit)}}}")
    return lines


def _background_lines(draft: Draft) -> list[str]:
    if not draft.background:
        return []
    return ["", "background:"] + [
        f"  {_scalar(name)}: {{column: {_scalar(column)}, kind: {kind}}}"
        for name, column, kind in draft.background
    ]


def _block_lines(one: DraftedInstrument, role: str, value: Mapping[str, str]) -> list[str]:
    block = one.block
    seen = f"{block.n_items} items, codes seen {block.minimum:g} to {block.maximum:g}"
    lines = []
    if one.registered:
        lines.append(f"  # {seen}: looks like {one.registered} of the registry.")
    else:
        lines.append(f"  # {seen}; {100 * block.zeros:.0f} % are 0.")
    if block.left_out:
        left = ", ".join(map(_comment, block.left_out))
        lines.append(f"  # Left out, much emptier than the rest: {left}")
    lines += [f"  {_scalar(one.name)}:", f"    columns: {_quoted(block.pattern)}"]
    if not one.registered or role == "exposure":
        lines.append(f"    answers: {block.minimum:g}..{max(block.maximum, block.minimum + 1):g}")
    if role == "exposure":
        never = "0" if block.minimum == 0 else _quoted(GAP)
        lines.append(f"    did_not_occur: {never} # the code of an event that did not happen")
        recall = value.get(f"instruments.{one.name}.recall", GAP)
        lines.append(f"    recall: {_scalar(recall)} # how far back the answers reach")
    if not block.repeated:
        lines.append("    measured: baseline")
    return lines


def _score_lines(draft: Draft) -> list[str]:
    lines = []
    for name, column, repeated in draft.scores:
        when = "" if repeated else ", measured: baseline"
        lines.append(f"  {_scalar(name)}: {{columns: {_quoted(column)}{when}}}")
    return ["  # Scores in single columns.", *lines] if lines else []


def _role_lines(draft: Draft, roles: Mapping[str, str]) -> list[str]:
    named = {role: [name for name in roles if roles[name] == role] for role in ROLES}
    problems = named["problems"] or [GAP]
    types = named["exposure"] or [GAP]
    factors = [*named["factor"], *(name for name, _, _ in draft.scores)]
    lines = []
    unclear = [name for name, role in roles.items() if role not in ROLES]
    if unclear:
        lines.append(f"# The role of {', '.join(unclear)} is open: name it below, or leave it out.")
    if len(problems) == 1:
        lines.append(f"problems: {_scalar(problems[0])}")
    else:
        listed = ", ".join(map(_scalar, problems))
        lines.append(f"problems: {{instruments: [{listed}], combine: {_quoted(GAP)}}}")
    lines.append(
        f"exposure: {{types: [{', '.join(map(_scalar, types))}], score: count, combine: composite}}"
    )
    lines.append(f"factors: [{', '.join(map(_scalar, factors))}]")
    return lines


def _windows(draft: Draft) -> str:
    number = len(draft.layout.labels)
    return "null" if 0 < number < 3 else "{width: 3, step: 1, valid: 2}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _scalar(text: str) -> str:
    """Write a text as a YAML value that reads back as the same text."""
    if text == GAP:
        return _quoted(GAP)
    plain = _PLAIN.fullmatch(text) and text.lower() not in _RESERVED
    return text if plain else _quoted(text)


def _comment(text: str) -> str:
    return " ".join(text.split())
