"""The script that the home wraps around a command, in a real terminal, with our client at the other end."""

import os
import pty
import shutil
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from chalicelib.domain.session_script import session_argv
from tests.aws.ecs_endpoint.agent_output import AgentOutput
from tests.cli.session.conftest import AtTerminal, BetweenPipes
from tests.cli.session.far_end import NONCE, FarEnd

SitsDown = Callable[..., AtTerminal]
Pipes = Callable[..., BetweenPipes]
SHELLS = {"dash": ["dash"], "busybox": ["busybox", "sh"], "bash": ["bash", "--posix"]}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> Sequence[str]:
    """What an image may have as /bin/sh."""
    words: Sequence[str] = SHELLS[request.param]
    if shutil.which(words[0]) is None:
        pytest.skip(f"there is no {words[0]}")
    return words


def runs(
    command: str,
    *,
    on_terminal: bool,
    shell: Sequence[str] = ("/bin/sh",),
    environment: Mapping[str, str] = os.environ,
    terminal_type: str | None = None,
) -> Callable[[FarEnd], None]:
    """An agent that is a pseudo-terminal: what is typed goes in, what comes out is said as AWS's agent would."""

    def play(end: FarEnd) -> None:
        _, *words = session_argv(command, NONCE, on_terminal=on_terminal, terminal_type=terminal_type)
        pid, main = pty.fork()
        if pid == 0:
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and it is inherited
            os.execvpe(shell[0], [*shell, *words], environment)
        threading.Thread(target=_type, args=(end, main), daemon=True).start()
        output = AgentOutput()
        while some := _some(main):
            end.says(output.passes(some))
        os.waitpid(pid, 0)
        end.until_settled()
        end.closes()

    return play


def _some(main: int) -> bytes:
    try:
        return os.read(main, 1024)
    except OSError:
        return b""


def _type(end: FarEnd, main: int) -> None:
    typed = b""

    def is_more() -> bool:
        return len(end.typed) > len(typed)

    with suppress(OSError, AssertionError):  # it has ended, or nobody types any more
        while True:
            end.until(is_more)
            some = end.typed[len(typed) :][:1024]
            os.write(main, some)
            typed += some


@pytest.mark.parametrize("code", [0, 7, 255])
def test_at_a_terminal(code: int, sits_down: SitsDown) -> None:
    visitor = sits_down(runs(f"read -r name; echo hello $name; exit {code}", on_terminal=True))
    visitor.until_told("ready")
    visitor.types(b"world\r")
    visitor.sees(b"hello world")

    assert visitor.result()["exit_code"] == code
    assert visitor.shown == b"world\r\nhello world\r\n"


def test_what_is_typed_ahead_does_not_spoil_the_end(sits_down: SitsDown) -> None:
    visitor = sits_down(runs("echo go; sleep 0.5; exit 3", on_terminal=True))
    visitor.sees(b"go")
    visitor.types(b"half a line")

    assert visitor.result()["exit_code"] == 3


@pytest.mark.parametrize(
    ("asked", "described", "becomes"),
    [
        ("xterm-cheese", "x/xterm-cheese", "xterm-cheese"),
        ("xterm-cheese", "78/xterm-cheese", "xterm-cheese"),
        ("xterm-cheese", "x/xterm", "xterm-256color"),
        ("dumb", "x/xterm", "dumb"),
        (None, "x/xterm", "xterm-256color"),
    ],
)
def test_the_terminal_is_the_clients_where_the_image_knows_such_a_one(
    asked: str | None,
    described: str,
    becomes: str,
    sits_down: SitsDown,
    shell: Sequence[str],
    tmp_path: Path,
) -> None:
    description = tmp_path / ".terminfo" / described
    description.parent.mkdir(parents=True)
    description.touch()
    environment = {**os.environ, "HOME": str(tmp_path), "TERM": "xterm-256color"}
    command = runs(
        "echo =$TERM=", on_terminal=True, shell=shell, environment=environment, terminal_type=asked
    )
    visitor = sits_down(command)

    assert visitor.result()["exit_code"] == 0
    assert visitor.shown == f"={becomes}=\r\n".encode()


@pytest.mark.parametrize("size", [0, 1, 3, 100_001])
def test_between_pipes(size: int, pipes: Pipes, shell: Sequence[str]) -> None:
    data = (os.urandom(90) + "\ufffd".encode()) * (size // 93) + os.urandom(size % 93)
    visitor = pipes(runs("cat; exit 4", on_terminal=False, shell=shell))

    assert visitor.reads_all(data)[0] == data
    assert visitor.result()["exit_code"] == 4


def test_a_line_is_in_the_command_while_the_input_stays_open(pipes: Pipes, shell: Sequence[str]) -> None:
    visitor = pipes(runs("cat", on_terminal=False, shell=shell))
    assert visitor.process.stdout is not None
    for number in range(20):
        visitor.writes(b"line %d\n" % number)
        assert visitor.process.stdout.readline() == b"line %d\n" % number

    visitor.reads_all()
    assert visitor.result()["exit_code"] == 0


def test_output_is_there_while_the_command_goes_on(pipes: Pipes, shell: Sequence[str]) -> None:
    visitor = pipes(runs("printf more; read -r answer; echo $answer", on_terminal=False, shell=shell))
    assert visitor.process.stdout is not None
    assert visitor.process.stdout.read(4) == b"more"

    assert visitor.reads_all(b"coffee\n")[0] == b"coffee\n"


@pytest.mark.parametrize("missing", ["nothing", "dd"])
def test_an_image_needs_little(missing: str, pipes: Pipes, shell: Sequence[str], tmp_path: Path) -> None:
    for name in {"base64", "stty", "dd"} - {missing}:
        program = shutil.which(name)
        assert program is not None
        (tmp_path / name).symlink_to(program)
    shell_there = [shutil.which(shell[0]) or "", *shell[1:]]
    script = "while read -r line; do echo $line; done; exit 3"
    visitor = pipes(runs(script, on_terminal=False, shell=shell_there, environment={"PATH": str(tmp_path)}))

    assert visitor.reads_all(b"one\ntwo\n")[0] == b"one\ntwo\n"
    assert visitor.result()["exit_code"] == 3


@pytest.mark.parametrize("missing", ["base64", "stty"])
def test_an_image_that_lacks_a_program_says_so(missing: str, pipes: Pipes, tmp_path: Path) -> None:
    for name in {"base64", "stty"} - {missing}:
        (tmp_path / name).symlink_to(shutil.which(name) or "")
    visitor = pipes(runs("true", on_terminal=False, environment={"PATH": str(tmp_path)}))

    assert visitor.reads_all()[0] == b"tapit: a piped session needs stty and base64 in the image\r\n"
    assert visitor.result()["exit_code"] == 125


def test_ctrl_c_takes_no_input_with_it(pipes: Pipes, shell: Sequence[str]) -> None:
    data = os.urandom(200_000)
    visitor = pipes(runs("trap '' INT; echo on; cat", on_terminal=False, shell=shell))
    assert visitor.process.stdout is not None
    assert visitor.process.stdout.readline() == b"on\n"
    visitor.writes(data[:100_000])
    visitor.interrupts()

    assert visitor.reads_all(data[100_000:])[0] == data
    assert visitor.result()["exit_code"] == 0


def test_a_command_that_reads_only_some_of_much_input(pipes: Pipes) -> None:
    visitor = pipes(runs("head -c 3", on_terminal=False))

    assert visitor.reads_all(b"abc" + os.urandom(1_000_000))[0] == b"abc"
    assert visitor.result()["exit_code"] == 0


def test_a_command_that_reads_nothing_while_the_input_stays_open(pipes: Pipes) -> None:
    visitor = pipes(runs("echo done; exit 4", on_terminal=False))

    assert visitor.result()["exit_code"] == 4


def test_ctrl_c_ends_a_command_between_pipes_that_does_nothing_about_it(
    pipes: Pipes, shell: Sequence[str]
) -> None:
    visitor = pipes(runs("echo on; exec sleep 1000", on_terminal=False, shell=shell))
    assert visitor.process.stdout is not None
    assert visitor.process.stdout.readline() == b"on\n"
    visitor.interrupts()

    assert visitor.result()["exit_code"] == 130


def test_ctrl_c_reaches_a_command_between_pipes(pipes: Pipes, shell: Sequence[str]) -> None:
    command = "trap 'echo caught; exit 9' INT; echo on; while :; do sleep 0.05; done"
    visitor = pipes(runs(command, on_terminal=False, shell=shell))
    assert visitor.process.stdout is not None
    assert visitor.process.stdout.readline() == b"on\n"
    visitor.interrupts()

    assert visitor.process.stdout.read() == b"caught\n"
    assert visitor.result()["exit_code"] == 9
