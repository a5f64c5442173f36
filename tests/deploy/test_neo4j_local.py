"""The local Neo4j: started, told apart from its absence, stopped in order, and found again with its data."""

import stat
import zipfile
from pathlib import Path

import neo4j
import pytest

from deploy.neo4j_jars import ENTRY_POINT, LocalServerError, ToolMissing, fetch_jars, main_class, pinned_version
from deploy.neo4j_local import LocalNeo4j, bolt_answers, free_port


def answer(server: LocalNeo4j, query: str) -> list[object]:
    with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
        return [record[0] for record in driver.execute_query(query, database_="neo4j").records]


@pytest.mark.slow
def test_data_and_password_outlive_a_restart(neo4j_jars: Path, tmp_path: Path) -> None:
    password = "-v_begins-with-a-dash"  # as one of 64 that are drawn does
    with LocalNeo4j(tmp_path / "home", short_lived=True, password=password) as server:
        assert server.uri == f"neo4j://127.0.0.1:{server.port}"
        assert answer(server, "CREATE (n:Kept {x: 7}) RETURN n.x") == [7]
        pid = server.pid
    assert not Path(f"/proc/{pid}").exists(), "the server outlived its owner"
    assert not bolt_answers(server.port)
    assert "Stopped." in server.log.read_text(encoding="utf-8")
    assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
    with LocalNeo4j(tmp_path / "home", short_lived=True) as again:
        assert again.password == password
        assert answer(again, "MATCH (n:Kept) RETURN n.x") == [7]


def test_the_shared_server_is_the_pinned_one(neo4j_server: LocalNeo4j) -> None:
    versions = answer(neo4j_server, "CALL dbms.components() YIELD versions RETURN versions[0]")
    assert versions == [pinned_version()]


def test_a_setting_the_server_does_not_know_is_told_with_its_log(neo4j_jars: Path, tmp_path: Path) -> None:
    server = LocalNeo4j(tmp_path / "home", settings={"server.no.such.setting": "1"})
    with pytest.raises(LocalServerError, match=r"server\.no\.such\.setting"):
        server.start()
    with pytest.raises(LocalServerError, match="not running"):
        _ = server.pid


def test_the_main_class_is_the_one_the_jar_declares(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "neo4j-9.9.jar", "w") as jar:
        jar.writestr(ENTRY_POINT, "# a comment\n\norg.example.Server\n")
    assert main_class(tmp_path) == "org.example.Server"


def test_a_folder_without_a_server_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalServerError, match="no Neo4j server"):
        main_class(tmp_path)


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("RINGSIGHT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ToolMissing, match="apt-get install maven"):
        fetch_jars()


def test_an_interrupted_fetch_is_not_taken_for_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven = tmp_path / "mvn"
    maven.write_text(
        '#!/bin/sh\nfor word; do case $word in -DoutputDirectory=*) /bin/mkdir -p "${word#*=}";; esac; done\n'
        "echo cannot reach the repository\nexit 1\n",
        encoding="utf-8",
    )
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("RINGSIGHT_CACHE", str(tmp_path / "cache"))
    with pytest.raises(LocalServerError, match="cannot reach the repository"):
        fetch_jars()
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()] == []


def test_another_password_for_a_kept_home_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("first-password\n", encoding="utf-8")
    assert LocalNeo4j(tmp_path).password == "first-password"
    with pytest.raises(LocalServerError, match="another password"):
        LocalNeo4j(tmp_path, password="second-password")


def test_generated_passwords_differ(tmp_path: Path) -> None:
    assert LocalNeo4j(tmp_path / "a").password != LocalNeo4j(tmp_path / "b").password


def test_nobody_home_is_no_answer() -> None:
    assert not bolt_answers(free_port(), timeout=0.2)
