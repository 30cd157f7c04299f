"""What a task leaves on this machine, and how it is steered."""
