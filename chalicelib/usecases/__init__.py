"""One verb per file: what happens when somebody, or a timer, asks for it."""
