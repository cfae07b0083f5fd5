"""`Results`: everything one run found.

Sign convention: SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.contract import AnalysisResult, Backbone
from salutogen.analyses.running import Outcome
from salutogen.context import Progress, RunContext, silent
from salutogen.display import SIGN, card
from salutogen.findings import Finding
from salutogen.names import did_you_mean
from salutogen.norm import Norm
from salutogen.page.privacy import Guard
from salutogen.panel import Panel
from salutogen.resilience import Resilience
from salutogen.resilience.levels import completed
from salutogen.scores import Scores
from salutogen.study import Study

if TYPE_CHECKING:
    from salutogen.page.drawing_processes import DrawingProcesses
    from salutogen.report.report import Report


@dataclass(frozen=True, kw_only=True, repr=False)
class Results:
    """Everything one run found. SR = observed - expected problems; positive = less resilient.

    Attributes
    ----------
    study, panel, score_table, norm, resilience
        What each room gave.
    context : RunContext
        Seed, audience and executor of the run.
    analyses : tuple of Outcome
        The analyses after the backbone, in the order of the page.
    findings : tuple of Finding
        All findings, in the order of the rooms.
    provenance : mapping
        Inputs, versions and seed.
    """

    study: Study
    panel: Panel
    score_table: Scores
    norm: Norm
    resilience: Resilience
    context: RunContext
    analyses: tuple[Outcome, ...] = ()
    findings: tuple[Finding, ...] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seed(self) -> int:
        """Seed of every random step."""
        return self.context.seed

    @property
    def backbone(self) -> Backbone:
        """Results of the fixed rooms."""
        return Backbone(
            study=self.study,
            panel=self.panel,
            scores=self.score_table,
            norm=self.norm,
            resilience=self.resilience,
        )

    @property
    def scores(self) -> pl.DataFrame:
        """Occasions: `subject, occasion, time, E, P, P_expected, SR`, then more."""
        return _in_texts(completed(self.resilience.occasions, "occasion", self.norm))

    @property
    def windows(self) -> pl.DataFrame:
        """Windows: `subject, window, ..., SR_frozen, SR_refit`."""
        return _in_texts(completed(self.resilience.windows, "window", self.norm))

    @property
    def persons(self) -> pl.DataFrame:
        """Persons: `subject, n_valid, E, P, P_expected, SR`, then more."""
        return self.resilience.persons

    @property
    def told_findings(self) -> tuple[Finding, ...]:
        """The findings as `findings.json` has them: where persons are hidden, without cells, rows
        and small counts.
        """
        if self.context.audience.individuals:
            return self.findings
        guard = Guard(self.context.audience, self.panel.identifiers)
        return tuple(guard.finding(item) for item in self.findings)

    def analysis(self, label: str) -> AnalysisResult:
        """Return the result of an analysis by its label.

        Raises
        ------
        KeyError
            There is none of this label, or it was refused.
        """
        found = {item.label: item.result for item in self.analyses}
        if label not in found:
            raise KeyError(f"There is no analysis {label!r}.{did_you_mean(label, found)}")
        result = found[label]
        if result is None:
            raise KeyError(f"The analysis {label!r} was not done; its findings say why.")
        return result

    def to_dict(self) -> dict[str, Any]:
        """Return the content of `results.json`."""
        from salutogen.pipeline.results_json import results_to_dict

        return results_to_dict(self)

    def report(self, drawing: DrawingProcesses | None = None) -> Report:
        """Build the report page with its figures and tables."""
        from salutogen.report import Context, build_report

        context = Context.of(
            self.backbone,
            self.context,
            outcomes=self.analyses,
            findings=self.findings,
            provenance=self.provenance,
        )
        return build_report(context, drawing)

    def save(
        self,
        out: str | Path,
        *,
        force: bool = False,
        verbatim: bool = False,
        progress: Progress = silent,
    ) -> Path:
        """Write everything into a folder, complete or not at all.

        Parameters
        ----------
        out : path
        force, verbatim, progress
            As in `salutogen.run`.

        Raises
        ------
        ReportError
            The folder holds something (and `force` is not set, or the program did not write it)
            or cannot be written.
        """
        from salutogen.pipeline.output_folder import claimed
        from salutogen.pipeline.what_is_read import what_is_read
        from salutogen.pipeline.writing import write_results

        with claimed(Path(out), force=force, reads=what_is_read(self.study)) as place:
            write_results(self, place, progress, verbatim=verbatim)
        return Path(out)

    def __repr__(self) -> str:
        """Name the study and what was found, in one line."""
        done = ", ".join(item.label for item in self.analyses if item.result is not None)
        return (
            f"Results({self.study.title!r}: {self.panel.n_persons} persons, "
            f"{self.panel.n_rows} answer forms; analyses: {done or 'none'}; "
            f"{len(self.findings)} findings; seed {self.seed})"
        )

    def _repr_html_(self) -> str:
        line = self.norm.primary_line
        facts: dict[str, object] = {
            "Persons": self.panel.n_persons,
            "Answer forms": self.panel.n_rows,
            f"Line over {line.level}s": f"n = {line.n}, R² = {line.r_squared:.3f}",
            **dict(zip(line.names, line.coefficients, strict=True)),
        }
        return card(self.study.title, facts, self.findings, note=SIGN)


def _in_texts(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose labels of occasions are texts, which every other table can be joined to.

    Inside, they are kept in a byte a row.
    """
    return table.with_columns(pl.selectors.enum().cast(pl.String))
