"""`tapit run 'COMMAND'`"""

from tapit import new_task
from tapit.call import Call
from tapit.grammar import Command
from tapit.visit import Visit, refuse_output_format


def run(call: Call) -> int:
    refuse_output_format(call)
    new_task.refuse_two_images(call)
    task = new_task.create(call, attached=True)
    call.say_notes(task)
    return Visit(call, task, None).to_the_end()


COMMAND = Command(
    "run",
    None,
    "Run a command at your terminal, in a container of its own.",
    run,
    example="tapit run 'bash'",
    word="command",
    required=("command",),
    keys=new_task.KEYS,
    details=(
        f"{new_task.ABOUT_COMMANDS}\n\n"
        "The task ends with the command, and tapit exits with the command's exit code (125: a failure of our own).\n"
        "With a pipe on stdin or stdout the command sees pipes: echo 'select 1' | tapit run 'psql $DATABASE_URL'.\n"
        "Its stdout and stderr come as one there.\n\n"
        "Ctrl-C goes to the command. To leave a session that hangs, type ~. after Enter, or Ctrl-C four times\n"
        "within a second. What a session shows is not kept."
    ),
)
