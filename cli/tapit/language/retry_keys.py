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
KNOWN = (
    f"Reasons are {', '.join(CAUSES)}, exit:N and exit:N-M, with exit codes from 1 to {LARGEST_EXIT_CODE}; "
    "several with commas between."
)
ANY_FAILURE = (
    "any",
    "all",
    "always",
    "exit",
    "exit:",
    "exit:*",
    "fail",
    "failed",
    "failure",
    "error",
    "nonzero",
)
NO_REASONS = {  # what looks like one
    "exit:0": "0 is the exit code of a task that succeeded.",
    "timeout": "What runs into its time limit would do so again: give it more of max_hours=.",
    "timed_out": "What runs into its time limit would do so again: give it more of max_hours=.",
    "stopped": "What somebody has stopped was to end.",
    "oom": "A lack of memory is exit:137; the same task mostly needs as much the next time.",
    "out_of_memory": "A lack of memory is exit:137; the same task mostly needs as much the next time.",
}


def reasons(key: str, given: str) -> list[str]:
    """Causes and exit codes, with commas between."""
    wanted = values.several(key, given.lower())
    for one in wanted:
        if one not in CAUSES and not _is_exit_code(one):
            raise UsageError(
                f"{key}={one} is no reason to try again",
                NO_REASONS.get(one, KNOWN),
                _all_meant(key, wanted),
            )
    return list(dict.fromkeys(wanted))


def _is_exit_code(one: str) -> bool:
    found = re.fullmatch(EXIT_CODES, one, re.ASCII)
    return found is not None and 1 <= int(found[1]) <= int(found[2] or found[1]) <= LARGEST_EXIT_CODE


def _all_meant(key: str, wanted: list[str]) -> str | None:
    """The whole list as it was probably meant; None where that is not known of one of them."""
    words = [word for one in wanted for word in (one.split() if len(one.split()) > 1 else [one])]
    words = [word for word in words if word != "exit:"] or words
    meant = [_meant(word) for word in words]
    return None if None in meant else f"did you mean {key}={','.join(filter(None, meant))}?"


def _meant(one: str) -> str | None:
    if one in CAUSES or _is_exit_code(one):
        return one
    if one in ANY_FAILURE:
        return f"exit:1-{LARGEST_EXIT_CODE}"
    numbers = re.fullmatch(
        r"(?:exit(?:[ _-]?code)?)?[:=\s]*([0-9]{1,3})(?:(?:-|\.\.)([0-9]{1,3}))?", one, re.ASCII
    )
    if numbers:
        first, last = sorted((int(numbers[1]), int(numbers[2] or numbers[1])))
        known = f"exit:{first}" + (f"-{last}" if last > first else "")
        return known if _is_exit_code(known) else None
    return nearest(one, CAUSES)


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
        may_hold_spaces=True,
    ),
    Key("retry_wait", _wait, "between two tries: 30s when not given, 1h at most", placeholder="TIME"),
)
NEEDLESS = (
    tuple(key.name for key in KEYS),
    "A command at somebody's terminal is not tried again by itself; tapit create task runs one that needs nobody.",
)
