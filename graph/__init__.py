"""The floor: the vocabulary of the domain, the graph store, and the network that is read from it."""
