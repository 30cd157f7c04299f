"""The life of one task: every state ECS names, in order, its version growing with each."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Event, RLock, Thread
from typing import Any

from tests.aws.ecs_endpoint.containers import CannotStartContainer, Container, ContainerPlan
from tests.aws.ecs_endpoint.refusals import invalid
from tests.aws.ecs_endpoint.sidecars import NEVER_STARTED, Definition, NeverUp, Sidecars, described
from tests.aws.ecs_endpoint.sinks import Described

EXITED = {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
AGENT = {"name": "ExecuteCommandAgent"}
RUNNING = "RUNNING"
NO_EXEC = (
    "The execute command failed because execute command was not enabled when the task was run or the execute command"
    " agent isn't running. Wait and try again or run a new task with execute command enabled and try again."
)
OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"


class CannotStart(Exception):
    """The task ends before its container began; the message is ECS's `stoppedReason`."""

    def __init__(
        self, reason: str, stop_code: str = "TaskFailedToStart", container_reason: str | None = None
    ) -> None:
        super().__init__(reason)
        self.stop_code = stop_code
        self.container_reason = container_reason


class Life:
    """`prepare` returns what to run or raises CannotStart; `changed` hears of every new state.

    Of its containers the essential one is the task's own: its end is the end of all.
    """

    def __init__(
        self,
        described: Described,
        definitions: Sequence[Definition],
        prepare: Callable[[Definition], ContainerPlan],
        changed: Callable[[Described], None],
        pace: float,
        pull: float,
    ) -> None:
        self.described = described
        self._prepare = prepare
        self._changed = changed
        self._pace = pace
        self._pull = pull
        self._lock = RLock()
        self._stop_asked = Event()
        self._main, *_ = [one for one in definitions if one.get("essential", True)]
        beside = [one for one in definitions if one is not self._main]
        self._sidecars = (
            Sidecars(beside, prepare, self._change_container, self._stop_asked) if beside else None
        )
        self._container: Container | None = None
        self._thread = Thread(target=self._live, daemon=True)

    def begin(self) -> None:
        self._changed(self.described)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return bool(self.described["lastStatus"] == "STOPPED")

    def stop(self, code: str, reason: str) -> Described:
        """Ask it to end; the first cause is the one that counts."""
        with self._lock:
            if "stopCode" not in self.described:
                self._become("DEACTIVATING", stopCode=code, stoppedReason=reason, **_stopping())
                self._stop_asked.set()
                if self._container is not None:
                    self._become("STOPPING")
                    self._container.stop()
            return self.described

    def run_out_of_memory(self) -> None:
        with self._lock:
            self._change(containers=self._containers(reason=OUT_OF_MEMORY))
            if self._container is not None:
                self._container.kill()

    def end(self) -> None:
        """Kill it and wait: whoever runs the endpoint leaves nothing behind."""
        self.stop("UserInitiated", "the endpoint ends")
        with self._lock:
            container = self._container
        if container is not None:
            container.kill()
        if self._sidecars is not None:
            self._sidecars.kill()
        self._thread.join()

    def _live(self) -> None:
        try:
            container = self._start()
        except CannotStart as refusal:
            self._fail_to_start(refusal)
            return
        except NeverUp as failure:
            self._leave({"exitCode": NEVER_STARTED, "reason": f"CannotStartContainerError: {failure}"})
            return
        if container is None:
            self._leave({})
            return
        self._start_agent()
        exit_code = container.wait()
        self._leave({"exitCode": exit_code})

    @property
    def container(self) -> Container:
        """Raise Refusal, as ExecuteCommand does, while nobody can get in."""
        with self._lock:
            if self._container is None or self._agents() != [RUNNING]:
                raise invalid(NO_EXEC)
            return self._container

    def _start_agent(self) -> None:
        """It takes a moment longer than the container."""
        if not self._agents():
            return
        self._stop_asked.wait(self._pace)
        with self._lock:
            if not self._stop_asked.is_set():
                self._change(containers=self._containers(managedAgents=[AGENT | {"lastStatus": RUNNING}]))

    def _agents(self) -> list[str]:
        container = next(one for one in self.described["containers"] if one["name"] == self._main["name"])
        return [agent["lastStatus"] for agent in container.get("managedAgents", ())]

    def _start(self) -> Container | None:
        """Return None when it was asked to stop first."""
        self._pass_through("PENDING", self._pace)
        self._pass_through("ACTIVATING", self._pull, pullStartedAt=_now(), pullStoppedAt=_now())
        plan = self._prepare(self._main)
        if self._sidecars is not None:
            self._sidecars.begin(self._main)
        with self._lock:
            if self._stop_asked.is_set():
                return None
            self._container = _run(plan)
            running = self._containers(lastStatus="RUNNING", runtimeId=self.described["taskArn"][-32:] + "-1")
            self._become("RUNNING", startedAt=_now(), connectivity="CONNECTED", containers=running)
            return self._container

    def _pass_through(self, status: str, after: float, **changes: Any) -> None:
        self._stop_asked.wait(after)
        with self._lock:
            if not self._stop_asked.is_set():
                self._become(status, **changes)

    def _fail_to_start(self, refusal: CannotStart) -> None:
        with self._lock:
            if "stopCode" not in self.described:
                self._change(stopCode=refusal.stop_code, stoppedReason=str(refusal), **_stopping())
        self._leave({} if refusal.container_reason is None else {"reason": refusal.container_reason})

    def _leave(self, container: dict[str, Any]) -> None:
        """The exit code is known before the network is gone, and STOPPED only after."""
        with self._lock:
            cause = {} if "stopCode" in self.described else EXITED | _stopping()
            agents = {"managedAgents": [AGENT | {"lastStatus": "STOPPED"}]} if self._agents() else {}
            stopped = self._containers(lastStatus="STOPPED", **agents, **container)
            if self._sidecars is None:
                self._become("DEPROVISIONING", executionStoppedAt=_now(), containers=stopped, **cause)
            else:
                self._become("STOPPING", containers=stopped, **cause)
        if self._sidecars is not None:
            self._sidecars.stop()
            self._become("DEPROVISIONING", executionStoppedAt=_now())
        Event().wait(self._pace)
        self._become("STOPPED", stoppedAt=_now())

    def _become(self, status: str, **changes: Any) -> None:
        self._change(lastStatus=status, **changes)

    def _change(self, **changes: Any) -> None:
        with self._lock:
            version = self.described["version"] + 1
            self.described = self.described | changes | {"version": version}
            self._changed(self.described)

    def _change_container(self, name: str, **changes: Any) -> None:
        with self._lock:
            self._change(containers=described(name, self.described["containers"], **changes))

    def _containers(self, **changes: Any) -> list[Described]:
        return described(self._main["name"], self.described["containers"], **changes)


def _run(plan: ContainerPlan) -> Container:
    try:
        return Container(plan)
    except CannotStartContainer as error:
        reason = f"CannotStartContainerError: failed to create task for container: {error}"
        raise CannotStart(reason, container_reason=reason) from error


def _stopping() -> dict[str, Any]:
    return {"desiredStatus": "STOPPED", "stoppingAt": _now()}


def _now() -> datetime:
    return datetime.now(UTC)
