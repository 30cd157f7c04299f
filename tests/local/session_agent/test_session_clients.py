"""Who gets into a session, who is turned away, and what becomes of those who lose their connection."""

import json
import os
import random
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tapit.session import frames
from tapit.session.frames import Message
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from chalicelib.domain.errors import SessionOver
from chalicelib.ports import DataChannel
from local.runs import sessions
from local.session_agent import grants
from local.store.short_folders import LONGEST
from tests.local.session_agent.interactive_task import RAW, InteractiveMachine, InteractiveTask
from tests.local.session_agent.session_client import SessionClient, reach, split
from tests.local.supervisor.supervised_task import GENEROUS, machine_in, opened_by, until

NOT_UNDERSTOOD = 1003


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[InteractiveMachine]:
    with machine_in(tmp_path) as machine:
        yield InteractiveMachine(machine)


@pytest.fixture
def task(machine: InteractiveMachine) -> InteractiveTask:
    return machine.start("echo up; sleep 1000", resume=GENEROUS)


def test_a_wrong_token_opens_nothing(task: InteractiveTask) -> None:
    channel = task.opens("/bin/sh", "-c", "touch was-here; sleep 1000")

    for token in ("", "wrong", "ümläut", channel.token + "x"):
        assert SessionClient(replace(channel, token=token)).is_turned_away() == NOT_UNDERSTOOD

    SessionClient(task.opens("/bin/echo", "hello")).sees(b"hello")
    assert not (task.folder.path / "work" / "was-here").exists()


@pytest.mark.parametrize(
    "first", ["", "[]", "nonsense", '{"TokenValue": null}', '{"TokenValue": {}}', "{}", b"x" * 200]
)
def test_a_first_message_without_a_token_opens_nothing(task: InteractiveTask, first: str | bytes) -> None:
    channel = task.opens("/bin/echo")

    with reach(channel.url) as stranger:
        stranger.send(first)
        until(lambda: _is_closed(stranger))
        assert stranger.close_code == NOT_UNDERSTOOD


def test_a_token_expires(task: InteractiveTask) -> None:
    channel = task.opens("/bin/echo")
    path = task.folder.path / "sessions" / channel.session_id
    path.write_text(json.dumps({**json.loads(path.read_text()), "expires_at": time.time()}))

    assert SessionClient(channel).is_turned_away() == NOT_UNDERSTOOD


def test_a_token_of_another_session_opens_nothing(task: InteractiveTask) -> None:
    one, other = task.opens("/bin/echo"), task.opens("/bin/echo")

    assert SessionClient(replace(one, token=other.token)).is_turned_away() == NOT_UNDERSTOOD


def test_a_token_of_another_task_opens_nothing(machine: InteractiveMachine, task: InteractiveTask) -> None:
    here, there = task.opens("/bin/echo"), machine.attached().opens("/bin/echo")
    socket_here, socket_there = (channel.url.split(":")[1] for channel in (here, there))

    moved = replace(there, url=there.url.replace(socket_there, socket_here))

    assert SessionClient(moved).is_turned_away() == NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "path", ["/", "/v1/data-channel/", "/v1/data-channel/../lock", "/v1/data-channel/local-x/../y"]
)
def test_only_a_session_can_be_asked_for(task: InteractiveTask, path: str) -> None:
    channel = task.opens("/bin/echo")

    asked = replace(channel, url=channel.url[: channel.url.rindex(":")] + f":{path}")

    assert SessionClient(asked).is_turned_away() == NOT_UNDERSTOOD


def test_a_page_in_a_browser_is_refused(task: InteractiveTask) -> None:
    channel = task.opens("/bin/echo")

    with pytest.raises(InvalidStatus) as refusal, reach(channel.url, origin=Origin("http://127.0.0.1")):
        pass

    assert refusal.value.response.status_code == 403


def test_what_lets_a_client_in_is_nobody_elses_to_read(task: InteractiveTask) -> None:
    channel = task.opens("/bin/echo")

    path = task.folder.path / "sessions" / channel.session_id
    assert channel.token not in path.read_text()
    assert [each.stat().st_mode & 0o777 for each in (path, path.parent)] == [0o600, 0o700]
    assert grants.SESSION_ID.fullmatch(channel.session_id)


def test_nobody_else_can_connect(task: InteractiveTask) -> None:
    """Neither the folder of the homes' runs nor the socket lets anybody in, and the agent has no other door."""
    path = Path(os.fsdecode(split(task.opens("/bin/echo").url)[0]))

    assert path.parent.samefile(task.folder.path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for process in task.processes:
        assert not listening_ports(process)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_another_user_is_kept_out_by_the_system() -> None:
    with TemporaryDirectory(dir="/tmp") as shared:
        Path(shared).chmod(0o755)
        with machine_in(Path(shared)) as machine:
            task = InteractiveMachine(machine).start("sleep 1000")
            path = split(task.opens("/bin/echo").url)[0]

            tried = subprocess.run([sys.executable, "-c", _CONNECT, path], capture_output=True)

    assert b"PermissionError" in tried.stderr


_CONNECT = "import os, socket, sys; os.setuid(65534); socket.socket(socket.AF_UNIX).connect(sys.argv[1])"


def test_a_run_whose_path_is_too_long_for_a_socket_has_a_short_name(tmp_path: Path) -> None:
    long = tmp_path / ("d" * 120) / "ä: b"
    long.mkdir(parents=True)
    with machine_in(long) as machine:
        task = InteractiveMachine(machine).start("sleep 1000")
        channel = task.opens("/bin/echo", "hello")
        path = Path(os.fsdecode(split(channel.url)[0]))

        SessionClient(channel).sees(b"hello")

    try:
        assert len(os.fsencode(path)) <= LONGEST
        assert path.parents[1].resolve() == task.folder.path.parent
        assert stat.S_IMODE(path.parents[2].stat().st_mode) == 0o700
    finally:
        shutil.rmtree(path.parents[2])


UPGRADE = (
    b"GET /v1/data-channel/local-0 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)
EMPTY_TEXT, EMPTY_CONTINUATION, PING = b"\x01\x80\0\0\0\0", b"\x00\x80\0\0\0\0", b"\x89\x80\0\0\0\0"
FLOODS = {
    "fragments that hold nothing": (UPGRADE + EMPTY_TEXT, EMPTY_CONTINUATION * 5000),
    "pings": (UPGRADE, PING * 5000),
    "headers": (b"GET / HTTP/1.1\r\n", b"X-Much: " + b"x" * 8000 + b"\r\n"),
    "a message without an end": (UPGRADE + b"\x82\xfe\xff\xff\0\0\0\0", b"x" * 30_000),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_stranger_cannot_say_more_than_it_takes_to_show_a_token(task: InteractiveTask, flood: str) -> None:
    first, more = FLOODS[flood]
    with stranger_at(task) as stranger, suppress(BrokenPipeError, ConnectionResetError):
        stranger.sendall(first)
        for _ in range(1000):
            stranger.sendall(more)
        pytest.fail("the stranger was listened to all the way")

    task.lets_in("echo fine").sees(b"fine")
    assert task.complaints() == ""


def test_fragments_that_hold_nothing_take_no_room_for_somebody_with_a_token_either(
    task: InteractiveTask,
) -> None:
    client = task.lets_in("read line; echo got $line")
    client.sees(b"")
    agent = task.running().pid
    before = resident_bytes(agent)

    client.socket.sendall(EMPTY_TEXT + EMPTY_CONTINUATION * 1_000_000)
    task.lets_in("echo fine").sees(b"fine")

    assert resident_bytes(agent) - before < 8_000_000


def test_strangers_who_say_nothing_keep_nobody_out(task: InteractiveTask) -> None:
    with ExitStack() as until_the_end:
        strangers = [until_the_end.enter_context(stranger_at(task)) for _ in range(120)]

        task.lets_in("echo fine").sees(b"fine")

        strangers[0].settimeout(GENEROUS)
        assert strangers[0].recv(1) == b""


def stranger_at(task: InteractiveTask) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(split(task.opens("/bin/echo").url)[0])
    connection.settimeout(GENEROUS)  # not before: then a full queue is an error at once
    return connection


def resident_bytes(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def listening_ports(process: int) -> list[str]:
    """Return the TCP sockets that listen, of all that a process has open."""
    opened = set(opened_by(process))
    lines = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return [line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in opened]


BROKEN = [
    b"",
    b"x",
    b"\0" * 120,
    os.urandom(300),
    "text",
    Message(frames.INPUT, b"payload").encoded()[:-1],
    Message(frames.INPUT, b"payload").encoded() + b"x",
]


@pytest.mark.parametrize("frame", BROKEN)
def test_a_broken_frame_costs_its_client_the_connection_and_nobody_else(
    task: InteractiveTask, frame: bytes | str
) -> None:
    other = task.lets_in("read line; echo got $line")
    channel = task.opens("/bin/sh", "-c", "read line; echo got $line")
    client = SessionClient(channel)

    client.sends_raw(frame)

    assert client.is_turned_away() == NOT_UNDERSTOOD
    client.comes_back(sessions.resume_session(task.folder, channel.session_id))
    for each in (client, other):
        each.types(b"it\r")
        each.sees(b"got it")
    assert task.printed() == b"up\n"
    assert task.complaints() == ""


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 4096,
        b"\x81\x05hello",
        b"\x82\xff" + b"\xff" * 20,
        b"\x89\x80\0\0\0\0" * 1000,
        os.urandom(5000),
    ],
)
def test_what_is_no_web_socket_is_dropped(task: InteractiveTask, data: bytes) -> None:
    """Before and after the upgrade; it is nothing to the others."""
    client = task.lets_in("read line; echo got $line")
    with stranger_at(task) as stranger:
        stranger.sendall(data + b"\r\n\r\n")
    client.socket.sendall(data)

    other = task.lets_in("echo fine")

    other.sees(b"fine")
    assert task.complaints() == ""


def test_frames_of_unknown_kinds_are_passed_over(task: InteractiveTask) -> None:
    client = task.lets_in("read line; echo got $line")
    for kind in ("nonsense", frames.ACKNOWLEDGE, frames.START, frames.OUTPUT, frames.CLOSED):
        client.sends_raw(Message(kind, b'{"AcknowledgedMessageSequenceNumber": 1e400}').encoded())
    client.says(99, b"what is this")

    client.types(b"it\r")

    client.sees(b"got it")


ODD_PAYLOADS = [
    b"",
    b"[" * 5000,
    b"9" * 5000,
    b'{"cols": true, "rows": 1' + b"0" * 400 + b"}",
    b'{"AcknowledgedMessageSequenceNumber": -1}',
    b'{"AcknowledgedMessageSequenceNumber": true}',
    b"\xff" * 60_000,
]


def test_whatever_a_client_makes_up_is_its_own_problem(task: InteractiveTask) -> None:
    dice = random.Random(1)
    kinds = (
        frames.INPUT,
        frames.INPUT,
        frames.OUTPUT,
        frames.ACKNOWLEDGE,
        frames.PAUSE,
        frames.START,
        "?" * 32,
    )
    numbers = (0, 1, 2, -1, 2**63 - 1, -(2**63))
    client = task.lets_in("cat > /dev/null")
    for _ in range(500):
        message = Message(
            dice.choice(kinds),
            dice.choice(ODD_PAYLOADS),
            payload_type=dice.choice((0, 1, 3, 5, 6, 7, 10, 2**32 - 1)),
            sequence=dice.choice(numbers),
            flags=dice.choice((0, 1, 2**64 - 1)),
        )
        client.sends_raw(message.encoded())

    other = task.lets_in("echo fine")

    other.sees_the_end()
    assert other.output == b"fine\r\n"
    assert task.complaints() == ""


def test_a_client_that_comes_back_has_lost_nothing_and_sees_nothing_twice(task: InteractiveTask) -> None:
    """Its connection is cut in the middle of two megabytes, again and again."""
    command = f"{RAW} i=0; while [ $i -lt 200000 ]; do i=$((i+1)); echo $i; done; echo end; read line"
    channel = task.opens("/bin/sh", "-c", command)
    client = SessionClient(channel)
    for cut in range(1, 5):
        client.sees_bytes(cut * 200_000)
        client.vanishes()
        client.comes_back(sessions.resume_session(task.folder, channel.session_id))

    numbers = b"".join(b"%d\n" % number for number in range(1, 200_001))
    assert client.sees(b"end\n") == b"ready\n" + numbers + b"end\n"


def test_what_was_typed_before_a_cut_is_typed_once(task: InteractiveTask) -> None:
    data = os.urandom(500_000).hex().encode()
    channel = task.opens("/bin/sh", "-c", f"{RAW} head -c {len(data)} > typed; echo end; read line")
    client = SessionClient(channel)
    client.sees(b"ready")

    client.types(data)
    client.vanishes()
    client.comes_back(sessions.resume_session(task.folder, channel.session_id))

    client.sees(b"end")
    assert (task.folder.path / "work" / "typed").read_bytes() == data


def test_a_connection_that_nobody_has_noticed_to_be_dead_gives_way_to_another(task: InteractiveTask) -> None:
    channel = task.opens("/bin/sh", "-c", "echo ready; read line; echo got $line")
    client = SessionClient(channel)
    client.sees(b"ready")

    client.comes_back(sessions.resume_session(task.folder, channel.session_id))

    client.types(b"it\r")
    client.sees(b"got it")


def test_a_fresh_token_makes_the_old_one_worthless(task: InteractiveTask) -> None:
    channel = task.opens("/bin/sh", "-c", "read line")
    fresh = sessions.resume_session(task.folder, channel.session_id)

    assert (fresh.url, fresh.session_id) == (channel.url, channel.session_id)
    assert SessionClient(channel).is_turned_away() == NOT_UNDERSTOOD


def test_a_command_that_ends_while_its_client_is_away_waits_with_its_last_words(
    task: InteractiveTask,
) -> None:
    channel = task.opens(
        "/bin/sh", "-c", "echo ready; while [ ! -e go ]; do sleep 0.01; done; echo bye; exit 5"
    )
    client = SessionClient(channel)
    client.sees(b"ready")

    client.vanishes()
    (task.folder.path / "work" / "go").touch()
    client.comes_back(sessions.resume_session(task.folder, channel.session_id))

    assert client.sees_the_end()["ExitCode"] == 5
    assert client.output == b"ready\r\nbye\r\n"


def test_a_client_that_acknowledges_nothing_gets_the_last_words_all_the_same(task: InteractiveTask) -> None:
    channel = task.opens("/bin/sh", "-c", "echo bye; exit 5")
    with reach(channel.url) as deaf:
        deaf.send(json.dumps({"TokenValue": channel.token}))
        *_, last = [frames.decode(frame) for frame in deaf if isinstance(frame, bytes)]

    assert (last.kind, json.loads(last.payload)["ExitCode"]) == (frames.CLOSED, 5)


def test_there_is_no_coming_back_to_a_session_that_is_over(task: InteractiveTask) -> None:
    channel = task.opens("/bin/true")
    SessionClient(channel).sees_the_end()

    _is_over(task, channel)
    assert SessionClient(channel).is_turned_away() == NOT_UNDERSTOOD


@pytest.mark.parametrize("session_id", ["", "../lock", "local-0", "ecs-execute-command-0123456789abcdef0"])
def test_there_is_no_coming_back_to_what_never_was(task: InteractiveTask, session_id: str) -> None:
    task.opens("/bin/echo")

    with pytest.raises(SessionOver):
        sessions.resume_session(task.folder, session_id)
    sessions.end_session(task.folder, session_id)
    assert (task.folder.path / "lock").exists()


def test_a_client_that_says_goodbye_is_hung_up_on_at_once(task: InteractiveTask) -> None:
    channel = task.opens(
        "/bin/sh", "-c", "trap 'echo hung up > end; exit' HUP; echo ready; while :; do sleep 0.01; done"
    )
    client = SessionClient(channel)
    client.sees(b"ready")

    client.leaves()

    until((task.folder.path / "work" / "end").exists)
    _is_over(task, channel)


def test_a_session_that_was_ended_hangs_up(task: InteractiveTask) -> None:
    channel = task.opens("/bin/sh", "-c", "echo ready; sleep 1000")
    client = SessionClient(channel)
    client.sees(b"ready")

    sessions.end_session(task.folder, channel.session_id)
    sessions.end_session(task.folder, channel.session_id)

    assert client.sees_the_end() | {"ExitCode": 129, "Output": "the session was ended"} == client.last_words
    _is_over(task, channel)


def test_a_command_deaf_to_a_hang_up_is_killed(task: InteractiveTask) -> None:
    client = task.lets_in("trap '' HUP; sleep 1000 & echo $! > pid; echo ready; while :; do sleep 0.01; done")
    client.sees(b"ready")
    child = int((task.folder.path / "work" / "pid").read_text())

    client.leaves()

    until(lambda: child not in task.processes)


def test_what_is_to_survive_a_hang_up_does_while_the_task_runs(task: InteractiveTask) -> None:
    begun = "setsid sh -c 'echo $$ > pid; exec sleep 1000'"
    channel = task.opens(
        "/bin/sh", "-c", f"{begun} & until [ -s pid ]; do sleep 0.01; done; echo ready; read line"
    )
    client = SessionClient(channel)
    client.sees(b"ready")

    client.leaves()

    _is_over(task, channel)
    survivor = int((task.folder.path / "work" / "pid").read_text())
    until(lambda: survivor in task.processes)  # which has no environment while it becomes another program


def _is_over(task: InteractiveTask, channel: DataChannel) -> None:
    until(lambda: not (task.folder.path / "sessions" / channel.session_id).exists())
    with pytest.raises(SessionOver):
        sessions.resume_session(task.folder, channel.session_id)


def _is_closed(connection: object) -> bool:
    return getattr(connection, "close_code", None) is not None
