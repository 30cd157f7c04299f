"""The ports on AWS, one service per file; the only home of boto3."""
