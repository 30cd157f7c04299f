"""Homes to test with: a real one shared by all, real ones of one's own, and one within this process."""

import gc
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.home_in_process import HomeInProcess, home_in_process
from tests.home_process import HomeProcess
from tests.http_client import Api

# How long an example takes says more about the machine than about the code; and whoever uses a fixture for many
# examples knows it. Suppressing one alone, a test would have the other again.
settings.register_profile(
    "patient",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("long", settings.get_profile("patient"), max_examples=2000)
settings.load_profile("patient")

# What runs in the background of a shell, or under nohup, hands down to all that tests start that these are ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """What is loaded by now stays, and to look for garbage in it again and again was a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 50)


NewHome = Callable[..., HomeProcess]  # with options of tapit-local


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeProcess]:
    """A running home for everybody: use an app of your own (`app`), and leave the server alone."""
    shared = HomeProcess(tmp_path_factory.mktemp("home"))
    try:
        yield shared.start()
        assert "Traceback" not in shared.log
    finally:
        shared.close()


@pytest.fixture
def api(home: HomeProcess) -> Api:
    return home.api


@pytest.fixture
def app(home: HomeProcess) -> str:
    """An app on the shared home that only this test uses."""
    return home.new_app()


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[NewHome]:
    """Make homes of the test's own, to be started, killed and started again."""
    made: list[HomeProcess] = []

    def make(*options: str) -> HomeProcess:
        made.append(HomeProcess(tmp_path / f"home-{len(made)}", *options))
        return made[-1]

    yield make
    for private in made:
        private.close()


@pytest.fixture
def own_home(new_home: NewHome) -> HomeProcess:
    """A running home of the test's own."""
    return new_home().start()


@pytest.fixture(scope="session")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HomeInProcess]:
    """The app on a local home within this process; use an app of your own."""
    with home_in_process(tmp_path_factory.mktemp("inside")) as home:
        yield home
