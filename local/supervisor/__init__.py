"""The small process that runs one task, survives the server, and writes down how the task ended.

It keeps the time limit, the output and the record of the end, whatever the task runs as; a driver brings the rest
(`driven_task.py`), and starts the fork server with it.
"""
