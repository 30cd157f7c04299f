"""What makes a task on this machine interactive: its main process, which serves sessions beside the command, or for it.

It is the local counterpart of ECS Exec's agent and of the watchdog, and part of the task: in its environment, its
memory, its time limit and its process tree. So sessions live as long as their task, whatever the server does.
"""
