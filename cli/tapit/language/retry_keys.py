"""When a task that failed is tried again by itself."""

from __future__ import annotations

import re

from tapit.errors import UsageError
from tapit.language import values
from tapit.language.command import Key
from tapit.language.did_you_mean import nearest

MOST = 10
LONGEST_WAIT = 3600
CAUSES = ("infrastructure", "spot", "lost")
EXIT_CODES = r"exit:([0-9]{1,3})(?:-([0-9]{1,3}))?"  # compiled at first use
LARGEST_EXIT_CODE = 255


def reasons(key: str, given: str) -> list[str]:
    """Causes and exit codes, with commas between."""
    wanted = values.several(key, given.lower())
    for one in wanted:
        if one not in CAUSES and not _is_exit_code(one):
            raise UsageError(
                f"{key}={one} is no reason to try again",
                f"Reasons are {', '.join(CAUSES)}, exit:N and exit:N-M, with exit codes from 1 to {LARGEST_EXIT_CODE}; "
                "several with commas between.",
                _meant(key, one),
            )
    return list(dict.fromkeys(wanted))


def _is_exit_code(one: str) -> bool:
    found = re.fullmatch(EXIT_CODES, one, re.ASCII)
    return found is not None and 1 <= int(found[1]) <= int(found[2] or found[1]) <= LARGEST_EXIT_CODE


def _meant(key: str, one: str) -> str | None:
    if _is_exit_code(f"exit:{one}"):
        return f"did you mean {key}=exit:{one}?"
    cause = nearest(one, CAUSES)
    return f"did you mean {key}={cause}?" if cause else None


def _wait(key: str, given: str) -> float:
    wanted = values.duration_or_none_at_all(key, given)
    if wanted > LONGEST_WAIT:
        raise UsageError(f"{key}={given} is out of range", f"{key} goes from 0 to 1h.")
    return wanted


KEYS = (
    Key(
        "retries",
        values.whole(0, MOST),
        f"try again up to so often when it fails: {MOST} at most",
        placeholder="N",
    ),
    Key(
        "retry_on",
        reasons,
        "after what: infrastructure,spot (the default), lost, exit:75, exit:1-3",
        placeholder="REASON,...",
        choices=(*CAUSES, "exit:"),
        has_commas=True,
    ),
    Key("retry_wait", _wait, "between two tries: 30s when not given, 1h at most", placeholder="TIME"),
)
NEEDLESS = (
    tuple(key.name for key in KEYS),
    "A command at somebody's terminal is not tried again by itself; tapit create task runs one that needs nobody.",
)
