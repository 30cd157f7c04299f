"""What may be typed: keys, values and their spelling."""
