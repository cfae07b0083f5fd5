"""What adapted instruments and mixed lists make doubtful."""

from __future__ import annotations

from collections import Counter

from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.instruments.instrument import Instrument
from salutogen.study.study import Study


def check_adaptations(study: Study, found: FindingsByLine) -> None:
    """Say which lists and scales are not as published, and what no longer holds of them."""
    for name, instrument in study.instruments.items():
        if instrument.log:
            _check_adapted(instrument, found)
        if name in study.exposure_types:
            _check_sizes(instrument, found)


def _check_adapted(instrument: Instrument, found: FindingsByLine) -> None:
    here = f"instruments.{instrument.name}.adaptations"
    changes, reliability = str(instrument.log), instrument.reliability
    if instrument.is_checklist:
        only_added = {one.change for one in instrument.log.changes} == {"added"}
        found.tell(
            "list-adapted",
            at=here,
            variant="items-added" if only_added else "changed",
            name=instrument.name,
            changes=changes,
        )
    else:
        found.tell(
            "scale-adapted",
            at=here,
            variant="plain" if reliability is None else "reliability",
            name=instrument.name,
            changes=changes,
            reliability=reliability,
        )
    changed = [
        number for number in instrument.safety_numbers if instrument.log.touches(str(number))
    ]
    if changed:
        found.tell(
            "safety-item-changed",
            at=here,
            name=instrument.name,
            items=[f"item {number}" for number in changed],
            n=len(changed),
        )


def _check_sizes(instrument: Instrument, found: FindingsByLine) -> None:
    """Hassles and life events in one list are counted alike."""
    sizes = Counter(instrument.fact(item).size for item in instrument.items)
    if sizes["micro"] and sizes["macro"] and not instrument.justification:
        found.tell(
            "hassles-and-life-events-in-one-list",
            at=f"instruments.{instrument.name}.item_metadata",
            name=instrument.name,
            micro=sizes["micro"],
            macro=sizes["macro"],
        )
