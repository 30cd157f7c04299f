"""The emulated agent sends what AWS's agent would: only what is no valid U+FFFD comes through as it was."""

import os

import pytest

from tests.aws.ecs_endpoint.agent_output import AgentOutput


@pytest.mark.parametrize(
    ("output", "sent"),
    [
        (b"plain text", b"plain text"),
        ("h\xe4 \u20ac \U0001f9c0 ....".encode(), "h\xe4 \u20ac \U0001f9c0 ....".encode()),
        (b"\xff\xfe\xc3( ....", b"\xff\xfe\xc3( ...."),  # broken bytes pass
        ("a\ufffdb...".encode(), b"a\xefb..."),  # a whole sign of a broken one loses two of its bytes
        (b"end\xe2\x82", b"end"),  # half a character waits, for ever
    ],
)
def test_characters_pass_and_one_does_not(output: bytes, sent: bytes) -> None:
    assert AgentOutput().passes(output) == sent


def test_chunks_may_cut_characters() -> None:
    text = ("\xe4\u20ac\U0001f9c0" * 50 + "....").encode()
    agent = AgentOutput()

    assert b"".join(agent.passes(text[at : at + 7]) for at in range(0, len(text), 7)) == text


def test_other_bytes_are_exact_but_for_the_last_three() -> None:
    data = os.urandom(100_000).replace(b"\xef\xbf", b"..")
    agent = AgentOutput()

    sent = b"".join(agent.passes(data[at : at + 1024]) for at in range(0, len(data), 1024))

    assert sent == data[: len(sent)]
    assert len(data) - len(sent) <= 3
