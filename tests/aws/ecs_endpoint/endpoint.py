"""The operations of ECS, one method each, and the two of Systems Manager that are about its sessions."""

from collections.abc import Callable
from typing import Any

from tests.aws.ecs_endpoint.client_tokens import ClientTokens
from tests.aws.ecs_endpoint.clusters import Clusters
from tests.aws.ecs_endpoint.definitions import Definitions
from tests.aws.ecs_endpoint.events import Events
from tests.aws.ecs_endpoint.faults import Fault, Faults
from tests.aws.ecs_endpoint.refusals import Refusal, invalid
from tests.aws.ecs_endpoint.run_requests import check_run
from tests.aws.ecs_endpoint.sessions import Sessions
from tests.aws.ecs_endpoint.settings import Settings
from tests.aws.ecs_endpoint.sinks import EventSink, LogSink, SecretSource
from tests.aws.ecs_endpoint.tags import Tags
from tests.aws.ecs_endpoint.tasks import Tasks

Params = dict[str, Any]
Answer = dict[str, Any]


class Endpoint:
    """`calls` counts every call by operation, refused ones too."""

    def __init__(self, settings: Settings, logs: LogSink, events: EventSink, secrets: SecretSource) -> None:
        self.faults = Faults()
        self.events = Events(settings, events)
        self.tasks = Tasks(settings, logs, secrets, self.events.task_changed)
        self.calls: list[tuple[str, Params]] = []
        self._settings = settings
        self.sessions = Sessions(settings.session_kept)
        self._tags = Tags()
        self._tokens = ClientTokens(settings.tokens_kept)
        self._clusters = Clusters(settings)
        self._definitions = Definitions(settings)

    def answer(self, operation: str, params: Params) -> Answer:
        """Do what is asked, unless a fault strikes. Raise Refusal or HungUp."""
        self.calls.append((operation, params))
        perform = self._operations().get(operation)
        if perform is None:
            raise Refusal("UnsupportedFeatureException", f"This endpoint has no {operation}.")
        fault = self.faults.next(operation)
        fault.strike_before()
        answer = perform(params, fault)
        fault.strike_after()
        return answer

    def end(self) -> None:
        self.tasks.end()
        self.sessions.end()
        self.events.end()

    def _operations(self) -> dict[str, Callable[[Params, Fault], Answer]]:
        return {
            "CreateCluster": lambda params, _: {"cluster": self._clusters.create(params)},
            "DeleteCluster": lambda params, _: {"cluster": self._clusters.delete(params)},
            "DescribeClusters": lambda params, _: self._clusters.describe(params),
            "CreateService": lambda params, _: {"service": self._create_service(params)},
            "DescribeServices": lambda params, _: self._clusters.describe_services(params),
            "RegisterTaskDefinition": lambda params, _: self._register(params),
            "DescribeTaskDefinition": lambda params, _: self._describe_definition(params),
            "DeregisterTaskDefinition": lambda params, _: self._deregister(params),
            "ListTaskDefinitions": lambda params, _: self._definitions.list(params),
            "RunTask": self._run,
            "StopTask": lambda params, _: self._stop(params),
            "ExecuteCommand": lambda params, _: self._execute(params),
            "ResumeSession": lambda params, _: self.sessions.resume(params["SessionId"]),
            "TerminateSession": lambda params, _: self.sessions.terminate(params["SessionId"]),
            "DescribeTasks": self._describe_tasks,
            "ListTasks": lambda params, _: self.tasks.list(self._cluster(params), params),
            "TagResource": lambda params, _: self._tag(params),
            "ListTagsForResource": lambda params, _: {"tags": self._tags.of(params["resourceArn"])},
        }

    def _cluster(self, params: Params) -> str:
        name: str = self._clusters.find(params.get("cluster"))["clusterName"]
        return name

    def _create_service(self, params: Params) -> Answer:
        definition = self._definitions.find(params["taskDefinition"])
        return self._clusters.create_service(params, definition["taskDefinitionArn"])

    def _register(self, params: Params) -> Answer:
        definition = self._definitions.register(params)
        self._tags.add(definition["taskDefinitionArn"], params.get("tags", []))
        return {"taskDefinition": definition, "tags": self._tags.of(definition["taskDefinitionArn"])}

    def _describe_definition(self, params: Params) -> Answer:
        definition = self._definitions.find(params["taskDefinition"])
        wanted = "TAGS" in params.get("include", [])
        return {
            "taskDefinition": definition,
            "tags": self._tags.of(definition["taskDefinitionArn"]) if wanted else [],
        }

    def _deregister(self, params: Params) -> Answer:
        return {"taskDefinition": self._definitions.deregister(params["taskDefinition"])}

    def _run(self, params: Params, fault: Fault) -> Answer:
        cluster = self._cluster(params)
        return self._tokens.answer(cluster, params, lambda: self._start(cluster, params, fault))

    def _start(self, cluster: str, params: Params, fault: Fault) -> Answer:
        definition = self._definitions.find(params["taskDefinition"])
        check_run(params, definition, self._settings)
        if fault.failures:
            return {"tasks": [], "failures": fault.failures}
        started = [
            self.tasks.start(cluster, definition, params, fault.stop) for _ in range(params.get("count", 1))
        ]
        propagated = params.get("propagateTags") == "TASK_DEFINITION"
        inherited = self._tags.of(definition["taskDefinitionArn"]) if propagated else []
        for task in started:
            self._tags.add(task["taskArn"], [*inherited, *params.get("tags", [])])
        return {
            "tasks": [task | {"tags": self._tags.of(task["taskArn"])} for task in started],
            "failures": [],
        }

    def _stop(self, params: Params) -> Answer:
        """Whatever tags the task had are gone with it."""
        life = self.tasks.find(self._cluster(params), params["task"])
        stopped = life.stop("UserInitiated", params.get("reason", "Task stopped by user"))
        self._tags.drop(stopped["taskArn"])
        return {"task": stopped}

    def _execute(self, params: Params) -> Answer:
        life = self.tasks.find(self._cluster(params), params["task"])
        (container,) = life.described["containers"]
        if params.get("container", container["name"]) != container["name"] or not params["interactive"]:
            raise invalid(
                "Name a container of the task, and ask for an interactive session: there is no other."
            )
        return {
            "clusterArn": life.described["clusterArn"],
            "containerArn": container["containerArn"],
            "containerName": container["name"],
            "interactive": True,
            "session": self.sessions.open(life.container, params["command"]),
            "taskArn": life.described["taskArn"],
        }

    def _describe_tasks(self, params: Params, fault: Fault) -> Answer:
        if fault.failures:
            return {"tasks": [], "failures": fault.failures}
        answer = self.tasks.describe(self._cluster(params), params["tasks"])
        if "TAGS" in params.get("include", []):
            answer["tasks"] = [task | {"tags": self._tags.of(task["taskArn"])} for task in answer["tasks"]]
        return answer

    def _tag(self, params: Params) -> Answer:
        self._tags.add(params["resourceArn"], params["tags"])
        return {}
