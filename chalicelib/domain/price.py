"""What a task costs on Fargate, so that nobody has to guess.

Linux/x86 on-demand list prices of us-east-1, per hour, billed per second from the image's download
to the end, one minute at least: aws.amazon.com/fargate/pricing
"""

from datetime import timedelta

from chalicelib.domain.fargate_sizes import DEFAULT_STORAGE_GB, Size

PER_VCPU = 0.04048
PER_GB = 0.004445
PER_STORAGE_GB = 0.000111
MINIMUM = timedelta(minutes=1)
BASIS = "Fargate list price, us-east-1, Linux/x86"


def dollars(size: Size, storage_gb: int, duration: timedelta) -> float:
    """Return the price of running that long, in dollars, to a hundredth of a cent."""
    hours = max(duration, MINIMUM) / timedelta(hours=1)
    extra_storage = max(0, storage_gb - DEFAULT_STORAGE_GB)
    rate = size.cpu * PER_VCPU + size.memory * PER_GB + extra_storage * PER_STORAGE_GB
    return round(hours * rate, 4)
