"""One container, for as long as its task runs: made, watched, asked to end, killed, removed."""

import math
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from select import POLLIN
from typing import Any

from docker.errors import APIError, DockerException, NotFound

from local.docker_driver.agent_process import AgentProcess
from local.docker_driver.container_output import ContainerOutput
from local.docker_driver.engine import FAILURES, GONE, Engine, in_words, take_environment
from local.docker_driver.followed_log import follow_log
from local.docker_driver.init_process import COMPLAINTS, has_child, has_run_it, is_of_command
from local.docker_driver.made_container import MadeContainer, make_container
from local.docker_driver.memory_evidence import MemoryEvidence
from local.docker_driver.moment_of_end import moment_of_end
from local.docker_driver.post_mortem import why_nothing_ran
from local.docker_driver.unnoticed_end import UnnoticedEnd
from local.supervisor.atomic_files import Value
from local.supervisor.driven_task import CannotStart, Preparation
from local.supervisor.exit_record import ExitRecord
from local.supervisor.spec import Spec
from local.supervisor.task_clock import machine_time

KILLED = 137
REMOVED = "somebody else removed its container"
UNKNOWN_END = "its container engine does not know what its container ended with"
ENGINE_WENT_DOWN = "the container engine went down, and took its containers along"
_LOOKS_AROUND_EVERY = 0.2  # seconds
_TELLS_EVERY = 1.0
_PATIENCE_WITH_THE_KILLED = 30.0
_NOTICES_END, _NOTICES_KILL = 20.0, 5.0  # seconds that an engine may take
_LOOK_EVERY = 30.0  # ... even if nothing is heard of it
_SHORTEST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.005, 1.0, 1.5  # ... between looks when its output has ended
_INIT_BEGINS_WITHIN = 1.0  # of the start, as far as nothing is seen of it
_LOOKS_FOR_INIT_EVERY = 0.02
_UNSEEN = 0.2  # ... until a silent container that nothing is seen of is taken to run
_SILENCE = 10.0  # of the output of a container that is over, until it is taken to be whole
_SILENCE_OF_RECORD = 120.0  # ... where the engine passes over what is known: 1 GB takes it some 12 s
_REMOVAL, _LONGEST_REMOVAL = 1.0, 10.0  # seconds that it may take without a sign of it, and with one
_LINE_BROKE = 0.3  # a pause of that length: output ends with its container, or a little before


class ContainerTask:
    """A driven task, as supervision knows it."""

    def __init__(self, spec: Spec, exit_record: ExitRecord) -> None:
        self._spec = spec
        self._exit_record = exit_record
        self._engine = Engine(spec.details["engine"], spec.details["api_version"])
        self._making: Future[MadeContainer] | None = None
        self._waits_for = ""
        self._is_unwanted = False
        self._made: MadeContainer | None = None
        self._output: ContainerOutput | None = None
        self._state: dict[str, Any] = {}
        self._evidence = MemoryEvidence("", 0)
        self._unnoticed = UnnoticedEnd("", 0)
        self._engine_was_gone = False
        self._has_started = False
        self._first_words: bytes | None = None
        self._nothing_ran: str | None = None
        self._has_run = False
        self._ran_at = math.inf
        self._tell_at = math.inf
        self._is_over = False
        self._heard_at = 0.0
        self._agent: AgentProcess | None = None
        self._agents_word: int | None = None  # of an attached task: it ends with its agent
        self._pause = _SHORTEST_PAUSE
        self._look_at = _LOOK_EVERY

    @property
    def is_running(self) -> bool:
        if self._agents_word is not None:
            return False
        return not self._is_over or not (self._output is None or self._output.is_passed_on)

    @property
    def _container(self) -> MadeContainer:
        assert self._made is not None
        return self._made

    # Starting

    def prepare(self, preparation: Preparation) -> bool:
        take_environment(self._spec.details["surroundings"])
        self._making = ThreadPoolExecutor(1).submit(make_container, self._engine, self._spec, self._wait_for)
        told, tell_at = "", 0.0
        while not wait([self._making], _LOOKS_AROUND_EVERY).done:
            if preparation.is_unwanted():
                self._is_unwanted = True
                return False
            if self._waits_for != told and time.monotonic() >= tell_at:
                told, tell_at = self._waits_for, time.monotonic() + _TELLS_EVERY
                preparation.tell(told)
        self._made = self._making.result()
        return True

    def _wait_for(self, what: str) -> None:
        """Be told, on the thread that makes the container, which is of no use any more when the task is unwanted."""
        if self._is_unwanted:
            raise CannotStart("it is not wanted any more")
        self._waits_for = what

    def start(self, output: int) -> None:
        """Without an answer it may run or not, which is seen when the engine answers again.

        The agent waits so long for somebody to come, and not before: the image may have been long in coming.
        """
        if self._spec.details["agent_socket"] is not None:
            self._agent = _agent(self._spec)
        self._ran_at = machine_time()
        try:
            self._container.start()
            self._has_started = True
        except APIError as error:
            raise CannotStart(in_words(error)) from error
        except GONE:
            self._engine_was_gone = True
        self._output = ContainerOutput(self._container.line, output)
        self._inspect()
        self._evidence = MemoryEvidence(self._container.id, self._state.get("Pid", 0))
        self._unnoticed = UnnoticedEnd(self._container.id, self._state.get("Pid", 0))
        self._see_it_begin()

    def _see_it_begin(self) -> None:
        """Raise CannotStart when its init finds nothing to run, before anybody is told that something does.

        Where neither the kernel nor its line says anything, it is soon taken to run.
        """
        assert self._output is not None
        began = time.monotonic()
        while not self._is_over and time.monotonic() < began + _INIT_BEGINS_WITHIN:
            self._first_words = self._output.first_words()
            if (self._first_words or b"").startswith(COMPLAINTS):
                self._inspect()
            elif self._is_seen_to_run(time.monotonic() - began):
                return
            time.sleep(_SHORTEST_PAUSE)
        if self._nothing_ran is not None:
            raise CannotStart(self._nothing_ran)

    def _is_seen_to_run(self, moment: float) -> bool:
        if self._first_words is not None or self._engine_was_gone:
            return True
        seen = has_run_it(self._container.id, self._state.get("Pid", 0))
        self._has_run = bool(seen)
        return moment > _UNSEEN if seen is None else seen

    def facts(self) -> dict[str, Value]:
        return {
            "pid": self._state.get("Pid", 0),
            "memory_enforced_by": "engine" if self._spec.memory_bytes else None,
            "container": self._container.name,
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
        self._heard_at = moment
        if self._output.is_at_end:
            self._evidence.look()
            self._look_at = min(self._look_at, moment)

    def due_at(self) -> float:
        return math.inf if self._is_over else min(self._look_at, self._tell_at)

    def look(self, moment: float) -> None:
        assert self._output is not None
        self._output.pass_on()
        self._hear_agent()
        if self._is_over:
            if moment > self._heard_at + (_SILENCE_OF_RECORD if self._output.is_from_record else _SILENCE):
                self._output.give_up()
            return
        if moment >= self._tell_at:
            self._tell(moment)
        if moment < self._look_at:
            return
        self._inspect()
        if self._is_over:
            self._heard_at = moment
        if not self._output.is_at_end:
            look_after = _LOOK_EVERY if self._unnoticed.since == math.inf else _LONGEST_PAUSE
            self._look_at, self._pause = moment + look_after, _SHORTEST_PAUSE
            return
        self._look_at, self._pause = moment + self._pause, min(self._pause * _GROWTH, _LONGEST_PAUSE)
        if self._pause > _LINE_BROKE and self._state.get("Running"):
            self._read_on()

    def _read_on(self) -> None:
        """Where the line broke: the engine has kept what came since, also of a container that has ended."""
        assert self._output is not None
        self._output.go_on_with(follow_log(self._container.client, self._container.name, self._output.taken))

    def _hear_agent(self) -> None:
        if self._agent is None or not self._spec.details["attached"] or self._is_over:
            return
        self._agents_word = self._agent.exit_code()
        if self._agents_word is not None:
            self._exit_record.over(machine_time())
            self._exit_record.exited(self._agents_word)
            self._evidence.look(is_over=True)
            if self._has_run_out_of_memory(self._agents_word):
                self._exit_record.ran_out_of_memory()

    def _inspect(self) -> None:
        """Learn whether it is over; an engine that does not answer may do so again."""
        self._evidence.look()
        asked_at = machine_time()
        try:
            self._state = self._container.state()
        except NotFound:
            self._exit_record.lost(REMOVED)
            self._is_over = True
        except FAILURES:
            self._state = {}
            self._engine_was_gone = True
        else:
            if self._state.get("Running"):
                self._ran_at = asked_at
            self._judge(self._state)

    def _judge(self, state: dict[str, Any]) -> None:
        self._has_started |= bool(state.get("Running"))
        if state["Status"] == "created" and self._engine_was_gone:
            self._went_down_with_its_engine()
        elif state["Status"] in ("exited", "stopped", "dead"):
            self._is_over = True
            self._exit_record.over(moment_of_end(state, self._ran_at))
            if self._engine_was_gone or (self._output is not None and self._output.is_from_record):
                self._read_on()
            self._ended(state["ExitCode"], says_out_of_memory=bool(state.get("OOMKilled")))
        elif self._unnoticed.has_been_for(_NOTICES_END):
            self._is_over = True
            self._exit_record.over(self._unnoticed.since)
            self._exit_record.lost(UNKNOWN_END)

    def _went_down_with_its_engine(self) -> None:
        """Podman remembers of containers that there are no more when its machine is up again that they were made."""
        if self._has_started:
            self._exit_record.host_failed(ENGINE_WENT_DOWN)
        else:
            self._exit_record.failed_to_start(CannotStart.ecs_name, ENGINE_WENT_DOWN)
        self._is_over = True

    def _ended(self, exit_code: int, *, says_out_of_memory: bool) -> None:
        if self._agents_word is not None:
            return
        if exit_code < 0:
            self._exit_record.lost(UNKNOWN_END)
            return
        is_stopped = self._exit_record.stopped_by is not None
        self._nothing_ran = None if is_stopped else self._why_nothing_ran(exit_code)
        if self._nothing_ran is not None:
            self._exit_record.failed_to_start(CannotStart.ecs_name, self._nothing_ran)
            return
        self._exit_record.exited(exit_code)
        has_run_out_of_memory = self._has_run_out_of_memory(exit_code)
        if is_stopped:
            return
        if self._engine_was_gone and exit_code > 128:
            self._exit_record.host_failed(ENGINE_WENT_DOWN)
        elif has_run_out_of_memory or (exit_code == KILLED and says_out_of_memory):
            self._exit_record.ran_out_of_memory()
        elif exit_code == KILLED and self._is_being_removed():
            self._exit_record.lost(REMOVED)

    def _why_nothing_ran(self, exit_code: int) -> str | None:
        if self._has_run or is_of_command(self._first_words or b""):
            return None
        return why_nothing_ran(self._container, exit_code, self._first_words or b"")

    def _has_run_out_of_memory(self, exit_code: int) -> bool:
        """A command may well live on without the process that it lost so."""
        self._evidence.look_back()
        self._exit_record.memory_kills = kills = self._evidence.kills
        return exit_code == KILLED and kills is not None and kills.number > 0

    def _is_being_removed(self) -> bool:
        """Whoever removes a container that runs has it killed first. Engines may not know what to say meanwhile."""
        now = time.monotonic()
        patience, longest = now + _REMOVAL, now + _LONGEST_REMOVAL
        while now < patience:
            try:
                is_settled = self._container.state()["Status"] == "exited"
            except NotFound:
                return True
            except DockerException:
                is_settled = False
            except GONE:
                return False
            time.sleep(_REMOVAL / 20)
            now = time.monotonic()
            if not is_settled:
                patience = min(now + _REMOVAL, longest)
        return False

    # Ending

    def terminate(self) -> None:
        if self._agent is not None:
            self._agent.terminate()
        self._tell_at = 0.0

    def _tell(self, moment: float) -> None:
        """Once, for a second SIGTERM means more to some programs: when there is an init that takes it."""
        try:
            if not self._has_begun(moment):
                self._tell_at = moment + _LOOKS_FOR_INIT_EVERY
                return
            self._signal(self._stop_signal)
        except GONE:
            self._tell_at = moment + _LONGEST_PAUSE
        else:
            self._tell_at = math.inf

    def _has_begun(self, moment: float) -> bool:
        assert self._output is not None
        if self._output.taken:
            return True
        seen = has_child(self._container.id, self._state.get("Pid", 0))
        return moment > _INIT_BEGINS_WITHIN if seen is None else seen

    def kill(self) -> None:
        if self._output is None:
            return
        patience = time.monotonic() + _PATIENCE_WITH_THE_KILLED
        while not self._is_over and time.monotonic() < patience:
            with suppress(*GONE):
                self._signal("SIGKILL")
            self._inspect()
            if self._unnoticed.has_been_for(_NOTICES_KILL):
                self._exit_record.over(self._unnoticed.since)
                break
            time.sleep(_SHORTEST_PAUSE)
        if not self._is_over:
            self._exit_record.could_not_be_killed()
            return
        self._output.take_rest()

    def last_output(self) -> bytes:
        return b"" if self._output is None else self._output.rest()

    def remove(self) -> None:
        """What cannot be removed now is by the server, with the folder."""
        if self._agent is not None:
            self._agent.end()
        if self._making is None or not wait([self._making], _PATIENCE_WITH_THE_KILLED).done:
            return
        if self._making.exception() is None:
            with suppress(*FAILURES):
                self._making.result().remove()

    @property
    def _stop_signal(self) -> str:
        """An image's own entry point may want another one; ours hears this, and tells everybody."""
        keeps_entrypoint = self._spec.details["entrypoint"] is None
        return self._container.stop_signal if keeps_entrypoint else "SIGTERM"

    def _signal(self, name: str) -> None:
        """Raise one of GONE; an engine that refuses has nothing to send it to."""
        with suppress(DockerException):
            self._container.unpause()
        with suppress(DockerException):
            self._container.kill(name)


def _agent(spec: Spec) -> AgentProcess:
    try:
        return AgentProcess(spec)
    except OSError as error:
        raise CannotStart(f"the agent of its sessions: {error.strerror}") from error
