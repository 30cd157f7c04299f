"""Remembers in a run's folder which engine has its container, from before there is one."""

from local.supervisor.atomic_files import write_whole

ENGINE_FILE = "engine"


def remember_engine(folder: str, url: str, api_version: str) -> None:
    """Raise OSError where there is no room for it."""
    write_whole(f"{folder}/{ENGINE_FILE}", f"{url}\n{api_version}\n".encode())
