"""A task's life on the local home, through HTTP, with real processes."""

from tests.http_client import Api


def test_a_task_that_exits_with_zero_succeeds(api: Api, app: str) -> None:
    task = api.run(app, "echo hello")

    assert (task["status"], task["exit_code"], task["ended_by"]) == ("SUCCEEDED", 0, "exit")
    assert api.lines(task["id"]) == ["hello"]
