"""What is wrong or doubtful with a study as planned, once its file could be read."""

from __future__ import annotations

from collections.abc import Collection

from salutogen.findings import refusals
from salutogen.study.check.adaptations import check_adaptations
from salutogen.study.check.bursts import check_bursts
from salutogen.study.check.coverage import check_coverage
from salutogen.study.check.item_wording import check_item_wording
from salutogen.study.check.momentary import check_momentary
from salutogen.study.check.names import check_names
from salutogen.study.check.roles import check_roles
from salutogen.study.check.schedule import check_schedule
from salutogen.study.check.sources import check_sources
from salutogen.study.check.totals import check_totals
from salutogen.study.findings_by_line import FindingsByLine
from salutogen.study.study import Study


def check_plan(study: Study, named: Collection[str], found: FindingsByLine) -> None:
    """Check how the parts of a study file fit together and what the plan makes doubtful.

    Parameters
    ----------
    study : Study
        The study as far as it could be read.
    named : collection of str
        Every instrument the file names, those included that could not be read.
    found : FindingsByLine
        Takes what is wrong or doubtful.
    """
    check_names(study, named, found)
    check_sources(study, found)
    check_momentary(study, found)
    check_schedule(study, found)
    check_roles(study, found)
    check_item_wording(study, found)
    check_adaptations(study, found)
    if not refusals(tuple(found)):
        check_totals(study, found)
        check_coverage(study, found)
        check_bursts(study, found)
