"""Tables of effects in groups of persons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.change.alike import in_titles
from salutogen.analyses.change.groups import (
    GROUP_COLUMNS,
    GROUP_PATH_COLUMNS,
    GROUP_TEST_COLUMNS,
)
from salutogen.page.section import Table

if TYPE_CHECKING:
    from salutogen.analyses.change.analysis import ChangeResult

SHOWN = tuple(
    column for column in GROUP_PATH_COLUMNS
    if column.name not in ("source", "outcome", "lag", "occasion")
)  # fmt: skip


def group_tables(result: ChangeResult) -> tuple[Table, ...]:
    """Effects in each group, tests of their equality, and who was in the groups."""
    by = result.groups_by
    return (
        Table(
            name="change-group-effects",
            title=f"Effects in each group of {by} (random intercepts)",
            frame=in_titles(result, result.group_paths).select(column.name for column in SHOWN),
            columns=SHOWN,
            note="Means, levels and deviations are each group's own, too. In SDs over all persons "
            "and occasions, so that groups can be compared.",
        ),
        Table(
            name="change-group-tests",
            title=f"Whether effects differ between groups of {by}",
            frame=in_titles(result, result.group_tests),
            columns=GROUP_TEST_COLUMNS,
            note="All effects together: effects that all groups share against each group's own "
            "(scaled likelihood ratio). One effect: Wald's test where each group has its own.",
        ),
        Table(
            name="change-groups",
            title=f"Groups of {by}",
            frame=result.groups,
            columns=GROUP_COLUMNS,
        ),
    )
