"""What a task waits for, and how far it is, in as much room as there is."""

from typing import Any

import pytest
from tapit.display.task_words import progress_within, waiting

PULL = "pulling 127.0.0.1:5000/acme/shop:1.2 (12.0 of 40.0 MB, 1 of 3 layers)"


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("lock migrate, held by 1jd3m8k7x2qf", "waiting for lock migrate, held by 1jd3m8k7x2qf"),
        ("pulling shop:1 (12.0 of 40.0 MB)", "pulling shop:1 (12.0 of 40.0 MB)"),
        ("provisioning", "provisioning"),
        (None, ""),
    ],
)
def test_what_is_being_done_for_it_is_not_waited_for(what: str | None, told: str) -> None:
    task: Any = {"waiting_for": what}

    assert waiting(task) == told


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, PULL),
        (60, "pulling shop:1.2 (12.0 of 40.0 MB, 1 of 3 layers)"),
        (40, "pulling shop:1.2 (12.0 of 40.0 MB)"),
        (30, "pulling sho… (12.0 of 40.0 MB)"),
        (0, "pulling … (12.0 of 40.0 MB)"),
    ],
)
def test_of_a_pull_the_name_gives_way_and_not_how_far_it_is(width: int, shown: str) -> None:
    assert progress_within(PULL, width) == shown


def test_what_tells_of_no_progress_is_left_as_it_is() -> None:
    assert progress_within("waiting for lock migrate", 5) == "waiting for lock migrate"
