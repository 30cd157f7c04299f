"""An ECS of our own for tests: its API is checked by botocore's model, its tasks are real processes."""
