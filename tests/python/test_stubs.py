import ast
from pathlib import Path

import headrace
from headrace import _core


def test_the_stub_names_just_what_the_module_has() -> None:
    stub = Path(headrace.__file__).with_name("_core.pyi").read_text(encoding="utf-8")
    tree = ast.parse(stub)
    declared: dict[str, set[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            declared[node.name] = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            declared[node.name] = set()
    public = {name for name in dir(_core) if not name.startswith("_")}
    assert set(declared) == public
    for name, members in declared.items():
        kind = getattr(_core, name)
        if isinstance(kind, type):
            real = {m for m in vars(kind) if not m.startswith("_") or m == "__init__"}
            assert members - {"__init__"} == real - {"__init__"}, name
