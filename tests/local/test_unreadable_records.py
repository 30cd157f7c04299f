"""One record that this version cannot read takes nothing from the other tasks, nor from its own."""

import json
import sqlite3
from contextlib import closing

from tests.home_process import HomeProcess
from tests.http_client import Api
from tests.local.supervisor.supervised_task import until
from tests.stores import rewrite_in

HELD = "until [ -e go ]; do sleep 0.02; done"


def test_a_home_starts_beside_a_record_of_a_newer_version_and_goes_on_with_it_once_it_is_that_version(
    own_home: HomeProcess,
) -> None:
    app = own_home.new_app()
    strange, plain = (own_home.api.create(app, f"echo up; {HELD}")["id"] for _ in range(2))
    for task_id in (strange, plain):
        own_home.api.says(task_id, "up")
    own_home.kill()
    rewrite_in(own_home.state, strange, status="PAUSED")

    own_home.start()

    (own_home.folder(plain).path / "work" / "go").touch()
    assert own_home.api.finished(plain)["status"] == "SUCCEEDED"
    refusal = own_home.api.ask("GET", f"/tasks/{strange}")
    assert (refusal.status, refusal.json["Code"]) == (500, "Unreadable")
    assert "status" in refusal.json["Message"]
    assert "newer" in refusal.json["Hint"]
    assert [task["id"] for task in own_home.api.get(f"/apps/{app}/tasks")["items"]] == [plain]
    assert f"task {strange} cannot be read" in own_home.log

    (own_home.folder(strange).path / "work" / "go").touch()
    until(own_home.folder(strange).has_exited)
    own_home.end()
    rewrite_in(own_home.state, strange, status="RUNNING")
    own_home.start()

    assert own_home.api.finished(strange)["exit_code"] == 0
    assert "Traceback" not in own_home.log


def test_a_token_of_which_a_newer_version_says_more_is_refused_and_no_other(own_home: HomeProcess) -> None:
    strange, plain = (own_home.api.post("/tokens", {"name": name, "role": "viewer"}) for name in ("a", "b"))
    with closing(sqlite3.connect(own_home.state / "tapit.db", timeout=10)) as connection, connection:
        rights = json.dumps({"role": "viewer", "networks": ["10.0.0.0/8"]})
        connection.execute("UPDATE tokens SET rights = ? WHERE name = 'a'", (rights,))

    refusal = Api(own_home.url, strange["token"]).ask("GET", "/apps")

    assert (refusal.status, refusal.json["Code"]) == (500, "Unreadable")
    assert "networks" in refusal.json["Message"]
    assert "10.0.0.0" not in refusal.text
    assert Api(own_home.url, plain["token"]).get("/apps")["items"] == []
    assert [token["name"] for token in own_home.api.get("/tokens")["items"]][:2] == ["a", "b"]
    assert "Traceback" not in own_home.log
