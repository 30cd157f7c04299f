"""Tasks as ECS runs them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.adapters.aws_refusals import code_of, refusal_in, refusals
from chalicelib.adapters.derived_definition import LOG_PREFIX, derive, log_options_of
from chalicelib.adapters.ecs_app_check import check_app
from chalicelib.adapters.ecs_inheritance import Inheritance, Inherited
from chalicelib.adapters.ecs_overrides import overrides_of, refuse_overrides
from chalicelib.adapters.ecs_sessions import EcsSessions
from chalicelib.adapters.log_groups import LogGroups
from chalicelib.adapters.secret_readers import SecretReaders
from chalicelib.adapters.task_definitions import TaskDefinitions
from chalicelib.domain.app import App
from chalicelib.domain.errors import (
    NotDone,
    RefusedForGood,
    RefusedForNow,
    Unanswered,
    Unavailable,
)
from chalicelib.domain.sighting import Sighting
from chalicelib.domain.task import Task
from chalicelib.ecs_events import MAIN_CONTAINER, cluster_of, sighting_in, started_by
from chalicelib.ports import DataChannel

LONGEST_REASON = 255
DESCRIBED_AT_ONCE = 100
CLUSTER_GONE = "ClusterNotFoundException"


class EcsCluster:
    """A plan holds the very parameters of RunTask, so that a repeated call is the same call.

    `hurried` is a client for what somebody waits for, and which is not worth waiting for long. `asked_once` makes each
    request once; of a repeated one the last answer is not the whole.
    """

    def __init__(
        self,
        client: Any,
        log_groups: LogGroups,
        sessions: EcsSessions,
        *,
        stage: str,
        region: str,
        secret_readers: SecretReaders | None = None,
        session_role: str | None = None,
        hurried: Any = None,
        asked_once: Any = None,
    ) -> None:
        self._client = client
        self._asked_once = asked_once or client
        self._log_groups = log_groups
        self._sessions = sessions
        self._stage = stage
        self._region = region
        self._session_role = session_role
        self._secret_readers = secret_readers
        self._inheritance = Inheritance(client)
        self._hurried_inheritance = Inheritance(hurried or client)
        self._definitions = TaskDefinitions(client, stage)

    def plan(self, task: Task, app: App) -> dict[str, Any]:
        if app.cluster is None:
            raise RefusedForGood(f"the app {app.name} names no cluster")
        inherited = self._inheritance.of(app)
        image = _image(task, app, inherited)
        log_options = self._log_options(app, inherited)
        as_of_task = app.but(workdir=task.workdir or app.workdir, user=task.user or app.user)
        definition = self._definition(app, derive(as_of_task, inherited, image, log_options))
        return {
            "driver": "ecs",
            "image": image,
            "log_group": log_options["awslogs-group"],
            "log_prefix": f"{LOG_PREFIX}/{MAIN_CONTAINER}",
            "run_task": {
                "cluster": app.cluster,
                "taskDefinition": definition,
                "overrides": overrides_of(task, app, inherited, self._session_role),
                **inherited.capacity,
                **_network(app, inherited),
                **({"volumeConfigurations": list(inherited.volumes)} if inherited.volumes else {}),
                **({"enableExecuteCommand": True} if task.interactive else {}),
                "propagateTags": "TASK_DEFINITION",  # sessions are allowed in tasks that have the stage's tag
                "enableECSManagedTags": True,
                "tags": _tags(task),
            },
        }

    def check_app(self, app: App) -> Sequence[str]:
        return check_app(self._hurried_inheritance, app)

    def refuse(self, task: Task, app: App) -> None:
        refuse_overrides(task, app)

    def notes(self, task: Task, app: App | None) -> Sequence[str]:  # noqa: ARG002 - the port's shape
        if task.pull is None:
            return ()
        return [
            f"pull={task.pull} is kept with the task, but not used: when images are fetched, ECS decides."
        ]

    def not_enforced(self, task: Task) -> Sequence[str]:  # noqa: ARG002 - the port's shape
        return ()

    def start(self, task: Task, app: App) -> str:  # noqa: ARG002 - the plan has all that it takes
        assert task.launch is not None
        token = f"{task.id}-{task.launch.attempt}"
        try:
            with refusals():
                answer = self._run(
                    clientToken=token, startedBy=self._mark(task), **task.launch.plan["run_task"]
                )
        except RefusedForNow:
            self._definitions.forget_known()  # the next plan must not name a definition that was deregistered
            raise
        if answer["tasks"]:
            arn: str = answer["tasks"][0]["taskArn"]
            return arn
        if not answer["failures"]:
            raise Unanswered("ECS answered with neither a task nor a failure")
        raise refusal_in(answer["failures"])

    def find(self, task: Task) -> str | None:
        assert task.launch is not None
        cluster = task.launch.plan["run_task"]["cluster"]
        try:
            return next(self._started_for(self._mark(task), cluster), None)
        except NotDone as refusal:  # also one for good: who may not look knows nothing of what is there
            raise Unanswered(f"nobody knows whether it was started: {refusal}") from refusal

    def stop(self, task: Task, reason: str) -> None:
        assert task.ecs_arn is not None
        try:
            self._stop(task.ecs_arn, reason)
        except (Unanswered, RefusedForNow):
            return  # asked again at the next look: by the lifecycle, and by the sweep
        except RefusedForGood as refusal:
            raise Unavailable(f"Task {task.id} cannot be stopped: {refusal}") from refusal

    def stop_stray(self, arn: str, reason: str) -> None:
        try:
            self._stop(arn, reason)
        except NotDone as refusal:
            # A stop takes the tags away, and with them the right to stop it once more.
            if isinstance(refusal, RefusedForGood) and self._is_ending(arn):
                return
            raise Unavailable(f"The container {arn} cannot be stopped: {refusal}") from refusal

    def has_run_its_time(self, task: Task) -> bool:  # noqa: ARG002 - the port's shape
        """AWS keeps its clocks."""
        return True

    def look(self, tasks: Iterable[Task]) -> dict[str, Sighting | None]:
        seen: dict[str, Sighting | None] = {}
        for cluster, some in _by_cluster(tasks):
            try:
                with refusals():
                    seen |= self._look_at(cluster, some)
            except (Unanswered, RefusedForNow):
                continue  # they are looked at again soon
            except RefusedForGood as refusal:
                raise Unavailable(
                    f"The tasks in the cluster {cluster} cannot be seen: {refusal}"
                ) from refusal
        return seen

    def open_session(self, task: Task, argv: Sequence[str]) -> DataChannel:
        return self._sessions.open(task, argv)

    def resume_session(self, task: Task, session_id: str) -> DataChannel:
        return self._sessions.resume(task, session_id)

    def exit_code_of_session(self, task: Task, session_id: str, claimed: int) -> int:  # noqa: ARG002 - the port's shape
        return claimed  # the agent of ECS Exec does not say

    def end_session(self, task: Task, session_id: str) -> None:
        self._sessions.end(task, session_id)

    def forget(self, task: Task) -> None:
        """ECS forgets a stopped task by itself, and output lives as long as its log group keeps it."""

    def _mark(self, task: Task) -> str:
        assert task.launch is not None
        return started_by(self._stage, task.id, task.launch.attempt)

    def _started_for(self, mark: str, cluster: str) -> Iterator[str]:
        for status in ("RUNNING", "STOPPED"):
            with refusals():
                yield from self._list(cluster=cluster, startedBy=mark, desiredStatus=status)

    def _list(self, **call: Any) -> Sequence[str]:
        try:
            found: Sequence[str] = self._client.list_tasks(**call)["taskArns"]
        except ClientError as error:
            if code_of(error) == CLUSTER_GONE:
                return ()  # in a cluster that is gone nothing runs
            raise
        return found

    def _run(self, **call: Any) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = self._asked_once.run_task(**call)
        except ClientError as error:
            if code_of(error) != "ConflictException":
                raise
            # The token was used with other parameters; the answer names what that call started.
            return {
                "tasks": [{"taskArn": arn} for arn in error.response.get("resourceIds", [])],
                "failures": [],
            }
        return answer

    def _stop(self, arn: str, reason: str) -> None:
        with refusals():
            self._stop_if_known(cluster=cluster_of(arn), task=arn, reason=reason[:LONGEST_REASON])

    def _stop_if_known(self, **call: Any) -> None:
        try:
            self._client.stop_task(**call)
        except ClientError as error:
            if "not found" not in error.response["Error"]["Message"]:
                raise  # one that ECS forgot, or does not know yet, is not there to be stopped

    def _is_ending(self, arn: str) -> bool:
        """Or gone; not for sure where it cannot be seen."""
        try:
            with refusals():
                found = self._client.describe_tasks(cluster=cluster_of(arn), tasks=[arn])["tasks"]
        except NotDone:
            return False
        return all(each["desiredStatus"] == "STOPPED" for each in found)

    def _look_at(self, cluster: str, tasks: Sequence[Task]) -> dict[str, Sighting | None]:
        ids = {task.ecs_arn: task.id for task in tasks}
        seen: dict[str, Sighting | None] = dict.fromkeys(ids.values())
        try:
            answer = self._client.describe_tasks(cluster=cluster, tasks=list(ids))
        except ClientError as error:
            if code_of(error) == CLUSTER_GONE:
                return seen
            raise
        return seen | {ids[each["taskArn"]]: sighting_in(each) for each in answer["tasks"]}

    def _definition(self, app: App, definition: Mapping[str, Any]) -> str:
        known = self._definitions.find(app.name, definition)
        if known is not None:
            return known
        options = definition["containerDefinitions"][0]["logConfiguration"]["options"]
        if options["awslogs-group"] == self._own_log_group(app):
            self._log_groups.make(options["awslogs-group"])
        self._let_secrets_be_read(app, definition)
        return self._definitions.register(app.name, definition)

    def _let_secrets_be_read(self, app: App, definition: Mapping[str, Any]) -> None:
        """By the role that is in the definition: its service may have another one by now than when they were kept."""
        role, kept = definition.get("executionRoleArn"), app.kept_secrets
        if role and kept and kept.names and self._secret_readers:
            self._secret_readers.allow(kept.place, role)

    def _log_options(self, app: App, inherited: Inherited) -> dict[str, str]:
        """Output in another region could not be read: a client is one region's."""
        own_group = self._own_log_group(app)
        options = log_options_of(app, inherited, own_group, self._region)
        if options["awslogs-region"] == self._region:
            return options
        return {**options, "awslogs-group": own_group, "awslogs-region": self._region}

    def _own_log_group(self, app: App) -> str:
        return f"/tapit/{self._stage}/{app.name}"


def _image(task: Task, app: App, inherited: Inherited) -> str:
    own: str | None = app.image or inherited.container.get("image")
    image = task.image_in(own)
    if image is None:
        raise RefusedForGood(f"the app {app.name} has neither an image nor a service to take one from")
    return image


def _tags(task: Task) -> list[dict[str, str]]:
    """Ours has a colon in its key, which no tag of a person's can have."""
    everybodys = [{"key": key, "value": value} for key, value in task.tags.items()]
    return [{"key": "tapit:task", "value": task.id}, *everybodys]


def _network(app: App, inherited: Inherited) -> dict[str, Any]:
    if inherited.network_mode != "awsvpc":
        return {}
    if not inherited.network["subnets"]:
        raise RefusedForGood(f"the app {app.name} has no subnets, and no service to take them from")
    return {"networkConfiguration": {"awsvpcConfiguration": dict(inherited.network)}}


def _by_cluster(tasks: Iterable[Task]) -> Iterator[tuple[str, Sequence[Task]]]:
    """As many of one cluster as one call takes."""
    clusters: dict[str, list[Task]] = defaultdict(list)
    for task in tasks:
        assert task.ecs_arn is not None
        clusters[cluster_of(task.ecs_arn)].append(task)
    for cluster, all_of_it in clusters.items():
        for start in range(0, len(all_of_it), DESCRIBED_AT_ONCE):
            yield cluster, all_of_it[start : start + DESCRIBED_AT_ONCE]
