"""Sessions over the API of a real home: opened, come back to, ended, and indifferent to the server's fate."""

import pytest

from tests.home_process import HomeProcess
from tests.http_client import Api
from tests.local.session_agent.session_of_a_home import begun, resumed
from tests.sessions.bad_road import bad_road


def test_an_attached_task_runs_its_command_in_a_session(home: HomeProcess, app: str) -> None:
    task_id = home.api.create(app, "read line; echo got $line; exit 3", attached=True)["id"]
    client, channel, nonce = begun(home.api, task_id)
    client.types(b"it\r")
    client.sees(f"tapit-exit;{nonce};3".encode())

    client.types(f"{nonce}\r".encode())
    home.api.post(f"/tasks/{task_id}/sessions/{channel.session_id}/end", {"exit_code": 3})

    task = home.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", 3, "exit")
    assert b"got it" in client.output


def test_a_good_end_in_a_session_is_the_tasks(home: HomeProcess, app: str) -> None:
    task_id = home.api.create(app, "true", attached=True)["id"]
    client, channel, nonce = begun(home.api, task_id)
    client.sees(f"tapit-exit;{nonce};0".encode())

    home.api.post(f"/tasks/{task_id}/sessions/{channel.session_id}/end", {"exit_code": 0})

    task = home.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("SUCCEEDED", 0, "exit")


def test_a_client_that_leaves_without_a_word_to_the_home_ends_its_task(home: HomeProcess, app: str) -> None:
    task_id = home.api.create(app, "cat", attached=True)["id"]
    client, _, _ = begun(home.api, task_id)

    client.leaves()

    task = home.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", None, "connection_lost")


def test_a_task_can_run_beside_its_sessions(home: HomeProcess, app: str) -> None:
    command = "echo up; until [ -e go ]; do sleep 0.02; done; exit 5"
    task_id = home.api.create(app, command, interactive=True)["id"]
    client, channel, _ = begun(home.api, task_id, command="touch go; sleep 1000")

    task = home.api.finished(task_id)

    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", 5, "exit")
    assert home.api.lines(task_id) == ["up"]
    assert client.sees_the_end()["Output"] == "the task has ended"
    answer = home.api.ask("POST", f"/tasks/{task_id}/sessions", {"command": "true"})
    assert answer.json["Code"] == "TaskOver"
    answer = home.api.ask("POST", f"/tasks/{task_id}/sessions/{channel.session_id}/resume")
    assert answer.json["Code"] == "SessionOver"


def test_a_session_ended_by_the_home_is_hung_up_on(home: HomeProcess, app: str) -> None:
    task_id = home.api.create(app, "sleep 1000", interactive=True)["id"]
    client, channel, _ = begun(home.api, task_id, command="sleep 1000")

    home.api.post(f"/tasks/{task_id}/sessions/{channel.session_id}/end", {})

    assert client.sees_the_end()["Output"] == "the session was ended"
    home.api.stop(task_id)
    assert home.api.finished(task_id)["status"] == "STOPPED"


def test_who_came_into_a_task_and_back_is_in_the_audit(home: HomeProcess, app: str) -> None:
    task_id = home.api.create(app, "sleep 1000", interactive=True)["id"]
    client, channel, _ = begun(home.api, task_id, command="echo sesame-open-up; read line; sleep 1000")
    for _ in range(2):
        client.vanishes()
        client.comes_back(resumed(home.api, task_id, channel.session_id))
    home.api.post(f"/tasks/{task_id}/sessions/{channel.session_id}/end", {})

    answer = home.api.ask("GET", f"/audit?app={app}")

    told = [(entry["what"], entry["target"], entry["details"]) for entry in answer.json["items"]]
    of_it = {"session": channel.session_id}
    whats = ["session.ended", "session.resumed", "session.resumed", "session.opened"]
    assert told[:-1] == [(what, task_id, of_it) for what in whats]
    assert "sesame" not in answer.text
    home.api.stop(task_id)


def test_sessions_outlive_the_server(own_home: HomeProcess) -> None:
    """One that is open goes on, can be come back to, and others can be opened, whether or not a server was killed."""
    task_id = own_home.api.create(own_home.new_app(), "cat", attached=True)["id"]
    client, channel, _ = begun(own_home.api, task_id)

    own_home.kill()
    client.types(b"without a server\r")
    client.sees(b"without a server\r\nwithout a server")
    own_home.start()

    other, _, _ = begun(own_home.api, task_id, command="echo another; read line")
    other.sees(b"another")
    client.vanishes()
    client.comes_back(resumed(own_home.api, task_id, channel.session_id))
    client.types(b"back\r")
    client.sees(b"back\r\nback")
    client.leaves()
    other.leaves()
    assert own_home.api.finished(task_id)["ended_by"] == "connection_lost"


@pytest.mark.parametrize(("code", "status"), [(0, "SUCCEEDED"), (3, "FAILED")])
def test_an_end_that_no_server_was_there_for_is_told_as_it_was(
    own_home: HomeProcess, code: int, status: str
) -> None:
    task_id = own_home.api.create(own_home.new_app(), f"read line; exit {code}", attached=True)["id"]
    client, _, nonce = begun(own_home.api, task_id)

    own_home.kill()
    client.types(b"\r")
    client.sees(f"tapit-exit;{nonce};{code}".encode())
    client.types(f"{nonce}\r".encode())
    assert client.sees_the_end()["ExitCode"] == code
    own_home.start()

    task = own_home.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == (status, code, "exit")


def test_how_the_command_ended_is_the_agents_to_say_and_not_a_clients(home: HomeProcess, app: str) -> None:
    task_id = home.api.create(app, "exit 3", attached=True)["id"]
    client, channel, nonce = begun(home.api, task_id)
    client.sees(f"tapit-exit;{nonce};3".encode())

    home.api.post(f"/tasks/{task_id}/sessions/{channel.session_id}/end", {"exit_code": 0})

    task = home.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", 3, "exit")


@pytest.mark.parametrize("of_the_task", [True, False], ids=["its own command", "a shell beside it"])
def test_an_end_that_a_client_claims_while_the_command_runs_is_not_believed(
    home: HomeProcess, app: str, *, of_the_task: bool
) -> None:
    task_id = home.api.create(app, "read line; exit 3", attached=True)["id"]
    client, channel, nonce = begun(home.api, task_id)
    shell, beside, _ = begun(home.api, task_id, command="cat")
    claimed_of = channel if of_the_task else beside

    refused = home.api.ask("POST", f"/tasks/{task_id}/sessions/{claimed_of.session_id}/end", {"exit_code": 0})

    assert (refused.status, refused.json["Code"]) == (409, "EndNotSeen")
    task = home.api.show(task_id)
    assert task["status"] == "RUNNING"
    assert [session["ended_at"] for session in task["sessions"]] == [None, None]
    shell.leaves()
    client.types(b"\r")
    client.sees(f"tapit-exit;{nonce};3".encode())
    task = home.api.post(f"/tasks/{task_id}/sessions/{channel.session_id}/end", {"exit_code": 0})
    assert task["sessions"][0]["exit_code"] == 3
    task = home.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", 3, "exit")


def test_the_end_of_a_shell_beside_the_command_is_not_the_commands(home: HomeProcess, app: str) -> None:
    task_id = home.api.create(app, "cat", attached=True)["id"]
    client, _, _ = begun(home.api, task_id)
    shell, _, nonce = begun(home.api, task_id, command="exit 0")
    shell.sees(f"tapit-exit;{nonce};0".encode())

    client.leaves()
    shell.leaves()

    task = home.api.finished(task_id)
    assert (task["status"], task["exit_code"], task["ended_by"]) == ("FAILED", None, "connection_lost")


def test_a_road_that_loses_doubles_and_swaps_frames_carries_every_byte(home: HomeProcess, app: str) -> None:
    task_id = home.api.create(app, "sleep 1000", interactive=True)["id"]
    numbers = b"".join(b"%d\n" % number for number in range(1, 20_001))
    with bad_road(home.url, 0.1) as road:
        api = Api(road.url, home.token)
        client, _, _ = begun(api, task_id, command="stty raw -echo; echo ready; cat")
        client.sees(b"ready\n")
        client.types(numbers)
        client.sees(b"\n20000\n")
        client.leaves()

    assert road.mishaps > 20
    assert client.output.endswith(b"ready\n" + numbers)
    home.api.stop(task_id)
