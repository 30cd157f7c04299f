"""Sessions over the API of a real home: opened, come back to, ended, and indifferent to the server's fate."""

from typing import Any

from chalicelib.ports import DataChannel
from tests.home_process import HomeProcess
from tests.http_client import Api
from tests.local.session_client import SessionClient
from tests.local.supervised_task import until
from tests.sessions.bad_road import bad_road


def opened(api: Api, task_id: str, **body: Any) -> tuple[DataChannel, str]:
    """Open a session as a client does: again and again, while the task is not ready."""
    answer = until(lambda: _answered(api, task_id, body))
    said = answer.json
    channel = DataChannel(said["session_id"], said["url"], said["token"], said["headers"])
    return channel, said["nonce"]


def _answered(api: Api, task_id: str, body: Any) -> Any:
    answer = api.ask("POST", f"/tasks/{task_id}/sessions", body)
    assert answer.status == 201 or answer.json["Code"] == "NotReady", answer.text
    return answer if answer.status == 201 else None


def begun(api: Api, task_id: str, **body: Any) -> tuple[SessionClient, DataChannel, str]:
    channel, nonce = opened(api, task_id, **body)
    client = SessionClient(channel)
    client.sees(f"tapit-start;{nonce};0".encode())
    client.types(f"{nonce}\r".encode())
    client.sees(f"tapit-begin;{nonce};0".encode())
    return client, channel, nonce


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
    said = own_home.api.post(f"/tasks/{task_id}/sessions/{channel.session_id}/resume")
    client.comes_back(DataChannel(said["session_id"], said["url"], said["token"], said["headers"]))
    client.types(b"back\r")
    client.sees(b"back\r\nback")
    client.leaves()
    other.leaves()
    assert own_home.api.finished(task_id)["ended_by"] == "connection_lost"


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
