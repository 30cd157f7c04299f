"""Every documented command, typed at the real local home."""

import json
import signal
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.at_a_terminal import run_at_a_terminal
from tests.cli.conftest import Place
from tests.home_process import HomeProcess
from tests.local.supervisor.supervised_task import until


def created(machine: Place, *words: str) -> str:
    result = machine.run("-o", "id", "create", "task", *words)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def shown(machine: Place, task_id: str) -> dict[str, object]:
    task: dict[str, object] = json.loads(machine.run("show", "task", f"task={task_id}").stdout)
    return task


def test_a_task_runs_with_its_apps_environment(machine: Place) -> None:
    result = machine.run("create", "task", 'echo "hello from $APP_NAME"', "--wait")

    assert (result.returncode, result.stdout) == (0, "hello from demo\n")
    assert "succeeded after" in result.stderr.splitlines()[-1]


def test_the_exit_code_comes_through(machine: Place) -> None:
    assert machine.run("create", "task", "exit 7", "-w").returncode == 7
    assert machine.run("create", "task", "kill -9 $$", "-w").returncode == 137
    assert machine.run("create", "task", "-w", "nosuchcommand").returncode == 127


def test_the_shell_line_arrives_unchanged(machine: Place) -> None:
    line = "printf '%s|' \"a  b\" 'c$d' \\\\ \"ü✓\" | tr '|' '\\n'\necho two && echo \"$((1+1))\""

    result = machine.run("create", "task", line, "-w")

    assert result.stdout == "a  b\nc$d\n\\\nü✓\ntwo\n2\n"


def test_several_words_stay_several_words(machine: Place) -> None:
    assert (
        machine.run("create", "task", "-w", "--", "printf", "%s\\n", "two words", "a=b").stdout
        == "two words\na=b\n"
    )


def test_none_of_many_last_lines_is_lost(machine: Place) -> None:
    result = machine.run("create", "task", "seq 20000; exit 3", "-w")

    assert result.stdout.splitlines() == [str(number) for number in range(1, 20001)]
    assert result.returncode == 3


@pytest.mark.parametrize("words", [["memory=4.0", "cpu=2.0", "max_hours=6"]])
def test_a_size_that_exists_stays_as_it_is(words: list[str], machine: Place) -> None:
    task = shown(machine, created(machine, *words, "true"))

    assert (task["memory"], task["cpu"], task["max_hours"]) == (4, 2, 6)


def test_a_size_that_does_not_exist_is_raised_with_a_note(machine: Place) -> None:
    result = machine.run("create", "task", "memory=4.5G", "true")

    assert "note:" in result.stderr
    assert json.loads(result.stdout)["memory"] == 5


def test_who_asked_for_it_and_whom_it_runs_as_are_kept(machine: Place) -> None:
    task = shown(machine, created(machine, "user=app", "initiated_by=john.doe", "true"))

    assert (task["user"], task["initiated_by"]) == ("app", "john.doe")
    assert task["created_by"]


def test_several_tasks_are_stopped_by_how_their_ids_begin(machine: Place) -> None:
    made = [created(machine, "sleep 60") for _ in range(3)]

    stopped = machine.run("stop", made[0], made[1])

    assert stopped.returncode == 0, stopped.stderr
    assert machine.run("wait", made[0], made[1]).returncode == 143
    beginning = made[2][:11]
    assert machine.run("show", "task", beginning, "-o", "id").stdout == f"{made[2]}\n"
    assert machine.run("stop", beginning).returncode == 0
    assert machine.run("wait", beginning, "-q").returncode == 143
    ambiguous = machine.run("delete", "task", made[0][:4])
    assert ambiguous.returncode == 2
    assert all(task_id in ambiguous.stderr for task_id in made)


def test_tasks_are_listed_newest_first_and_filtered(machine: Place) -> None:
    first = created(machine, "exit 1", "initiator=ann")
    machine.run("wait", first)
    second = created(machine, "true")
    machine.run("wait", second)

    def ids(*words: str) -> list[str]:
        return machine.run("list", "tasks", "-o", "id", *words).stdout.split()

    assert ids() == [second, first]
    assert ids("status=failed") == ids("initiated_by=ann") == [first]
    assert ids("status=FAILED,SUCCEEDED") == [second, first]
    assert ids("status=lost,failed") == [first]
    assert ids("limit=1") == [second]
    assert ids("since=1h") == [second, first]
    assert ids("--all") == [second, first]


def test_wait_logs_and_show_tell_of_a_failure(machine: Place) -> None:
    task_id = created(machine, "echo to stdout; echo to stderr >&2; exit 9")

    waited = machine.run("wait", f"task={task_id}", "--timeout", "1m")
    assert waited.returncode == 9
    assert "to stdout\nto stderr\n" in waited.stderr
    assert machine.run("logs", f"task={task_id}", "-f").stdout == "to stdout\nto stderr\n"
    assert machine.run("logs", task_id, "tail=1").stdout == "to stderr\n"
    block = machine.run("show", "task", task_id, "-o", "table").stdout
    assert "Status:      FAILED (9)" in block
    assert "             to stderr" in block


def test_a_time_limit_can_be_set_and_ends_the_task(machine: Place) -> None:
    task_id = created(machine, "sleep 60", "max_hours=6")

    changed = machine.run("set", "task", f"task={task_id}", "max_hours=0.0001")

    assert json.loads(changed.stdout)["max_hours"] == 0.0001
    machine.run("wait", task_id)
    assert shown(machine, task_id)["status"] == "TIMED_OUT"
    assert machine.run("set", "task", task_id, "max_hours=8").returncode == 1


def test_delete_stops_and_then_removes(machine: Place) -> None:
    task_id = created(machine, "sleep 60")

    stopped = machine.run("delete", "task", f"task={task_id}")
    assert f"Stopping task {task_id}" in stopped.stderr or "was stopped" in stopped.stderr
    assert machine.run("wait", task_id).returncode != 0
    assert "Removed task" in machine.run("delete", "task", task_id).stderr
    gone = machine.run("delete", "task", task_id)
    assert (gone.returncode, "nothing to delete" in gone.stderr) == (0, True)
    assert machine.run("show", "task", task_id).returncode == 3


def test_ctrl_c_leaves_the_real_task_running(machine: Place) -> None:
    waiting = machine.start("create", "task", "echo begun; sleep 600", "-w")
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "begun\n"

    waiting.send_signal(signal.SIGINT)
    _, told = waiting.communicate(timeout=30)

    task_id = told.split()[2].rstrip(".")
    assert waiting.returncode == 130
    until(lambda: shown(machine, task_id)["status"] == "RUNNING")
    machine.run("delete", "task", task_id)


@pytest.mark.parametrize("words", [("create", "task", "-w"), ("run",)], ids=["waits", "attends"])
def test_what_was_started_to_ignore_ctrl_c_ignores_it(machine: Place, words: tuple[str, ...]) -> None:
    """As a script's background jobs are, which get the Ctrl-C that is meant for the script."""
    go = machine.folder / "go"
    command = f"echo begun; until [ -e {go} ]; do sleep 0.02; done; exit 3"
    waiting = machine.start(*words, command, ignoring=signal.SIGINT)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "begun\n"

    waiting.send_signal(signal.SIGINT)
    go.touch()

    waiting.communicate(timeout=60)
    assert waiting.returncode == 3


def test_an_app_is_made_shown_changed_and_removed(home: HomeProcess, place: Place, tmp_path: Path) -> None:
    place.env |= home.env | {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }
    place.env |= {"TAPIT_URL": home.url, "TAPIT_TOKEN": home.token}
    name = f"shop-{uuid4().hex[:8]}"
    (tmp_path / ".env").write_text("# settings\nexport SECRET='s3cret'\n\nPLAIN=a=b\n")
    (tmp_path / "work").mkdir()

    made = place.run(
        "create", "app", f"name={name}", "env_file=.env", "workdir=work", "max_running=3", "max_hours=2"
    )
    assert made.returncode == 0, made.stderr
    assert place.run("-a", name, "create", "task", "pwd; echo $SECRET $PLAIN", "-w").stdout == (
        f"{tmp_path}/work\ns3cret a=b\n"
    )
    changed = place.run(
        "set", "app", f"name={name}", "memory=2", "unset_env=PLAIN", "env=NEW=1", "unset=max_running"
    )
    app = json.loads(changed.stdout)
    assert (app["memory"], sorted(app["environment"]), app["limits"]["max_running"]) == (
        2,
        ["NEW", "SECRET"],
        None,
    )
    assert (
        "s3cret"
        not in place.run("show", "app", name).stdout + place.run("show", "app", name, "-o", "table").stdout
    )
    assert name in place.run("list", "apps", "-o", "id").stdout.split()
    assert place.run("create", "app", f"name={name}").returncode == 1
    assert place.run("delete", "app", f"name={name}").returncode == 0
    assert place.run("show", "app", name).returncode == 3


def test_a_change_that_changes_nothing_says_so(machine: Place) -> None:
    app = machine.env["TAPIT_APP"]
    assert machine.run("set", "app", app, "memory=4", "env=A=1").returncode == 0

    again = machine.run("set", "app", app, "memory=4", "env=A=1")
    misspelt = machine.run("set", "app", app, "unset_env=NOPE", "unset_secret=NONE")

    assert again.stderr == f"App {app} is so already; nothing changed.\n"
    assert misspelt.stderr.splitlines() == [
        f"App {app} is so already; nothing changed.",
        "  note: There is no variable NOPE to remove.",
        "  note: There is no secret NONE to remove.",
    ]
    assert (again.returncode, misspelt.returncode) == (0, 0)


def test_what_is_too_much_is_told_in_the_words_that_were_typed(machine: Place) -> None:
    app, large = machine.env["TAPIT_APP"], "x" * 40_000
    lines = "".join(f"A{number}={'x' * 30_000}\n" for number in range(3))

    one = machine.run("set", "app", app, "secret=HUGE", typed=large)
    many = machine.run("set", "app", app, "secret_file=-", typed=lines)
    variable = machine.run("set", "app", app, "env_file=-", typed=f"HUGE={large}\n")

    assert "the secret HUGE must have at most 32768 characters" in one.stderr
    assert "The secrets of an app take 65,536 bytes at the most" in many.stderr
    assert "the variable HUGE must have at most 32768 characters" in variable.stderr
    for told in (one, many, variable):
        assert told.returncode == 2
        assert not {"secret_values", "environment", "xxx"} & set(told.stderr.replace(".", " ").split())
        assert "secret_values" not in told.stderr


def test_the_first_app_becomes_the_profiles_and_leaves_it_with_its_removal(
    own_home: HomeProcess, place: Place
) -> None:
    place.env |= own_home.env

    assert "It is now the app of profile local" in place.run("create", "app", "name=demo").stderr
    assert place.run("create", "task", "echo hi", "-w").stdout == "hi\n"
    assert "app of profile" not in place.run("create", "app", "name=other").stderr
    assert place.run("delete", "app", "demo").returncode == 0
    assert "There is other." in place.run("create", "task", "true").stderr


def test_a_limit_refuses_by_name(machine: Place) -> None:
    machine.run("set", "app", f"name={machine.env['TAPIT_APP']}", "max_memory=2")

    result = machine.run("create", "task", "memory=8", "true")

    assert result.returncode == 4
    assert "max_memory" in result.stderr


def test_waiting_outlives_a_restart_of_the_server(own_home: HomeProcess, place: Place) -> None:
    place.env |= own_home.env_for(own_home.new_app())
    waiting = place.start("create", "task", "echo begun; sleep 4; echo over; exit 5", "-w")
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "begun\n"

    own_home.restart()
    out, told = waiting.communicate(timeout=60)

    assert (waiting.returncode, out) == (5, "over\n"), told


def test_an_unknown_app_and_a_wrong_token_are_told(machine: Place, home: HomeProcess) -> None:
    assert machine.run("-a", "nope", "create", "task", "true").returncode == 3
    wrong = machine.run("list", "tasks", TAPIT_URL=home.url, TAPIT_TOKEN="tpt_wrong_token")
    assert wrong.returncode == 4
    assert "It comes from TAPIT_TOKEN" in wrong.stderr


def test_completion_knows_the_real_ids(machine: Place) -> None:
    task_id = created(machine, "true")

    assert machine.run("__complete", "show", "task", f"task={task_id[:6]}").stdout.startswith(
        f"task={task_id}\t"
    )


def test_a_person_sees_a_table_and_a_block(machine: Place) -> None:
    machine.run("create", "task", "echo hi", "-w")

    table = run_at_a_terminal(machine, "list", "tasks").text.splitlines()

    assert table[0].split() == ["ID", "STATUS", "CREATED", "RAN", "CPU/MEM", "DOCKER", "TAG", "BY", "COMMAND"]
    assert table[1].split()[1] == "SUCCEEDED"
    assert "Status:      SUCCEEDED" in run_at_a_terminal(machine, "show", "task", table[1].split()[0]).text


def test_a_task_has_variables_of_its_own_over_those_of_its_app(machine: Place, tmp_path: Path) -> None:
    (tmp_path / "more.env").write_text('FROM_FILE="a file" # a note\nLEVEL=file\n')
    machine.run("set", "app", f"name={machine.env['TAPIT_APP']}", "env=LEVEL=app", "env=KEPT=kept")

    ran = machine.run(
        "create",
        "task",
        'echo "$LEVEL $KEPT $FROM_FILE" in "$PWD"',
        f"env_file={tmp_path / 'more.env'}",
        "env=LEVEL=task",
        f"workdir={tmp_path}",
        "-w",
    )

    assert ran.stdout == f"task kept a file in {tmp_path}\n"


def test_tasks_are_found_by_the_tags_that_they_and_their_app_were_given(machine: Place) -> None:
    app = f"shop-{uuid4().hex[:8]}"
    machine.run("create", "app", f"name={app}", "tags=team:shop,release:41")
    task_id = created(machine, "-a", app, "tags=release:42, link:https://x/7, urgent:", "true")
    created(machine, "-a", app, "true")

    tags = {"team": "shop", "release": "42", "link": "https://x/7", "urgent": ""}
    assert shown(machine, task_id)["tags"] == tags
    for tag in ("release:42", "link:https://x/7", "urgent:"):
        (found,) = json.loads(machine.run("-a", app, "list", "tasks", f"tag={tag}").stdout)
        assert (found["id"], found["tags"]) == (task_id, tags)
    assert len(json.loads(machine.run("-a", app, "list", "tasks", "tag=team:shop").stdout)) == 2
    assert "Tags:        link:https://x/7, release:42, team:shop, urgent:" in (
        machine.run("show", "task", task_id, "-o", "table").stdout
    )
    changed = machine.run("set", "app", f"name={app}", "tags=stage:test,team:search", "unset_tag=release")
    assert json.loads(changed.stdout)["tags"] == {"team": "search", "stage": "test"}
    emptied = machine.run("set", "app", f"name={app}", "unset=tags")
    assert json.loads(emptied.stdout)["tags"] == {}


def test_tags_of_a_saved_command_are_set_and_taken_away(machine: Place) -> None:
    name = f"c-{uuid4().hex[:8]}"
    machine.run("create", "command", f"name={name}", "tags=release:41,old:,stage:test", "true")
    changed = machine.run("set", "command", f"name={name}", "tags=release:42", "unset_tag=old")
    assert json.loads(changed.stdout)["tags"] == {"release": "42", "stage": "test"}
    made = json.loads(machine.run("create", "task", f"command={name}", "tags=stage:prod").stdout)
    assert made["tags"] == {"release": "42", "stage": "prod"}
    assert "Tags:        release:42, stage:test" in machine.run("show", "command", name, "-o", "table").stdout
    refused = machine.run("set", "command", f"name={name}", "tags=old:1", "unset_tag=old")
    assert (refused.returncode, "old is both set and unset" in refused.stderr) == (2, True)


def test_tags_of_a_schedule_are_set_and_taken_away(machine: Place) -> None:
    name = f"c-{uuid4().hex[:8]}"
    machine.run(
        "create", "schedule", f"name={name}", "cron=0 2 * * *", "tags=release:41,old:,stage:test", "true"
    )
    changed = machine.run("set", "schedule", f"name={name}", "tags=release:42", "unset_tag=old")
    assert json.loads(changed.stdout)["tags"] == {"release": "42", "stage": "test"}
    made = json.loads(machine.run("start", "schedule", f"name={name}").stdout)
    assert made["tags"] == {"release": "42", "stage": "test"}
    assert "release:42, stage:test" in machine.run("show", "schedule", name, "-o", "table").stdout
    refused = machine.run("set", "schedule", f"name={name}", "tags=old:1", "unset_tag=old")
    assert (refused.returncode, "old is both set and unset" in refused.stderr) == (2, True)


def test_a_tag_that_cannot_be_is_refused_in_words(machine: Place) -> None:
    refused = machine.run("create", "task", "tags=cost centre:50%", "true")

    assert refused.returncode == 2
    assert "the tag cost centre has '%' in its value: letters, digits, spaces and" in refused.stderr
