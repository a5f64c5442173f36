"""Every way in: the HTTP API and the command line, and the one place where objects are built."""
