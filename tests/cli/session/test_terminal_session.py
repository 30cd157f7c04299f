"""A session at a real terminal, whose other end is scripted: every way in and every way out."""

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from uuid import UUID

import pytest
from tapit.session import frames
from tapit.session.frames import Message

from tests.aws.ecs_endpoint.message_gateway import OLDEST_CLIENT
from tests.cli.session.conftest import AtTerminal
from tests.cli.session.far_end import NONCE, FarEnd, mark

SitsDown = Callable[..., AtTerminal]


def goes_on(end: FarEnd) -> None:
    """A command that says hello, and nothing more."""
    end.begins()
    end.says(b"hello\r\n")


def ends_at_once(end: FarEnd) -> None:
    end.begins()
    end.exits(0)


def test_a_command_is_shown_typed_at_and_its_exit_code_known(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says(b"prompt> ")
        end.hears(b"ls\r")
        end.says(b"files\r\n")
        end.exits(7)

    visitor = sits_down(play)
    visitor.sees(b"prompt> ")
    visitor.types(b"ls\r")

    assert visitor.result() == {"kind": "Ended", "exit_code": 7, "not_reported": None}
    assert visitor.shown == b"prompt> files\r\n"
    assert visitor.told == ["ready", "report 7"]
    assert visitor.state == visitor.state_before


def test_the_first_message_is_the_token(sits_down: SitsDown) -> None:
    visitor = sits_down(ends_at_once)

    visitor.result()
    (said,) = visitor.far_end.introductions
    assert (said["MessageSchemaVersion"], said["TokenValue"]) == ("1.0", "t0ken")
    assert {UUID(said["ClientId"]).version, UUID(said["RequestId"]).version} == {4}


def test_the_client_is_newer_than_the_oldest_that_aws_supports(sits_down: SitsDown) -> None:
    visitor = sits_down(ends_at_once)

    visitor.result()
    (said,) = visitor.far_end.introductions
    assert tuple(map(int, said["ClientVersion"].split("."))) > OLDEST_CLIENT


def test_nothing_is_sent_before_the_start_mark_and_then_the_size_comes_first(sits_down: SitsDown) -> None:
    has_typed = Event()

    def play(end: FarEnd) -> None:
        has_typed.wait()
        for noise in (
            b"noise\r\n",
            b"more noise\r\n",
        ):  # before the second is acknowledged, all is looked at once
            end.says(noise)
            end.until_settled()
        assert (end.sizes, end.typed) == ([], b"")
        end.says(mark("start"))
        end.hears(b"\n")
        assert end.sizes == [(100, 30)]
        assert end.typed == b""
        end.says(b"\r\n" + mark("begin"))
        end.hears(b"early")
        end.exits(0)

    visitor = sits_down(play)
    visitor.types(b"early")
    has_typed.set()

    assert visitor.result()["kind"] == "Ended"
    assert b"noise" not in visitor.shown


def test_a_handshake_is_answered_and_its_message_shown(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        end.asks(
            AgentVersion="3.3",
            RequestedClientActions=[{"ActionType": "SessionType", "ActionParameters": {}}],
        )
        end.until(lambda: len(end.handshakes) == 1)
        end.says(b'{"HandshakeTimeToComplete":1,"CustomerMessage":"Be careful."}', frames.HANDSHAKE_COMPLETE)
        end.begins()
        end.exits(0)

    visitor = sits_down(play)

    assert visitor.result()["kind"] == "Ended"
    assert visitor.shown == b"Be careful.\r\n"
    (answer,) = visitor.far_end.handshakes
    assert answer["ProcessedClientActions"] == [
        {"ActionType": "SessionType", "ActionStatus": 1, "ActionResult": None, "Error": ""}
    ]
    assert answer["Errors"] == []


def test_a_session_encrypted_with_kms_is_refused_in_words(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        kinds = ("KMSEncryption", "SessionType")
        end.asks(RequestedClientActions=[{"ActionType": kind} for kind in kinds])
        end.until(lambda: len(end.handshakes) == 1)

    visitor = sits_down(play)

    said = visitor.result()
    assert said["kind"] == "CliError"
    assert "KMS" in said["what"]
    statuses = [each["ActionStatus"] for each in visitor.far_end.handshakes[0]["ProcessedClientActions"]]
    assert statuses == [3, 1]


def test_a_new_size_is_told(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        goes_on(end)
        end.until(lambda: end.sizes[-1] == (77, 22), "the new size")
        end.exits(0)

    visitor = sits_down(play)
    visitor.sees(b"hello")
    visitor.resize(77, 22)

    assert visitor.result()["kind"] == "Ended"


def test_every_key_goes_to_the_command(sits_down: SitsDown) -> None:
    keys = bytes(key for key in range(256) if key != ord("~"))

    def play(end: FarEnd) -> None:
        goes_on(end)
        end.hears(keys)
        end.exits(0)

    visitor = sits_down(play)
    visitor.sees(b"hello\r\n")
    visitor.types(keys)

    assert visitor.result()["kind"] == "Ended"


@pytest.mark.parametrize("keys", [b"~.", b"ls\r~.", b"\x03\x03\x03\x03"])
def test_a_hung_session_is_left_by_typing(keys: bytes, sits_down: SitsDown) -> None:
    visitor = sits_down(goes_on)
    visitor.sees(b"hello\r\n")
    visitor.types(keys)

    assert visitor.result() == {"kind": "Left", "signal": None}
    assert visitor.state == visitor.state_before
    assert visitor.told == ["ready"]


def test_what_the_command_left_on_is_switched_off_when_it_is_left(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says(b"\x1b[?1049h\x1b[?2004h\x1b[?25lvim")

    visitor = sits_down(play)
    visitor.sees(b"vim")
    visitor.types(b"~.")
    visitor.wait()

    assert visitor.shown.endswith(b"\x1b[?1049l\x1b[?2004l\x1b[?25h\r\n")


def test_after_a_normal_end_nothing_is_added_to_the_output(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says(b"\x1b[?1049hx")
        end.exits(0)

    visitor = sits_down(play)
    visitor.result()

    assert visitor.shown == b"\x1b[?1049hx"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_a_signal_to_end_restores_the_terminal(number: signal.Signals, sits_down: SitsDown) -> None:
    visitor = sits_down(goes_on)
    visitor.sees(b"hello\r\n")
    assert visitor.state != visitor.state_before

    visitor.process.send_signal(number)

    assert visitor.result() == {"kind": "Left", "signal": number}
    assert visitor.state == visitor.state_before


def test_ctrl_c_before_the_command_has_begun_leaves(sits_down: SitsDown) -> None:
    visitor = sits_down(lambda end: end.says(b"nothing yet"))
    visitor.far_end.until_connected(1)
    visitor.types(b"\x03")

    assert visitor.result() == {"kind": "Left", "signal": signal.SIGINT}
    assert visitor.state == visitor.state_before


def test_an_interrupt_from_elsewhere_goes_to_the_command(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        goes_on(end)
        end.hears(b"\x03")
        end.exits(130)

    visitor = sits_down(play)
    visitor.sees(b"hello\r\n")
    visitor.process.send_signal(signal.SIGINT)

    assert visitor.result()["exit_code"] == 130


def test_a_bug_restores_the_terminal_too(sits_down: SitsDown) -> None:
    visitor = sits_down(goes_on, "breaks")

    assert visitor.wait() == 1
    assert b"RuntimeError" in visitor.shown
    assert visitor.state == visitor.state_before


def test_a_terminal_that_is_hung_up_ends_it(sits_down: SitsDown) -> None:
    visitor = sits_down(goes_on)
    visitor.sees(b"hello\r\n")

    visitor.hangs_up()

    assert visitor.result() == {"kind": "Left", "signal": signal.SIGHUP}


def is_resumed(end: FarEnd) -> None:
    goes_on(end)
    end.until(lambda: len(end.sizes) > 1, "the size once more")
    end.hears(b"x")
    end.exits(0)


def test_a_process_that_was_stopped_by_force_is_raw_again_when_it_goes_on(sits_down: SitsDown) -> None:
    visitor = sits_down(is_resumed)
    visitor.sees(b"hello\r\n")
    raw = visitor.state

    os.kill(visitor.process.pid, signal.SIGSTOP)
    visitor.until_stopped()
    os.kill(visitor.process.pid, signal.SIGCONT)
    visitor.far_end.until(lambda: len(visitor.far_end.sizes) > 1, "the size once more")

    assert visitor.state == raw
    visitor.types(b"x")
    assert visitor.result()["kind"] == "Ended"
    assert visitor.state == visitor.state_before


def test_a_stopped_session_leaves_the_shell_a_usual_terminal(sits_down: SitsDown, tmp_path: Path) -> None:
    """The shell waits for a key, and so the stopped job does, before it brings the job back."""
    visitor = sits_down(is_resumed, shell='set -m; "$@"; echo stopped; read -r; fg >/dev/null')  # noqa: S604 - no call of subprocess
    visitor.sees(b"hello\r\n")
    raw = visitor.state

    os.kill(int((tmp_path / "pid").read_text()), signal.SIGTSTP)
    visitor.sees(b"stopped\r\n")
    assert visitor.state == visitor.state_before
    visitor.types(b"\n")
    visitor.far_end.until(lambda: len(visitor.far_end.sizes) > 1, "the size once more")

    assert visitor.state == raw
    visitor.types(b"x")
    assert visitor.result()["kind"] == "Ended"
    assert visitor.state == visitor.state_before


def test_a_lost_connection_is_made_again_and_nothing_is_lost_or_repeated(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        goes_on(end)
        for number in range(200):
            if number % 70 == 20:
                end.breaks()
            end.says(b"%d\r\n" % number)
        end.hears(b"typed\r")
        end.until_settled()
        end.exits(5)

    visitor = sits_down(play)
    visitor.sees(b"hello\r\n")
    visitor.types(b"typed\r")

    assert visitor.result()["exit_code"] == 5
    assert visitor.shown == b"hello\r\n" + b"".join(b"%d\r\n" % number for number in range(200))
    tokens = [said["TokenValue"] for said in visitor.far_end.introductions]
    assert tokens[0] == "t0ken"
    assert set(tokens[1:]) == {"another"}
    assert len({said["ClientId"] for said in visitor.far_end.introductions}) == 1


def test_what_is_typed_while_the_connection_is_lost_arrives_later(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        goes_on(end)
        end.breaks()
        end.hears(b"in between")
        end.exits(0)

    visitor = sits_down(play)
    visitor.sees(b"hello\r\n")
    visitor.types(b"in between")

    assert visitor.result()["kind"] == "Ended"


def test_a_connection_that_cannot_be_made_again_is_lost(sits_down: SitsDown) -> None:
    visitor = sits_down(goes_on)
    (visitor.folder / "resumed.json").write_text(json.dumps({"raises": "Unreachable"}))
    visitor.sees(b"hello\r\n")
    visitor.far_end.breaks()

    said = visitor.result()
    assert said["kind"] == "Lost"
    assert visitor.told == ["ready", *["resume"] * 5]
    assert visitor.state == visitor.state_before
    assert visitor.shown.count(b"tapit: the connection is lost") == 1


def test_a_session_that_is_over_when_we_come_back_is_closed(sits_down: SitsDown) -> None:
    visitor = sits_down(goes_on)
    (visitor.folder / "resumed.json").write_text(json.dumps({"raises": "SessionOver"}))
    visitor.sees(b"hello\r\n")
    visitor.far_end.breaks()

    said = visitor.result()
    assert said == {"kind": "HungUp", "why": "there is nothing to come back to", "has_shown_output": True}
    assert visitor.told == ["ready", "resume"]


def test_a_hung_session_is_left_at_once_while_the_home_is_asked(sits_down: SitsDown) -> None:
    visitor = sits_down(goes_on, "slow")
    visitor.sees(b"hello\r\n")
    visitor.far_end.breaks()
    visitor.until_told("resume")
    visitor.types(b"~.")
    began = time.monotonic()

    assert visitor.result()["kind"] == "Left"
    assert time.monotonic() - began < 15  # half of what the home takes
    assert visitor.state == visitor.state_before


def test_a_channel_that_is_closed_says_why(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        goes_on(end)
        end.until_settled()
        end.closes("The task was stopped.")

    visitor = sits_down(play)

    said = visitor.result()
    assert said == {"kind": "HungUp", "why": "The task was stopped.", "has_shown_output": True}
    assert visitor.state == visitor.state_before


def test_a_task_that_is_over_is_left_though_nobody_says_so(sits_down: SitsDown) -> None:
    """On AWS its agent is gone then, and the service says no more than that it takes nothing."""
    visitor = sits_down(goes_on, "impatient")
    visitor.sees(b"hello\r\n")
    visitor.far_end.is_deaf = True
    visitor.far_end.says_raw(Message(frames.PAUSE, b""))
    visitor.types(b"is anybody there")
    (visitor.folder / "task.json").write_text(json.dumps({"status": "STOPPED"}))

    assert visitor.result() == {"kind": "HungUp", "why": "", "has_shown_output": True}
    assert visitor.state == visitor.state_before


def test_a_command_that_never_begins_is_explained_by_what_came_instead(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        end.says(b"exec: /bin/sh: no such file\r\n")
        end.until_settled()
        end.closes()

    said = sits_down(play).result()

    assert said == {"kind": "HungUp", "why": "exec: /bin/sh: no such file", "has_shown_output": False}


def test_an_end_that_the_home_cannot_be_told_is_an_end(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.exits(3)

    said = sits_down(play, "deaf").result()

    assert (said["kind"], said["exit_code"]) == ("Ended", 3)
    assert said["not_reported"] == "the home does not answer"


def test_the_home_is_told_before_the_other_end_is_answered(sits_down: SitsDown) -> None:
    visitors: list[AtTerminal] = []

    def play(end: FarEnd) -> None:
        end.begins()
        end.says(mark("exit", 4))
        end.hears(NONCE.encode() + b"\n")
        assert visitors[0].told == ["ready", "report 4"]
        end.closes()

    visitors.append(sits_down(play))

    assert visitors[0].result()["exit_code"] == 4


def test_an_agent_that_does_not_hang_up_is_not_waited_for(sits_down: SitsDown) -> None:
    def play(end: FarEnd) -> None:
        end.begins()
        end.says(mark("exit", 4))

    began = time.monotonic()

    assert sits_down(play).result()["exit_code"] == 4
    assert time.monotonic() - began < 10


def test_a_time_limit_is_warned_of_on_a_line_of_its_own(sits_down: SitsDown) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=300.8)
    visitor = sits_down(goes_on, deadline=deadline.isoformat())

    visitor.sees(b"\r\ntapit: this task is stopped in 5 minutes (max_hours)\r\n")

    visitor.types(b"~.")
    visitor.wait()


def test_a_signature_that_has_run_out_is_renewed(sits_down: SitsDown) -> None:
    visitor = sits_down(ends_at_once, refuses=2)

    assert visitor.result()["kind"] == "Ended"
    assert visitor.told == ["resume", "resume", "ready", "report 0"]


def test_a_channel_that_is_always_refused_says_so(sits_down: SitsDown) -> None:
    said = sits_down(goes_on, refuses=99).result()

    assert said["kind"] == "Lost"
    assert "403 Forbidden, no such channel" in said["why"]
