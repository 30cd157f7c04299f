"""`tapit-local` that accepts tasks and launches none, so that nothing competes with the API for the processors."""

from unittest.mock import patch

from local.main import main
from local.timing.lifecycle import LocalLifecycle

if __name__ == "__main__":
    with patch.object(LocalLifecycle, "begin"):
        main()
