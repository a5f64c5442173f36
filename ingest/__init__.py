"""From any file or payload to a clean, tokenised batch for the graph store, with accounts that balance."""
