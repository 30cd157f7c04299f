"""What runs a session's command in a container, and marks its output: there the client learns how it ended."""

from collections.abc import Sequence


def session_argv(
    command: str, nonce: str, *, on_terminal: bool, terminal_type: str | None = None
) -> tuple[str, ...]:
    """Return what to execute in a container so that the client learns when the command begins, and how it ends.

    No exit code comes back from a session of Session Manager, so the script marks its output with one, under a name
    (`nonce`) that the command cannot know. It waits for an answer before it begins, for by then the terminal has its
    size, and after the end, for the agent gives a slow client only two seconds to take the last output.
    """
    script = _ON_TERMINAL if on_terminal else _PIPED
    return ("/bin/sh", "-c", script, "tapit", nonce, terminal_type or "", "/bin/sh", "-c", command)


def is_piped(argv: Sequence[str]) -> bool:
    """Whether that is a session's command between pipes."""
    return _PIPED in argv[2:3]


# At a stop the script outlives its command. Its own stderr is nobody's: there shells tell of what a signal has ended.
_BEGIN = r"""n=$1 t=$2
shift 2
trap : INT QUIT TERM
exec 5>&2 2>/dev/null
m() { printf '\033]777;tapit-%s;%s;%s\033\\' "$1" "$n" "$2"; }
"""
# What is left of the input may come before the answer. Ends of input in it are failed reads, but never nine on end.
_END = r"""m exit "$s"
i=0
while [ $i -lt 9 ]; do
if read -r l; then [ "$l" = "$n" ] && break; i=0; else i=$((i+1)); fi
done
exit "$s"
"""
# TERM is the client's when the image describes such a terminal; else it stays what the agent says, xterm-256color.
# Descriptions lie in folders named by the first letter, or by its code.
_TERM = r"""if [ "$t" ]; then
x=$(printf %x "'$t")
for d in "$HOME/.terminfo" /etc/terminfo /lib/terminfo /usr/lib/terminfo /usr/share/terminfo; do
[ -e "$d/${t%"${t#?}"}/$t" ] || [ -e "$d/$x/$t" ] || [ "$t" = dumb ] && export TERM="$t"
done
fi
"""
_ON_TERMINAL = f"""{_BEGIN}{_TERM}m start 0
read -r l
m begin 0
( exec "$@" 2>&5 5>&- )
s=$?
stty sane
{_END}"""
# A session always has a terminal, and the agent of ECS Exec changes some bytes of its output. Here the terminal only
# carries base64, and the command sees pipes. `begin 1` says so.
#
# base64 decodes at its end of input, and encodes only what fills its buffer, but what is piped is to be there at once.
# So input comes in blocks: a line `+`, lines of base64, the terminal's end-of-file character. And output is encoded
# as far as there is some; without dd, at its end. An end of file where a block might begin is the end of the input,
# which the client sends as well when the command is done. Ctrl-C must not take input with it: noflsh.
_PIPED = f"""{_BEGIN}h() {{ command -v "$1" >/dev/null; }}
if h stty && h base64; then
stty -echo -opost noflsh
m start 0
read -r l
m begin 1
exec 4>&1
s=$(
trap '' INT QUIT
trap : TERM
exec 3>&1
{{ while read -r l && [ "$l" = + ]; do base64 -d || break; done 2>/dev/null 3>&- 4>&-; }} |
{{ trap : INT QUIT TERM; ( exec "$@" 2>&1 3>&- 4>&- 5>&- ); s=$?; m done 0 >&4; echo $s >&3; }} |
{{ trap '' TERM
if h dd; then
while o=$(dd bs=65536 count=1 2>/dev/null | base64) && [ "$o" ]; do printf '%s\\n' "$o"; done
else base64; fi >&4 3>&-; }}
)
else
m start 0
read -r l
m begin 0
echo 'tapit: a piped session needs stty and base64 in the image'
s=125
fi
{_END}"""
