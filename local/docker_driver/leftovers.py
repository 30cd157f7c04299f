"""Removes what is left of a task whose supervisor was killed and so could not do it."""

import logging

from local.docker_driver.engine_of_run import ENGINE_FILE
from local.runs.run_folder import RunFolder
from local.supervisor.atomic_files import read_text

logger = logging.getLogger(__name__)


def kill_leftovers(folder: RunFolder) -> int:
    """Remove the container that a vanished supervisor left, and return how many there were."""
    engine = read_text(str(folder.path / ENGINE_FILE))
    if engine is None:
        return 0
    from docker.errors import NotFound

    from local.docker_driver.engine import FAILURES, Engine, in_words

    url, _, api_version = engine.partition("\n")
    try:
        Engine(url, api_version.strip()).client().remove_container(
            f"tapit-{folder.path.name}", v=True, force=True
        )
    except NotFound:
        return 0
    except FAILURES as error:
        logger.warning("What is left of %s could not be removed: %s", folder.path, in_words(error))
        return 0
    return 1
