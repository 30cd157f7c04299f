"""What is true, whoever hosts it: records, transitions, sizes, diagnoses, prices."""
