"""What engines complain of, as people get to read it."""

import pytest
from docker.errors import APIError, DockerException
from urllib3.exceptions import ProtocolError

from local.docker_driver.engine import in_words

ID = "ce1addf4e804b29028b0e0eef108cd04bf0aea6152332a9d8bbc29fca32db95a"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            DockerException(f"preparing container {ID} for attach"),
            "preparing container ce1addf4e804 for attach",
        ),
        (APIError("500 for url", explanation=f"no container {ID}.\n"), "no container ce1addf4e804"),
        (DockerException(f"manifest of shop@sha256:{ID}"), f"manifest of shop@sha256:{ID}"),
        (ConnectionRefusedError(111, "refused"), "the container engine does not answer"),
        (ProtocolError("Connection broken"), "the container engine does not answer"),
    ],
)
def test_ids_are_as_short_as_people_know_them(error: Exception, words: str) -> None:
    assert in_words(error) == words
