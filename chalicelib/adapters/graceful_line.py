"""Runs a task's shell line so that its stop is graceful, and does not show in it otherwise.

The line is run by a `/bin/sh -c` of its own, exactly as it would be without this, with its standard input, and as the
leader of its process group. A shell can hear a signal while it waits only for what it began in the background, and
what it begins there ignores SIGINT and SIGQUIT ever after. So a runner, s, begins the line in the foreground, and is
made an orphan by killing its parent; the shell that hears the signals reads the exit code from the runner's pipe.

It is the entry point of a derived definition, for what overrides say counts among their 8192 characters.
"""

from collections.abc import Sequence

from chalicelib.adapters.graceful_stop import FUNCTIONS, SIGNALS, compact, patience

NAME = "tapit-line"

SCRIPT = compact(rf"""
{FUNCTIONS}
over() {{
trap : {SIGNALS}
[ "$c" ] && exit $c
# The runner waits for this before it begins.
[ -e /proc/$$/fd/9 ] || exit 143
stop
[ "$c" ] && exit $((c&127?128+(c&127):c>>8))
# In case that the runner was killed.
echo 143 >&9
read -r c <&9
exit $c
}}
[ "$0" = {NAME} ] || exec /bin/sh -c "$@"
[ -r /proc/self/stat ] || exec /bin/sh -c "$1"
exec 3<&0 4>&1 5>&2 </dev/null 2>/dev/null
trap over {SIGNALS}
s=$( (
trap : {SIGNALS}
read -r _p _x _x _u _x </proc/self/stat
exec 8</proc/self/fd/1
echo $_p
exec >&4
kill -9 $_u
until [ /proc/$$/fd/9 -ef /proc/self/fd/8 ]; do [ -d /proc/$$ ] || exit; done
(
# Those that count how deep they are nested would count us.
[ "$SHLVL" ] && SHLVL=$((SHLVL-1))
exec $(command -v setsid) /bin/sh -c "$1" <&3 2>&5 3<&- 4>&- 5>&- 8<&-
)
echo $? >/proc/self/fd/8
); : )
T=$2
exec 9<>/proc/$s/fd/8 3<&- 4>&- 5>&- >/dev/null
read -r c <&9
exit $c
""")
ENTRY_POINT = ["/bin/sh", "-c", SCRIPT]


def command(line: str, stop_timeout: float) -> list[str]:
    """Return what the entry point takes for a shell line that may be stopped."""
    return [NAME, line, patience(stop_timeout)]


def as_it_is(words: Sequence[str]) -> list[str]:
    """Return what the entry point takes for a script and its arguments, which see to a stop themselves."""
    return ["tapit-script", *words]
