"""Reference pages made from the code itself, each time the documentation is built.

The study file and `results.json` from their schemas, the columns of files from their declarations,
the findings from their table, the commands from `--help`, measurements from the files of their
scripts. So none of these pages can fall behind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

SIGN = "SR = observed − expected problems. Positive = over-reactive = less resilient."
WIDTH = 84
RESULTS = Path(__file__).resolve().parents[2] / "benchmarks" / "results"


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table; bars and line ends in cells are made harmless."""
    header = list(header)
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(map(cell, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def cell(value: object) -> str:
    text = " ".join(str(value).split()).replace("|", r"\|")
    return re.sub(r"<(?=[A-Za-z/])", r"\\<", text) if "`" not in text else text


def code(value: object) -> str:
    return f"`{value}`"


def plain(text: str) -> str:
    """Docstring text as Markdown: reStructuredText literals become Markdown's."""
    return text.replace("``", "`")


# The study file, from its JSON Schema -----------------------------------------------------------


def study_file_page(schema: Mapping[str, Any]) -> str:
    intro = "From the schema that `salutogen schema` prints. How to write one: {doc}`/study-file`."
    return schema_page("Study file: every key", intro, schema)


def simulation_page(schema: Mapping[str, Any]) -> str:
    intro = (
        "What may stand under `simulation` in a study file; `salutogen simulate` reads it, "
        "`salutogen run` never does."
    )
    page = schema_page("Simulation: every key", intro, schema)
    # Parts of both pages may share a name; their labels may not.
    return page.replace("(part-", "(simulation-part-").replace("(#part-", "(#simulation-part-")


def schema_page(title: str, intro: str, schema: Mapping[str, Any]) -> str:
    definitions = schema.get("$defs", {})
    parts = [f"# {title}", intro, "## Top level", keys_of(schema, definitions)]
    for name, definition in sorted(definitions.items()):
        parts += [f"({anchor(name)})=", f"## {name}", plain(definition.get("description", ""))]
        inside = "properties" in definition
        parts.append(keys_of(definition, definitions) if inside else kind(definition))
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def anchor(name: str) -> str:
    return f"part-{name.lower()}"


def keys_of(definition: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    required = set(definition.get("required", ()))
    rows = []
    for key, value in definition["properties"].items():
        default = "required" if key in required else default_of(value)
        rows.append((code(key), kind(value), default, meaning(value, definitions)))
    return table(("key", "value", "default", "meaning"), rows)


def meaning(value: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """The key's own description, else the first paragraph of the part it holds."""
    if value.get("description"):
        return plain(value["description"])
    for name in parts_named_in(value):
        described = str(definitions.get(name, {}).get("description", ""))
        if described:
            return plain(described.split("\n\n")[0])
    return ""


def parts_named_in(value: Any) -> list[str]:
    """Names of the parts that a value refers to, in order."""
    if isinstance(value, Mapping):
        if "$ref" in value:
            return [value["$ref"].rsplit("/", 1)[-1]]
        return [name for inner in value.values() for name in parts_named_in(inner)]
    if isinstance(value, list):
        return [name for inner in value for name in parts_named_in(inner)]
    return []


def default_of(value: Mapping[str, Any]) -> str:
    default = value.get("default")
    if default in (None, {}, []):
        return "—"
    if isinstance(default, Mapping):
        return "see there"
    return code(json.dumps(default, ensure_ascii=False))


def kind(value: Mapping[str, Any]) -> str:
    """What a value may be, in words, with links to the parts it is made of."""
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[-1]
        return f"[{name}](#{anchor(name)})"
    if "const" in value:
        return code(json.dumps(value["const"], ensure_ascii=False))
    if "enum" in value:
        return ", ".join(code(choice) for choice in value["enum"])
    for joint in ("anyOf", "oneOf", "allOf"):
        if joint in value:
            choices = [kind(choice) for choice in value[joint] if choice.get("type") != "null"]
            return " or ".join(dict.fromkeys(choices))
    return simple_kind(value)


def simple_kind(value: Mapping[str, Any]) -> str:
    of_type = value.get("type")
    pattern = str(value.get("pattern", ""))
    if "minute|hour|day" in pattern:
        return "length of time, such as `7 days`"
    if r"\.\." in pattern:
        return "range, such as `0..5`"
    if of_type == "array":
        items = value.get("items") or (value.get("prefixItems") or [{}])[0]
        return f"list of: {kind(items)}"
    if of_type == "object":
        inner = value.get("additionalProperties")
        return f"name → {kind(inner)}" if isinstance(inner, Mapping) else "keys and values"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    text = words.get(str(of_type), str(of_type or "anything"))
    bounds = [
        f"{sign} {value[name]:g}"
        for name, sign in (
            ("minimum", "≥"),
            ("exclusiveMinimum", "\\>"),
            ("maximum", "≤"),
            ("exclusiveMaximum", "\\<"),
        )
        if name in value
    ]
    return f"{text} {', '.join(bounds)}".strip()


# Outputs, findings, commands ---------------------------------------------------------------------


def outputs_page(by_file: Mapping[str, Iterable[Any]]) -> str:
    parts = [
        "# Output files: every column",
        f"What `run` writes into `codebook.csv`, where files of analyses are described as well. "
        f"{SIGN} `<type>` and `<name>` stand for names from the study file.",
    ]
    for file, rows in by_file.items():
        parts.append(f"## `{file}`")
        parts.append(
            table(
                ("column", "unit", "direction", "meaning"),
                ((code(row.name), row.unit, row.sign or "—", row.meaning) for row in rows),
            )
        )
    return "\n\n".join(parts) + "\n"


def results_page(schema: Mapping[str, Any], analyses: Iterable[Any]) -> str:
    """Every figure of `results.json`: those of the rooms, then those of each analysis."""
    analyses = list(analyses)
    elsewhere = {path for item in analyses for path in item.results_at.values()}
    rooms = {
        key: value
        for key, value in schema["properties"].items()
        if key not in {*elsewhere, "steps"}
    }
    header = ("key", "unit", "meaning")
    parts = [
        "# `results.json`: every figure",
        f"From the schema that `salutogen schema --of results` prints. {SIGN} `<name>` stands for "
        "a name, such as that of a variant, and `[]` for each row of a list. What could not be "
        "computed is null.",
        "## Top level",
        table(header, ((code(key), "", value["description"]) for key, value in rooms.items())),
    ]
    for key, value in rooms.items():
        if rows := figures_of(value, elsewhere, f"{key}."):
            parts += [f"## `{key}`", table(header, rows)]
    for item in analyses:
        places = [f"at `steps.{item.name}`, where the study file names it"]
        places += [
            f"{f'its `{name}`' if name else 'the first of its kind'} at `{path}`"
            for name, path in item.results_at.items()
        ]
        parts += [
            f"## {item.title}",
            f"The analysis `{item.name}`: {'; '.join(places)}.",
            table(header, figures_of(item.result_type().schema())),
        ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def figures_of(
    schema: Mapping[str, Any], left_out: Iterable[str] = (), path: str = ""
) -> list[tuple[str, str, str]]:
    """Dotted key, unit and meaning of every figure of a schema, in its order."""
    rows: list[tuple[str, str, str]] = []
    for choice in schema.get("anyOf", ()):
        rows += figures_of(choice, left_out, path)
    for key, value in schema.get("properties", {}).items():
        if f"{path}{key}" not in left_out:
            told = plain(value.get("description", ""))
            rows.append((code(f"{path}{key}"), value.get("x-unit", ""), told))
            rows += figures_of(value, left_out, f"{path}{key}.")
    for inner, mark in (("items", "[]"), ("additionalProperties", ".<name>")):
        if isinstance(schema.get(inner), Mapping):
            rows += figures_of(schema[inner], left_out, f"{path.removesuffix('.')}{mark}.")
    return rows


def findings_page(entries: Iterable[Any]) -> str:
    by_room: dict[str, list[Any]] = {}
    for entry in entries:
        by_room.setdefault(entry.room, []).append(entry)
    parts = [
        "# Findings",
        "Every code that a command can give; `salutogen explain CODE` says the same.",
    ]
    for room, members in sorted(by_room.items()):
        parts.append(f"## {'Command line' if room == 'cli' else room.capitalize()}")
        for entry in members:
            parts += [
                f"(finding-{entry.code})=",
                f"### `{entry.code}`",
                f"*{entry.severity.value}.* **{entry.title}**",
                entry.story,
                f"*What to do.* {entry.mend}",
                f"*Source.* {entry.source}" if entry.source else "",
            ]
    return "\n\n".join(part for part in parts if part) + "\n"


def command_line_page(helps: Iterable[tuple[str, str]]) -> str:
    parts = ["# Commands", f"As `--help` prints them. {SIGN}"]
    for command, text in helps:
        parts += [f"## `{command}`", f"```text\n{text.strip()}\n```"]
    return "\n\n".join(parts) + "\n"


def helps_of_all_commands() -> list[tuple[str, str]]:
    """The text of `--help` of the program and each command, at a fixed width, without colours."""
    import typer
    from typer.testing import CliRunner

    from salutogen.cli.app import app

    names = [str(name) for name in getattr(typer.main.get_command(app), "commands", {})]
    runner = CliRunner(env={"COLUMNS": str(WIDTH), "TERMINAL_WIDTH": str(WIDTH), "NO_COLOR": "1"})
    helps = []
    for words in ([], *([name] for name in names)):
        answer = runner.invoke(app, [*words, "--help"], prog_name="salutogen")
        if answer.exit_code != 0:
            raise RuntimeError(f"salutogen {' '.join(words)} --help failed: {answer.output}")
        text = re.sub(r"\x1b\[[0-9;]*m", "", answer.output)
        text = "\n".join(line.rstrip() for line in text.splitlines())
        helps.append((" ".join(["salutogen", *words]), text))
    return helps


# Benchmarks --------------------------------------------------------------------------------------


def benchmarks_page(folder: Path) -> str:
    """Measured figures as the scripts left them, a table per script."""
    parts = [
        "# Speed and truth, measured",
        "Every figure here was written by a script in `benchmarks/`; `make bench` runs them all. "
        "Medians of at least three runs, programs that are compared take turns, data in memory to "
        "finished result, kernels compiled before. *Stored* means that the other program was not "
        "there: its seconds come from another machine and only show the order of size.",
    ]
    if (folder / "comparisons.svg").is_file():
        parts.append(
            "How many times faster, by peer; a black mark is what was asked:\n\n"
            "```{image} ../../../benchmarks/results/comparisons.svg\n"
            ":alt: Bars of how many times faster than its peer each piece of work is; the same "
            "figures stand in the tables below\n```"
        )
    for path in sorted(folder.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        host = content["machine"]
        rows = ((row["what"], row["measured"], row.get("limit", "—")) for row in content["rows"])
        parts += [
            f"## {content.get('title') or content['name'].replace('_', ' ').capitalize()}",
            table(("what", "measured", "asked"), rows),
            f"*{host['cores']} cores, {host['memory_gib']} GiB, {host['system']}, Python "
            f"{host['python']}.* `benchmarks/bench_{content['name']}.py`",
        ]
    return "\n\n".join(parts) + "\n"


# Sphinx ------------------------------------------------------------------------------------------


def pages() -> dict[str, Callable[[], str]]:
    """Every generated page by name."""
    from salutogen.analyses.registry import available
    from salutogen.cli.schema import published_schema
    from salutogen.findings import catalogue
    from salutogen.pipeline.codebook import FILES
    from salutogen.simulation.settings import SimulationSettings

    return {
        "study-file": lambda: study_file_page(published_schema("study")),
        "simulation": lambda: simulation_page(SimulationSettings.model_json_schema()),
        "outputs": lambda: outputs_page(FILES),
        "findings": lambda: findings_page(catalogue().values()),
        "command-line": lambda: command_line_page(helps_of_all_commands()),
        "results": lambda: results_page(published_schema("results"), available().values()),
        "benchmarks": lambda: benchmarks_page(RESULTS),
    }


def write_pages(app: Any) -> None:
    folder = Path(app.srcdir) / "reference" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in pages().items():
        path = folder / f"{name}.md"
        text = make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before Sphinx looks for its sources."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
