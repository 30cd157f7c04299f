"""What this machine has, for whoever asks for more."""

import os
from collections.abc import Iterator

from chalicelib.domain.fargate_sizes import Size

_GIB = 1024**3


def beyond_machine(size: Size) -> Iterator[str]:
    """Say what of a task's size this machine cannot give it."""
    processors = os.cpu_count()
    if processors is not None and size.cpu > processors:
        yield f"cpu={size.cpu:g} is more than this machine has: {processors} processors."
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GIB
    if size.memory > memory:
        yield f"memory={size.memory:g} is more than this machine has: {memory:.1f} GB."
