"""What is said of a container that was killed for want of memory; how it begins is ECS's."""

OUT_OF_MEMORY = "OutOfMemoryError: Container killed due to memory usage"
MACHINE_OUT_OF_MEMORY = "OutOfMemoryError: the machine itself was out of memory"
