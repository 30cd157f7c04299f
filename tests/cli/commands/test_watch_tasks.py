"""`tapit watch tasks`: every change once, whatever becomes of the home and of the connection."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.at_a_terminal import CSI, Terminal
from tests.cli.conftest import HomeThat, Place
from tests.cli.scripted_home import (
    Asked,
    HangsUp,
    Says,
    a_finished_task,
    a_paused_subscription,
    a_refusal,
    a_task,
    a_task_event,
)
from tests.home_process import HomeProcess

SAID = "Watching the tasks of {}.\n"


class Watching:
    """A watch whose output goes through a pipe."""

    def __init__(self, place: Place, *words: str) -> None:
        self.process = place.start("watch", "tasks", *words)
        assert self.process.stderr is not None
        assert self.process.stderr.readline() == SAID.format(place.env["TAPIT_APP"])

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def events(self, is_last: Callable[[Any], bool]) -> list[Any]:
        events = [json.loads(self.line())]
        while not is_last(events[-1]):
            events.append(json.loads(self.line()))
        return events

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> tuple[str, str]:
        self.process.send_signal(number)
        return self.process.communicate(timeout=30)


@pytest.fixture
def watching() -> Iterator[Callable[..., Watching]]:
    started: list[Watching] = []

    def start(place: Place, *words: str) -> Watching:
        started.append(Watching(place, *words))
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.communicate()


Start = Callable[..., Watching]


def ended(event: Any) -> bool:
    return event["status"] in ("SUCCEEDED", "FAILED")


def create(place: Place, command: str) -> str:
    created = place.run("-o", "id", "create", "task", command)
    assert created.returncode == 0, created.stderr
    return created.stdout.strip()


# Through a pipe


def test_whoever_wants_ids_alone_is_given_those_of_the_events(machine: Place, watching: Start) -> None:
    watch = watching(machine, "-o", "id")
    task_id = create(machine, "true")

    ids = [watch.line().strip(), watch.line().strip()]

    assert [one.rpartition("-")[0] for one in ids] == [task_id, task_id]
    listed = machine.run("list", "events", "-o", "id").stdout.splitlines()
    assert set(ids) <= set(listed)
    assert len(set(ids)) == 2


def test_each_change_is_a_line_that_says_what_and_why(machine: Place, watching: Start) -> None:
    watch = watching(machine)
    task_id = create(machine, "exit 7")

    first = watch.line()
    last = first
    while "FAILED" not in last:
        last = watch.line()

    assert first.split()[1:] == [task_id, "PENDING", "-", "exit", "7"]
    assert last.split()[1:4] == [task_id, "FAILED", "(7)"]
    assert last.endswith("s: exit 7")


def test_as_json_each_change_is_an_object_on_a_line(machine: Place, watching: Start) -> None:
    watch = watching(machine, "-o", "json")
    task_id = create(machine, "echo hi")

    events = watch.events(ended)

    assert {event["task_id"] for event in events} == {task_id}
    assert (events[0]["status"], events[-1]["status"]) == ("PENDING", "SUCCEEDED")
    told = json.loads(machine.run("list", "events").stdout)
    assert events == told


def test_only_the_statuses_asked_for_are_told(machine: Place, watching: Start) -> None:
    watch = watching(machine, "-o", "json", "status=failed,succeeded")
    good, bad = create(machine, "true"), create(machine, "false")

    first, second = json.loads(watch.line()), json.loads(watch.line())

    assert {(event["task_id"], event["status"]) for event in (first, second)} == {
        (good, "SUCCEEDED"),
        (bad, "FAILED"),
    }


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it(number: signal.Signals, machine: Place, watching: Start) -> None:
    watch = watching(machine)

    out, err = watch.interrupt(number)

    assert (watch.process.returncode, out, err) == (130, "", "")


def test_it_ends_quietly_when_nobody_reads_it_though_nothing_happens(machine: Place, watching: Start) -> None:
    watch = watching(machine)
    assert watch.process.stdout is not None
    watch.process.stdout.close()

    assert watch.process.wait(30) == 141
    assert watch.process.stderr is not None
    assert watch.process.stderr.read() == ""


# Over ends of the home


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[HomeProcess]:
    home = HomeProcess(tmp_path / "home").start()
    yield home
    home.close()


@pytest.mark.parametrize("end", ["ends", "crashes"])
def test_no_change_is_missed_or_told_twice_when_the_home_is_restarted(
    end: str, own_home: HomeProcess, place: Place, watching: Start
) -> None:
    place.env |= own_home.env_for(own_home.new_app())
    watch = watching(place, "-o", "json")
    before = create(place, "true")
    told = watch.events(ended)
    lasting = create(place, "sleep 0.3")
    own_home.end() if end == "ends" else own_home.kill()
    own_home.start()
    after = create(place, "true")

    while {event["task_id"] for event in told if ended(event)} != {before, lasting, after}:
        told.append(json.loads(watch.line()))

    feed = json.loads(place.run("list", "events").stdout)
    assert told == feed
    _, err = watch.interrupt()
    lost, back = err.splitlines()
    assert lost.startswith("Lost the home, trying again: ")
    assert back == "The home is back; nothing was missed."


class Told:
    """A home whose feed is this; every `cut` of its answers to whoever follows it is cut off."""

    def __init__(self, *pages: list[dict[str, Any]], cut: int = 1_000_000) -> None:
        self._pages = pages
        self._cut = cut
        self._asked = 0

    def __call__(self, asked: Asked) -> Says:
        if not asked.path.endswith("/events"):
            return Says({"items": [], "next": None})
        if "tail" in asked.query:
            return Says({"items": [], "next": "0", "poll_after": 0})
        self._asked += 1
        at = int(asked.query["after"])
        if self._asked % self._cut == 0:
            raise HangsUp
        if at == len(self._pages):
            return a_refusal(404, "AppNotFound", "There is no app demo.")
        return Says({"items": self._pages[at], "next": str(at + 1), "poll_after": 0})


def seen(place: Place, *words: str) -> list[tuple[str, int]]:
    """What is told until the app is removed."""
    result = place.run("watch", "tasks", "-o", "json", *words)
    assert result.returncode == 3, result.stderr
    return [(event["task_id"], event["revision"]) for event in map(json.loads, result.stdout.splitlines())]


def test_cut_connections_neither_lose_nor_repeat_a_change(place: Place, home_that: HomeThat) -> None:
    pages = [[a_task_event("RUNNING", id=f"t{number}", revision=2)] for number in range(6)]
    home_that(Told(*pages, cut=2))

    assert seen(place) == [(f"t{number}", 2) for number in range(6)]


def test_what_is_told_again_or_late_is_left_aside(place: Place, home_that: HomeThat) -> None:
    starting, running = (
        a_task_event(status, revision=revision) for status, revision in (("STARTING", 2), ("RUNNING", 4))
    )
    other = a_task_event("RUNNING", id="other", revision=3)
    home_that(Told([starting, running], [running, other], [starting, other], []))

    assert seen(place) == [("1jd3m8k7x2qf", 2), ("1jd3m8k7x2qf", 4), ("other", 3)]


def test_what_is_told_of_subscriptions_is_none_of_its_business(place: Place, home_that: HomeThat) -> None:
    home_that(Told([a_paused_subscription("hooks", "dead"), a_task_event("RUNNING", revision=3)]))

    assert seen(place) == [("1jd3m8k7x2qf", 3)]


def test_a_home_without_sense_is_told_of_at_once_at_the_beginning(place: Place) -> None:
    place.env |= {"TAPIT_URL": "http://127.0.0.1:9", "TAPIT_TOKEN": "tpt_a_b", "TAPIT_APP": "demo"}

    result = place.run("watch", "tasks")

    assert result.returncode == 5
    assert "Nothing answers at" in result.stderr


# On a terminal


def frames(raw: str) -> list[list[str]]:
    """What was drawn each time, as lines."""
    return [CSI.sub("", part).replace("\r\n", "\n").split("\n") for part in raw.split("\x1b[H")[1:]]


def shows(*words: str) -> Callable[[str], bool]:
    return lambda text: all(word in text for word in words)


def at_a_terminal(place: Place, *words: str, columns: int = 100, rows: int = 12) -> Terminal:
    return Terminal(place, ("watch", "tasks", *words), columns, rows)


def test_a_table_is_kept_up_to_date_and_its_last_state_stays(machine: Place) -> None:
    terminal = at_a_terminal(machine)
    terminal.read_until(shows("no tasks"))
    lasting = create(machine, "exec sleep 1000")
    over = create(machine, "exit 3")
    terminal.read_until(shows("RUNNING", "FAILED (3)"))

    terminal.interrupt()
    code = terminal.finish()
    machine.run("stop", f"task={lasting}")

    _, _, left = terminal.raw.rpartition("\x1b[?1049l")
    title, head, top, below = CSI.sub("", left).replace("\r\n", "\n").splitlines()[-4:]
    assert code == 130
    assert title == f"{machine.env['TAPIT_APP']}: 1 running, 1 ended"
    assert head.split() == ["ID", "STATUS", "LEFT", "RAN", "CPU/MEM", "DOCKER", "TAG", "BY", "COMMAND"]
    assert top.split()[:2] == [lasting, "RUNNING"]
    assert top.split()[2] in ("1d", "23h59m")
    assert below.split()[:4] == [over, "FAILED", "(3)", "-"]


def a_crowd(count: int) -> Callable[[Asked], Says]:
    """A home where much is going on, and nothing changes."""
    tasks = [
        *(a_task(id=f"run{number}", command="x" * 300) for number in range(count)),
        *(a_finished_task(id=f"end{number}") for number in range(count)),
    ]

    def answer(asked: Asked) -> Says:
        if asked.path.endswith("/events"):
            return Says({"items": [], "next": "c1", "poll_after": 0.2})
        wanted = asked.query.get("status", "").split(",")
        return Says(
            {"items": [task for task in tasks if wanted == [""] or task["status"] in wanted], "next": None}
        )

    return answer


@pytest.mark.parametrize(("columns", "rows"), [(50, 8), (100, 24), (30, 5), (12, 3)])
def test_it_fits_the_terminal_also_when_that_is_resized(
    columns: int, rows: int, place: Place, home_that: HomeThat
) -> None:
    home_that(a_crowd(30))
    terminal = at_a_terminal(place, columns=120, rows=30)
    terminal.read_until(shows("run0"))
    before = len(terminal.text)
    terminal.resize(columns, rows)
    terminal.read_until(lambda text: text.count("demo: 30") >= text[:before].count("demo: 30") + 3)

    terminal.interrupt()
    terminal.finish()

    drawn = frames(terminal.raw.partition("\x1b[?1049l")[0])[-1]
    assert len(drawn) <= rows
    assert max(len(line.rstrip()) for line in drawn) <= columns
    assert drawn[0].startswith("demo: 30 ru")


def test_what_does_not_fit_is_counted(place: Place, home_that: HomeThat) -> None:
    home_that(a_crowd(10))
    terminal = at_a_terminal(place, rows=10)
    terminal.read_until(shows("and 14 more: 4 running, 10 ended"))

    terminal.interrupt()
    assert terminal.finish() == 130


def test_only_tasks_of_the_statuses_asked_for_are_shown(place: Place, home_that: HomeThat) -> None:
    home_that(a_crowd(3))
    terminal = at_a_terminal(place, "status=succeeded")
    terminal.read_until(shows("demo (SUCCEEDED): 3 ended", "end2"))

    terminal.interrupt()
    terminal.finish()

    assert "run" not in terminal.text.partition("end0")[2].replace("running", "")


def test_a_lost_home_is_told_of_on_the_board_and_forgotten_when_it_is_back(
    place: Place, home_that: HomeThat
) -> None:
    crowd, lost = a_crowd(2), [False]

    def answer(asked: Asked) -> Says:
        if lost[0] and asked.path.endswith("/events"):
            raise HangsUp
        return crowd(asked)

    home_that(answer)
    terminal = at_a_terminal(place)
    terminal.read_until(shows("2 running"))
    lost[0] = True
    terminal.read_until(shows("lost the home, trying again: "))
    lost[0] = False
    terminal.read_until(
        lambda text: "lost the home" not in text.rpartition("2 running")[0].rpartition("2 running")[2]
    )

    terminal.interrupt()
    assert terminal.finish() == 130


def test_without_colours_there_are_none(place: Place, home_that: HomeThat) -> None:
    home_that(a_crowd(2))
    place.env["NO_COLOR"] = "1"
    terminal = at_a_terminal(place)
    terminal.read_until(shows("RUNNING"))

    terminal.interrupt()
    terminal.finish()

    assert not [
        code for code in CSI.findall(terminal.raw) if code.endswith("m") and code not in ("\x1b[0m", "\x1b[m")
    ]


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"CI": "true"}])
def test_a_terminal_that_cannot_be_redrawn_gets_lines(variables: dict[str, str], machine: Place) -> None:
    machine.env |= variables
    terminal = at_a_terminal(machine)
    terminal.read_until(shows("Watching the tasks"))
    create(machine, "true")
    terminal.read_until(shows("SUCCEEDED"))

    terminal.interrupt()

    assert terminal.finish() == 130
    assert "\x1b[?1049h" not in terminal.raw


def test_rich_is_not_imported_where_nothing_is_drawn(machine: Place) -> None:
    machine.env["PYTHONVERBOSE"] = "1"
    watch = machine.start("watch", "tasks")
    assert watch.stderr is not None
    imported = []
    while SAID.format(machine.env["TAPIT_APP"]) not in imported:
        imported.append(watch.stderr.readline())
    watch.send_signal(signal.SIGINT)
    watch.communicate(timeout=30)

    assert [line for line in imported if "import 'rich" in line] == []
    assert [line for line in imported if "import 'tapit.waiting" in line] != []
