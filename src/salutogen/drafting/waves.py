"""Occasions inside the names of columns: `PHQ_T1_1`, `T1_PHQ_1`, `bdi_s0`, `GAD_3_post`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from salutogen.drafting.cells import DataTable
from salutogen.drafting.known_scales import known_scale
from salutogen.drafting.numbered_names import slots
from salutogen.drafting.words_of_names import names_time, names_total, occasion_rank
from salutogen.study.format import OCCASION_PLACEHOLDER

_STRONG = frozenset(
    (
        "t", "w", "wave", "tp", "time", "timepoint", "occ", "occasion", "welle", "mzp", "zp",
        "zeitpunkt", "messzeitpunkt", "visit", "session", "sess", "ses", "month", "mon", "mo",
        "week", "wk", "woche", "assessment", "fu", "followup", "beep", "round", "year", "yr",
        "jahr", "measurement",
    )
)  # fmt: skip
_WEAK = ("s", "v", "m", "d", "day", "tag", "y", "k", "a", "x")
_STAGES = (  # before, amid, after and long after, in several languages
    "screening baseline base bl pre prä prae pré vorher avant antes basal prima voor voormeting до",
    "mid mitte",
    "end post nachher nach apres après despues después depois dopo nameting na после",
    "fu followup katamnese seguimiento suivi",
)
_ORDER = {word: place for place, stage in enumerate(_STAGES) for word in stage.split()}
_WORDS = tuple(sorted(_ORDER, key=len, reverse=True))
_BEGINS = r"(?:(?<=[^A-Za-zÄÖÜäöüß0-9])|(?<=[a-zäöüß])(?=[A-ZÄÖÜ])|^)"
_ENDS = r"(?=[^0-9A-Za-zÄÖÜäöüß]|$)"
_MARKED = re.compile(
    _BEGINS + r"(?P<mark>[A-Za-zÄÖÜäöüß]+)(?P<sign>[_.\-]?)(?P<digits>\d{1,4})"
    r"(?=[^0-9A-Za-zÄÖÜäöüß]|$|[A-ZÄÖÜ])"
)
_WORDED = re.compile(
    _BEGINS + f"(?P<word>(?i:{'|'.join(_WORDS)}))" + r"(?P<digits>\d{0,2})" + _ENDS
)
_SPANS = re.compile(
    r"(?:(?<=[^A-Za-zÄÖÜäöüß0-9])|^)(?P<digits>\d{1,3})(?P<sign>[_.\-]?)(?P<mark>(?i:"
    r"months?|monate?|mon?|weeks?|wks?|wochen?|wo|days?|tage?|years?|yrs?|jahre?|hours?|[mwdy]))"
    + _ENDS
)
_SCORES_FROM = 20.0  # a span of values that no answer to one item has
FEWEST_LABELS = 2


@dataclass(frozen=True, slots=True)
class _Mark:
    """A part of a name that may say the occasion."""

    name: str
    before: str
    mark: str
    digits: str
    after: str
    strong: bool
    span: bool = False

    @property
    def label(self) -> str:
        """The occasion as the name has it: `post`, `T1`, and `6m` of a time that has passed."""
        return self.digits + self.mark if self.span else self.mark + self.digits

    @property
    def place(self) -> tuple[str, str]:
        return self.before, self.after

    @property
    def template(self) -> tuple[str, ...]:
        """The name without the occasion; a weak mark stays part of it."""
        return self.place if self.strong else (*self.place, self.mark)


@dataclass(frozen=True)
class Waves:
    """How the names of a file with one row per person tell the occasion.

    Attributes
    ----------
    labels : tuple of str
        Labels of the occasions, in order.
    patterns : mapping of str to (mapping of label to column)
        The columns of each pattern such as `PHQ_T{occasion}_1`, at two or more occasions.
    single : mapping of str to str
        Label of the columns that name an occasion but stand at no other.
    unclear : tuple of str
        Columns with two numbers, of which it cannot be told which is the occasion.
    """

    labels: tuple[str, ...]
    patterns: Mapping[str, Mapping[str, str]]
    single: Mapping[str, str] = field(default_factory=dict)
    unclear: tuple[str, ...] = ()


def find_waves(table: DataTable, taken: Sequence[str] = ()) -> Waves | None:
    """Find what tells the occasion in the names of columns; None where nothing does."""
    names = [name for name in table.columns if name not in taken and "{" not in name]
    marks = [mark for name in names for mark in _marks(name)]
    kept = _best_scheme(marks, table)
    if kept:
        return _waves(kept)
    return _unmarked(names, table)


def _marks(name: str) -> list[_Mark]:
    found = []
    for match in _MARKED.finditer(name):
        mark = match["mark"].lower()
        strong = mark in _STRONG
        if (strong and (len(mark) > 1 or not match["sign"])) or (
            mark in _WEAK and not match["sign"]
        ):
            before, after = name[: match.start()], name[match.end() :]
            written = match["mark"] + match["sign"]
            found.append(_Mark(name, before, written, match["digits"], after, strong))
    for match in _WORDED.finditer(name):
        if match["word"].lower() in _STRONG and match["digits"]:
            continue  # told as a mark already
        before, after = name[: match.start()], name[match.end() :]
        found.append(_Mark(name, before, match["word"], match["digits"], after, strong=True))
    for match in _SPANS.finditer(name):
        before, after = name[: match.start()], name[match.end() :]
        strong = len(match["mark"]) > 1
        written = match["sign"] + match["mark"]
        found.append(_Mark(name, before, written, match["digits"], after, strong, span=True))
    return [mark for mark in found if (mark.before + mark.after).strip("_.- ")]


def _best_scheme(marks: list[_Mark], table: DataTable) -> list[_Mark]:
    """The marks that tell occasions: of templates that stand at two occasions or more."""
    templates: dict[tuple[str, ...], list[_Mark]] = defaultdict(list)
    for mark in marks:
        templates[mark.template].append(mark)
    repeated = {key: found for key, found in templates.items() if len(_labels(found)) > 1}
    sets = Counter(_labels(found) for found in repeated.values())
    repeated = {
        key: found
        for key, found in repeated.items()
        if _tells_occasions(found, sets[_labels(found)] > 1, table)
    }
    counts: Counter[str] = Counter()
    for found in repeated.values():
        if not any(names_time(one.name) for one in found):
            for name in {one.mark for one in found}:
                counts[name] += len(found) * (3 if found[0].strong else 1)
    if not counts:
        return []
    best = counts.most_common(1)[0][0]
    chosen = {
        key: found
        for key, found in repeated.items()
        if any(one.mark == best for one in found) or names_time(found[0].name)
    }
    places = {(found[0].before, found[0].after) for found in chosen.values()}
    kept = [one for found in chosen.values() for one in found]
    kept += [one for one in marks if one.strong and one not in kept and one.place in places]
    labels, names = _labels(kept), {one.name for one in kept}
    return kept + [
        one for one in marks if one.name not in names and (one.mark, one.digits) in labels
    ]


def _labels(found: Sequence[_Mark]) -> frozenset[tuple[str, str]]:
    return frozenset((one.mark, one.digits) for one in found)


def _tells_occasions(found: list[_Mark], shared: bool, table: DataTable) -> bool:
    """Whether marks of one template tell occasions rather than items.

    Words do. A letter may as well number the items (`STAI_T1` to `STAI_T20`), so it needs a second
    number in the names, values that are scores, or other names with the same occasions.
    """
    if all(one.strong and len(one.mark.rstrip("_.-")) > 1 for one in found):
        return True
    two_numbers = bool(slots(found[0].before + found[0].after))
    if _are_scores([one.name for one in found], table):
        return True
    return (two_numbers or shared) if found[0].strong else (two_numbers and shared)


def _are_scores(names: Sequence[str], table: DataTable) -> bool:
    """Whether most of these columns hold scores, which no answers to single items are."""
    wide = 0
    for name in names:
        numbers = table.columns[name].numbers.drop_nulls()
        low, high = numbers.min(), numbers.max()
        if isinstance(low, float) and isinstance(high, float):
            wide += high - low >= _SCORES_FROM or not table.columns[name].whole
    return wide >= 0.6 * len(names)


def _waves(kept: list[_Mark]) -> Waves:
    """Write patterns: with the mark in them where it is the same at all occasions."""
    alone = len({one.mark for one in kept}) == 1 and all(one.digits for one in kept)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    keys: dict[str, tuple[int, int, int]] = {}
    firsts: dict[str, int] = {}
    for one in kept:
        label = one.digits if alone else one.label
        marks = (one.mark, "") if not one.span else ("", one.mark)
        before, after = marks if alone else ("", "")
        pattern = one.before + before + OCCASION_PLACEHOLDER + after + one.after
        found[pattern].setdefault(label, one.name)
        plain = one.mark.lower().strip("_.-")
        place = firsts.setdefault(plain, len(firsts))
        first = _ORDER.get(plain, 1) if not one.digits or plain in ("fu", "followup") else 1
        keys[label] = (first, place, int(one.digits or 0))
    labels = tuple(sorted(keys, key=lambda label: keys[label]))
    return _sorted_out(found, labels)


def _sorted_out(found: Mapping[str, Mapping[str, str]], labels: tuple[str, ...]) -> Waves:
    several = {pattern: columns for pattern, columns in found.items() if len(columns) > 1}
    single = {
        column: label
        for columns in found.values()
        if len(columns) == 1
        for label, column in columns.items()
    }
    used = {label for columns in several.values() for label in columns}
    return Waves(tuple(label for label in labels if label in used), several, single)


def _unmarked(names: Sequence[str], table: DataTable) -> Waves | None:
    """Names with two bare numbers (`phq_1_2`), or scores with one (`bdi_1`, `bdi_2`)."""
    twice: dict[tuple[str, str, str], list[tuple[str, str, str]]] = defaultdict(list)
    once: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for name in names:
        found = slots(name)
        if len(found) >= 2:
            first, second = found[-2], found[-1]
            between = second.before[len(first.before) + len(first.digits) :]
            if between and not any(sign.isalpha() for sign in between):
                twice[first.before, between, second.after].append(
                    (first.digits, second.digits, name)
                )
        elif len(found) == 1 and found[0].before.strip("_.- "):
            once[found[0].template].append((found[0].digits, name))
    crossed = {key: cells for key, cells in twice.items() if _is_crossed(cells)}
    if crossed:
        return _with_totals(_crossed(crossed, once), once, table)
    scores = {
        key: cells
        for key, cells in once.items()
        if FEWEST_LABELS <= len(cells) <= 60
        and _are_scores([name for _, name in cells], table)
        and known_scale(key[0]) is not None
    }
    if not scores:
        return None
    patterns = {
        before + OCCASION_PLACEHOLDER + after: dict(cells)
        for (before, after), cells in scores.items()
    }
    labels = sorted({label for columns in patterns.values() for label in columns}, key=int)
    return Waves(tuple(labels), patterns)


def _with_totals(
    waves: Waves, once: Mapping[tuple[str, str], list[tuple[str, str]]], table: DataTable
) -> Waves:
    """Add what stands beside the items of each occasion: `BDI1.total` to `BDI1.1`, `BDI1.2`.

    Names with the occasion at their end (`phqTotal_1` to `phq1_1`) could as well be items, so they
    need all occasions and a word for a total or a time, or values that are scores.
    """
    halves = [pattern.partition(OCCASION_PLACEHOLDER) for pattern in waves.patterns]
    begins = {before for before, _, after in halves if slots(after)}
    ends = {(before[-1:], after) for before, _, after in halves if not slots(after)}
    beside = {}
    for (before, after), cells in once.items():
        labels = {label for label, _ in cells}
        names = [name for _, name in cells]
        spoken = names_total(before) or names_time(before) or occasion_rank(before) is not None
        at_end = (before[-1:], after) in ends and labels == set(waves.labels)
        if (before in begins and after and labels <= set(waves.labels)) or (
            at_end and (spoken or _are_scores(names, table))
        ):
            beside[before + OCCASION_PLACEHOLDER + after] = dict(cells)
    several = {pattern: columns for pattern, columns in beside.items() if len(columns) > 1}
    return replace(waves, patterns={**waves.patterns, **several})


def _is_crossed(cells: Sequence[tuple[str, str, str]]) -> bool:
    """Whether two numbers vary, each against the other."""
    first = {one for one, _, _ in cells}
    second = {two for _, two, _ in cells}
    return len(first) >= 2 and len(second) >= 2 and len(cells) >= 0.8 * len(first) * len(second)


def _counts_items(digits: set[str]) -> bool:
    """Whether numbers may count items: from 1, without a gap; grades 7 to 10 do not."""
    return {int(one) for one in digits} == set(range(1, len(digits) + 1))


def _crossed(
    crossed: Mapping[tuple[str, str, str], list[tuple[str, str, str]]],
    once: Mapping[tuple[str, str], list[tuple[str, str]]],
) -> Waves:
    """Tell items from occasions: by a known scale's items, by totals, by what all scales share."""
    votes = {True: 0, False: 0}
    for (before, _, after), cells in crossed.items():
        first, second = {one for one, _, _ in cells}, {two for _, two, _ in cells}
        votes[True] += any(
            begin == before and names_total(end) and first == {digits for digits, _ in scores}
            for (begin, end), scores in once.items()
        )
        scale = known_scale(before + after)
        if scale is not None and scale.entries and len(first) != len(second):
            votes[True] += scale.entry_for(len(second)) is not None
            votes[False] += scale.entry_for(len(first)) is not None
        counted = [_counts_items(first), _counts_items(second)]
        votes[True] += counted == [False, True]
        votes[False] += counted == [True, False]
    if len(crossed) > 1:
        firsts = {frozenset(one for one, _, _ in cells) for cells in crossed.values()}
        seconds = {frozenset(two for _, two, _ in cells) for cells in crossed.values()}
        votes[True] += len(firsts) == 1 < len(seconds)
        votes[False] += len(seconds) == 1 < len(firsts)
    names = tuple(name for cells in crossed.values() for _, _, name in cells)
    if bool(votes[True]) == bool(votes[False]):
        return Waves((), {}, unclear=names)
    occasion_first = votes[True] > 0
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for (before, between, after), cells in crossed.items():
        for one, two, name in cells:
            here = (OCCASION_PLACEHOLDER, two) if occasion_first else (one, OCCASION_PLACEHOLDER)
            label = one if occasion_first else two
            found[f"{before}{here[0]}{between}{here[1]}{after}"][label] = name
    labels = {label for columns in found.values() for label in columns}
    return _sorted_out(found, tuple(sorted(labels, key=lambda label: (int(label), label))))
