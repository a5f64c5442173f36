"""The compose file keeps its rules, and its Neo4j settings start a real server (no container engine needed)."""

import re
import shutil
import stat
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.settings import Settings
from deploy.neo4j_local import LocalNeo4j, free_port

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
LASTING = sorted(name for name, service in SERVICES.items() if "profiles" not in service)
SECRET_NAME = re.compile(r"PASSWORD|SECRET|AUTH|KEY|TOKEN")
HEAP = "server.memory.heap."


def conf_key(variable: str) -> str:
    """The neo4j.conf key that the image reads from an environment variable."""
    return variable.removeprefix("NEO4J_").replace("__", "\0").replace("_", ".").replace("\0", "_")


def neo4j_settings() -> dict[str, str]:
    environment = SERVICES["neo4j"]["environment"]
    return {conf_key(name): str(value) for name, value in environment.items() if name != "NEO4J_AUTH_FILE"}


def test_names_of_settings_are_translated_as_the_image_does() -> None:
    assert conf_key("NEO4J_server_memory_heap_max__size") == "server.memory.heap.max_size"
    assert conf_key("NEO4J_db_tx__log_rotation_size") == "db.tx_log.rotation.size"


def test_the_services_are_those_of_the_house() -> None:
    assert set(SERVICES) == {"neo4j", "api", "dashboard", "sweep"}
    assert SERVICES["sweep"]["profiles"] == ["sweep"], "a sweep runs when it is asked for, not at every start"
    assert SERVICES["neo4j"]["image"] == "neo4j:5.26-community"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_ports_are_published_on_loopback_only(name: str) -> None:
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port), port
    assert "network_mode" not in SERVICES[name]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_secrets_are_files_and_never_values(name: str) -> None:
    service = SERVICES[name]
    for variable, value in service.get("environment", {}).items():
        if SECRET_NAME.search(variable):
            assert variable.endswith("_FILE"), f"{variable} would show its value in docker inspect"
            folder, _, secret = value.rpartition("/")
            assert folder == "/run/secrets"
            assert secret in service["secrets"]
    for secret in service.get("secrets", []):
        assert secret in COMPOSE["secrets"]


def test_secret_files_stay_out_of_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "deploy/secrets/" in ignored
    for secret in COMPOSE["secrets"].values():
        assert secret["file"].startswith("./deploy/secrets/")


@pytest.mark.parametrize("name", LASTING)
def test_lasting_services_are_watched(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert check["retries"] >= 3
    assert check["start_period"]


def test_everybody_waits_for_what_they_need() -> None:
    assert SERVICES["api"]["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert SERVICES["sweep"]["depends_on"] == {"neo4j": {"condition": "service_healthy"}}
    assert SERVICES["dashboard"]["depends_on"] == {"api": {"condition": "service_healthy"}}


def test_the_health_check_of_neo4j_uses_what_its_image_has() -> None:
    assert SERVICES["neo4j"]["healthcheck"]["test"] == ["CMD", "wget", "-q", "--spider", "http://localhost:7474"]


def test_neo4j_has_time_to_stop_and_keeps_its_data() -> None:
    neo4j = SERVICES["neo4j"]
    assert neo4j["stop_grace_period"] == "2m"
    assert "neo4j-data:/data" in neo4j["volumes"]
    assert any(volume.endswith(":/import:ro") for volume in neo4j["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_our_containers_hold_no_privilege(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert "privileged" not in service
    assert "user" not in service, "the image chooses its user"


def test_the_image_runs_without_root_and_installs_by_hash() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert users[-1:] == ["ringsight"]
    assert len(bases) == 2
    assert all(":" in base and not base.endswith(":latest") for base in bases)
    assert any("--require-hashes" in line and "requirements/runtime.txt" in line for line in lines)


def test_the_builder_is_sent_nothing_but_the_house() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied: set[str] = set()
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            copied.update(word.rstrip("/") for word in line.split()[1:-1])
    assert "*" in lines
    assert let_in == copied


def test_the_api_is_told_by_settings_that_exist() -> None:
    known = {f"RINGSIGHT_{name.upper()}" for name in Settings.model_fields}
    for name in ("api", "sweep"):
        assert set(SERVICES[name]["environment"]) <= known
    assert SERVICES["sweep"]["environment"] == SERVICES["api"]["environment"]


@pytest.mark.parametrize("name", ["api", "sweep"])
def test_commands_are_the_command_lines_own(name: str) -> None:
    program, command, *options = SERVICES[name]["command"]
    shown = subprocess.run(
        [sys.executable, "-c", "from api.cli import main; main()", command, "--help"],
        capture_output=True, text=True, check=True, cwd=ROOT, env={"COLUMNS": "200", "PATH": ""},
    ).stdout  # fmt: skip
    assert program == "ringsight"
    for option in options:
        assert not option.startswith("--") or option in shown


def test_passwords_are_generated_once(tmp_path: Path) -> None:
    script = Path(shutil.copy(ROOT / "deploy" / "secrets.sh", tmp_path))
    subprocess.run(["bash", script], check=True, capture_output=True)
    folder = tmp_path / "secrets"
    first = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    subprocess.run(["bash", script], check=True, capture_output=True)
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == first
    assert set(first) == {name.rpartition("/")[2] for name in (s["file"] for s in COMPOSE["secrets"].values())}
    assert first["neo4j_auth"] == f"neo4j/{first['neo4j_password']}"
    assert len(first["neo4j_password"]) >= 32
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.slow
def test_a_real_server_starts_with_these_settings(neo4j_jars: Path, tmp_path: Path) -> None:
    neo4j = pytest.importorskip("neo4j")
    wanted = neo4j_settings()
    http = free_port()
    on_this_machine = {"server.http.enabled": "true", "server.http.listen_address": f"127.0.0.1:{http}"}
    heap = wanted[f"{HEAP}max_size"]
    server = LocalNeo4j(tmp_path / "home", heap=heap, settings={**wanted, **on_this_machine}, short_lived=True)
    with server, neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
        rows = driver.execute_query("SHOW SETTINGS YIELD name, value", database_="system", routing_="r").records
        # What the compose file's health check asks.
        with urllib.request.urlopen(f"http://127.0.0.1:{http}", timeout=10) as answer:
            status = answer.status
    running = {row["name"]: row["value"] for row in rows}
    assert status == 200
    assert {key: size_or_text(running[key]) for key in wanted} == {
        key: size_or_text(value) for key, value in wanted.items()
    }


def size_or_text(value: str) -> int | str:
    """Bytes of a size (512m, 512.00MiB), seconds of a span (5m at a timeout stays text), else the text."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(k|m|g|KiB|MiB|GiB)", value)
    if not found:
        return value
    scale = {"k": 1, "m": 2, "g": 3}[found[2][0].lower()]
    return int(float(found[1]) * 1024**scale)
