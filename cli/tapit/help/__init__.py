"""The `--help` of everything, and the docs that are made from it."""
