"""Memory that was let go of goes back to the system."""

import ctypes

import pyarrow as pa


def give_back() -> None:
    """Ask the allocators for what they keep. Half a GiB after a large book is laid out; elsewhere than under glibc,
    which keeps most, Arrow's alone is asked."""
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
