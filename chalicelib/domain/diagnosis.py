"""Why a task did not succeed, and what to do about it, in plain words."""

from collections.abc import Callable
from enum import StrEnum
from signal import Signals

from chalicelib.domain.bounds import Remark
from chalicelib.domain.fargate_sizes import MAX_MEMORY
from chalicelib.domain.known_reasons import next_step
from chalicelib.domain.lengths import hours_as_typed
from chalicelib.domain.memory_reasons import MACHINE_OUT_OF_MEMORY
from chalicelib.domain.record import Record


class EndedBy(StrEnum):
    """Who or what brought a task to its end."""

    EXIT = "exit"
    USER = "user"
    REPLACED = "replaced"
    DEADLINE = "deadline"
    START_FAILURE = "start_failure"
    OUT_OF_MEMORY = "out_of_memory"
    INFRASTRUCTURE = "infrastructure"
    SPOT = "spot"
    NOBODY_CAME = "nobody_came"
    CONNECTION_LOST = "connection_lost"
    LOST = "lost"


KILLED = 137


class Diagnosis(Record):
    """What happened, and what to do next."""

    what: Remark
    next: Remark


def diagnose(
    ended_by: EndedBy,
    *,
    exit_code: int | None,
    reason: str | None,
    memory: float,
    max_hours: float | None,
    by: str | None,
    attempts: int = 1,
    memory_kills: int | None = None,
) -> Diagnosis | None:
    """Explain an end; None when the task did what it was asked to (exit code 0).

    `memory_kills` is how many of its processes the kernel killed for want of memory, None when nobody knows.
    """
    match ended_by:
        case EndedBy.EXIT:
            return _after_exit(exit_code, memory_kills, _more_room(reason, memory))
        case EndedBy.USER | EndedBy.REPLACED:
            return _after_a_wish(by or "Somebody", is_tasks=ended_by is EndedBy.REPLACED)
        case EndedBy.DEADLINE:
            limit = (
                "its time limit"
                if max_hours is None
                else f"its time limit, max_hours={hours_as_typed(max_hours)}"
            )
            return Diagnosis(
                what=f"It reached {limit}, and was stopped.",
                next="Run it again with a larger max_hours=; tapit set task extends a task that still runs.",
            )
        case EndedBy.OUT_OF_MEMORY:
            return Diagnosis(what=_out_of_memory(reason, memory), next=_more_room(reason, memory))
        case EndedBy.START_FAILURE:
            return Diagnosis(
                what=f"{_never_started(attempts)}: {reason or 'no reason was given'}",
                next=next_step(reason) or "Mend that, and run it again.",
            )
        case EndedBy.INFRASTRUCTURE | EndedBy.SPOT:
            return _left_without_ground(ended_by, reason or "no reason was given")
        case EndedBy.NOBODY_CAME:
            return Diagnosis(
                what="Nobody connected to it, so its command never ran.",
                next="Try tapit run again; tapit create task runs a command that nobody needs to attend.",
            )
        case EndedBy.CONNECTION_LOST:
            return Diagnosis(
                what="The connection to its terminal was lost and nobody came back, so it was ended.",
                next="Check what it did before you run it again; tapit create task needs no connection.",
            )
        case EndedBy.LOST:
            return Diagnosis(
                what=f"Nothing is known of its end: {reason or 'what ran it no longer knows it'}",
                next="Look at its output, and check what it did before you run it again.",
            )


def _after_a_wish(by: str, *, is_tasks: bool) -> Diagnosis:
    if is_tasks:
        return Diagnosis(
            what=f"Task {by} replaced it: that one was to have its lock, with if_locked=replace.",
            next="If both should be done, ask for the later one with if_locked=wait.",
        )
    return Diagnosis(what=f"{by} stopped it.", next="Run it again if that was a mistake.")


def _never_started(attempts: int) -> str:
    return "It never started" if attempts <= 1 else f"It never started, in {attempts} attempts"


def _left_without_ground(ended_by: EndedBy, reason: str) -> Diagnosis:
    if ended_by is EndedBy.SPOT:
        return Diagnosis(
            what=f"AWS took back the Spot capacity that it ran on: {reason}",
            next="Run it again, with capacity=FARGATE if it must not be interrupted; retries=2 does that by itself.",
        )
    return Diagnosis(
        what=f"What it ran on failed: {reason}",
        next=next_step(reason) or "Run it again; nothing says that the command itself is at fault.",
    )


def _out_of_memory(reason: str | None, memory: float) -> str:
    if _was_machines(reason):
        return f"The machine ran out of memory and killed it, though it had no more than its {memory:g} GB."
    return f"It ran out of memory: it needed more than its {memory:g} GB and was killed."


def _was_machines(reason: str | None) -> bool:
    return MACHINE_OUT_OF_MEMORY in (reason or "")


def _more_room(reason: str | None, memory: float) -> str:
    if _was_machines(reason):
        return "Run fewer tasks at a time, free memory on the machine, or give it more; then run it again."
    return _more_memory(memory)


def _more_memory(memory: float) -> str:
    if memory >= MAX_MEMORY:
        return "It had the most that a task can have: have it need less, or split the work."
    return f"Run it again with more, for example memory={min(memory * 2, MAX_MEMORY):g}."


def _after_losses(exit_code: int, advice: str) -> Diagnosis:
    return Diagnosis(
        what=f"A process of it was killed for want of memory, and it ended with exit code {exit_code}.",
        next=advice,
    )


def _after_exit(exit_code: int | None, memory_kills: int | None, more_room: str) -> Diagnosis | None:
    if exit_code == 0:
        return None
    if exit_code is None:
        return Diagnosis(what="It ended without an exit code.", next="Look at its output.")
    if memory_kills:
        return _after_losses(exit_code, more_room)
    if exit_code == KILLED and memory_kills == 0:
        return _killed_from_outside(exit_code)
    explain = _KNOWN_CODES.get(exit_code, _signalled if 128 < exit_code <= 128 + 64 else _any_code)
    return explain(exit_code)


def _timed_out_within(exit_code: int) -> Diagnosis:
    return Diagnosis(
        what=f"It ended as timeout does when the time is up that it gives a command (exit code {exit_code}).",
        next="Give it more time there, or look in its output for what took so long; max_hours= was not reached.",
    )


def _runner_failed(exit_code: int) -> Diagnosis:
    programs = "docker run, podman run, env, nice and timeout"
    return Diagnosis(
        what=f"It ended as {programs} do when they cannot do their own part (exit code {exit_code}).",
        next="The output says why: check the options before what they were to run, and that its engine answers.",
    )


def _not_executable(exit_code: int) -> Diagnosis:
    return Diagnosis(
        what=f"Something it was told to run is not executable (exit code {exit_code}).",
        next="The output names it: check its mode (chmod +x) and its first line (#!...).",
    )


def _not_found(exit_code: int) -> Diagnosis:
    return Diagnosis(
        what=f"Command not found (exit code {exit_code}).",
        next="The output names it: check the spelling, PATH, the working directory, and that it is installed.",
    )


def _killed(exit_code: int) -> Diagnosis:
    return Diagnosis(
        what=f"It was killed (SIGKILL, exit code {exit_code}); often that is a lack of memory.",
        next="If its memory was short, run it again with a larger memory=.",
    )


def _killed_from_outside(exit_code: int) -> Diagnosis:
    return Diagnosis(
        what=f"It was killed from outside (SIGKILL, exit code {exit_code}), not by its memory limit.",
        next=(
            "Look for what sent the signal: somebody on the machine (kill -9, docker kill, docker rm -f), what "
            "guards its memory (systemd-oomd, earlyoom), or the command itself."
        ),
    )


def _terminated(exit_code: int) -> Diagnosis:
    return Diagnosis(
        what=f"It was told to end (SIGTERM, exit code {exit_code}), though not by us.",
        next="Look for what sent the signal: the command itself, or somebody on the machine (docker stop).",
    )


def _signalled(exit_code: int) -> Diagnosis:
    number = exit_code - 128
    names = {signal.value: signal.name for signal in Signals}
    return Diagnosis(
        what=f"It ended by signal {names.get(number, number)} (exit code {exit_code}).",
        next="Look at the end of its output.",
    )


def _any_code(exit_code: int) -> Diagnosis:
    return Diagnosis(
        what=f"The command failed with exit code {exit_code}.", next="Look at the end of its output."
    )


_KNOWN_CODES: dict[int, Callable[[int], Diagnosis]] = {
    124: _timed_out_within,
    125: _runner_failed,
    126: _not_executable,
    127: _not_found,
    KILLED: _killed,
    143: _terminated,
}
