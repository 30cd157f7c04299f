"""A session as a client opens it: over the API of a home."""

from typing import Any

from chalicelib.ports import DataChannel
from tests.http_client import Api
from tests.local.session_agent.session_client import SessionClient
from tests.local.supervisor.supervised_task import until


def begun(api: Api, task_id: str, **body: Any) -> tuple[SessionClient, DataChannel, str]:
    """Return once the command runs: the client, where it is connected, and the nonce of its marks."""
    channel, nonce = _opened(api, task_id, body)
    client = SessionClient(channel)
    client.sees(f"tapit-start;{nonce};0".encode())
    client.types(f"{nonce}\r".encode())
    client.sees(f"tapit-begin;{nonce};0".encode())
    return client, channel, nonce


def resumed(api: Api, task_id: str, session_id: str) -> DataChannel:
    return _channel(api.post(f"/tasks/{task_id}/sessions/{session_id}/resume"))


def _opened(api: Api, task_id: str, body: Any) -> tuple[DataChannel, str]:
    said = until(lambda: _answered(api, task_id, body)).json
    return _channel(said), said["nonce"]


def _answered(api: Api, task_id: str, body: Any) -> Any:
    """Again and again, while the task is not ready."""
    answer = api.ask("POST", f"/tasks/{task_id}/sessions", body)
    assert answer.status == 201 or answer.json["Code"] == "NotReady", answer.text
    return answer if answer.status == 201 else None


def _channel(said: Any) -> DataChannel:
    return DataChannel(said["session_id"], said["url"], said["token"], said["headers"])
