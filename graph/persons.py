"""Who is who: applications of one person, joined by rules that can be said in a sentence."""

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from graph.network import BUILDING, EMPLOYER_CORE, Network
from graph.ordering import firsts, numbered
from graph.schema import KIND, ROLE

I32 = NDArray[np.int32]
I64 = NDArray[np.int64]

CONFIRMING = (
    *(KIND[name].code for name in ("phone", "account", "address", "device", "email", "employer", "vehicle")),
    EMPLOYER_CORE,
    BUILDING,
)
"""Besides the same name and birth date, two applications of one person share one of these of their own."""
PERSONAL = tuple(KIND[name].code for name in ("phone", "account", "email"))
"""Besides the same name alone, they share one of these."""


def resolve(network: Network) -> I32:
    """[A] smallest application index of each application's person.

    Same national ID; or same name and birth date with one shared value of their own (phone, account, address, device,
    e-mail, employer, vehicle); or same name with the same phone, account or e-mail of their own.
    """

    def small(column: str) -> I64:
        return network.applications[column].rank("dense").fill_null(0).to_numpy().astype(np.int64)

    own = network.link_role == ROLE["own"].code
    value = network.link_value[own]
    return persons(
        network.link_application[own],
        value.astype(np.int64),
        network.value_kind[value],
        name=small("name_token"),
        name_birth=small("name_birth_token"),
    )


def persons(application: I32, value: I64, kind: NDArray[np.integer], *, name: I64, name_birth: I64) -> I32:
    """The same from columns: [L] links of one's own; [A] numbers of names and of names with birth date, 0 = none."""
    by_id = kind == KIND["national_id"].code
    edges = [_stars(application[by_id], value[by_id], np.zeros(int(by_id.sum()), np.int64))]
    for number, kinds in ((name_birth, CONFIRMING), (name, PERSONAL)):
        chosen = np.isin(kind, kinds) & (number[application] > 0)
        edges.append(_stars(application[chosen], value[chosen], number[application[chosen]]))
    left, right = (np.concatenate(side) for side in zip(*edges, strict=True))
    return smallest_member(len(name), left, right)


def _stars(application: I32, value: I64, name: I64) -> tuple[I64, I64]:
    """Edges from the first application of each (value, name) to its others."""
    size = int(application.max(initial=0)) + 1
    _, group = numbered(value * (int(name.max(initial=0)) + 1) + name)
    ordered = np.sort(group * size + application)
    begins = firsts(ordered // size)
    member = ordered % size
    first = member[begins][np.cumsum(begins) - 1]
    others = first != member
    return first[others], member[others]


def smallest_member(size: int, left: NDArray[np.integer], right: NDArray[np.integer]) -> I32:
    """[size] label of each vertex's connected component: its smallest vertex."""
    graph = sparse.coo_array((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    count, label = csgraph.connected_components(graph, directed=False)
    smallest = np.full(count, size, np.int32)
    np.minimum.at(smallest, label, np.arange(size, dtype=np.int32))
    return smallest[label]
