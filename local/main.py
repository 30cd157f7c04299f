"""`tapit-local`: serves the local home in the foreground."""

import getpass
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import click
from tapit.config import is_default, known_url, save_profile
from tapit.errors import CliError
from tapit.next_command import as_typed_here
from tapit.values import profile as checked_profile

from chalicelib import VERSION
from local.home import build_home, serve
from local.server import HOST, PortTaken, free_port
from local.state import StateError, StateFolder, open_state

DEFAULT_PORT = 7845
FIRST_STEPS = ("tapit create app name=demo", "tapit create task 'echo hi' -w")
NOTICE = (
    "Tasks run as plain processes with your own rights: no isolation, and image= is kept but not used.\n"
    "Each goes on without this server, and is picked up again at its next start."
)


def _profile_name(_context: click.Context, _option: click.Parameter, name: str) -> str:
    try:
        return checked_profile("profile", name)
    except CliError as error:
        raise click.BadParameter(f"{error}. {error.why}") from error


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to keep everything.  [~/.local/share/tapit]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port on 127.0.0.1; 0 takes a free one.  [the last one, {DEFAULT_PORT}]",
)
@click.option(
    "--profile", default="local", callback=_profile_name, help="The command line's profile to write.  [local]"
)
@click.option("--verbose", "-v", is_flag=True, help="Log every request.")
@click.version_option(VERSION, prog_name="tapit-local")
def main(state: Path | None, port: int | None, profile: str, verbose: bool) -> None:  # noqa: FBT001 - click's shape
    """Serve tapit on this machine, in the foreground.

    It writes the command line's profile `local`, so `tapit` finds it from any other terminal:

      tapit-local

    TAPIT_MEMORY_BY=polling in the environment leaves control groups alone: memory is then watched, not bounded.
    """
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, format="%(asctime)s %(message)s")
    try:
        with open_state((state or default_state()).absolute()) as folder:
            _refuse_profile_of_another(profile, folder)
            _serve(folder, port, profile)
    except StateError as error:
        _fail(str(error), error.hint)
    except BrokenPipeError:
        sys.exit(141)  # nobody reads what we say
    except OSError as error:
        _fail(f"The system refused: {error}.", "Mend that, or name another --state.")
    except RuntimeError as error:  # Path.home() without HOME and without an entry for the user
        _fail(f"{error}", "Set HOME, or name the folder: --state DIR (and set XDG_CONFIG_HOME).")


def default_state() -> Path:
    """Follow the XDG base directory rules: an empty or relative value counts as none."""
    shared = os.environ.get("XDG_DATA_HOME", "")
    root = Path(shared) if shared.startswith("/") else Path.home() / ".local" / "share"
    return root / "tapit"


def _serve(folder: StateFolder, port: int | None, profile: str) -> None:
    ending = _pipe_of_signals(signal.SIGTERM, signal.SIGINT)
    token = folder.token(_user())
    try:
        with serve(build_home(folder), _port(folder, port)) as server:
            folder.remember_server(server.url, server.server_address[1])
            _say_how_to_reach(server.url, token, profile)
            os.read(ending, 1)
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)  # whoever asks twice is not kept waiting
            print("\nStopped. Running tasks go on; start tapit-local again to see to them.", flush=True)
    except PortTaken as error:
        _fail(str(error), "Name another one: --port N, or --port 0 for a free one.")


def _pipe_of_signals(*numbers: int) -> int:
    """Return a file that can be read from once one of the signals has come.

    Waiting for an Event instead loses a signal now and then: Python runs handlers in the main thread only, and
    nothing wakes that thread when the signal came just before it went to sleep, or to another thread.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    for number in numbers:
        signal.signal(number, lambda *_: None)
    return reading


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user id without a name, as containers have them
        return f"uid-{os.getuid()}"


def _port(folder: StateFolder, wanted: int | None) -> int:
    return wanted if wanted is not None else free_port(folder.last_port() or DEFAULT_PORT)


def _refuse_profile_of_another(profile: str, folder: StateFolder) -> None:
    """Another state folder's server may be using the profile; its users would suddenly be talking to us."""
    try:
        url = known_url(profile)
    except CliError as error:
        _fail(f"The profile `{profile}` cannot be read: {error}", "Mend that file, or move it away.")
    if url == folder.last_url():
        return
    address = urlsplit(url or "")
    if address.hostname != HOST or address.port is None:
        return
    try:
        socket.create_connection((HOST, address.port), timeout=1).close()
    except OSError:
        return
    _fail(
        f"Profile `{profile}` belongs to another server, which is running at {url}.",
        f"Use that one, or write another profile: --profile {profile}2 (then: tapit --profile {profile}2 ...)",
    )


def _say_how_to_reach(url: str, token: str, profile: str) -> None:
    try:
        path = save_profile(profile, url, token)
        chosen = None if is_default(profile) else profile
    except CliError as error:
        _fail(f"The profile `{profile}` could not be written: {error}", "Mend that file, or move it away.")
    print(f"tapit {VERSION} serves this machine at {url}")
    print(f"Profile `{profile}` is in {path}; in another terminal:\n")
    for line in FIRST_STEPS:
        print(f"  {as_typed_here(line, chosen)}")
    print()
    print(NOTICE)
    print("Ctrl-C ends the server.", flush=True)


def _fail(message: str, hint: str) -> NoReturn:
    print(f"error: {message}\n  → {hint}", file=sys.stderr)
    sys.exit(1)
