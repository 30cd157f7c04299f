"""A person's terminal inside a task: the data channel that AWS Session Manager speaks, and both ends of it.

Nothing here is imported by another command than `run` and `shell`.
"""
