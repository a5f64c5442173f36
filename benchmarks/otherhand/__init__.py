"""Books of auto loans by another hand, which never saw ingest/synthetic or detectors: neither can have been fitted.

Nothing in here that writes a book may import from ingest or detectors: what is fraud and what is innocence is imagined
anew, in four languages. `measure` runs the product over such books by its command line alone.
"""
