"""Webhooks: who is sent what next, and the threads that do it."""
