"""The HTTP face of this machine: the Chalice app behind uvicorn, on a Unix socket and, when asked for, on a port."""
