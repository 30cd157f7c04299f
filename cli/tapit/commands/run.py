"""`tapit run 'COMMAND'`"""

from tapit.call import Call
from tapit.commands.create_task import create, refuse_two_images
from tapit.language import retry_keys, task_keys
from tapit.language.command import Command
from tapit.session.whole_session import WholeSession, refuse_output_format


def run(call: Call) -> int:
    refuse_output_format(call)
    refuse_two_images(call)
    task = create(call, attached=True)
    call.say_notes(task)
    return WholeSession(call, task, None).to_the_end()


COMMAND = Command(
    "run",
    example="tapit run 'bash'",
    word="line",
    needless=(*task_keys.NEEDLESS, task_keys.NO_REMAINS, retry_keys.NEEDLESS),
    keys=tuple(key for key in task_keys.KEYS if key not in retry_keys.KEYS),
    details=(
        f"{task_keys.ABOUT_COMMANDS}\n\n"
        "The task ends with the command, and tapit exits with the command's exit code (125: a failure of our own).\n"
        "With a pipe on stdin or stdout the command sees pipes: echo 'select 1' | tapit run 'psql $DATABASE_URL'.\n"
        "Its stdout and stderr come as one there.\n\n"
        "Ctrl-C goes to the command. To leave a session that hangs, type ~. after Enter, or Ctrl-C four times\n"
        "within a second. What a session shows is not kept."
    ),
)
