"""The image and the compose file against the project, as far as that goes without an engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")
tomllib = pytest.importorskip("tomllib")

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ")
MAKEFILE = (ROOT / "Makefile").read_text()


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} +(.*)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    return loaded


def test_its_make_targets_and_variables_exist() -> None:
    calls = re.findall(r"\bmake ([\w-]+)((?: \w+=\S+)*)", " ".join(instructions("RUN")))
    assert [target for target, _ in calls if target != "git"] == ["setup-build", "build"]
    for target, assignments in calls:
        if target == "git":  # the package list: "make git ..."
            continue
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target
        for assignment in assignments.split():
            variable = assignment.partition("=")[0]
            assert re.search(rf"^{variable} \?=", MAKEFILE, re.MULTILINE), variable


def test_its_extras_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (extras,) = re.findall(r"EXTRAS=(\S+)", DOCKERFILE)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])


def test_what_it_copies_from_the_project_exists_and_is_not_ignored() -> None:
    copied = [line.split()[-2] for line in instructions("COPY") if not line.startswith("--from=")]
    assert copied == [".", "notebooks"]
    ignored = (ROOT / ".dockerignore").read_text().split()
    for path in ("notebooks", "cpp", "python", "Makefile", ".ci", "pyproject.toml", "README.md"):
        assert (ROOT / path).exists()
        assert path not in ignored


def test_it_runs_as_a_user_of_its_own() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert "useradd" in last_stage
    assert re.findall(r"^USER +(\w+)", last_stage, re.MULTILINE) == ["headrace"]


def test_both_stages_are_of_one_system() -> None:
    # The environment is copied from one to the other: same Python, same C library.
    assert len({line.split()[0] for line in instructions("FROM")}) == 1


def test_compose_builds_this_dockerfile(compose: dict[str, Any]) -> None:
    build = compose["services"]["jupyter"]["build"]
    context = (DOCKER / build["context"]).resolve()
    assert context == ROOT
    assert context / build["dockerfile"] == DOCKER / "Dockerfile"


def test_every_port_is_open_on_the_loopback_address_alone(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service["ports"]]
    assert sorted(ports) == ["127.0.0.1:8888:8888", "127.0.0.1:9092:9092"]


def test_jupyters_port_is_the_one_it_listens_on(compose: dict[str, Any]) -> None:
    (port,) = compose["services"]["jupyter"]["ports"]
    inside = port.rpartition(":")[2]
    assert instructions("EXPOSE") == [inside]
    assert f"--port={inside}" in instructions("CMD")[0]


def listeners(text: str) -> dict[str, str]:
    return dict(part.split("://") for part in text.split(","))


def test_the_advertised_listeners_can_be_reached(compose: dict[str, Any]) -> None:
    service = compose["services"]["kafka"]
    settings = service["environment"]
    listening = listeners(settings["KAFKA_LISTENERS"])
    advertised = listeners(settings["KAFKA_ADVERTISED_LISTENERS"])
    protocols = settings["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"]
    assert set(listening) == set(advertised) | {settings["KAFKA_CONTROLLER_LISTENER_NAMES"]}
    assert {part.partition(":")[0] for part in protocols.split(",")} == set(listening)
    for name, address in advertised.items():
        assert address.rpartition(":")[2] == listening[name].rpartition(":")[2]
    # From the host by its own address, from the containers by the name of the service.
    assert advertised["HOST"] == "localhost:9092"
    assert service["ports"] == ["127.0.0.1:9092:9092"]
    assert advertised["DOCKER"].partition(":")[0] == "kafka"
    assert advertised["DOCKER"] in service["healthcheck"]["test"]
    assert settings["KAFKA_INTER_BROKER_LISTENER_NAME"] in advertised


def test_the_controller_votes_for_itself_where_it_listens(compose: dict[str, Any]) -> None:
    settings = compose["services"]["kafka"]["environment"]
    voter, _, address = settings["KAFKA_CONTROLLER_QUORUM_VOTERS"].partition("@")
    assert voter == settings["KAFKA_NODE_ID"]
    assert address == listeners(settings["KAFKA_LISTENERS"])["CONTROLLER"]


def test_one_node_replicates_nothing(compose: dict[str, Any]) -> None:
    settings = compose["services"]["kafka"]["environment"]
    factors = {v for k, v in settings.items() if k.endswith(("REPLICATION_FACTOR", "MIN_ISR"))}
    assert factors == {"1"}


def test_its_kafka_is_the_one_that_headrace_broker_starts(compose: dict[str, Any]) -> None:
    from headrace.kafka_home import KAFKA_VERSION

    assert compose["services"]["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"


def test_every_volume_is_declared(compose: dict[str, Any]) -> None:
    used = {v.partition(":")[0] for s in compose["services"].values() for v in s["volumes"]}
    assert used == set(compose["volumes"])


@pytest.mark.parametrize("name", [".github/workflows/ci.yml", ".pre-commit-config.yaml"])
def test_the_other_yaml_files_parse(name: str) -> None:
    assert yaml.safe_load((ROOT / name).read_text())


def test_ci_runs_the_same_commands_as_a_desk() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())["jobs"]
    runs = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert runs[0] == ".ci/run"
    assert all(run == ".ci/run" or run.startswith("make ") for run in runs)
    for sanitizer in jobs["sanitizers"]["strategy"]["matrix"]["sanitizer"]:
        assert re.search(rf"^[\w ]*\b{sanitizer}\b[\w ]*:", MAKEFILE, re.MULTILINE)
