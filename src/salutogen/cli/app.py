"""The commands of `salutogen`. Each parses, calls one function and prints."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from salutogen.cli.ending import USAGE, ending, say_wrong_usage
from salutogen.cli.printing import json_text, prepare_streams
from salutogen.version import VERSION

app = typer.Typer(
    name="salutogen",
    help=(
        "Resilience research from study file to report. "
        "SR = observed − expected problems; positive = over-reactive = less resilient."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich's markdown costs half a second at every --help
)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (YAML).")]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder of the answers (default: the study file's).")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing unless something is refused.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]
Verbatim = Annotated[
    bool,
    typer.Option("--verbatim", help="CSV: keep texts that spreadsheets take for formulas as is."),
]


class FileFormat(StrEnum):
    """How simulated answers are written."""

    PARQUET = "parquet"
    CSV = "csv"


class SchemaOf(StrEnum):
    """Which schema to print."""

    STUDY = "study"
    RESULTS = "results"


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"salutogen {VERSION}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Resilience research from study file to report."""


@app.command()
def run(
    study: StudyFile,
    out: Annotated[Path, typer.Option("--out", help="Folder for the report and all files.")],
    data: DataFolder = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of every random step.")] = 1,
    force: Force = False,
    verbatim: Verbatim = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Run a study: from its answers to scores, lines, resilience and a report."""
    with ending(as_json=as_json, quiet=quiet) as end:
        from salutogen.cli.run import run_study

        run_study(study, data, out, seed, force, verbatim, end)


@app.command()
def check(
    study: StudyFile, data: DataFolder = None, as_json: AsJson = False, quiet: Quiet = False
) -> None:
    """Say everything that is wrong with a study file and its data.

    Data are read from --data, or from a folder `data` beside the study file; without either it is
    said that none were read.

    Departures from a plan frozen by `preregister` are among it.
    """
    with ending(as_json=as_json, quiet=quiet) as end:
        from salutogen.cli.check import check_study

        check_study(study, data, end)


@app.command()
def init(
    template: Annotated[
        str | None, typer.Option("--template", help="quarterly, weekly, bursts or trial.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="A data file, or a folder with a file for each occasion."),
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="The study file to write.")] = Path(
        "study.yaml"
    ),
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Ask nothing; leave marked gaps (???).")
    ] = False,
    force: Force = False,
) -> None:
    """Make a commented study file from a template or from a data file."""
    if template is not None and source is not None:
        raise typer.BadParameter("give either --template or --from, not both")
    with ending() as end:
        from salutogen.cli.init import start_study

        start_study(template, source, out, force=force, ask=not no_input, end=end)


@app.command()
def simulate(
    study: StudyFile,
    persons: Annotated[int, typer.Option("--persons", min=1, help="How many persons.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the answers and the truth.")],
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of every random step.")] = 1,
    file_format: Annotated[FileFormat, typer.Option("--format")] = FileFormat.PARQUET,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Simulate the answers of a study, with the truth beside them."""
    with ending(quiet=quiet) as end:
        from salutogen.cli.simulate import simulate_study

        simulate_study(study, persons, seed, out, file_format.value, force, end)


@app.command()
def preregister(study: StudyFile, force: Force = False) -> None:
    """Freeze the plan in STUDY.plan.json; later runs say where they depart from it."""
    with ending() as end:
        from salutogen.cli.preregister import freeze_plan

        freeze_plan(study, force=force, end=end)


@app.command()
def schema(
    of: Annotated[SchemaOf, typer.Option("--of", help="study file or results.json")] = (
        SchemaOf.STUDY
    ),
) -> None:
    """Print the JSON Schema of the study file (or of results.json)."""
    with ending() as end:
        from salutogen.cli.schema import published_schema

        end.lines.append(json_text(published_schema(of.value), indent=2))


@app.command()
def explain(code: Annotated[str, typer.Argument(help="A finding's code.")]) -> None:
    """Tell the long story of a finding: why it matters, its source and the mend."""
    with ending() as end:
        from salutogen.cli.explain import explanation

        end.lines.append(explanation(code))


@app.command()
def warm() -> None:
    """Compile the numerical kernels once, so that no run has to."""
    with ending() as end:
        from salutogen.cli.surroundings import require_surroundings
        from salutogen.models.compiling.ahead_of_time import warm as compile_kernels

        require_surroundings()
        compile_kernels()
        end.lines.append("The kernels are compiled.")


def main() -> None:
    """Entry point of the command `salutogen`."""
    prepare_streams()
    try:
        app()
    except SystemExit as end:
        if end.code == USAGE and "--json" in sys.argv[1:]:
            say_wrong_usage()
        raise
