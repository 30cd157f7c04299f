"""A person's terminal inside a task: what is kept of it, and the command that runs in it."""

from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict

MOST_KEPT = 50  # sessions of one task; beyond that the oldest that are over are forgotten

# What the watchdog of an attached task exits with: it is the container's main process, the command runs in a session.
EVERYBODY_LEFT = 0
NOBODY_CAME = 124


class Session(BaseModel):
    """Who was in a task, and when. `command` None: it ran the task's own, and its end is the task's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    command: str | None = None
    opened_by: str
    opened_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    exit_code: int | None = None

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None

    def ended(self, at: AwareDatetime, exit_code: int | None) -> Self:
        """The first end is the one that counts."""
        if self.is_over:
            return self
        return type(self).model_validate(dict(self) | {"ended_at": at, "exit_code": exit_code})


def session_argv(command: str, nonce: str, *, on_terminal: bool) -> tuple[str, ...]:
    """Return what to execute in a container so that the client learns when the command begins, and how it ends.

    No exit code comes back from a session of Session Manager, so the script marks its output with one, under a name
    (`nonce`) that the command cannot know. It waits for an answer before it begins, for by then the terminal has its
    size, and after the end, for the agent gives a slow client only two seconds to take the last output.
    """
    script = _ON_TERMINAL if on_terminal else _PIPED
    return ("/bin/sh", "-c", script, "tapit", nonce, "/bin/sh", "-c", command)


_BEGIN = r"""n=$1
shift
trap : INT QUIT
m() { printf '\033]777;tapit-%s;%s;%s\033\\' "$1" "$n" "$2"; }
"""
# What is left of the input may come before the answer, and an end of input counts as a failed read.
_END = r"""m exit "$s"
i=0
while [ $i -lt 9 ]; do
if read -r l; then [ "$l" = "$n" ] && break; else i=$((i+1)); fi
done
exit "$s"
"""
_ON_TERMINAL = f"""{_BEGIN}m start 0
read -r l
m begin 0
"$@"
s=$?
stty sane 2>/dev/null
{_END}"""
# A session always has a terminal. Here it only carries: input comes as lines of base64 that end with its
# end-of-file character, and the command sees pipes. When the command is done the client ends its input.
_PIPED = f"""{_BEGIN}if ! command -v stty base64 >/dev/null; then
m start 0
read -r l
m begin 0
echo 'tapit: a piped session needs stty and base64 in the image'
s=125
else
stty -echo -opost
m start 0
read -r l
m begin 0
exec 4>&1
s=$(
trap : INT QUIT
exec 3>&1
{{ trap '' INT QUIT; exec base64 -d 2>/dev/null 3>&- 4>&-; }} |
{{ trap : INT QUIT; "$@" 3>&- 4>&-; s=$?; m done 0 >&4; echo $s >&3; }} 2>&1 |
{{ trap '' INT QUIT; exec cat >&4 3>&-; }}
)
fi
{_END}"""
