"""Made-up data files of many forms with what is true of them, and the judgement of a draft."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from salutogen.study.format import GAP, expand_numbers
from salutogen.study.format.plain_yaml import load_yaml

PERSONS = (
    "pid", "id", "ID", "subject", "subject.ID", "participant_id", "code", "VP", "VPN", "Proband",
    "ID_anon", "Teilnehmer", "subj", "PatientID", "ppt", "respondent_id", "Kennung", "user_id",
    "VP_Code", "subid", "study_id", "record_id", "ResponseId", "CASE", "pseudonym", "uuid",
)  # fmt: skip
OCCASIONS = (
    "wave", "Wave", "time", "T", "session", "visit", "Messzeitpunkt", "MZP", "timepoint", "week",
    "occasion", "beep", "welle", "assessment", "wave_nr", "visit_no",
)  # fmt: skip
LABELS = (
    ["1", "2", "3", "4"], ["0", "1", "2"], ["T1", "T2", "T3"], ["pre", "post", "fu"],
    ["0", "3", "6", "12"], ["baseline", "week4", "week8"], ["01", "02", "03"],
)  # fmt: skip
PROBLEMS = {
    "phq-9": (9, 0, 3, ("PHQ", "phq9", "PHQ9", "phq")),
    "gad-7": (7, 0, 3, ("GAD", "gad7", "gad")),
    "ghq-12": (12, 0, 3, ("GHQ", "ghq12")),
    "ghq-28": (28, 0, 3, ("GHQ", "ghq28")),
    "k10": (10, 1, 5, ("K10", "kessler")),
    "bsi-18": (18, 0, 4, ("BSI", "bsi18")),
    "pcl-5": (20, 0, 4, ("PCL", "pcl5")),
}
EVENTS = {
    "ev": (8, 4), "EV": (10, 1), "LE": (12, 1), "hassles": (20, 5), "DH": (15, 3),
    "Ereignis": (9, 4), "life_event": (10, 1), "negative_events": (8, 3),
    "stressor": (9, 5), "LTE": (12, 1), "MIMIS": (58, 7), "events": (11, 5),
}  # fmt: skip
TOTALS = ("BDI_SUM", "CESD_total", "phq9_sum", "GAD_total", "bdi", "HADS_D_score", "BSI_Gesamtwert")
FACTORS = {"LOT": (10, 0, 4), "BRS": (6, 1, 5), "GSE": (10, 1, 4), "PSS": (10, 0, 4)}
NUMBERS = ("{stem}_{n}", "{stem}{n}", "{stem}.{n}", "{stem}_{n:02}", "{stem}_i{n}", "q_{stem}_{n}",
           "{stem}_{n}_raw", "{stem} {n}")  # fmt: skip
WAVES = (
    ("{item}_T{w}", ("0", "1", "2")), ("{item}_w{w}", ("1", "2", "3")),
    ("T{w}_{item}", ("1", "2", "3")),
    ("{item}.{w}", ("pre", "post")), ("{item}_wave{w}", ("1", "2", "3", "4")),
    ("t{w}.{item}", ("1", "2")), ("{item}_{w}", ("baseline", "post", "fu")),
)  # fmt: skip
MISSING = ("", "NA", "-99", "-9", ".", "999", "-77")


@dataclass
class MadeUp:
    """A file and what is true of it."""

    frame: pl.DataFrame
    layout: str
    person: str
    occasion: str | None
    labels: tuple[str, ...]
    problems: str
    problem_columns: set[str]
    exposure_columns: set[str]
    number: int
    about: list[str] = field(default_factory=list)


def made_up(seed: int) -> MadeUp:
    """Make one file."""
    draw = np.random.default_rng(seed)
    wide = draw.random() < 0.35
    n = int(draw.integers(25, 60))
    person = str(draw.choice(PERSONS))
    ids = _ids(draw, n)
    missing = str(draw.choice(MISSING))
    total = draw.random() < 0.2
    items, codes = _scales(draw, total)
    if wide:
        form, labels = WAVES[int(draw.integers(len(WAVES)))]
        occasion = None
    else:
        labels = tuple(LABELS[int(draw.integers(len(LABELS)))])
        occasion = str(draw.choice(OCCASIONS))
    level = draw.normal(size=n)
    columns: dict[str, list[str]] = {}
    keys = {"problems": set(), "exposure": set()}
    cells = {
        (kind, name, label): _cells(draw, kind, codes[kind], level, missing, total)
        for kind, names in items.items()
        for name in names
        for label in labels
    }
    if wide:
        columns[person] = ids
        for kind, names in items.items():
            for label in labels:
                for name in names:
                    column = form.format(item=name, w=label)
                    columns[column] = cells[kind, name, label]
                    if kind in keys:
                        keys[kind].add(column)
    else:
        columns[person] = [one for one in ids for _ in labels]
        columns[str(occasion)] = list(labels) * n
        for kind, names in items.items():
            for name in names:
                rows = [cells[kind, name, label] for label in labels]
                columns[name] = [rows[w][p] for p in range(n) for w in range(len(labels))]
                if kind in keys:
                    keys[kind].add(name)
    columns |= _decoys(draw, n, 1 if wide else len(labels), set(columns), items, total)
    order = list(columns)
    if draw.random() < 0.5:
        first = [name for name in order if name in ("", "X", "record_id")]
        order = [*first, *(name for name in order if name not in first)]
    frame = pl.DataFrame({name or "column 1": columns[name] for name in order})
    return MadeUp(
        frame, "row-per-person" if wide else "row-per-occasion", person, occasion, labels,
        codes["name"], keys["problems"], keys["exposure"], seed,
        [f"missing {missing!r}", f"total {total}"],
    )  # fmt: skip


def _ids(draw: np.random.Generator, n: int) -> list[str]:
    kind = draw.integers(4)
    if kind == 0:
        return [f"S{number:03}" for number in range(1, n + 1)]
    if kind == 1:
        return [str(number) for number in range(1, n + 1)]
    if kind == 2:
        return [str(number) for number in draw.permutation(np.arange(1001, 1001 + n))]
    letters = "ABCDEFGHKLMÜ"
    return [f"{letters[i % 12]}{letters[(i * 7 + 3) % 12]}{i:02}" for i in range(n)]


def _scales(draw: np.random.Generator, total: bool) -> tuple[dict[str, list[str]], dict[str, Any]]:
    form = str(draw.choice(NUMBERS))
    events = str(draw.choice(list(EVENTS)))
    n_events, top = EVENTS[events]
    codes: dict[str, Any] = {"exposure": (0, top)}
    if total:
        name = str(draw.choice(TOTALS))
        problems = [name]
        codes |= {"problems": (0, 40), "name": name}
    else:
        registered = str(draw.choice(list(PROBLEMS)))
        n_items, low, high, stems = PROBLEMS[registered]
        stem = str(draw.choice(stems))
        if form.startswith("{stem}{n}") and stem[-1].isdigit():
            form = "{stem}_{n}"
        problems = [form.format(stem=stem, n=number) for number in range(1, n_items + 1)]
        codes |= {"problems": (low, high - int(draw.random() < 0.2)), "name": registered}
    items = {
        "problems": problems,
        "exposure": [form.format(stem=events, n=number) for number in range(1, n_events + 1)],
    }
    if draw.random() < 0.4:
        factor = str(draw.choice(list(FACTORS)))
        n_items, low, high = FACTORS[factor]
        codes["other"] = (low, high)
        items["other"] = [form.format(stem=factor, n=number) for number in range(1, n_items + 1)]
    return items, codes


def _cells(
    draw: np.random.Generator, kind: str, codes: tuple[int, int], level: np.ndarray, missing: str,
    total: bool,
) -> list[str]:  # fmt: skip
    low, high = codes
    n = level.size
    if kind == "exposure":
        values = np.where(draw.random(n) < 0.7, low, draw.integers(low + 1, high + 1, n))
    else:
        values = low + (high - low) * (0.35 + 0.15 * level + 0.15 * draw.normal(size=n))
        values = np.clip(np.round(values), low, high).astype(int)
    gone = draw.random(n) < 0.04
    return [missing if away else str(value) for value, away in zip(values, gone, strict=True)]


def _decoys(
    draw: np.random.Generator, n: int, per: int, taken: set[str], items: dict[str, list[str]],
    total: bool,
) -> dict[str, list[str]]:  # fmt: skip
    rows = n * per
    made = {
        "": [str(row + 1) for row in range(rows)],
        "X": [str(row) for row in range(rows)],
        "record_id": [str(row + 1) for row in range(rows)],
        "month": [str(value) for value in draw.integers(1, 13, rows)],
        "age": [str(value) for value in np.repeat(draw.integers(18, 70, n), per)],
        "sex": [str(value) for value in np.repeat(draw.choice(["m", "f"], n), per)],
        "weight": [f"{value:.1f}" for value in draw.normal(75, 10, rows)],
        "duration": [str(value) for value in draw.integers(100, 900, rows)],
        "cortisol_1": [f"{value:.2f}" for value in draw.normal(5, 1, rows)],
        "cortisol_2": [f"{value:.2f}" for value in draw.normal(5, 1, rows)],
        "comment": [f"text {value}" for value in draw.integers(0, 10_000, rows)],
        "birthdate": [f"19{value}-03-01" for value in np.repeat(draw.integers(50, 99, n), per)],
        "date": [f"2026-0{1 + row % per}-{1 + row % 28:02}" for row in range(rows)],
        "StartDate": [f"2026-0{1 + row % per}-{1 + row % 28:02} 10:00" for row in range(rows)],
        "time": [str(row % per) for row in range(rows)],
        "language": [str(value) for value in np.repeat(draw.choice(["de", "en"], n), per)],
        "arm": [str(value) for value in np.repeat(draw.integers(0, 2, n), per)],
        "XY_1": [str(value) for value in draw.choice([0, 0, 0, 1, 2], rows)],
        "XY_2": [str(value) for value in draw.choice([0, 0, 0, 1, 2], rows)],
        "XY_3": [str(value) for value in draw.choice([0, 0, 0, 1, 2], rows)],
        "Q1": [str(value) for value in draw.integers(1, 6, rows)],
        "Q2": [str(value) for value in draw.integers(1, 6, rows)],
        "consent": ["yes"] * rows,
        "cohort": [str(value) for value in np.repeat(draw.choice(["A", "B"], n), per)],
        "satisfaction": [str(value) for value in draw.integers(0, 11, rows)],
        "Tag": [str(value) for value in draw.integers(1, 29, rows)],
        "steps": [str(value) for value in draw.integers(500, 20_000, rows)],
    }
    if not total:
        made["PHQ_sum" if items["problems"][0].lower().startswith("phq") else "sum_score"] = [
            str(value) for value in draw.integers(0, 27, rows)
        ]
    chosen = [name for name in made if draw.random() < 0.4 and name not in taken]
    return {name: made[name] for name in chosen}


def judged(truth: MadeUp, text: str) -> tuple[str, str]:
    """Judge a draft: right, open (a gap where the truth is known), or wrong; and why."""
    values = load_yaml(text, "draft").values
    source = values["sources"]["answers"]
    open_parts: list[str] = []
    for key, right in (("person", truth.person), ("occasion", truth.occasion)):
        told = source.get(key)
        if told == GAP:
            open_parts.append(key)
        elif told != right and not _says_the_same(truth.frame, told, right):
            return "wrong", f"{key}: {told!r}, not {right!r}"
    if source["layout"] != truth.layout:
        if open_parts or GAP in str(values["occasions"]):
            return "open", "layout"
        return "wrong", f"layout {source['layout']}"
    labels = _labels(values["occasions"])
    if labels is None:
        open_parts.append("labels")
    elif labels != truth.labels and source.get("occasion") == truth.occasion:
        return "wrong", f"labels {labels}, not {truth.labels}"
    for role, right_columns in (
        ("problems", truth.problem_columns), ("exposure", truth.exposure_columns)
    ):  # fmt: skip
        names = _named(values[role])
        if names == [GAP]:
            open_parts.append(role)
            continue
        columns = {c for name in names for c in _columns(values["instruments"][name], truth.labels)}
        if columns != right_columns:
            return "wrong", f"{role}: {sorted(columns ^ right_columns)[:4]}"
        registered = values["instruments"][names[0]].get("instrument", names[0])
        if role == "problems" and truth.problems in PROBLEMS and registered != truth.problems:
            return "wrong", f"{registered}, not {truth.problems}"
    wrong = [name for name in values["factors"] if name.split("-")[0] not in ("lot", "brs", "gse")]
    if wrong:
        return "wrong", f"factors {wrong}"
    return ("open", ", ".join(open_parts)) if open_parts else ("right", "")


def _says_the_same(frame: pl.DataFrame, told: Any, right: str | None) -> bool:
    """Whether another column parts the rows in the same way."""
    if not isinstance(told, str) or right is None:
        return False
    pairs = frame.select(told, right).n_unique()
    return pairs == frame[told].n_unique() == frame[right].n_unique()


def _labels(occasions: dict[str, Any]) -> tuple[str, ...] | None:
    if occasions.get("count") == GAP:
        return None
    if "labels" in occasions:
        return tuple(str(label) for label in occasions["labels"])
    return tuple(str(number + 1) for number in range(occasions["count"]))


def _named(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    return list(part.get("types", part.get("instruments")))


def _columns(use: dict[str, Any], labels: tuple[str, ...]) -> list[str]:
    patterns = use["columns"] if isinstance(use["columns"], list) else [use["columns"]]
    names = [name for pattern in patterns for name in expand_numbers(pattern)]
    if "{occasion}" not in names[0]:
        return names
    return [name.replace("{occasion}", label) for name in names for label in labels]
