"""The local home as a whole, from its user's side."""

import os

import pytest

from chalicelib.domain.fargate_sizes import MEMORY_BY_CPU
from local.process_driver import cpu_limit, process_tree
from tests.conftest import NewHome
from tests.home_process import HomeProcess
from tests.http_client import Api
from tests.local.supervisor.supervised_task import until


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


def test_what_nobody_keeps_a_task_to_is_told_to_whoever_looks(new_home: NewHome) -> None:
    """Not at every creation: on most laptops it is so for every task."""
    home = new_home().start(TAPIT_MEMORY_BY="polling")

    task = home.api.create(home.new_app(), "true")

    assert task["notes"] == []
    assert home.api.finished(task["id"])["notes"] == ["cpu=0.25 is not enforced on this machine."]


@pytest.mark.skipif(not cpu_limit.can_be_kept(), reason="no control group can be made here")
def test_a_bound_that_is_kept_needs_no_word(home: HomeProcess, app: str) -> None:
    assert home.api.run(app, "true")["notes"] == []


def test_a_size_above_the_machines_own_is_told_at_once(home: HomeProcess, app: str) -> None:
    """Taking it for granted, one would wait for what cannot come; it may be meant for another home."""
    beyond = [size for size in MEMORY_BY_CPU if size > (os.cpu_count() or 1)]
    if not beyond:
        pytest.skip("a large machine")

    task = home.api.create(app, "true", cpu=beyond[0])

    assert f"cpu={beyond[0]:g} is more than this machine has: {os.cpu_count()} processors." in task["notes"]
