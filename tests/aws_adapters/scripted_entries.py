"""A client whose answers to requests of many entries come from a script: which of them it refuses, each time."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class ScriptedEntries:
    """Moto takes whatever it is given. `refuse`: the numbers of the entries of each request that are not taken."""

    def __init__(self, *refuse: set[int]) -> None:
        self._refuse = list(refuse)
        self.requests: list[Sequence[Mapping[str, Any]]] = []

    def put_events(self, Entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        def answer(number: int) -> dict[str, str]:
            return {"ErrorCode": "InternalFailure", "ErrorMessage": "busy"} if number in refused else {}

        refused = self._next(Entries)
        return {"Entries": [answer(number) for number in range(len(Entries))]}

    def send_message_batch(
        self,
        QueueUrl: str,  # noqa: N803
        Entries: Sequence[Mapping[str, Any]],  # noqa: N803
    ) -> dict[str, Any]:
        assert QueueUrl
        failed = [{"Id": Entries[n]["Id"], "Code": "InternalError"} for n in self._next(Entries)]
        return {"Successful": [], "Failed": failed}

    def sent(self, of: Callable[[Mapping[str, Any]], str]) -> list[list[str]]:
        return [[of(entry) for entry in request] for request in self.requests]

    def _next(self, entries: Sequence[Mapping[str, Any]]) -> set[int]:
        self.requests.append(entries)
        return self._refuse.pop(0) if self._refuse else set()
