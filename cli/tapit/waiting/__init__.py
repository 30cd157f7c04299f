"""Staying with a task until it has ended."""
