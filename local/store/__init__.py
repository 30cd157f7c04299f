"""What the home keeps: records, apps and tokens in one SQLite file."""
