"""What is doubtful, with its evidence and its mend; and the one table of finding codes.

Code, story, mend and sentences of a finding stand in one file a room (`finding_codes/`); another
package has a `finding_codes.toml` and the entry point `salutogen.finding_codes`. A room only gives
the values: `found.tell("few-valid-occasions", absent=Persons(3), persons=Persons(40))`.
"""

from __future__ import annotations

import math
import re
import string
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from salutogen.counts import Persons as Persons

ROWS_SHOWN = 10
TEXT_SHOWN = 160  # characters of the sentence in a short representation
GROUP = "salutogen.finding_codes"


class Severity(StrEnum):
    """How much a finding weighs."""

    NOTE = "note"
    WARNING = "warning"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeEntry:
    """One line of the table of finding codes: what `salutogen explain CODE` tells."""

    code: str
    room: str
    severity: Severity
    title: str
    story: str
    mend: str
    source: str = ""
    text: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    mends: Mapping[str, str] = field(default_factory=dict)

    def sentence(self, variant: str) -> str:
        """Return the template of the finding's sentence, or of one of its variants."""
        return self.texts[variant] if variant else self.text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Evidence:
    """Where a finding was seen.

    `rows` are 1-based data rows (the header not counted), at most ten; `n_rows` counts them all.
    `line` is a line of the study file.
    """

    numbers: Mapping[str, Any] = field(default_factory=dict)
    file: str | None = None
    line: int | None = None
    column: str | None = None
    rows: tuple[int, ...] = ()
    n_rows: int | None = None

    def __repr__(self) -> str:
        """Say where it was seen, and which numbers there are."""
        names = ("file", "line", "column", "n_rows")
        seen = [f"{name}={at!r}" for name in names if (at := getattr(self, name)) is not None]
        return f"Evidence({', '.join(seen)}; numbers: {listed(self.numbers) or 'none'})"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Finding:
    """One doubtful thing: a stable code, one sentence, the evidence and the mend."""

    code: str
    severity: Severity
    text: str
    mend: str
    evidence: Evidence = field(default_factory=Evidence)
    template: str = ""
    values: Mapping[str, Any] = field(default_factory=dict, compare=False)
    when_hidden: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def worded(self, count: Callable[[int], str]) -> str:
        """Return the sentence with each count of persons written by `count`."""
        if not self.template:
            return self.text
        return sentence(self.template, self.values, count)

    def untold(self, why: str = "") -> str:
        """Return a sentence that tells what was found, but not where or of whom."""
        entry = catalogue().get(self.code)
        return f"{entry.title if entry else self.code}{why and f' ({why})'}."

    def __repr__(self) -> str:
        """Name the code and begin the sentence, in a line or two."""
        return f"Finding({self.code!r}, {self.severity}: {shortened(self.text, TEXT_SHOWN)!r})"

    def __str__(self) -> str:
        where = self.evidence.file or ""
        if self.evidence.line is not None:
            where = f"{where or 'study file'}:{self.evidence.line}"
        return f"{where and f'{where}: '}{self.text} [{self.code}] {self.mend}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """Plain data in the shape of `findings.json`."""
        evidence = self.evidence
        return {
            "code": self.code,
            "severity": self.severity.value,
            "text": self.text,
            "evidence": {
                "numbers": dict(evidence.numbers),
                "file": evidence.file,
                "line": evidence.line,
                "column": evidence.column,
                "rows": list(evidence.rows),
                "n_rows": evidence.n_rows,
            },
            "mend": self.mend,
        }


@cache
def catalogue() -> dict[str, CodeEntry]:
    """Return every finding code, in alphabetical order."""
    import tomllib

    entries: dict[str, CodeEntry] = {}
    own = _code_files()
    for room, text in (*own.items(), *_code_files_of_others().items()):
        for code, body in tomllib.loads(text).items():
            if code in entries and room in own:
                raise ValueError(f"finding code {code!r} stands in two files")
            entries.setdefault(code, _entry(code, room, body))
    return dict(sorted(entries.items()))


@cache
def code_entry(code: str) -> CodeEntry:
    """Return one line of the table of codes, taking no more of the table apart than that.

    Raises
    ------
    KeyError
        The code is not in the table.
    """
    for files in (_code_files, _code_files_of_others):
        for room, text in files().items():
            if (found := _entry_in(text, code, room)) is not None:
                return found
    raise KeyError(code)


def _entry_in(text: str, code: str, room: str) -> CodeEntry | None:
    """Take one code out of a file of codes, if it is there."""
    import tomllib

    begin = text.find(f"\n[{code}]\n")
    if begin < 0:
        return None
    end = text.find("\n[", begin + 1)
    while end >= 0 and text.startswith(f"[{code}.", end + 1):
        end = text.find("\n[", end + 1)
    return _entry(code, room, tomllib.loads(text[begin : end if end >= 0 else None])[code])


@cache
def _code_files() -> dict[str, str]:
    """Text of each room's file of codes, with a line end in front."""
    folder = Path(__file__).parent / "finding_codes"
    return {path.stem: "\n" + path.read_text("utf-8") for path in sorted(folder.glob("*.toml"))}


@cache
def _code_files_of_others() -> dict[str, str]:
    """Text of `finding_codes.toml` of other packages; empty where it cannot be read."""
    import tomllib
    from importlib.metadata import entry_points
    from importlib.resources import files

    found: dict[str, str] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda item: item.name):
        found[entry.name] = ""
        with suppress(Exception, SystemExit):  # whatever another package does
            text = (files(entry.value) / "finding_codes.toml").read_text(encoding="utf-8")
            for code, body in tomllib.loads(text).items():
                _entry(code, entry.name, body)
            found[entry.name] = f"\n{text}"
    return found


def unread_codes() -> tuple[str, ...]:
    """Return packages whose codes could not be read, or hold one that exists already."""
    texts, known = _code_files_of_others(), catalogue()
    codes = {name: re.findall(r"(?m)^\[([^].]+)\]$", text) for name, text in texts.items()}
    clash = {name for name, own in codes.items() if any(known[code].room != name for code in own)}
    return tuple(name for name, text in texts.items() if not text or name in clash)


def _entry(code: str, room: str, body: dict[str, Any]) -> CodeEntry:
    severity = Severity(body.pop("severity"))
    return CodeEntry(code=code, room=room, severity=severity, **body)


_FIRST_FIELD = re.compile(r"\{(\w+)[:}]")


class _Sentence(string.Formatter):
    """Fills a template: `{x:.2f}`, `{n:# row|# rows}`, `{n:was|were}`, `{names:quoted}`.

    A bar parts what is written for 1 from what is written otherwise; `#` is the number. `quoted`
    and `list` write several names, `sentences` other findings. Missing numbers are a dash.
    """

    def __init__(self, count: Callable[[int], str]) -> None:
        self._count = count

    def format_field(self, value: Any, format_spec: str) -> str:
        if "|" in format_spec:
            one, many = format_spec.split("|")
            number = self._written(value)
            alone = value == 1 and number.strip() == "1"
            return (one if alone else many).replace("#", number)
        if format_spec in ("quoted", "list"):
            return listed(value, quotes=format_spec == "quoted")
        if format_spec == "sentences":
            return " ".join(item.worded(self._count) for item in value)
        if value is None:
            return "–"
        if hasattr(value, "worded") and not format_spec:
            return str(value.worded(self._count))
        if isinstance(value, Persons):
            return self._count(value)
        return format(value, format_spec)

    def _written(self, value: Any) -> str:
        return self._count(value) if isinstance(value, Persons) else f"{value:,}"


def filled(template: str, values: Mapping[str, Any], count: Callable[[int], str]) -> str:
    """Fill a template with values; each count of persons is written by `count`."""
    return _Sentence(count).vformat(template, (), values)


def sentence(template: str, values: Mapping[str, Any], count: Callable[[int], str]) -> str:
    """Fill the template of a finding; a count in words at its beginning has a capital."""
    text = filled(template, values, count)
    first = _FIRST_FIELD.match(template)
    counted = first is not None and isinstance(values.get(first[1]), int)
    return text[:1].upper() + text[1:] if counted else text


def listed(names: Iterable[Any], *, quotes: bool = False, most: int = 5) -> str:
    """Write a few names, in quotes or not, and count the rest."""
    words = [repr(str(name)) if quotes else str(name) for name in names]
    shown, rest = words[:most], len(words) - most
    if rest > 0:
        return f"{', '.join(shown)} and {rest} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def shortened(text: str, longest: int) -> str:
    """Cut a text that is longer, and show that there is more."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def finding(
    code: str,
    *,
    variant: str = "",
    mend: str | None = None,
    severity: Severity | None = None,
    numbers: Mapping[str, Any] | None = None,
    file: str | None = None,
    line: int | None = None,
    column: str | None = None,
    rows: Sequence[int] = (),
    n_rows: int | None = None,
    when_hidden: Mapping[str, Any] | None = None,
    **values: Any,
) -> Finding:
    """Make a finding; severity, sentence and mend come from the table of codes.

    Parameters
    ----------
    code : str
    variant : str
        Which of the code's sentences (`texts`), where it has several.
    mend, severity : optional
        In the place of the table's.
    numbers : mapping, optional
        Evidence that the sentence does not name.
    file, line, column, rows, n_rows
        Where it was seen; the sentence may name these too.
    when_hidden : mapping, optional
        What stands in the place of values where persons are hidden: counts of forms, rows or
        cells (`n_rows` as well) as `Forms`, since none is told without the persons whose they are;
        names without the counts that stand beside them.
    **values
        What the sentence names; they are evidence as well. A count of persons is a `Persons`.

    Raises
    ------
    KeyError
        The code is not in the table (every code must be explained there first), or the sentence
        names a value that was not given.
    """
    entry = code_entry(code)
    n_rows = len(rows) if n_rows is None and rows else n_rows
    named = {"file": file, "line": line, "column": column, "n_rows": n_rows, **values}
    template = entry.sentence(variant)
    if mend is None:
        mend = filled(entry.mends[variant], named, str) if variant in entry.mends else entry.mend
    return Finding(
        code=code,
        severity=severity or entry.severity,
        text=filled(template, named, "{:,}".format),
        mend=mend,
        evidence=Evidence(
            numbers=_plain({**values, **(numbers or {})}),
            file=file,
            line=line,
            column=column,
            rows=tuple(int(row) for row in rows[:ROWS_SHOWN]),
            n_rows=n_rows,
        ),
        template=template,
        values=named,
        when_hidden=when_hidden or {},
    )


class Findings:
    """The one collector: findings in the order they are told, so that all is said at once."""

    def __init__(self, found: Iterable[Finding] = ()) -> None:
        self._found: list[Finding] = list(found)

    def tell(self, code: str, **given: Any) -> None:
        """Add a finding; the arguments are those of `finding`."""
        self._found.append(finding(code, **given))

    def extend(self, found: Iterable[Finding]) -> None:
        """Add findings made elsewhere."""
        self._found.extend(found)

    def raise_refusals(self, error: Callable[[tuple[Finding, ...]], Exception]) -> None:
        """Raise `error` with every refusal told so far, if there is one."""
        refused = refusals(self._found)
        if refused:
            raise error(refused)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _plain(value: Any) -> Any:
    """Turn NumPy numbers into Python's and what is not finite into None, for JSON."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "worded") and not isinstance(value, float):  # words, not the same to all
        return value.worded(str)
    plain = value.item() if hasattr(value, "item") and not isinstance(value, str) else value
    if isinstance(plain, float) and not math.isfinite(plain):
        return None
    return plain


def refusals(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those findings that refuse something."""
    return tuple(item for item in findings if item.severity is Severity.REFUSAL)
