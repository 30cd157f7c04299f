"""How fast, how small and how punctual it is: every figure that the README gives, one benchmark a file.

A benchmark has `measure(*, quick) -> list[Row]`, keeps all it writes in a temporary folder, runs the real programs of
this environment, and leaves no process behind.
"""
