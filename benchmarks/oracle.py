"""RingBench's oracle: what somebody could find at best who knew every tie of a book, per typology and innocent class.

A tie is a value that two applications of one group both show, in whatever spelling: a phone in any capacity (own,
reference, work, co-applicant), address, account, device, VIN, e-mail, or the same person. Read by the product's own
cleaning, so a missing field or a spelling that no rule folds is no tie. For each kind of group:

usable: share of the groups of which one connected piece holds at least 80 % of the members: the bound on the figure
"usable" for whoever finds rings by such ties alone. linkable: share of the members with a tie inside their group.
density: mean share of a group's pairs that a tie joins. The lines `rings` and `twins` leave out UNTIED, the kinds that
do not work by ties.

Run: python -m benchmarks.oracle [--applications N] [--books K] [--locale zh en] [--level easy standard hard ...]
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from scipy import sparse
from scipy.sparse import csgraph

from benchmarks._book_shapes import read_applications
from benchmarks._machine import machine, save
from graph.network import Network, network
from graph.persons import resolve
from graph.schema import CANONICAL_COLUMNS, KIND
from graph.store import Links
from ingest.ports import TOKEN_TYPES, TokenKeys
from ingest.prepare import prepare
from ingest.source import SourceContext
from ingest.synthetic import LEVELS, BookFiles, write_book

UNTIED: Final = ("cohort", "bust_out", "busy_officer", "plant_closure")
"""Kinds that are told by context or by what happens later, and the twins of these."""
COVERED: Final = 0.8
_TIES: Final = tuple(KIND[name].code for name in ("phone", "address", "account", "device", "vehicle", "email"))
_KEYS: Final = TokenKeys("t1", {kind: kind.encode().ljust(32, b".") for kind in TOKEN_TYPES})
"""Tokens only compare values here; the keys of a house are not needed."""


def read_network(made: BookFiles, locale: str) -> Network:
    """Latest version of each application that belongs to a group, and its links."""
    members = pl.read_csv(made.groups, infer_schema=False)
    raw = read_applications(made.applications, made.encoding, locale)
    raw = raw.filter(pl.col("application_id").is_in(members["application_id"].implode()))
    raw = raw.select(c for c in raw.columns if c in CANONICAL_COLUMNS)
    batch = prepare(raw, SourceContext.of_country("US" if locale == "en" else "CN"), _KEYS, first_seq=0).batch
    rows = batch.applications.with_row_index("row").with_columns(closed_seq=pl.lit(0, pl.Int64))
    rows = rows.sort("version_at", "row").unique("application_id", keep="last", maintain_order=True)
    nodes = batch.identifiers.with_row_index("identifier").with_columns(pl.col("identifier").cast(pl.Int64))
    links = batch.links.filter(pl.col("row").is_in(rows["row"].implode())).join(
        nodes.select("identifier", "kind", "token"), on=["kind", "token"]
    )
    return network(
        Links(
            rows.with_columns(pl.col("row").cast(pl.Int64)).rename({"row": "nid"}),
            nodes.rename({"identifier": "nid"}),
            links.select(pl.col("row").cast(pl.Int64).alias("application"), "identifier", "kind", "role", "mark"),
        )
    )


def measure(made: BookFiles, locale: str) -> pl.DataFrame:
    """One row a group: typology, ring, drip, posed, broker, size, covered, linkable, density."""
    net = read_network(made, locale)
    ids = net.applications.select("application_id").with_row_index("at")
    groups = pl.read_csv(made.groups, schema_overrides={"application_id": pl.String}).join(ids, on="application_id")
    member = groups.with_columns(pl.col("group_id").rank("dense").alias("g") - 1).select("at", "g")
    kind = net.value_kind[net.link_value]
    tied = np.isin(kind, _TIES)
    shown = pl.DataFrame({"at": net.link_application[tied], "value": net.link_value[tied].astype(np.int64)})
    person = pl.DataFrame({"at": np.arange(len(ids)), "value": -1 - resolve(net).astype(np.int64)})
    uses = pl.concat([shown, person.cast({"at": shown.schema["at"]})]).unique()
    uses = uses.join(member.cast({"at": shown.schema["at"]}), on="at")
    pairs = uses.join(uses, on=["g", "value"], suffix="_2").filter(pl.col("at") < pl.col("at_2"))
    pairs = pairs.select("g", "at", "at_2").unique()
    left, right = pairs["at"].to_numpy(), pairs["at_2"].to_numpy()
    graph = sparse.coo_array((np.ones(len(left), np.int8), (left, right)), shape=(len(ids), len(ids)))
    piece = csgraph.connected_components(graph, directed=False)[1]
    linked = np.zeros(len(ids), bool)
    linked[left] = linked[right] = True
    seen = groups.with_columns(
        pl.Series("piece", piece[groups["at"].to_numpy()]), pl.Series("linked", linked[groups["at"].to_numpy()])
    ).with_columns(member["g"])
    return (
        seen.group_by("g", "typology", "ring", "drip", "posed", "broker")
        .agg(
            pl.len().alias("size"),
            (pl.col("piece").unique_counts().max() / pl.len()).alias("covered"),
            pl.col("linked").sum(),
        )
        .join(pairs.group_by("g").len("pairs"), on="g", how="left")
        .with_columns(density=pl.col("pairs").fill_null(0) / (pl.col("size") * (pl.col("size") - 1) / 2))
        .drop("g", "pairs")
    )


def table(groups: pl.DataFrame) -> pl.DataFrame:
    """One row a kind: groups, members, usable, linkable, density; after them all rings and all twins that use ties."""
    figures = (
        pl.len().alias("groups"),
        pl.col("size").sum().alias("members"),
        (pl.col("covered") >= COVERED).mean().alias("usable"),
        (pl.col("linked").sum() / pl.col("size").sum()).alias("linkable"),
        pl.col("density").mean(),
    )
    groups = groups.filter(pl.col("size") > 1)
    kinds = groups.group_by("ring", "typology").agg(figures).sort("ring", "typology", descending=[True, False])
    tied = groups.filter(~pl.col("typology").is_in(UNTIED))
    both = tied.group_by("ring").agg(figures).sort("ring", descending=True)
    both = both.with_columns(pl.when("ring").then(pl.lit("rings")).otherwise(pl.lit("twins")).alias("typology"))
    return pl.concat([kinds, both.select(kinds.columns)])


def run(
    folder: Path, *, applications: int, seeds: Sequence[int], locales: Sequence[str], level: str, fraud_rate: float
) -> pl.DataFrame:
    """The groups of all books of one level."""
    found = []
    for locale, seed in product(locales, seeds):
        made = write_book(
            folder / f"{level}-{locale}-{seed}",
            applications=applications, seed=seed, locale=locale, level=level, fraud_rate=fraud_rate,
        )  # fmt: skip
        found.append(measure(made, locale))
    return pl.concat(found)


def main() -> int:
    """Print a table a level; write all of them to benchmarks/results/oracle.json if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=50_000)
    parser.add_argument("--books", type=int, default=2, help="for each locale")
    parser.add_argument("--first-seed", type=int, default=201)
    parser.add_argument("--fraud-rate", type=float, default=0.018)
    parser.add_argument("--locale", nargs="+", default=["zh", "en"], choices=["zh", "en"])
    parser.add_argument("--level", nargs="+", default=list(LEVELS), choices=list(LEVELS))
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    tables = {}
    for level in asked.level:
        with tempfile.TemporaryDirectory() as folder:
            groups = run(
                Path(folder),
                applications=asked.applications,
                seeds=range(asked.first_seed, asked.first_seed + asked.books),
                locales=asked.locale,
                level=level,
                fraud_rate=asked.fraud_rate,
            )
        tables[level] = table(groups)
        with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, float_precision=3, tbl_hide_column_data_types=True):
            sys.stdout.write(f"{level}\n{tables[level]}\n")
    if asked.save:
        setting = {name: value for name, value in vars(asked).items() if name != "save"}
        levels = {level: found.to_dicts() for level, found in tables.items()}
        save("oracle", {"setting": setting, "machine": machine(), "levels": levels})
    return 0


if __name__ == "__main__":
    sys.exit(main())
