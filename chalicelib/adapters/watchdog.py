"""What the container of an attached task runs: it waits for sessions, and ends when nobody is there any more.

ECS has no container without a main process, and a session is none. A plain `sleep` would run on for whoever left, and
as it heeds no SIGTERM it would make every stop take the whole stop timeout.
"""

from chalicelib.domain.session import EVERYBODY_LEFT, NOBODY_CAME

# Seconds. By the time that they are counted the image is there; a session that is over may be followed by another one.
FIRST = 300
IDLE = 30
STEP = 5
STOPPED = 143  # as the shell says it of a process that SIGTERM ended
CANNOT_WAIT = 125

# POSIX sh with its builtins and `sleep`, for dash and busybox alike. Each session has a process of its own in the
# container, whose name the kernel cuts to 15 characters; one that has ended may stay as a zombie. No longest time:
# max_hours is kept from outside, where it can be changed. A sleep in the foreground would hold back the trap.
SCRIPT = f"""trap 'kill $! 2>/dev/null; exit {STOPPED}' HUP INT QUIT TERM
in_session() {{
for f in /proc/[0-9]*/stat; do
read -r pid name state rest <"$f" && case $name$state in "(ssm-session-wor)"[!XZ]) return 0;; esac
done 2>/dev/null
return 1
}}
alone=0 left=$1 why={NOBODY_CAME}
while [ "$alone" -lt "$left" ]; do
sleep "$3" &
wait $! || exit {CANNOT_WAIT}
if in_session; then alone=0 left=$2 why={EVERYBODY_LEFT}; else alone=$((alone+$3)); fi
done
exit $why
"""


def command(first: int = FIRST, idle: int = IDLE, step: int = STEP) -> list[str]:
    """Return the command for an entry point `/bin/sh -c`; a shell of its own would take the script's arguments."""
    return [SCRIPT, "tapit-watchdog", str(first), str(idle), str(step)]
