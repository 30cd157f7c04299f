"""Tasks as plain processes: what no other driver needs."""
