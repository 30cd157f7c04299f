"""What a Tab offers, and the scripts that ask for it."""
