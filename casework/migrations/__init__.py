"""The ledger's migrations, in order; run by casework.upgrade, never by hand."""
