"""What the words of a test are read as, or refused with."""

import pytest
from tapit import commands
from tapit.errors import UsageError
from tapit.language.finding import find_command
from tapit.language.parser import Request, understand


def read(*words: str) -> Request:
    typed = find_command(list(words))
    assert typed.path is not None
    return understand(commands.load(typed.path), typed.rest)


def refusal(*words: str) -> UsageError:
    with pytest.raises(UsageError) as refused:
        read(*words)
    return refused.value
