"""Sessions are heavy; nobody else carries them."""

import subprocess
import sys

import pytest
from tapit.language.vocabulary import SUMMARIES

LOOK = """
import sys
from tapit import commands, main, call
commands.load({path!r})
heavy = [name for name in sys.modules if name.startswith(('tapit.session.', 'websockets'))]
heavy = [name for name in heavy if name != 'tapit.session.whole_session']  # it asks whether there may be one
sys.exit(', '.join(heavy) or 0)
"""


@pytest.mark.parametrize("path", sorted(SUMMARIES))
def test_no_command_imports_a_session_before_there_is_one(path: str) -> None:
    looked = subprocess.run([sys.executable, "-c", LOOK.format(path=path)], capture_output=True, text=True)

    assert (looked.returncode, looked.stderr) == (0, "")
