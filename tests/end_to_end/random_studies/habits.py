"""What people do otherwise than the plain study: words as answers, totals, files per occasion."""

from __future__ import annotations

from copy import copy
from typing import Any

from tests.end_to_end.random_studies.drawing import Lot
from tests.end_to_end.random_studies.plan import HABITS, Plan, Scale

WORDS = ("Not at all", "several  days", "More than half the days", "Nearly every day", "Always",
         "Ständig", "6 or more", "seven", "eight", "nine", "more")  # fmt: skip
BOOLEANS = (("FALSE", "TRUE"), ("no", "Yes"), ("nein", "ja"), ("False", "True"), ("n", "y"))
DID_NOT_OCCUR = -7
PER_DAY = {"minutes": 1440.0, "hours": 24.0, "weeks": 1 / 7, "days since 1970-01-01": 1.0}


def add_habits(plan: Plan) -> None:
    """Let a study differ from the plain one, now and then."""
    lot = plan.lot.apart(HABITS)
    for scale in tuple(plan.scales):
        entry = plan.values["instruments"][scale.name]
        if entry["columns"] and len(scale.columns) == 1 and scale.high > 20:
            _total(plan, scale, entry, lot)
        else:
            _written(plan, scale, entry, lot)
        if lot.chance(0.06) and not entry.get("total"):
            _item_facts(plan, scale, entry, lot)
    if lot.chance(0.08):
        _not_refused(plan, lot)
    _sources(plan, lot)
    if lot.chance(0.05):
        name = plan.scales[0].name
        plan.values["population"] = {"description": "Volunteers <18+>", "selected_on": [name]}
    rows = plan.layout == "row-per-occasion" and not plan.habits.per_occasion
    if rows and lot.chance(0.15):
        _split(plan)


def _total(plan: Plan, scale: Scale, entry: dict[str, Any], lot: Lot) -> None:
    """Ready-made scores: declared or not, with a range or without, whole or not."""
    if lot.chance(0.4):
        entry["total"] = True
        if lot.chance(0.3):
            entry.pop("did_not_occur", None)
        if lot.chance(0.2):
            entry.pop("answers")
    elif lot.chance(0.15):
        entry.pop("answers")
    if lot.chance(0.3):
        plan.change(scale.name, decimals=True)


def _written(plan: Plan, scale: Scale, entry: dict[str, Any], lot: Lot) -> None:
    """Answers as words, as yes and no, or with a code of their own for what did not happen."""
    source = plan.values["sources"]["answers"]
    if scale.high - scale.low < len(WORDS) and lot.chance(0.08):
        words = {WORDS[code - scale.low]: code for code in range(scale.low, scale.high + 1)}
        if scale.role == "exposure" and lot.chance(0.5):  # some stay numbers
            words.pop(WORDS[0])
        entry["recode"] = {" ".join(word.split()): code for word, code in words.items()}
        plan.change(scale.name, words={str(code): word for word, code in words.items()})
    elif scale.high == 1 and (source.get("boolean") or lot.chance(0.12)):
        source["boolean"] = "answer"
        plan.change(scale.name, words=dict(zip("01", lot.one(*BOOLEANS), strict=True)))
    elif "did_not_occur" in entry and not scale.ticks and scale.high > 1 and lot.chance(0.1):
        entry |= {"did_not_occur": DID_NOT_OCCUR, "answers": f"1..{scale.high}"}
        plan.change(scale.name, words={"0": str(DID_NOT_OCCUR)})


def _item_facts(plan: Plan, scale: Scale, entry: dict[str, Any], lot: Lot) -> None:
    """What is known of the items, how the list was changed, and its subscales."""
    first, last = scale.items[0], scale.items[-1]
    facts: list[dict[str, Any]] = [{"domain": "work", "size": lot.one("micro", "macro")}]
    facts.append({"items": [first], "objectivity": lot.one("verifiable", "reported", "appraised")})
    entry["item_metadata"] = facts
    changes: list[dict[str, Any]] = []
    if lot.chance(0.5):
        changes.append({"change": "reworded", "items": [first], "reason": "too long"})
    if lot.chance(0.5) and len(scale.items) > 1 and "asked" not in entry:
        changes += _added_or_left_out(plan, scale, entry, last)
    if changes:
        entry["adaptations"] = changes
    own = "method" in entry or scale.role == "exposure"
    if own and len(scale.items) > 1 and lot.chance(0.4) and scale.name != "lte-q":
        kept = [item for item in scale.items if item != last]
        entry["subscales"] = {plan.naming.name("first part"): kept, "last": [last]}
        if any(one["change"] == "added" for one in changes):
            entry["subscales"].pop("last")


def _added_or_left_out(
    plan: Plan, scale: Scale, entry: dict[str, Any], last: str
) -> list[dict[str, Any]]:
    """Say that the last item was added; of a registered list, that it was left out."""
    if "measures" in entry:
        block = plan.naming.name("block")
        return [{"change": "added", "items": [last], "block": block, "reason": "interviews",
                 "when": 2024}]  # fmt: skip
    entry["columns"] = list(scale.columns[:-1])
    plan.change(scale.name, columns=scale.columns[:-1])
    return [{"change": "left-out", "items": [len(scale.items)], "reason": "told by nobody"}]


def _split(plan: Plan) -> None:
    """Let exposure stand in a file of its own."""
    plan.habits.split = True
    answers = plan.values["sources"]["answers"]
    lists = {"file": "lists.csv", "layout": plan.layout}
    shared = [key for key in ("person", "occasion", "boolean") if key in answers]
    lists |= {key: copy(answers[key]) for key in shared}
    plan.values["sources"]["lists"] = lists
    for scale in plan.scales:
        source = "lists" if scale.role == "exposure" else "answers"
        plan.values["instruments"][scale.name]["source"] = source
    described = [*plan.values.get("background", {}).values()]
    described += [plan.values["arms"]] if plan.arms else []
    for entry in described:
        entry.setdefault("source", "answers")


def _not_refused(plan: Plan, lot: Lot) -> None:
    """Impossible answers count as missing."""
    scale = lot.one(*plan.scales)
    plan.change(scale.name, impossible=True)
    if lot.chance(0.5):
        plan.values["invalid"] = "missing"
    else:
        plan.values["instruments"][scale.name]["invalid"] = "missing"


def _sources(plan: Plan, lot: Lot) -> None:
    """Where the answers stand and what makes a person and an occasion."""
    habits, source, column = plan.habits, plan.values["sources"]["answers"], plan.naming.column
    if lot.chance(0.08):
        habits.sites = True
        person = [column("centre"), column("number")]
        for one in plan.values["sources"].values():
            one["person"] = list(person)
    if plan.layout != "row-per-item" and lot.chance(0.1):
        code = lot.one(2, "complete", [1, 2])
        habits.done = str(code[0] if isinstance(code, list) else code)
        marker = column("done") + ("_w{occasion}" if plan.wide else "")
        source["complete"] = {"column": marker, "code": code}
    habits.duplicates = lot.one("", "", "", "", "", "", "", "", "", "exact", "blank", "first",
                                "last", "merge")  # fmt: skip
    if plan.layout == "row-per-item" and habits.duplicates not in ("exact", "blank"):
        habits.duplicates = ""
    if habits.duplicates in ("first", "last", "merge"):
        source["duplicates"] = habits.duplicates
    if not plan.wide:
        counted = plan.labels == tuple(str(place + 1) for place in range(len(plan.labels)))
        if plan.layout == "row-per-occasion" and lot.chance(0.1):
            habits.per_occasion = True
            source.pop("file")
            source.pop("occasion")
            source["files"] = {label: f"answers {label}.csv" for label in plan.labels}
        elif counted and len(plan.labels) % 2 == 0 and lot.chance(0.1):
            habits.beeps = True
            source["occasion"] = [column("half"), column("beep")]
    if plan.time:
        _times(plan, source["time"], lot)


def _times(plan: Plan, time: dict[str, Any], lot: Lot) -> None:
    """How times are written: moments with or without a zone, dates with points, other units."""
    habits = plan.habits
    if lot.chance(0.15):
        habits.stamps = lot.one("offset", "utc", "local")
        plan.time = "datetime"
        time["unit"] = "datetime"
        if habits.stamps != "offset" or lot.chance(0.3):
            time["zone"] = lot.one("Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo")
    elif plan.time == "date" and lot.chance(0.15):
        habits.stamps = "points"
        time["format"] = "%d.%m.%Y"
    elif plan.time == "days" and lot.chance(0.2):
        time["unit"] = lot.one(*PER_DAY)
        habits.per_day = PER_DAY[time["unit"]]
