"""The layout keeps its promises: floors, mirror, no circles, no data in the repository."""

from __future__ import annotations

import ast
import re
import subprocess
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = (
    "base", "record", "source", "decode", "validate", "ring", "ops", "model", "sink", "checkpoint",
    "pipeline",
)  # fmt: skip
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.MULTILINE)
PYTHON = ROOT / "python" / "headrace"
LARGEST_FILE = 300_000


def cpp_files(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / "cpp" / folder).rglob("*"))
        if path.suffix in {".hpp", ".cpp", ".h"}
    ]


def floor_of(path: Path) -> str:
    parts = path.relative_to(ROOT / "cpp").parts
    return parts[2] if parts[0] == "include" else parts[1]


def includes(path: Path) -> list[str]:
    return INCLUDE.findall(path.read_text())


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_includes_itself_and_what_is_below(floor: str) -> None:
    rank = FLOORS.index(floor)
    files = [path for path in cpp_files("include", "src") if floor_of(path) == floor]
    assert files
    upward = [
        f"{path.relative_to(ROOT)} includes {name}"
        for path in files
        for name in includes(path)
        if name.startswith("headrace/") and FLOORS.index(name.split("/")[1]) > rank
    ]
    assert upward == []


def test_the_core_sees_neither_python_nor_torch() -> None:
    foreign = re.compile(r"torch/|ATen/|c10/|caffe2/|pybind11/|Python\.h|numpy/")
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in cpp_files("include", "src")
        for name in includes(path)
        if foreign.search(name)
    ]
    assert found == []


def test_librdkafka_is_seen_by_the_kafka_folders_alone() -> None:
    found = {
        str(path.relative_to(ROOT))
        for path in cpp_files("include", "src")
        if any("rdkafka" in name for name in includes(path))
        and "/source/kafka/" not in str(path)
        and "/sink/kafka/" not in str(path)
    }
    assert found == set()


def test_python_h_is_seen_by_the_bindings_alone() -> None:
    # cpp/torch makes a Python module too: the one that hands the C table over.
    found = [
        str(path.relative_to(ROOT))
        for path in cpp_files("bench")
        if any(name.startswith(("pybind11/", "Python.h")) for name in includes(path))
    ]
    assert found == []


def test_headers_include_no_circle() -> None:
    graph = {
        path.relative_to(ROOT / "cpp/include").as_posix(): includes(path)
        for path in cpp_files("include")
    }
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"headers include each other: {error.args[1]}")


def test_nine_in_ten_headers_have_a_test_named_after_them() -> None:
    tests = {path.relative_to(ROOT / "tests/cpp") for path in (ROOT / "tests/cpp").rglob("*.cpp")}
    headers = [path.relative_to(ROOT / "cpp/include/headrace") for path in cpp_files("include")]
    tested = {(path.parts[0], path.stem.removeprefix("test_")) for path in tests}
    without = [path.as_posix() for path in headers if (path.parts[0], path.stem) not in tested]
    assert len(without) <= len(headers) / 10, without


def test_nine_in_ten_modules_have_a_test_named_after_them() -> None:
    modules = [path.relative_to(PYTHON) for path in PYTHON.rglob("*.py") if path.stem != "__init__"]
    tests = ROOT / "tests" / "python"
    without = [m for m in modules if not (tests / m.with_name(f"test_{m.name}")).exists()]
    assert len(without) <= len(modules) / 10, without


def module_name(path: Path) -> str:
    """``plot.area`` for a module of a package; the package's own name for its ``__init__``."""
    parts = path.relative_to(PYTHON).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_at_load(path: Path) -> set[str]:
    """The headrace modules that a module imports while it is being loaded itself."""
    known = {module_name(other) for other in PYTHON.rglob("*.py")}
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.removeprefix("headrace.") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "headrace":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("headrace."):
            module = str(node.module).removeprefix("headrace.")
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found & known


def test_python_modules_import_no_circle() -> None:
    packages = {module_name(path.parent / "__init__.py") for path in PYTHON.rglob("__init__.py")}
    graph = {module_name(path): imports_at_load(path) - packages for path in PYTHON.rglob("*.py")}
    for package in packages:  # an __init__ is a list of what is in its package
        del graph[package]
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"modules import each other: {error.args[1]}")


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def test_no_data_and_nothing_large_is_committed() -> None:
    kinds = {".parquet", ".pt", ".npy", ".npz", ".feather", ".arrow", ".zip", ".gz", ".so", ".whl"}
    kinds |= {".csv", ".pkl", ".onnx"}
    seeds = ROOT / "tests" / "fuzz" / "seeds"
    found = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if (path.suffix in kinds and seeds not in path.parents)
        or path.stat().st_size > LARGEST_FILE
    ]
    assert found == []


def test_sources_name_no_place_of_one_machine() -> None:
    place = re.compile(r"(?<![\w.])/(?:work|root|home/\w+)/")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in tracked()
        if path.suffix in {".py", ".cpp", ".hpp", ".h", ".txt", ".cmake", ".toml", ".yml", ".md"}
        for line in path.read_text(errors="replace").splitlines()
        if place.search(line) and "/home/me/" not in line
    ]
    assert found == []


def test_the_version_has_one_place() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version
    elsewhere = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in {".py", ".cpp", ".hpp", ".cmake"}
        and f'"{version.group(1)}"' in path.read_text()
    ]
    assert elsewhere == []


def test_it_is_the_version_of_the_installed_package() -> None:
    import headrace

    assert f'version = "{headrace.__version__}"' in (ROOT / "pyproject.toml").read_text()
