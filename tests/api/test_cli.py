import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import structlog

from api.commands.acting import account
from casework.audit import Audit, Entry
from casework.ledger import Ledger
from tests.api.book import FIELDS, rows, write_csv
from tests.api.shell import Shell


@pytest.fixture
def shell(ringsight: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Shell]:
    """`ringsight` in an empty folder with a home of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RINGSIGHT_HOME", str(tmp_path / "home"))
    yield ringsight
    structlog.reset_defaults()  # serve sends logs to the standard error of its test


MAPPING = '[source]\nformat = "csv"\ncountry = "CN"\n[columns]\n' + "".join(f'"{name}" = "{name}"\n' for name in FIELDS)


@pytest.fixture
def book(tmp_path: Path) -> tuple[Path, Path]:
    """A CSV of 108 applications, one of them broken, and its mapping."""
    path = write_csv(tmp_path / "book.csv", rows(60))
    with path.open("a", encoding="utf-8") as sink:
        sink.write("too,few,cells\n")
    mapping = tmp_path / "book.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    return path, mapping


def test_from_nothing_to_exports(shell: Shell, book: tuple[Path, Path], tmp_path: Path) -> None:
    """The whole path of a first day, every figure read from --json."""
    path, mapping = book
    assert shell("init").code == 0
    loaded = shell("load", path, "--mapping", mapping, "--json")
    report = json.loads(loaded.out)
    assert (report["read"], report["loaded"], report["duplicate"], report["quarantined"]) == (109, 108, 0, 1)
    assert sum(report["reasons"].values()) == 1
    listed = json.loads(shell("quarantine", "list", report["load_id"], "--json").out)
    assert [row["first_line"] for row in listed["rows"]] == [110]

    again = shell("load", path, "--mapping", mapping, "--strict", "--json")
    assert again.code == 4
    assert json.loads(again.out)["duplicate"] == 108

    swept = shell("sweep", "--json")
    assert swept.code == 0
    summary = json.loads(swept.out)
    assert summary["applications"] == summary["recomputed"] == 108
    assert summary["seconds"] > 0
    assert summary["peak_mib"] > 0

    assert shell("export", "scores", tmp_path / "scores.csv").code == 0
    assert (tmp_path / "scores.csv").read_text().count("\n") == 109
    printed = shell("export", "rings", "-")
    assert printed.out.splitlines()[0] == "ring_id,application_id,membership,ring_score,typology"

    payload = tmp_path / "one.json"
    payload.write_text('{"application_id":"X-1","submitted_at":"2026-05-01","device_id":"d-1"}')
    answer = json.loads(shell("score", payload).out)
    assert (answer["mode"], answer["application_id"]) == ("full", "X-1")
    assert json.loads(shell("status", "--json").out)["pending"] == 1

    truth = tmp_path / "truth.csv"
    frauds = [(row["application_id"], row["application_id"][:2]) for row in rows(60) if row["application_id"][0] == "R"]
    honest = [(row["application_id"], "") for row in rows(60) if row["application_id"][0] == "A"]
    lines = [f"{one},{ring},{'mixed' if ring else ''}" for one, ring in frauds + honest]
    truth.write_text("application_id,ring_id,typology\n" + "\n".join(lines) + "\n")
    measured = json.loads(shell("evaluate", "--truth", truth, "--no-peers", "--json").out)
    assert (measured["applications"], measured["frauds"], measured["rings"]) == (108, 48, 6)

    second = json.loads(shell("sweep", "--json").out)
    assert (second["drained"], second["applications"]) == (1, 109)
    items = json.loads(shell("sweeps", "list", "--json").out)["items"]
    assert [item["state"] for item in items] == ["published", "superseded"]
    assert shell("sweeps", "rollback", items[1]["sweep_id"]).code == 0
    assert json.loads(shell("status", "--json").out)["sweep_id"] == items[1]["sweep_id"]


def test_clients(shell: Shell, tmp_path: Path) -> None:
    shell("init")
    added = shell("client", "add", "bank", "--scopes", "score:write,ring:read")
    key = added.out.splitlines()[-1]
    assert key.startswith("rs_live_")
    assert len(key) == len("rs_live_") + 43
    listed = shell("client", "list", "--json")
    assert key not in listed.out
    assert {entry.actor for entry in entries(tmp_path, "client.added")} == {f"operator:{account()}"}
    assert json.loads(listed.out)["items"][0]["scopes"] == ["ring:read", "score:write"]
    assert shell("client", "add", "bank", "--scopes", "ops").code == 1
    assert shell("client", "revoke", "bank", "--actor", "li").code == 0
    assert [entry.actor for entry in entries(tmp_path, "client.revoked")] == [f"operator:li/{account()}"]


def test_quarantine_export_is_for_its_owner_only(shell: Shell, book: tuple[Path, Path], tmp_path: Path) -> None:
    shell("init")
    load_id = json.loads(shell("load", book[0], "--mapping", book[1], "--json").out)["load_id"]
    out = tmp_path / "fix.csv"
    assert shell("quarantine", "export", load_id, out, "--clear").code == 0
    assert out.read_bytes() == b"too,few,cells\n"
    assert out.stat().st_mode & 0o077 == 0
    assert shell("quarantine", "export", load_id, out, "--clear").code == 2


def entries(tmp_path: Path, event: str) -> list[Entry]:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'home' / 'ledger.db'}")
    with closing(ledger):
        return [entry for entry in Audit(ledger).entries(limit=1000) if entry.event == event]


def test_quarantined_records_leave_only_in_somebodys_name(
    shell: Shell, book: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "somebody-else")
    own = account()
    assert own != "somebody-else"
    shell("init")
    load_id = json.loads(shell("load", book[0], "--mapping", book[1], "--json").out)["load_id"]
    out = tmp_path / "fix.csv"
    unasked = shell("quarantine", "export", load_id, out)
    assert unasked.code == 2
    assert "--clear" in unasked.err
    assert f"operator:{own}" in unasked.err
    assert shell("quarantine", "export", load_id, out, "--clear", "--actor", "not a name").code == 2
    assert not out.exists()
    assert entries(tmp_path, "quarantine.exported") == []
    assert shell("quarantine", "export", load_id, out, "--clear", "--actor", "wang.wei").code == 0
    assert shell("quarantine", "export", load_id, tmp_path / "again.csv", "--clear").code == 0
    kept = entries(tmp_path, "quarantine.exported")
    assert [entry.actor for entry in kept] == [f"operator:wang.wei/{own}", f"operator:{own}"]
    assert {entry.subject for entry in kept} == {f"quarantine:{load_id}"}
    assert {entry.detail["rows"] for entry in kept} == {1}


def test_formulas_leave_as_text(shell: Shell, tmp_path: Path) -> None:
    made = rows(60)
    made[0]["application_id"] = "=1+1"
    path = write_csv(tmp_path / "book.csv", made)
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    shell("init")
    shell("load", path, "--mapping", tmp_path / "m.toml")
    assert shell("sweep").code == 0
    assert "\n'=1+1," in shell("export", "scores", "-").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("sweep",), 2, "ringsight init"),
        (("load", "absent.csv"), 2, "ringsight init"),
        (("status",), 2, "ringsight init"),
        (("nonsense",), 2, "nonsense"),
        (("load",), 2, "'file'"),
        (("export", "scores"), 2, "'out'"),
        (("sweep", "--as-of", "soon"), 2, "soon"),
    ],
)
def test_before_init_and_wrong_use(shell: Shell, words: tuple[str, ...], code: int, said: str) -> None:
    ran = shell(*words)
    assert ran.code == code
    assert said in ran.err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("init",), 1, "exists already"),
        (("load", "absent.csv"), 3, "absent.csv"),
        (("load", "book.csv", "--mapping", "absent.toml"), 3, "absent.toml"),
        (("load", "book.csv", "--mapping", "broken.toml"), 3, "broken.toml"),
        (("load", ".", "--mapping", "book.toml"), 3, ""),
        (("map", "absent.csv"), 3, "absent.csv"),
        (("map", "empty.csv"), 3, "empty.csv"),
        (("sweep",), 2, "ringsight load"),
        (("export", "scores", "out.csv"), 1, "ringsight sweep"),
        (("evaluate", "--truth", "absent.csv"), 3, "absent.csv"),
        (("score", "absent.json"), 1, "absent.json"),
        (("score", "broken.toml"), 3, "broken.toml"),
        (("sweeps", "rollback", "sweep-none"), 1, "sweep-none"),
        (("client", "revoke", "nobody"), 1, "nobody"),
        (("client", "add", "x", "--scopes", "all"), 2, "all"),
        (("quarantine", "list", "load-none"), 1, "load-none"),
    ],
)
def test_a_users_mistake_says_what_where_and_what_to_do(
    shell: Shell, book: tuple[Path, Path], tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "broken.toml").write_text("[[[")
    shell("init")
    ran = shell(*words)
    assert ran.code == code, ran.err
    assert said in ran.err
    assert "do: " in ran.err


def test_an_error_in_json_is_one_object_too(shell: Shell) -> None:
    ran = shell("sweep", "--json")
    assert json.loads(ran.out)["error"]["remedy"] == "run ringsight init"


def test_a_defect_is_one_line_and_a_log_entry(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    shell("init")
    monkeypatch.setattr("api.wiring.read_keys", broken)
    ran = shell("status")
    assert ran.code == 1
    assert "ringsight.log" in ran.err
    assert "ZeroDivisionError: of ours" in (tmp_path / "home" / "logs" / "ringsight.log").read_text()


def test_a_taken_port_is_said(shell: Shell) -> None:
    from contextlib import closing

    from api.commands.serving import listen

    shell("init")
    with closing(listen("127.0.0.1", 0)) as taken:
        taken.listen()
        ran = shell("serve", "--port", taken.getsockname()[1], "--no-dashboard")
    assert ran.code == 2
    assert "another --port" in ran.err


def test_the_demo_starts_afresh_but_only_over_its_own(shell: Shell, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me")
    assert shell("demo", "--dir", mine, "--no-serve").code == 1
    assert (mine / "letter.txt").read_text() == "keep me"


def test_serve_ends_with_its_child_and_its_key(shell: Shell, tmp_path: Path) -> None:
    """SIGTERM ends API and dashboard, and the dashboard's key is revoked."""
    shell("init")
    words = [sys.executable, "-c", "from api.cli import main; main()", "serve", "--port", "0", "--dashboard-port", "0"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as served:
        assert served.stderr is not None
        said = [served.stderr.readline() for _ in range(3)]
        port = int(said[1].strip().rsplit(":", 1)[1])
        assert _answers(port)
        served.send_signal(signal.SIGTERM)
        served.stderr.read()
        assert served.wait(30) == 0
    assert not _answers(port, seconds=0)
    (client,) = json.loads(shell("client", "list", "--json").out)["items"]
    assert client["revoked_at"] is not None


def _answers(port: int, seconds: float = 40) -> bool:
    until = time.monotonic() + seconds
    while True:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/_stcore/health").status_code == 200
        except httpx.TransportError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.1)
