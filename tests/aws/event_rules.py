"""Events of ECS reach the account's rules: PutEvents takes none whose source begins with `aws.`, on AWS neither.

So what EventBridge does with an event of ECS's is done here, with the rules as they are deployed: the event is
held against each pattern (TestEventPattern), and handed to the targets of those that match (Invoke, as an event).
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from tests.aws.ecs_endpoint.sinks import Described


class EventRules:
    """What a target refuses for good goes to the target's dead-letter queue, as EventBridge does it."""

    def __init__(self, events: Any, functions: Any, queues: Any) -> None:
        self._events = events
        self._functions = functions
        self._queues = queues

    def send(self, event: Described) -> None:
        text = json.dumps(event)
        for rule in self._events.list_rules()["Rules"]:
            if rule["State"] == "ENABLED" and self._matches(rule, text):
                for target in self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"]:
                    self._deliver(target, text)

    def _matches(self, rule: Described, event: str) -> bool:
        pattern = rule.get("EventPattern")
        if pattern is None:
            return False
        answer = self._events.test_event_pattern(EventPattern=pattern, Event=event)
        return bool(answer["Result"])

    def _deliver(self, target: Described, event: str) -> None:
        try:
            self._functions.invoke(FunctionName=target["Arn"], InvocationType="Event", Payload=event)
        except ClientError:
            queue = target["DeadLetterConfig"]["Arn"].rpartition(":")[2]
            url = self._queues.get_queue_url(QueueName=queue)["QueueUrl"]
            self._queues.send_message(QueueUrl=url, MessageBody=event)
