"""The design of a study in a few plain lines, as `salutogen check` tells it."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

from salutogen.findings import listed
from salutogen.study.check.bursts import planned_bursts
from salutogen.study.check.coverage import coverage
from salutogen.study.instruments.instrument import Instrument
from salutogen.study.instruments.item_facts import ItemFacts
from salutogen.study.study import Study


def outline(study: Study) -> list[str]:
    """Describe the design in plain lines: occasions, instruments, exposure coverage."""
    problems = ", ".join(_sized(study, name) for name in study.problems.instruments)
    lines = [_occasions(study), *_bursts(study), f"P: {problems}"]
    types = ", ".join(_scored(study, name) for name in study.exposure_types)
    lines.append(f"E: {types}; types enter as {study.plan.exposure.combine}")
    if study.plan.factors:
        lines.append(f"Factors: {', '.join(study.plan.factors)}")
    if study.prompted:
        lines.append(f"Momentary: {', '.join(_prompted(study, name) for name in study.prompted)}")
    windows = study.schedule.number_of_windows
    if windows:
        lines.append(f"Windows: {windows}")
    lines += [
        f"Coverage of {found.instrument}: {100 * found.share:.0f} % of the time between planned "
        f"occasions ({found.recall_days:.4g} days looked back on, every {found.interval_days:.4g} "
        "days)"
        for found in coverage(study)
    ]
    return lines + [line for name in study.instruments for line in _instrument(study, name)]


def _instrument(study: Study, name: str) -> list[str]:
    """Where an instrument comes from, how it was adapted, and what is known of its items."""
    instrument = study.instruments[name]
    told = {
        "": instrument.origin,
        " note": instrument.notes,
        " adapted": str(instrument.log),
        " items": _known_of_items(instrument),
        " safety": _safety(instrument),
    }
    return [f"{name}{about}: {words}" for about, words in told.items() if words]


def _known_of_items(instrument: Instrument) -> str:
    """Count items by what is known of them, such as `5 micro; 3 work, 2 family`."""
    parts = []
    for field in fields(ItemFacts):
        known = [getattr(instrument.fact(item), field.name) for item in instrument.items]
        counts = Counter(value for value in known if value is not None)
        if counts:
            told = ", ".join(f"{number} {value}" for value, number in counts.items())
            parts.append(f"{field.name}: {told}")
    return "; ".join(parts)


def _safety(instrument: Instrument) -> str:
    """Items that someone should look at, since a run does not."""
    if not instrument.safety_numbers:
        return ""
    numbers = listed(instrument.safety_numbers, most=len(instrument.safety_numbers))
    many = len(instrument.safety_numbers) != 1
    told = f"items {numbers} ask" if many else f"item {numbers} asks"
    return f"{told} after danger to the person; nobody is alerted by a run"


def _occasions(study: Study) -> str:
    number = len(study.occasions)
    days = [one.day for one in study.occasions if one.day is not None]
    words = f"{number} planned occasion{'s' if number != 1 else ''}"
    if number > 1 and len(days) == number:
        words += f" over {days[-1] - days[0]:.4g} days"
    return words


def _bursts(study: Study) -> list[str]:
    """Bursts of momentary answers, such as `7 days × 10 prompts at each`."""
    every = len(study.occasions)
    return [
        f"Bursts: {burst.days} day{'s' if burst.days != 1 else ''} × {burst.prompts_per_day} "
        f"prompt{'s' if burst.prompts_per_day != 1 else ''} at "
        f"{'each' if number == every else f'{number} of them'}"
        for burst, number in planned_bursts(study).items()
    ]


def _sized(study: Study, name: str) -> str:
    """Name an instrument with its number of items; a ready-made score has none."""
    if study.instruments[name].total:
        return f"{name} (ready-made score)"
    number = len(study.instruments[name].items)
    return f"{name} ({number} item{'s' if number != 1 else ''})"


def _prompted(study: Study, name: str) -> str:
    """Name a momentary instrument with its number of items, and its role."""
    number = len(study.prompted[name].items)
    named = {} if study.plan.momentary is None else study.plan.momentary.named
    roles = {"negative": "negative affect", "positive": "positive affect"}
    role = next((roles.get(role, role) for role, one in named.items() if one == name), "")
    told = f" as {role}" if role else ""
    return f"{name}{told} ({number} item{'s' if number != 1 else ''})"


def _scored(study: Study, name: str) -> str:
    """Name an exposure type and how it is scored; a ready-made score is taken as it is."""
    if study.instruments[name].total:
        return _sized(study, name)
    return f"{_sized(study, name)} by {study.exposure_score(name)}"
