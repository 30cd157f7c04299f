"""What an app has several of, each with a name of its own among them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from chalicelib.domain.errors import LimitExceeded, TapitError
from chalicelib.domain.record import Record


class NamedRecord(Record):
    """`id` tells it from another one that has its name one day."""

    id: str
    app: str
    name: str
    revision: int = 1


Named = TypeVar("Named", bound=NamedRecord)


@dataclass(frozen=True)
class Kind(Generic[Named]):
    """One kind of them: the word for one, and what is said when a name is unknown or taken, or there are too many."""

    record: type[Named]
    word: str
    missing: Callable[[str, str], TapitError]
    taken: Callable[[str, str], TapitError]
    too_many: Callable[[str, int], LimitExceeded]

    def called(self, name: str) -> str:
        """Return what one is called where a sentence begins."""
        return f"{self.word.capitalize()} {name}"
