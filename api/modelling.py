"""The use case of training: a model from the house's own book, kept in its folder, asked by every later sweep."""

import os
import time
from collections.abc import Callable
from typing import Any, Final

from api.sweeping import Bounds, inputs_of
from api.wiring import House
from detectors.model import CARD, Model, read_model
from graph.errors import NotFound
from graph.store import GraphStore

CURRENT: Final = "CURRENT"
"""A file in the models folder that holds the id of the model that sweeps ask."""
Say = Callable[[str], None]


def train_model(
    house: House, store: GraphStore, *, seed: int, without: tuple[str, ...], bounds: Bounds, say: Say
) -> dict[str, Any]:
    """Train on the book as it stands, keep the model and make it current; returns its card with seconds.

    without: names of forms that the grammar is not to plant. Raises UsageError for a book too small to learn from,
    SettingsError for a form that there is none of.
    """
    from detectors.grammar import read_grammar  # here, because a sweep that asks a model needs none of this
    from detectors.train import train

    started = time.perf_counter()
    grammar = read_grammar().without(without) if without else read_grammar()
    watermark = house.accounts.watermark(bounds.known_at)
    links = store.links(as_of=bounds.as_of, known_at=watermark)
    model_id = house.ids("model")
    model = train(
        inputs_of(house, links, watermark, bounds), house.policy, grammar, seed=seed, model_id=model_id, say=say
    )
    model.save(house.settings.models_folder / model_id)
    use(house, model_id)
    return {**model.card, "seconds": round(time.perf_counter() - started, 1)}


def current_id(house: House) -> str | None:
    """The id of the model that sweeps ask, None without one."""
    try:
        return (house.settings.models_folder / CURRENT).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def current_model(house: House, say: Say) -> Model | None:
    """The model for the next sweep; says why there is none, or why it does not suit."""
    model_id = current_id(house)
    if model_id is None:
        say("no model: `ringsight train` learns one from this book")
        return None
    model = read_model(house.settings.models_folder / model_id)
    if not model.suits(house.policy):
        say(f"{model_id} was trained under another policy and is not asked: run ringsight train again")
        return None
    return model


def use(house: House, model_id: str | None) -> None:
    """Make a model current, or none. Raises NotFound where there is no such model, ArtifactError for a broken one."""
    folder = house.settings.models_folder
    if model_id is not None:
        if not (folder / model_id / CARD).is_file():
            raise NotFound(f"there is no model {model_id}", remedy="see ringsight models list")
        read_model(folder / model_id)
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{CURRENT}-{os.getpid()}"
    aside.write_text(f"{model_id or ''}\n", encoding="utf-8")
    aside.replace(folder / CURRENT)


def cards(house: House) -> list[dict[str, Any]]:
    """Cards of all models, oldest first, with `current`. Raises ArtifactError for one that cannot be read."""
    chosen = current_id(house)
    found = sorted(path.parent for path in house.settings.models_folder.glob(f"*/{CARD}"))
    return [{**read_model(folder).card, "current": folder.name == chosen} for folder in found]
