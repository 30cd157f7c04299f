"""The local home as a whole, from its user's side."""

from local import process_tree
from tests.home_process import HomeProcess
from tests.http_client import Api
from tests.local.supervised_task import until


def test_two_homes_know_nothing_of_each_other(home: HomeProcess, own_home: HomeProcess) -> None:
    app = own_home.new_app()

    assert own_home.url != home.url
    assert home.api.ask("GET", f"/apps/{app}").json["Code"] == "AppNotFound"
    assert Api(home.url, own_home.token).ask("GET", "/apps").status == 401


def test_a_finished_task_leaves_no_process_behind(home: HomeProcess, app: str) -> None:
    task = home.api.run(app, "sleep 1000 & setsid sleep 1000 & echo done")

    assert task["status"] == "SUCCEEDED"
    until(lambda: not home.folder(task["id"]).is_alive())
    assert process_tree.tagged(task["id"]) == []


def test_a_server_says_little_and_complains_of_nothing(own_home: HomeProcess) -> None:
    own_home.api.run(own_home.new_app(), "exit 1")
    own_home.api.ask("GET", "/nope")

    own_home.end()

    assert own_home.log == ""
