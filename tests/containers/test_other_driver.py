"""A home that is started with another `--driver` than before: what runs by then goes on as what it was launched as."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.containers.container_home import ContainerHome, container_home
from tests.containers.engine import Engine
from tests.containers.images import BUSYBOX

RUNS = "echo up; until [ -e {go} ]; do sleep 0.02; done; echo went; exit {code}"
UP = "echo up; sleep 1000"
GO_INSIDE = "/tmp/go"


class Pair:
    """A task that ends by itself when it is let go, and one that is stopped."""

    def __init__(self, home: ContainerHome, driver: str, app: str, go: str, code: int) -> None:
        self._home = home
        self.driver = driver
        self.app = app
        self.code = code
        self.goes, self.is_stopped = (
            str(home.api.create(app, line)["id"]) for line in (RUNS.format(go=go, code=code), UP)
        )
        for task_id in (self.goes, self.is_stopped):
            home.api.says(task_id, "up")

    def goes_on_to_its_end(self, let_go: Callable[[str], object]) -> None:
        api = self._home.api
        for task_id in (self.goes, self.is_stopped):
            assert (api.show(task_id)["status"], api.show(task_id)["driver"]) == ("RUNNING", self.driver)
        api.stop(self.is_stopped)
        stopped = api.finished(self.is_stopped)
        let_go(self.goes)
        went = api.finished(self.goes)

        assert (stopped["status"], stopped["exit_code"]) == ("STOPPED", 143)
        assert (went["status"], went["exit_code"]) == ("FAILED", self.code)
        assert (api.lines(self.is_stopped), api.lines(self.goes)) == (["up"], ["up", "went"])


def a_container(home: ContainerHome) -> Pair:
    return Pair(home, "docker", home.new_app(BUSYBOX), GO_INSIDE, 7)


def a_process(home: ContainerHome, go: Path, image: str | None = None) -> Pair:
    return Pair(home, "process", home.new_app(image), str(go), 8)


@pytest.mark.parametrize("driver", ["process", "docker"])
def test_containers_and_processes_go_on_to_their_own_ends(
    engine: Engine, tmp_path: Path, driver: str
) -> None:
    with container_home(engine, tmp_path, "--driver", "auto") as home:
        container, process = a_container(home), a_process(home, tmp_path / "go")

        home.process.restart_with("--driver", driver)

        container.goes_on_to_its_end(lambda task_id: home.inside(task_id, "touch", GO_INSIDE))
        process.goes_on_to_its_end(lambda _: (tmp_path / "go").touch())
        assert container.goes not in str(home.left())


def test_what_ran_as_a_process_although_it_has_an_image_is_no_container_later(
    engine: Engine, tmp_path: Path
) -> None:
    with container_home(engine, tmp_path, "--driver", "process") as home:
        process = a_process(home, tmp_path / "go", BUSYBOX)

        home.process.restart_with("--driver", "docker")

        process.goes_on_to_its_end(lambda _: (tmp_path / "go").touch())
        assert home.api.run(process.app, "true")["driver"] == "docker"


def test_what_ended_meanwhile_is_told_of_by_the_other_driver(engine: Engine, tmp_path: Path) -> None:
    with container_home(engine, tmp_path, "--driver", "docker") as home:
        container = a_container(home)
        home.process.end()
        home.inside(container.goes, "touch", GO_INSIDE)

        home.process.restart_with("--driver", "process")

        assert home.api.finished(container.goes)["exit_code"] == container.code
        assert home.api.lines(container.goes) == ["up", "went"]
        home.api.stop(container.is_stopped)
        assert home.api.finished(container.is_stopped)["exit_code"] == 143
