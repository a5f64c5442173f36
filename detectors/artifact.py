"""The artifact of a published sweep, mapped into memory read-only (detectors.publish writes it)."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
from blake3 import blake3
from numpy.typing import NDArray
from pyarrow import ipc

from detectors.columns import COUNTED, Norms, Registry
from detectors.fuse import Calibration
from detectors.lineage import Ancestry
from detectors.model import Model, read_model
from detectors.tails import Tails
from graph.errors import ArtifactError

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Columns = Mapping[str, NDArray[np.generic]]

MANIFEST: Final = "manifest.json"
MODEL: Final = "model"
"""Folder of the model that a sweep asked, inside its artifact: what scores new rows as it scored the old."""
FORMAT: Final = 6


def digest_of(path: Path) -> str:
    """BLAKE3 of a file: a sixth of BLAKE2b's time, and a sweep digests its files as it writes them and again as it
    checks its gates."""
    return blake3().update_mmap(path).hexdigest()


def altered(folder: Path, known: Mapping[str, str]) -> list[str]:
    """Names of the files that differ from their digest, two at a time: it works outside the interpreter's lock."""
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda name: digest_of(folder / name), known)
        return [name for name, digest in zip(known, found, strict=True) if digest != known[name]]


@dataclass(frozen=True)
class Published:
    """A published sweep, mapped read-only. Frames are read when first asked for."""

    folder: Path
    manifest: Mapping[str, Any]

    @staticmethod
    def open(folder: Path, *, verify: bool = False, older: bool = False) -> "Published":
        """Open an artifact. older: also one of another format, of which only scores and rings can be relied on.

        Raises ArtifactError where a file is missing or (verify) differs from its digest, and for another format.
        """
        try:
            manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ArtifactError(f"sweep {folder.name}: no readable manifest", "sweep again or roll back") from error
        if manifest.get("format") != FORMAT and not older:
            raise ArtifactError(f"sweep {folder.name} was made by another release", "sweep again")
        known = manifest["files"]
        wrong = [name for name in known if not (folder / name).is_file()]
        if verify and not wrong:
            wrong = altered(folder, known)
        if wrong:
            raise ArtifactError(f"sweep {folder.name}: {wrong[0]} is missing or altered", "sweep again or roll back")
        return Published(folder, manifest)

    def table(self, name: str) -> pa.Table:
        """One file of the artifact, mapped."""
        with pa.memory_map(str(self.folder / f"{name}.arrow")) as source:
            return ipc.open_file(source).read_all().combine_chunks()

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The numeric columns of one file as read-only arrays, without copying."""
        table = self.table(name)
        return {
            column: table[column].chunk(0).to_numpy(zero_copy_only=True) if table.num_rows else _empty(table, column)
            for column in table.column_names
            if pa.types.is_integer(table.schema.field(column).type)
            or pa.types.is_floating(table.schema.field(column).type)
        }

    def frame(self, name: str) -> pl.DataFrame:
        """One file as a frame."""
        frame = pl.from_arrow(self.table(name))
        if not isinstance(frame, pl.DataFrame):
            raise ArtifactError(f"{name}: not a table", "sweep again")
        return frame

    @property
    def sweep_id(self) -> str:
        return str(self.manifest["sweep_id"])

    @property
    def policy_version(self) -> str:
        return str(self.manifest["policy_version"])

    @property
    def model_version(self) -> str:
        return str(self.manifest["model_version"])

    @property
    def watermark(self) -> int:
        return int(self.manifest["watermark"])

    @property
    def applications(self) -> int:
        """How many applications the sweep scored."""
        return int(self.manifest["size"])

    @cached_property
    def model(self) -> Model | None:
        """The model that the sweep asked, None for an unsupervised one. Raises ArtifactError for an altered one."""
        if "fold" not in self.table("rows").column_names:  # publish writes a row's fold where a model was asked
            return None
        return read_model(self.folder / MODEL)

    @cached_property
    def calibration(self) -> Calibration:
        return Calibration(**self.manifest["calibration"])

    @cached_property
    def rows(self) -> dict[str, NDArray[Any]]:
        """Numeric columns by application index: the book's, the layers and the features."""
        return self.arrays("rows")

    @cached_property
    def application_ids(self) -> pa.Array:
        """[A] sorted."""
        return self.table("rows")["application_id"].chunk(0) if self.applications else pa.array([], pa.large_string())

    def community_of(self, index: int) -> I64:
        """Published indices of an application's community, ascending."""
        order, label = self._communities
        own = self.rows["community"][index]
        members: I64 = order[label.searchsorted(own) : label.searchsorted(own, side="right")]
        return members

    @cached_property
    def _communities(self) -> tuple[I64, I64]:
        """Applications by community, and the community of each."""
        label = self.rows["community"]
        order = np.argsort(label, kind="stable")
        return order, label[order]

    @cached_property
    def digests(self) -> pa.Array:
        """[A] content digest of the version that was swept."""
        return self.table("rows")["digest"].chunk(0)

    @cached_property
    def values(self) -> dict[str, NDArray[Any]]:
        return self.arrays("values")

    @cached_property
    def value_texts(self) -> tuple[pa.Array, pa.Array]:
        """Token and label of each value."""
        table = self.table("values")
        token, label = (table[name].chunk(0) if table.num_rows else pa.array([]) for name in ("token", "label"))
        return token, label

    @cached_property
    def slots(self) -> dict[str, NDArray[Any]]:
        return self.arrays("slots")

    @cached_property
    def members_of_slots(self) -> dict[str, NDArray[Any]]:
        return self.arrays("members")

    @cached_property
    def links(self) -> dict[str, NDArray[Any]]:
        return self.arrays("links")

    @cached_property
    def tails(self) -> Tails:
        return Tails.from_frame(self.frame("tails"), len(self.feature_names))

    @cached_property
    def community_tails(self) -> Tails:
        return Tails.from_frame(self.frame("community_tails"), 1)

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(name[2:] for name in self.table("rows").column_names if name.startswith("f_"))

    @cached_property
    def norms(self) -> Norms:
        held = {name: self.arrays(f"count_{name}") for name in COUNTED}
        return Norms(
            {name: (table["value"], table["count"]) for name, table in held.items()},
            np.array(self.manifest["appraisal_middle"]), np.array(self.manifest["appraisal_spread"]),
        )  # fmt: skip

    @cached_property
    def kind_rate(self) -> NDArray[np.float64]:
        """Uses of a value a day by kind code, over the whole book."""
        return np.array(self.manifest["kind_rate"])

    @cached_property
    def watched(self) -> I64:
        """Token numbers of the values on a watch-list, ascending."""
        return self.arrays("watched")["value"]

    @cached_property
    def registry(self) -> Registry:
        """The employer register that the sweep knew."""
        held = self.arrays("registry")
        return Registry(held["core"], held["heads"])

    @cached_property
    def event_order(self) -> I64:
        """[A] event_at in time order, to find where a new row stands."""
        return np.sort(self.rows["event_at"])

    @cached_property
    def scores(self) -> pl.DataFrame:
        return self.frame("scores")

    @cached_property
    def ring_ids(self) -> pl.Series:
        """[A] ring of each application, null without one."""
        return self.scores["ring_id"]

    @cached_property
    def rings(self) -> pl.DataFrame:
        return self.frame("rings")

    @cached_property
    def members(self) -> pl.DataFrame:
        return self.frame("ring_members")

    @cached_property
    def gone(self) -> pl.DataFrame:
        return self.frame("gone")

    def ancestry(self) -> Ancestry:
        """The rings as the next sweep's lineage wants them."""
        return Ancestry(self.members.join(self.rings.select("ring_id", "founded_at"), on="ring_id"))

    def index_of(self, application_id: str) -> int | None:
        """Application index, or None where the sweep has not seen it."""
        place, held = self.place_of(application_id)
        return place if held else None

    def place_of(self, application_id: str) -> tuple[int, bool]:
        """Index of the first id that is not smaller, and whether it is this one. Binary search on the sorted ids."""
        ids = self.application_ids
        low, high = 0, len(ids)
        while low < high:
            middle = (low + high) // 2
            if ids[middle].as_py() < application_id:
                low = middle + 1
            else:
                high = middle
        return low, low < len(ids) and ids[low].as_py() == application_id

    def row(self, application_id: str) -> dict[str, Any] | None:
        """The published score row of an application."""
        index = self.index_of(application_id)
        return None if index is None else self.scores.row(index, named=True)


def _empty(table: pa.Table, column: str) -> NDArray[Any]:
    return np.zeros(0, table.schema.field(column).type.to_pandas_dtype())
