"""The commented study file of a draft, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from salutogen.drafting.format_keys import instrument_takes, source_takes, source_takes_list
from salutogen.drafting.instrument_text import instrument_lines
from salutogen.drafting.questions import questions
from salutogen.drafting.roles import ROLES, DraftedInstrument
from salutogen.study.answers_in_words import are_yes_no
from salutogen.study.format import GAP
from salutogen.study.format.yaml_text import comment, listed, quoted, scalar

if TYPE_CHECKING:
    from salutogen.drafting.draft import Draft

_MOST_NAMED = 60
_MOST_PATTERNS = 400
_WINDOW = 3


def study_text(draft: Draft, answers: Mapping[str, str]) -> str:
    """Write a draft with the answers given; questions left out keep their guess."""
    value = {question.path: question.default for question in questions(draft)}
    value |= {path: str(answer).strip() or GAP for path, answer in answers.items()}
    roles = {one.name: value[f"instruments.{one.name}.role"] for one in draft.instruments}
    lines = [
        f"# Drafted from {comment(draft.file)}: compare each line with your questionnaire.",
        "# Three question marks stand for what the data cannot tell; `salutogen check` lists them.",
        *(f"# {comment(doubt)}" for doubt in draft.layout.doubts),
        "salutogen: 1",
        f"title: {scalar(value['title'])}",
        "",
        _occasion_line(draft, value),
        "",
        *_source_lines(draft, value),
        *_background_lines(draft),
        "",
        "instruments:",
        *(
            line
            for one in draft.instruments
            for line in instrument_lines(one, roles[one.name], value)
        ),
        *([] if draft.instruments else [f"  {quoted(GAP)}: {{columns: {quoted(GAP)}}}"]),
        "",
        *_role_lines(draft, roles),
        "",
        "norm: {unit: person, shape: test, reference: all}",
        f"resilience: {{windows: {_windows(draft)}}}",
        "report: {individuals: hide}",
        "analyses: []",
        *_left_lines(draft),
    ]
    return "\n".join(lines) + "\n"


def is_writable(one: DraftedInstrument) -> str:
    """Why an instrument cannot stand in a study file; empty where it can."""
    block = one.block
    if len(block.patterns) > _MOST_PATTERNS:
        return "has too many columns without running numbers"
    if block.in_words:
        if are_yes_no(block.words):
            return "" if source_takes("boolean") else "is answered in words (yes, no)"
        return "" if instrument_takes("recode") else "is answered in words"
    dirty = bool(block.words) or bool(block.codes and block.codes.stray)
    if dirty and one.role not in ("problems", "exposure", "factor"):
        words = ", ".join(block.words[:3])
        return f"holds cells that are no answers ({words})" if words else "holds odd codes"
    return ""


def _occasion_line(draft: Draft, value: Mapping[str, str]) -> str:
    labels = draft.layout.labels
    if len(draft.layout.occasion) > 1 and not source_takes_list("occasion"):
        labels = ()
    if draft.layout.single:
        return f"occasions: {{labels: [{quoted(labels[0])}]}}"
    every = f"every: {scalar(value['occasions.every'])}"
    if not labels:
        return f"occasions: {{{every}, count: {quoted(GAP)}}}"
    if list(labels) == [str(number) for number in range(1, len(labels) + 1)]:
        return f"occasions: {{{every}, count: {len(labels)}}}"
    return f"occasions: {{{every}, labels: [{', '.join(map(quoted, labels))}]}}"


def _source_lines(draft: Draft, value: Mapping[str, str]) -> list[str]:
    layout = draft.layout
    lines = [
        "sources:",
        "  answers:",
        *_file_lines(draft),
        f"    layout: {'row-per-item' if layout.item else layout.kind}",
        f"    person: {_keys(layout.person, 'person', value)}",
    ]
    by_row = layout.kind == "row-per-occasion" and not draft.files
    if by_row and (layout.occasion or not layout.single):
        lines.append(f"    occasion: {_keys(layout.occasion, 'occasion', value)}")
    if layout.item:
        lines += [f"    item: {scalar(layout.item)}", f"    value: {scalar(layout.value)}"]
    time = layout.time
    if time is not None:
        unit = time.unit or value["sources.answers.time.unit"]
        form = f", format: {quoted(time.format)}" if time.format else ""
        lines.append(f"    time: {{column: {scalar(time.column)}, unit: {scalar(unit)}{form}}}")
    if draft.skip_rows:
        key = "" if source_takes("skip_rows") else "# "
        lines.append(f"    {key}skip_rows: {draft.skip_rows} # rows above the names of the columns")
    if draft.header_rows:
        key = "" if source_takes("header_rows") else "# "
        lines.append(f"    {key}header_rows: {draft.header_rows + 1}")
    if source_takes("boolean") and any(
        one.block.in_words and are_yes_no(one.block.words) for one in draft.instruments
    ):
        lines.append("    boolean: answer")
    return lines


def _file_lines(draft: Draft) -> list[str]:
    if not draft.files:
        return [f"    file: {scalar(draft.file)}"]
    pairs = ", ".join(f"{quoted(label)}: {scalar(name)}" for label, name in draft.files.items())
    return [f"    files: {{{pairs}}}"]


def _keys(columns: tuple[str, ...], key: str, value: Mapping[str, str]) -> str:
    """The column, or columns, that make the person or the occasion."""
    if len(columns) < 2:
        return scalar(value.get(f"sources.answers.{key}", columns[0] if columns else GAP))
    if source_takes_list(key):
        return listed(columns)
    return f"{quoted(GAP)} # unique only together: {comment(', '.join(columns))}"


def _background_lines(draft: Draft) -> list[str]:
    if not draft.background:
        return []
    return ["", "background:"] + [
        f"  {scalar(one.name)}: {{column: {scalar(one.column)}, kind: {one.kind}}}"
        for one in draft.background
    ]


def _role_lines(draft: Draft, roles: Mapping[str, str]) -> list[str]:
    named = {role: [name for name in roles if roles[name] == role] for role in ROLES}
    problems = named["problems"] or [GAP]
    types = named["exposure"] or [GAP]
    lines = []
    unclear = [name for name, role in roles.items() if role not in ROLES]
    if unclear:
        told = comment(", ".join(unclear))
        lines.append(f"# Open is the role of {told}: name them below, or leave them out.")
    if len(problems) == 1:
        lines.append(f"problems: {scalar(problems[0])}")
    else:
        lines.append("# Several measure problems: say how they make P, or keep one.")
        lines.append(f"problems: {{instruments: {listed(problems)}, combine: {quoted(GAP)}}}")
    score = _score(draft, types)
    lines.append(f"exposure: {{types: {listed(types)}, score: {score}, combine: composite}}")
    lines.append(f"factors: {listed(named['factor'])}")
    return lines


def _score(draft: Draft, types: list[str]) -> str:
    """Lists of events are counted; ready-made scores are taken as they are."""
    totals = {one.name for one in draft.instruments if one.block.n_items == 1}
    if types == [GAP] and totals == {one.name for one in draft.instruments}:
        totals.add(GAP)
    kinds = {name: "severity" if name in totals else "count" for name in types}
    if len(set(kinds.values())) == 1:
        return next(iter(kinds.values()))
    return "{" + ", ".join(f"{scalar(name)}: {kind}" for name, kind in kinds.items()) + "}"


def _left_lines(draft: Draft) -> list[str]:
    lines = []
    if draft.doubtful:
        lines += ["", "# Recognised and not used:"]
        lines += [
            f"#   {comment(column)}: {comment(why)}."
            for column, why in draft.doubtful[:_MOST_NAMED]
        ]
        lines += _rest(len(draft.doubtful), "#   and ")
    if draft.unused:
        names = ", ".join(comment(name) or "(no name)" for name in draft.unused[:_MOST_NAMED])
        lines += ["", f"# Columns not used: {names}", *_rest(len(draft.unused), "# and ")]
    return lines


def _rest(number: int, begin: str) -> list[str]:
    return [f"{begin}{number - _MOST_NAMED:,} more."] if number > _MOST_NAMED else []


def _windows(draft: Draft) -> str:
    number = len(draft.layout.labels)
    return "null" if 0 < number < _WINDOW else "{width: 3, step: 1, valid: 2}"
