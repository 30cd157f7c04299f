"""`tapit-local`: serves the local home in the foreground."""

import getpass
import logging
import os
import select
import shlex
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NoReturn

import click
from tapit.errors import CliError
from tapit.home.config_file import is_default, known_url, save_profile
from tapit.language.suggested_command import as_typed_here
from tapit.language.values import profile as checked_profile

from chalicelib import VERSION
from local.clean import FAILURES, clean
from local.docker_driver.reachable_engine import EngineFinder, NoEngine
from local.either_driver import AUTO, NAMES, what_tasks_run_as
from local.home import build_home, serve
from local.serving.server import (
    HOST,
    CannotListen,
    Listener,
    listen_on_path,
    listen_on_port,
    refuse_few_files,
)
from local.store.state_folder import StateError, StateFolder, open_state, watched
from local.store.system_refusals import advice, in_words

LOOK_EVERY = 2.0  # seconds
FIRST_STEPS = ("tapit create app name=demo", "tapit create task 'echo hi' -w")
NOTICE = "Each goes on without this server, and is picked up again at its next start."


def _profile_name(_context: click.Context, _option: click.Parameter, name: str) -> str:
    try:
        return checked_profile("profile", name)
    except CliError as error:
        raise click.BadParameter(f"{error}. {error.why}") from error


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where to keep everything.  [~/.local/share/tapit]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Serve on this port of {HOST} as well, for curl or a browser, with tokens; 0 takes a free one.",
)
@click.option(
    "--profile", default="local", callback=_profile_name, help="The command line's profile to write.  [local]"
)
@click.option(
    "--allow-local-webhooks",
    is_flag=True,
    help=f"Let subscriptions send to this machine: http://{HOST}:PORT/...",
)
@click.option(
    "--driver",
    type=click.Choice(NAMES),
    default=AUTO,
    help="What tasks run as: containers where they name an image and an engine answers (auto), containers only "
    "(docker), or plain processes only (process), which leaves images aside.  [auto]",
)
@click.option("--verbose", "-v", is_flag=True, help="Log every request.")
@click.version_option(VERSION, prog_name="tapit-local")
@click.pass_context
def main(
    context: click.Context,
    state: Path | None,
    port: int | None,
    profile: str,
    allow_local_webhooks: bool,  # noqa: FBT001 - click's shape
    driver: str,
    verbose: bool,  # noqa: FBT001
) -> None:
    """Serve tapit on this machine, in the foreground.

    It writes the command line's profile `local`, so `tapit` finds it from any other terminal:

      tapit-local

    TAPIT_MEMORY_BY=polling in the environment leaves control groups alone: memory is then watched, not bounded.
    """
    context.obj = state
    if context.invoked_subcommand is not None:
        return
    os.umask(0o077)  # what it makes is its owner's alone, and of use to the owner; tasks get the usual one
    logging.basicConfig(level=logging.DEBUG if verbose else logging.WARNING, format="%(asctime)s %(message)s")
    try:
        refuse_few_files()
        with open_state((state or default_state()).absolute()) as folder:
            _refuse_profile_of_another(profile, folder)
            is_over = _serve(folder, port, profile, driver, local_webhooks=allow_local_webhooks)
    except StateError as error:
        _fail(str(error), error.hint)
    except BrokenPipeError:
        sys.exit(141)  # nobody reads what we say
    except OSError as error:
        _fail(
            f"The system refused: {in_words(error)}.",
            f"{advice(error) or 'Mend that, or name another --state'}.",
        )
    except RuntimeError as error:  # Path.home() without HOME and without an entry for the user
        _fail(f"{error}", "Set HOME, or name the folder: --state DIR (and set XDG_CONFIG_HOME).")
    if not is_over:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves


@main.command("clean")
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Whose tasks it is about.  [~/.local/share/tapit]",
)
@click.pass_obj
def clean_up(earlier: Path | None, state: Path | None) -> None:
    """Remove what a crash left of tasks: containers, networks and processes that nobody looks after any more.

    Tasks that run are left alone, with a server or without.
    """
    given = state or earlier
    folder, was_anything_left = (given or default_state()).absolute(), False
    try:
        for removed in clean(folder):
            was_anything_left = True
            print(f"Removed {removed}.")
    except FAILURES as error:
        why, what_to_do = f"the container engine: {error}", "Start the engine"
        if isinstance(error, NoEngine):
            why, what_to_do = str(error), error.what_to_do
        _fail(f"Containers could not be looked for: {why}.", f"{what_to_do}, and try again.")
    if not was_anything_left:
        _say_nothing_is_left(folder, is_given=given is not None)


def _say_nothing_is_left(folder: Path, *, is_given: bool) -> None:
    """Containers may be left of a home whose folder is gone, so only now is a folder known to be misspelt."""
    if is_given and not folder.is_dir():
        _fail(
            f"There is no folder {folder}, and no container or network is left of a home there.",
            "Name the folder that tapit-local keeps its state in, or leave out --state for the usual one.",
        )
    print("Nothing to remove.")


def default_state() -> Path:
    """Follow the XDG base directory rules: an empty or relative value counts as none."""
    shared = os.environ.get("XDG_DATA_HOME", "")
    root = Path(shared) if shared.startswith("/") else Path.home() / ".local" / "share"
    return root / "tapit"


def _serve(folder: StateFolder, port: int | None, profile: str, driver: str, *, local_webhooks: bool) -> bool:
    """Return True once told to end; False when it takes a new server for clients and supervisors to reach it."""
    ending = _pipe_of_signals(signal.SIGTERM, signal.SIGINT)
    token = folder.token(_user())
    with ExitStack() as stack:
        listeners = _listen(folder, port, token, stack)
        engines = EngineFinder()
        home = build_home(folder, local_webhooks=local_webhooks, driver_name=driver, engines=engines)
        stack.enter_context(serve(home, listeners))
        url, tcp_url = f"unix:{folder.socket}", _tcp_url(listeners)
        folder.remember_server(url=url, **({"tcp_url": tcp_url} if tcp_url else {}))
        unreachable = watched([folder.socket, folder.notifications])
        _say_how_to_reach(folder, url, tcp_url, profile, what_tasks_run_as(driver, engines))
        if _is_told_to_end(ending, folder, unreachable):
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)  # whoever asks twice is not kept waiting
            print("\nStopped. Running tasks go on; start tapit-local again to see to them.", flush=True)
            return True
    return False


def _is_told_to_end(ending: int, folder: StateFolder, unreachable: Callable[[], Path | None]) -> bool:
    """Return False when nobody reaches this server any more, at two looks: all the folder may be about to go."""
    missed = False
    while not select.select([ending], [], [], LOOK_EVERY)[0]:
        if lost := folder.taken_away():
            hint = (
                "Start tapit-local anew." if lost == folder.path else "Put a backup back, and start it anew."
            )
            _fail(f"{lost} was taken away: nothing can be kept.", hint)
        lost = unreachable()
        if lost and missed:
            print(f"{lost} was taken away: starting anew.", file=sys.stderr, flush=True)
            return False
        missed = lost is not None
    return True


def _listen(folder: StateFolder, port: int | None, token: str, stack: ExitStack) -> list[Listener]:
    listeners = []
    try:
        listeners.append(listen_on_path(folder.socket, token))
        stack.callback(listeners[0].socket.close)
        if port is not None:
            listeners.append(listen_on_port(port))
            stack.callback(listeners[1].socket.close)
    except CannotListen as error:
        hint = (
            "Name another --state."
            if not listeners
            else "Name another one: --port N, or --port 0 for a free one."
        )
        _fail(str(error), hint)
    return listeners


def _tcp_url(listeners: list[Listener]) -> str | None:
    return f"http://{HOST}:{listeners[1].socket.getsockname()[1]}" if len(listeners) > 1 else None


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


def _refuse_profile_of_another(profile: str, folder: StateFolder) -> None:
    """Another state folder's server may be using the profile; its users would suddenly be talking to us."""
    try:
        url = known_url(profile) or ""
    except CliError:  # then it cannot be written either, and that is told
        return
    scheme, _, path = url.partition(":")
    if scheme != "unix" or path == str(folder.socket):
        return
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except OSError:
            return
    _fail(
        f"Profile `{profile}` belongs to another server, which is running at {url}.",
        f"Use that one, or write another profile: --profile {profile}2 (then: tapit --profile {profile}2 ...)",
    )


def _say_how_to_reach(
    folder: StateFolder, url: str, tcp_url: str | None, profile: str, tasks_run_as: str
) -> None:
    path = _written_profile(profile, url)
    chosen = None if path is None or is_default(profile) else profile
    print(f"tapit {VERSION} serves this machine at {url}")
    if tcp_url is not None:
        print(f"and at {tcp_url}, to whoever has the token in {folder.path / 'token'}")
    print(f"Profile `{profile}` is in {path}; in another terminal:\n" if path else "In another terminal:\n")
    for line in (
        FIRST_STEPS if path else (f"export TAPIT_APP=demo TAPIT_URL={shlex.quote(url)}", *FIRST_STEPS)
    ):
        print(f"  {as_typed_here(line, chosen)}")
    print()
    print(tasks_run_as)
    print(NOTICE)
    print("Ctrl-C ends the server.", flush=True)


def _written_profile(profile: str, url: str) -> str | None:
    """Return where it is; None where it could not be written, for tasks need a server all the same."""
    try:
        return save_profile(profile, url, None)
    except CliError as error:
        reason = f": {error.why}" if error.why else ""
        print(f"warning: The profile `{profile}` could not be written: {error}{reason}", file=sys.stderr)
        print("  → Mend that, and start tapit-local anew; or name the home by TAPIT_URL.", file=sys.stderr)
        return None


def _fail(message: str, hint: str) -> NoReturn:
    print(f"error: {message}\n  → {hint}", file=sys.stderr)
    sys.exit(1)
