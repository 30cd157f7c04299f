"""`tapit-local` that accepts tasks and launches none, so that nothing competes with the API for the processors."""

from unittest.mock import patch

from local.lifecycle import LocalLifecycle
from local.main import main

if __name__ == "__main__":
    with patch.object(LocalLifecycle, "begin"):
        main()
