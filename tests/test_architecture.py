"""The shape of the code: where imports may point, how long files are, what loading costs."""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = REPOSITORY / "src" / "salutogen"
MODULES = sorted(PACKAGE.rglob("*.py"))
SCRIPTS = sorted(
    path
    for folder in ("src", "tests", "benchmarks", "docs")
    for path in (REPOSITORY / folder).rglob("*.py")
    if "_build" not in path.parts
)

# A room may import what stands in a lower row, and itself.
FLOORS = {
    "version": 0,
    "counts": 0,
    "errors": 0,
    "findings": 0,
    "names": 0,
    "plain_files": 0,
    "namespaces": 0,
    "display": 1,
    "memory": 1,
    "columns": 2,
    "context": 2,
    "models": 1,
    "page": 3,
    "study": 3,
    "panel": 4,
    "drafting": 5,
    "scores": 5,
    "norm": 6,
    "resilience": 7,
    "simulation": 8,
    "analyses": 9,
    "report": 10,
    "pipeline": 11,
    "cli": 12,
    "server": 12,
    "__main__": 13,
    "__init__": 13,
}
MODELS_MAY_IMPORT = {"counts", "errors", "findings", "models", "names", "version"}
HEAVY = {
    "altair",
    "formulaic",
    "jinja2",
    "narwhals",
    "numba",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "pydantic",
    "pyreadstat",
    "ruamel",
    "scipy",
    "vl_convert",
}
HEAVY_FOR_HELP = HEAVY - {"jinja2", "ruamel", "pydantic"}
MOST_LINES = 400
MOST_FUNCTION_LINES = 60


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def relative(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def is_for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def running_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node but those under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(tree):
        if is_for_types_only(child):
            continue
        yield child
        yield from running_nodes(child)


def rooms_imported(path: Path) -> set[str]:
    rooms = set()
    for node in running_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{relative(path)}: relative import, write the full name"
            names = [node.module or ""]
            if node.module == "salutogen":
                names = [f"salutogen.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "salutogen" and len(parts) > 1 and not parts[1].startswith("__"):
                rooms.add(parts[1])
    return rooms


def test_every_room_has_its_floor() -> None:
    assert {room_of(path) for path in MODULES} <= FLOORS.keys()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    inside = path.relative_to(PACKAGE).as_posix()
    upward = {
        other
        for other in rooms_imported(path) - {room}
        if FLOORS[other] >= FLOORS[room] and (FLOORS[room], FLOORS[other]) != (0, 0)
    }
    assert not upward, f"{inside} imports {sorted(upward)}"


MOST_IN_A_CIRCLE = 4


def imports_of(path: Path, *, types: bool) -> set[str]:
    """Modules of this package that a file imports anywhere; for types only if asked."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree) if types else running_nodes(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("salutogen"):
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                found.add(full if full in FILES else str(node.module))
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name in FILES}
    return found


def module_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(inside).removesuffix(".__init__")


FILES = {module_of(path): path for path in MODULES}


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Files that import each other around a circle, each circle as large as it goes."""
    reached = {name: closure(graph, name) for name in graph}
    found = {
        frozenset({name, *(other for other in reached[name] if name in reached.get(other, ()))})
        for name in graph
        if name in reached[name]
    }
    return [set(circle) for circle in found]


def closure(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += graph.get(name, ())
    return seen


def test_no_two_rooms_import_each_other() -> None:
    rooms: dict[str, set[str]] = {}
    for name, path in FILES.items():
        inside = name.split(".")[1:2]
        if inside and inside[0] not in ("__main__",):
            rooms.setdefault(inside[0], set()).update(
                other.split(".")[1] for other in imports_of(path, types=True) if "." in other
            )
    both = {
        (one, other)
        for one, imported in rooms.items()
        for other in imported
        if one < other and one in rooms.get(other, ())
    }
    assert both == set()


def test_circles_inside_a_room_are_small() -> None:
    graph = {name: imports_of(path, types=False) for name, path in FILES.items()}
    large = [sorted(circle) for circle in circles(graph) if len(circle) > MOST_IN_A_CIRCLE]
    assert large == []


def test_models_know_no_room() -> None:
    imported = {
        relative(path): rooms_imported(path) - MODELS_MAY_IMPORT
        for path in MODULES
        if room_of(path) == "models"
    }
    assert {path: rooms for path, rooms in imported.items() if rooms} == {}


def test_only_kernels_are_compiled() -> None:
    compiled = [
        relative(path)
        for path in MODULES
        if not path.name.startswith("_kernels")
        and re.search(
            r"^\s*@(numba\.)?(n?jit|vectorize|guvectorize)", path.read_text("utf-8"), re.M
        )
    ]
    assert compiled == []


@pytest.mark.parametrize("path", SCRIPTS, ids=relative)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    says_why = bool(lines) and lines[0].startswith("#") and str(MOST_LINES) in lines[0]
    assert len(lines) <= MOST_LINES or says_why, f"{len(lines)} lines, and line 1 does not say why"
    if path.is_relative_to(PACKAGE):
        long = {
            node.name: body_length(node)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and body_length(node) > MOST_FUNCTION_LINES
        }
        assert long == {}


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from its first statement after the docstring."""
    body = function.body
    start = body[1 if ast.get_docstring(function) and len(body) > 1 else 0].lineno
    return (function.end_lineno or start) - start + 1


def test_no_catch_all_modules() -> None:
    banned = {"utils", "util", "helpers", "helper", "misc", "common"}
    assert [relative(path) for path in MODULES if banned & set(path.with_suffix("").parts)] == []


def test_nothing_is_left_unfinished() -> None:
    marks = re.compile(
        "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImpl" + "ementedError"))
    )
    left = []
    for path in MODULES:
        source = io.StringIO(path.read_text(encoding="utf-8"))
        left += [
            f"{relative(path)}:{token.start[0]}"
            for token in tokenize.generate_tokens(source.readline)
            if token.type in (tokenize.COMMENT, tokenize.NAME) and marks.search(token.string)
        ]
    assert left == []


def test_every_test_file_asserts_something() -> None:
    proves = re.compile(r"\bassert\b|pytest\.raises|pytest\.warns|assert_\w+\(")
    empty = [
        relative(path)
        for path in (REPOSITORY / "tests").rglob("test_*.py")
        if not proves.search(path.read_text(encoding="utf-8"))
    ]
    assert empty == []


def tracked_files() -> list[Path]:
    if shutil.which("git") and (REPOSITORY / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
        return [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    return SCRIPTS


def test_no_path_of_one_machine() -> None:
    folders = "|".join(("work", "root", "tmp", "farm", "home", "Users"))
    machine_path = re.compile(rf"(?<![\w.\-~}}])/(?:{folders})/[\w.]")
    found = []
    for path in tracked_files():
        if path.suffix in {".png", ".woff2", ".parquet", ".xlsx", ".sav", ".dta"}:
            continue
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if machine_path.search(line):
                found.append(f"{relative(path)}:{number}")
    assert found == []


def modules_loaded_by(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert HEAVY & modules_loaded_by("import salutogen") == set()


def test_importing_the_command_line_loads_no_numerics() -> None:
    assert HEAVY_FOR_HELP & modules_loaded_by("import salutogen.cli") == set()


READ_A_STUDY = (
    "from salutogen.study import read_study\n"
    f"read_study({str(REPOSITORY / 'examples' / 'cohort' / 'study.yaml')!r})"
)


def test_a_study_is_read_without_tables_or_numerics() -> None:
    assert (HEAVY - {"pydantic", "ruamel"}) & modules_loaded_by(READ_A_STUDY) == set()


def cpu_seconds(statement: str, times: int = 5) -> float:
    """Least CPU time of a whole process that does nothing but a statement, bytecode at hand."""
    script = f"import time\n{statement}\nprint(time.process_time())"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    took = [
        subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        ).stdout.split()[-1]
        for _ in range(times + 1)
    ]
    return min(map(float, took[1:]))


def test_reading_a_study_is_quick() -> None:
    """A server reads its study at start-up: a blink beyond what pydantic and ruamel.yaml cost."""
    needed = "import pydantic, ruamel.yaml\nclass One(pydantic.BaseModel):\n    key: int = 1"
    assert cpu_seconds(READ_A_STUDY) - cpu_seconds(needed) < 0.25


def test_every_public_name_resolves() -> None:
    import salutogen

    assert sorted(salutogen.__all__) == sorted(dir(salutogen))
    for name in salutogen.__all__:
        assert getattr(salutogen, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'resilience_of_all'"):
        _ = salutogen.resilience_of_all
