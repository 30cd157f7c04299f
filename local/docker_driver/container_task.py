"""One container, for as long as its task runs: made, watched, asked to end, killed, removed."""

import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from select import POLLIN
from typing import Any

from docker.errors import NotFound

from local.docker_driver.app_network import have_network
from local.docker_driver.container_output import ContainerOutput
from local.docker_driver.container_request import container_name, container_request
from local.docker_driver.engine import FAILURES, Engine, in_words, take_environment
from local.docker_driver.engine_of_run import remember_engine
from local.docker_driver.memory_evidence import MemoryEvidence
from local.supervisor.atomic_files import Value
from local.supervisor.driven_task import CannotStart, Preparation
from local.supervisor.exit_record import ExitRecord
from local.supervisor.spec import Spec

KILLED = 137
REMOVED = "its container was removed by somebody else, so how it ended is not known"
_LOOKS_AROUND_EVERY = 0.2  # seconds
_PATIENCE_WITH_THE_KILLED = 30.0  # seconds
_LOOK_EVERY = 30.0  # ... even if nothing is heard of it
_SHORTEST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.005, 1.0, 1.5  # seconds between looks when its output has ended


class ContainerTask:
    """A driven task, as supervision knows it."""

    def __init__(self, spec: Spec, exit_record: ExitRecord) -> None:
        self._spec = spec
        self._exit_record = exit_record
        self._name = container_name(spec)
        self._engine = Engine(spec.details["engine"], spec.details["api_version"])
        self._client: Any = None
        self._making: Future[None] | None = None
        self._line: Any = None
        self._output: ContainerOutput | None = None
        self._state: dict[str, Any] = {}
        self._evidence = MemoryEvidence(0)
        self._is_over = False
        self._pause = _SHORTEST_PAUSE
        self._look_at = _LOOK_EVERY

    @property
    def is_running(self) -> bool:
        return not self._is_over or not (self._output is None or self._output.is_passed_on)

    def prepare(self, preparation: Preparation) -> bool:
        take_environment(self._spec.details["surroundings"])
        self._making = ThreadPoolExecutor(1).submit(self._make)
        while not wait([self._making], _LOOKS_AROUND_EVERY).done:
            if preparation.is_unwanted():
                return False
        self._making.result()
        return True

    def _make(self) -> None:
        """Attach before the start, or the first words may be missed."""
        try:
            remember_engine(self._spec.folder, self._engine.url, self._engine.api_version)
            self._client = self._engine.client()
            self._remove_namesake()
            self._create()
            self._line = self._attach()
        except FAILURES as error:
            raise CannotStart(in_words(error)) from error

    def _create(self) -> None:
        details = self._spec.details
        if details["own_network"] is not None:
            have_network(self._client, details["own_network"], details["labels"])
        self._client.create_container_from_config(container_request(self._spec), self._name)
        for network in details["networks"][1:]:
            self._client.connect_container_to_network(self._name, network)

    def _remove_namesake(self) -> None:
        """There is one only if the supervisor of this attempt was killed before anything ran."""
        try:
            self._client.remove_container(self._name, v=True, force=True)
        except NotFound:
            return

    def _attach(self) -> Any:
        wanted = {"stdout": 1, "stderr": 1, "stream": 1}
        raw = self._client.attach_socket(self._name, params=wanted)
        return getattr(raw, "_sock", raw)

    def start(self, output: int) -> None:
        try:
            self._client.start(self._name)
        except FAILURES as error:
            raise CannotStart(in_words(error)) from error
        self._output = ContainerOutput(self._line, output)
        self._inspect()
        self._evidence = MemoryEvidence(self._state.get("Pid", 0))

    def facts(self) -> dict[str, Value]:
        return {
            "pid": self._state.get("Pid", 0),
            "memory_enforced_by": "engine" if self._spec.memory_bytes else None,
            "container": self._name,
            "engine": self._engine.url,
        }

    # Watching

    def sources(self) -> Sequence[tuple[int, int]]:
        assert self._output is not None
        return [(self._output.source, POLLIN)]

    def hear(self, source: int, moment: float) -> None:
        assert self._output is not None
        assert source == self._output.source
        self._output.hear()
        if self._output.is_at_end:
            self._look_at = min(self._look_at, moment)

    def due_at(self) -> float:
        return math.inf if self._is_over else self._look_at

    def look(self, moment: float) -> None:
        if self._output is not None:
            self._output.pass_on()
        if self._is_over or moment < self._look_at:
            return
        self._look_at = moment + self._pause
        if self._output is not None and not self._output.is_at_end:
            self._look_at = moment + _LOOK_EVERY
        self._pause = min(self._pause * _GROWTH, _LONGEST_PAUSE)
        self._inspect()

    def _inspect(self) -> None:
        """Learn whether it is over; an engine that does not answer may do so again."""
        try:
            self._state = self._client.inspect_container(self._name)["State"]
        except NotFound:
            self._exit_record.lost(REMOVED)
            self._is_over = True
        except FAILURES:
            return
        else:
            if self._state["Status"] in ("exited", "stopped", "dead"):
                self._ended()

    def _ended(self) -> None:
        self._is_over = True
        exit_code = self._state["ExitCode"]
        self._exit_record.exited(exit_code)
        if exit_code != KILLED or self._spec.memory_bytes is None or self._exit_record.stopped_by is not None:
            return
        if self._evidence.was_out_of_memory(self._state.get("OOMKilled", False)):
            self._exit_record.ran_out_of_memory()

    # Ending

    def terminate(self) -> None:
        self._signal(self._stop_signal())

    def kill(self) -> None:
        if self._output is None:
            return
        patience = time.monotonic() + _PATIENCE_WITH_THE_KILLED
        while not self._is_over and time.monotonic() < patience:
            self._signal("SIGKILL")
            self._inspect()
            time.sleep(_SHORTEST_PAUSE)
        if not self._is_over:
            self._exit_record.could_not_be_killed()
            return
        self._output.take_rest()

    def last_output(self) -> bytes:
        return b"" if self._output is None else self._output.rest()

    def remove(self) -> None:
        """What cannot be removed now is by the server, with the folder."""
        if self._making is not None:
            wait([self._making], _PATIENCE_WITH_THE_KILLED)
        if self._client is None:
            return
        _try(lambda: self._client.remove_container(self._name, v=True, force=True))

    def _signal(self, name: str) -> None:
        _try(lambda: self._client.kill(self._name, name))

    def _stop_signal(self) -> str:
        """Images may name another one than SIGTERM."""
        return "SIGTERM"


def _try(ask: Callable[[], object]) -> None:
    """Ask for what is asked for again, or by somebody else, when an engine refuses or is gone."""
    try:
        ask()
    except FAILURES:
        return
