"""What a crash or a restart of the server leaves alone, and what is caught up with afterwards."""

from tests.home_process import HomeProcess


def test_a_task_runs_on_while_the_server_is_dead_and_is_still_running_after(own_home: HomeProcess) -> None:
    app = own_home.new_app()
    task_id = own_home.api.create(app, "echo up; sleep 1000")["id"]
    own_home.api.says(task_id, "up")

    own_home.kill()
    own_home.start()

    assert own_home.api.show(task_id)["status"] == "RUNNING"
