"""`make demo`: the local home in a throw-away folder, and a few tasks that show what becomes of them."""

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent
READY = "Ctrl-C ends the server."
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


def main() -> None:
    """Run the demo; its exit code is 0 only when everything went as announced."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(0 if _run_in_a_throw_away_folder() else "The demo did not go as it should.")
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `make demo | head`
        sys.stdout = None  # nobody reads it, so it is not flushed either
        sys.exit(141)


def _run_in_a_throw_away_folder() -> bool:
    with tempfile.TemporaryDirectory(prefix="tapit-demo-", ignore_cleanup_errors=True) as folder:
        environment = _environment(Path(folder))
        with _server(Path(folder), environment):
            return _tour(environment)


def _tour(environment: dict[str, str]) -> bool:
    def tapit(words: str, expected: int = 0) -> str | None:
        return _run(["tapit", *shlex.split(words)], environment, expected)

    _say("An app: what its tasks inherit.")
    steps = [tapit("create app name=demo --env APP_NAME=demo -q -o id")]
    _say("A task, waited for. Its output is ours, and so is its exit code.")
    steps.append(tapit("""create task 'echo "hello from $APP_NAME"; date' --wait"""))
    _say("A command between pipes of ours; tapit run 'bash' would put our terminal there.")
    steps.append(_run(["tapit", "run", "sort"], environment, 0, typed="pear\napple\n"))
    _say("One that fails: its exit code comes through.")
    steps.append(tapit("create task 'echo about to fail; exit 7' --wait", expected=7))
    _say("One that would run for ten minutes, with a limit of two seconds.")
    steps.append(tapit("create task 'echo working; sleep 600' max_hours=0.0005 --wait", expected=143))
    _say("What ran, and how it ended:")
    steps.append(tapit("list tasks -o table"))
    newest = _run(["tapit", "list", "tasks", "-o", "id", "limit=1"], environment, 0, quiet=True)
    _say("All there is to know about one of them:")
    steps.append(tapit(f"show task task={(newest or '').strip()} -o table"))
    return None not in steps


def _run(
    words: Sequence[str],
    environment: dict[str, str],
    expected: int,
    *,
    quiet: bool = False,
    typed: str | None = None,
) -> str | None:
    """Print a command and run it; None when it ends otherwise than expected."""
    if not quiet:
        before = "" if typed is None else f"printf {shlex.quote(typed.encode('unicode_escape').decode())} | "
        print(f"\n{_bold('$ ' + before + _as_typed(words))}", flush=True)
    done = subprocess.run(
        [BIN / words[0], *words[1:]],
        env=environment,
        check=False,
        text=True,
        input=typed,
        stdout=subprocess.PIPE if quiet else None,
        # one stream, so that what is said stays in order in a pipe as well
        stderr=subprocess.DEVNULL if quiet else subprocess.STDOUT,
    )
    if not quiet and expected:
        print(f"(exit code {done.returncode})", flush=True)
    return (done.stdout or "") if done.returncode == expected else None


def _as_typed(words: Sequence[str]) -> str:
    return " ".join(word if word.replace("=", "").isidentifier() else shlex.quote(word) for word in words)


def _say(sentence: str) -> None:
    print(f"\n# {sentence}", flush=True)


def _bold(text: str) -> str:
    return f"{BOLD}{text}{PLAIN}" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text


def _environment(folder: Path) -> dict[str, str]:
    """The user's own, but with a home of the demo's, so that no profile of theirs is touched."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TAPIT_", "XDG_"))}
    return kept | {"HOME": str(folder)}


@contextmanager
def _server(folder: Path, environment: dict[str, str]) -> Iterator[None]:
    command = ["tapit-local", "--state", str(folder / "state")]
    print(_bold(f"$ {shlex.join(command)} &"), flush=True)
    server = subprocess.Popen(
        [BIN / command[0], *command[1:]], env=environment, text=True, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        for line in server.stdout:
            print(f"  {line}".rstrip(), flush=True)
            if line.startswith(READY):
                break
        yield
    finally:
        server.terminate()
        server.communicate()


if __name__ == "__main__":
    main()
