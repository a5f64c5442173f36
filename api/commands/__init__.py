"""The commands, one module a subject; each imports what it needs when it runs, so that --help answers at once."""
