"""Speaking to a home: which one, as whom, and what its refusals mean."""
