"""The house keeps its own rules: what is declared is what is used, and nothing names where it was built."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("graph", "ingest", "detectors", "casework", "api", "dashboard")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)", re.MULTILINE)
BINARY = frozenset({".png", ".jpg", ".ico", ".woff2", ".arrow", ".parquet", ".db", ".gz"})
NOT_OURS = {".git", ".venv", ".neo4j", ".ringsight", "demo", "node_modules", "__pycache__"}
# Built from halves, so that this file does not hold what it looks for.
FORBIDDEN = tuple(
    first + second
    for first, second in (
        ("pypi", ".org"), ("python", "hosted"), ("repo1", ".maven"), ("repo.maven", ".apache"), ("--find", "-links"),
        ("--index", "-url http"), ("/ro", "ot/"), ("/wo", "rk/main"), ("/wo", "rk/shared"),
        ("/tmp/", "team"), ("/opt/", "wheels"),
    )
)  # fmt: skip


def pins(name: str) -> dict[str, set[str]]:
    """Versions pinned for each distribution (more than one where they differ by Python version)."""
    found: dict[str, set[str]] = {}
    for match in PIN.finditer((ROOT / "requirements" / name).read_text(encoding="utf-8")):
        found.setdefault(match["name"].lower(), set()).add(match["version"])
    return found


def declared(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower() for requirement in requirements}


def our_files() -> list[Path]:
    """Files of ours, as git would take them; the whole folder where this is no checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode == 0 and listed.stdout:
        files = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        files = [path for path in ROOT.rglob("*") if not NOT_OURS.intersection(path.relative_to(ROOT).parts)]
    return [path for path in files if path.is_file() and path.suffix not in BINARY]


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("name", ["runtime.txt", "dev.txt", "build.txt"])
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z0-9])", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
    assert len(blocks) == len(PIN.findall(text))
    for block in blocks:
        assert "--hash=sha256:" in block, block.splitlines()[0]
    assert "://" not in text, "a requirements file names no host"


def test_development_uses_the_runtimes_own_versions() -> None:
    runtime, development, build = pins("runtime.txt"), pins("dev.txt"), pins("build.txt")
    assert {name: development.get(name) for name in runtime} == runtime
    assert {name: versions for name, versions in build.items() if development.get(name, versions) != versions} == {}


def test_what_the_project_needs_is_pinned() -> None:
    project = PROJECT["project"]
    assert declared(project["dependencies"]) <= set(pins("runtime.txt"))
    assert declared(project["optional-dependencies"]["neo4j"]) <= set(pins("runtime.txt"))
    assert declared(project["optional-dependencies"]["dev"]) - {"ringsight"} <= set(pins("dev.txt"))


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_imports_is_declared(room: str) -> None:
    project = PROJECT["project"]
    allowed = declared(project["dependencies"]) | declared(project["optional-dependencies"]["neo4j"])
    allowed |= {"starlette", "pydantic-core"}  # parts of the interfaces of FastAPI and pydantic, versioned with them
    owners = packages_distributions()
    for path in modules(room):
        for name in imported(path) - set(ROOMS) - sys.stdlib_module_names:
            distributions = {owner.lower().replace("_", "-") for owner in owners.get(name, [])}
            assert distributions & allowed, f"{path.relative_to(ROOT)} imports {name}: name it in pyproject.toml"


def test_what_is_declared_is_imported() -> None:
    used = set().union(*(imported(path) for room in ROOMS for path in modules(room)))
    owners = packages_distributions()
    distributions = {owner.lower().replace("_", "-") for name in used for owner in owners.get(name, [])}
    loaded_by_name = {"uvloop", "httptools", "neo4j-rust-ext"}  # uvicorn and the driver look for them
    assert declared(PROJECT["project"]["dependencies"]) - distributions - loaded_by_name == set()


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_is_installed_and_has_its_contract(room: str) -> None:
    assert room in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    own = [contract for contract in contracts if contract.get("containers") == [room]]
    assert [contract["exhaustive"] for contract in own] == [True]


def test_no_two_modules_can_be_mistaken_for_each_other() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == [], "tests are imported by path"
    folders = {path.name for path in ROOT.iterdir() if path.is_dir()}
    assert folders & {path.stem for path in (ROOT / "dashboard").iterdir() if path.name != "__init__.py"} == set()


def test_names_say_what() -> None:
    vague = re.compile(r"(^|_)(utils?|helpers?|managers?|misc|common|old)(_|$)")
    assert [str(path) for room in ROOMS for path in modules(room) if vague.search(path.stem)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_modules_open_with_a_sentence(room: str) -> None:
    for path in modules(room):
        opening = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert opening, path
        assert opening.split("\n\n")[0].rstrip()[-1] in ".?:", f"{path}: {opening.splitlines()[0]}"


def test_nothing_names_where_it_was_built() -> None:
    for path in our_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        found = [word for word in FORBIDDEN if word in text]
        assert found == [], path.relative_to(ROOT)


def test_waivers_are_precise() -> None:
    blanket = re.compile(r"#\s*(noqa\s*($|[^:\s])|type:\s*ignore\s*($|[^\[\s]))")
    for room in ROOMS:
        for path in modules(room):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                assert not blanket.search(line), f"{path.relative_to(ROOT)}:{number}"


def test_decisions_are_numbered_and_listed() -> None:
    folder = ROOT / "docs" / "adr"
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert [page[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    for page in pages:
        text = (folder / page).read_text(encoding="utf-8")
        assert text.startswith(f"# {page[:4]}. "), page
        assert re.search(r"^Status: (accepted|replaced by \d{4}), \d{4}-\d\d-\d\d$", text, re.MULTILINE), page
        assert f"]({page})" in index, page


def test_the_licence_is_the_whole_one() -> None:
    licence = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in licence
    assert "limitations under the License." in licence
    assert "igraph" in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_the_changelog_has_room_for_what_comes() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", changelog, re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert set(re.findall(r"^### (.+)$", changelog, re.MULTILINE)) <= {
        "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security",
    }  # fmt: skip


@pytest.mark.parametrize("target", ["setup", "check", "test", "demo", "bench", "neo4j", "requirements", "clean"])
def test_make_knows_its_targets(target: str) -> None:
    plan = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert plan.returncode == 0, plan.stderr


def test_what_the_bare_machine_runs_is_what_people_run() -> None:
    script = ROOT / ".ci" / "run"
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["make check", "make test"]
    assert "set -euo pipefail" in lines
    assert script.stat().st_mode & 0o111
