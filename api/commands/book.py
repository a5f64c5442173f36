"""synth, map, load, quarantine: everything that comes in."""

import sys
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from api.commands.acting import ActorName, acting
from api.commands.setting_up import house
from api.console import QUARANTINED, Json, bar, say, show, table
from graph.errors import UsageError

if TYPE_CHECKING:
    from api.wiring import House
    from ingest.load import LoadReport
    from ingest.mapping import Mapping, Proposal

Kind = Literal["applications", "outcomes", "watchlist", "employers"]
Level = Literal["easy", "standard", "hard", "adversarial"]
KindOption = Annotated[Kind, typer.Option(help="What the file holds.")]


def synth(
    folder: Annotated[Path, typer.Argument(help="Folder to write into.")],
    applications: Annotated[int, typer.Option(min=100)] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="The same arguments give the same bytes.")] = 7,
    locale: Annotated[Literal["zh", "en", "mixed"], typer.Option()] = "zh",
    level: Annotated[Level, typer.Option(help="How well the rings hide (docs/ringbench.md).")] = "standard",
    fraud_rate: Annotated[float, typer.Option(help="Part of the applications in rings: 0 to 0.1.")] = 0.018,
    label_share: Annotated[float, typer.Option(help="Part of the rings that were investigated: 0 to 1.")] = 0.5,
    finding_error: Annotated[
        float, typer.Option(help="Part of the findings that are lone or mistaken: below 1.")
    ] = 0.2,
    missing: Annotated[float, typer.Option(help="Times the usual rate of empty fields: 0 to 3.")] = 1.0,
    mess: Annotated[float, typer.Option(help="Times the usual rate of odd spellings and records: 0 to 3.")] = 1.0,
    drift: Annotated[float, typer.Option(help="How much less later rings share than earlier ones: below 1.")] = 0.0,
    headings: Annotated[Literal["plain", "varied"], typer.Option(help="The usual headings, or synonyms.")] = "plain",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Write a sample book as raw messy files; the truth lies apart."""
    written = write_book(
        folder, applications=applications, seed=seed, locale=locale, level=level, fraud_rate=fraud_rate,
        label_share=label_share, finding_error=finding_error, missing=missing, mess=mess, drift=drift,
        headings=headings,
    )  # fmt: skip
    show(written, as_json, "\n".join(f"{name}: {value}" for name, value in written.items()))


def write_book(folder: Path, *, applications: int, seed: int, locale: str, **knobs: Any) -> dict[str, Any]:
    """Write the sample book; returns names and files. `knobs`: see ingest.synthetic.write_book. Raises UsageError."""
    from ingest.synthetic import write_book as write

    files = write(folder, applications=applications, seed=seed, locale=locale, **knobs)
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(files).items()}


def propose(
    file: Annotated[Path, typer.Argument(help="The lender's file.")],
    kind: KindOption = "applications",
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Propose a mapping from headings and values; redirect it into a file, look at it, load with it."""
    from ingest.mapping import propose as propose_mapping

    proposal = propose_mapping(file, kind)
    text = proposal.toml()
    if as_json:
        show({"toml": text}, as_json, "")
    else:
        sys.stdout.write(text)
    say(f"proposed for {file.name}; the figure beside each column says how sure it is")
    _doubted(proposal)


def load(
    file: Annotated[Path, typer.Argument(help="The lender's file.")],
    mapping: Annotated[Path | None, typer.Option(help="Mapping; without one it is proposed and used.")] = None,
    kind: KindOption = "applications",
    batch_size: Annotated[int, typer.Option(min=1, max=100_000)] = 5000,
    strict: Annotated[bool, typer.Option("--strict", help="Exit code 4 when records were quarantined.")] = False,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Load a file. Safe to run again, also after a crash: what is there already counts as duplicate."""
    opened = house()
    with closing(opened):
        report = load_into(opened, file, chosen_mapping(file, mapping, kind), kind=kind, batch_size=batch_size)
    show(asdict(report), as_json, told_load(report))
    for column in report.unread:
        say(f"WARNING: {column.told()}")
    if report.unread:
        say("WARNING: mend the mapping and load again into a new home: what is absent can be seen in no ring")
    if report.quarantined:
        say(f"{report.quarantined} records are in quarantine: ringsight quarantine list {report.load_id}")
        if strict:
            raise typer.Exit(QUARANTINED)


def chosen_mapping(file: Path, mapping: Path | None, kind: Kind) -> "Mapping":
    """The mapping given, or the proposed one, with what it rests on said aloud."""
    from ingest.mapping import propose as propose_mapping
    from ingest.mapping import read_mapping

    if mapping is not None:
        return read_mapping(mapping, kind)
    proposal = propose_mapping(file, kind)
    say(f"no --mapping given: using the one proposed for {file.name} (see ringsight map)")
    _doubted(proposal)
    return proposal.usable()


def _doubted(proposal: "Proposal") -> None:
    """What somebody should look at before a load."""
    for doubt in proposal.doubts():
        say(f"  {doubt}")


def load_into(opened: "House", file: Path, mapping: "Mapping", *, kind: Kind, batch_size: int = 5000) -> "LoadReport":
    """Load with the parts of an open house."""
    from ingest.load import load_file

    with closing(opened.open_store()) as store, bar(f"loading {file.name}") as moved:
        return load_file(
            file,
            mapping,
            kind=kind,
            keys=opened.keys.tokens,
            accounts=opened.accounts,
            quarantine=opened.quarantine,
            vault=opened.vault,
            store=store,
            facts=opened.facts,
            batch_size=batch_size,
            progress=moved,
        )


def told_load(report: "LoadReport") -> str:
    """A load in words."""
    lines = [
        f"read {report.read:,} = loaded {report.loaded:,} (of them {report.updated:,} updates)"
        f" + duplicate {report.duplicate:,} + quarantined {report.quarantined:,}   in {report.seconds:.1f} s",
    ]
    lines += [f"  quarantined, {code}: {count:,}" for code, count in sorted(report.reasons.items())]
    for field, codes in sorted(report.problems.items()):
        said = ", ".join(f"{code} {count:,}" for code, count in sorted(codes.items()))
        lines.append(f"  loaded as absent, {field}: {said}")
    return "\n".join(lines)


quarantine = typer.Typer(help="Records that were set aside, and why.", no_args_is_help=True)


@quarantine.command("list")
def quarantine_list(
    load_id: Annotated[str, typer.Argument(help="Load id, or SHA-256 of the file.")],
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Each quarantined record with its lines, code and reason."""
    opened = house()
    with closing(opened):
        rows = [asdict(row) for row in opened.quarantine.explain(load_id)]
    cells = [[f"{row['first_line']}-{row['last_line']}", row["code"], row["detail"]] for row in rows]
    show({"load": load_id, "rows": rows}, as_json, table({"lines": "right", "code": "left", "reason": "left"}, cells))


@quarantine.command("export")
def quarantine_export(
    load_id: Annotated[str, typer.Argument(help="Load id, or SHA-256 of the file.")],
    out: Annotated[Path, typer.Argument(help="New file for the records as they came.")],
    clear: Annotated[bool, typer.Option("--clear", help="Yes, personal data may leave in clear.")] = False,
    actor: ActorName = None,
) -> None:
    """Write the records in clear, to be mended and loaded again; the audit trail keeps who did it."""
    import os

    by = acting(actor)
    if not clear:
        raise UsageError(
            "the records hold personal data, and would leave in clear",
            remedy=f"add --clear if that is meant; the audit trail will name {by.id}",
        )
    if out.exists():
        raise UsageError(f"{out} exists already", remedy="name a new file")
    opened = house()
    with closing(opened):
        raw = opened.quarantine.export(load_id, by)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
        sink.write(raw)
    say(f"{out} holds personal data in clear: mend it, load it, delete it")
