"""The main process of an interactive task: it lets people's terminals in, and runs the task's command beside them.

It lives and dies with the task, under the task's supervisor, in its environment and its memory limit; the server may
come and go meanwhile. It counts against the task's memory, so it imports little, and a WebSocket's needs only when
somebody comes.
"""
