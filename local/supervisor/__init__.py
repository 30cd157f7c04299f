"""The small process that runs one task, survives the server, and writes down how the task ended.

Two hundred of these may run at once, so it imports next to nothing; what `signal`, `subprocess` or `json`
would bring is written out where it is short.
"""
