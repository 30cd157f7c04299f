"""Tasks as containers of Docker, Podman, or whatever else speaks Docker's API: what no other driver needs.

`docker` is imported by supervisors only, and by what the server asks of an engine once there is a container.
"""
