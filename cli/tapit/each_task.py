"""The same for several tasks: each has its turn, whatever becomes of the others."""

from __future__ import annotations

from tapit import TYPE_CHECKING
from tapit.errors import CliError, Unreachable
from tapit.language.values import several

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    from tapit.call import Call

    Answer = TypeVar("Answer")


class EachTask:
    """What came of each of the tasks that were named."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._named = list(dict.fromkeys(one for given in call.get("task") for one in several("task", given)))
        self._failures: dict[str, CliError] = {}

    def do(self, act: Callable[[str], Answer]) -> list[Answer]:
        """The answers of those that went well; raise at once where there is only one task."""
        answers = []
        for at, name in enumerate(self._named):
            try:
                answers.append(act(self._call.whole_id(name)))
            except CliError as error:
                if len(self._named) == 1:
                    raise
                self._failures[name] = error
                if isinstance(error, Unreachable):  # the others would only take their time to say the same
                    self._failures.update(dict.fromkeys(self._named[at + 1 :], error))
                    break
        return answers

    def say_failures(self) -> None:
        """What is known already, where the others will take their time."""
        for name, error in self._failures.items():
            self._call.say(f"{name}: {error.what}", "yellow")

    def print(self, answers: Sequence[Mapping[str, object]]) -> None:
        """An object for one, an array for several."""
        if self._call.output == "json":
            self._call.out.write_json(answers if len(self._named) > 1 else answers[0])
        elif self._call.output == "id":
            self._call.out.write("".join(f"{answer['id']}\n" for answer in answers))

    def raise_failures(self, what: str) -> None:
        """One error for all, of the first one's kind."""
        if not self._failures:
            return
        first = next(iter(self._failures.values()))
        lines = [f"{name}: {error.what}" for name, error in self._failures.items()]
        raise type(first)(
            f"{len(self._failures)} of {len(self._named)} tasks could not be {what}",
            "\n".join(lines),
            first.then,
            request_id=first.request_id,
        )
