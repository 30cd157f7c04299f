"""What ECS says when a task does not start, or is taken away, and what to do about it."""

import re

import pytest

from chalicelib.domain.diagnosis import EndedBy, diagnose
from chalicelib.domain.known_reasons import next_step

SAID = [
    (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): shop:v9: not found",
        "tag does not",
    ),
    ("CannotPullContainerError: pull access denied: User is not authorized", "execution role may not pull"),
    (
        "CannotPullContainerError: ref pull has been retried 5 time(s): dial tcp 1.2.3.4:443: i/o timeout",
        "NAT gateway",
    ),
    *[
        (f"CannotPullContainerError: localhost/shop:9 {said}", "build it by that name")
        for said in (
            'could not be pulled: initializing source: Get "https://localhost/v2/": dial tcp 127.0.0.1:443: refused',
            "could not be pulled: manifest for localhost/shop:9 not found: manifest unknown",
            "could not be pulled: http: server gave HTTP response to HTTPS client",
            "is not on this machine, and pull=never",
        )
    ],
    (
        "CannotPullContainerError: localhost/tapit/shop:9 could not be pulled: dial tcp 127.0.0.1:443: refused",
        "build=FOLDER builds a new one",
    ),
    (
        "CannotPullContainerError: localhost/shop:9 could not be pulled: refused; it is here, but pull=always ...",
        "leave out pull=always",
    ),
    (
        "CannotPullContainerError: localhost/shop:9 could not be pulled: write /layer: no space left on device",
        "engine's disk is full",
    ),
    (
        "CannotPullContainerError: localhost:5000/shop:9 could not be pulled: dial tcp 127.0.0.1:5000: refused",
        "registry cannot be reached",
    ),
    (
        "CannotStartContainerError: there is no room in the state folder: No space left on device",
        "tapit-local keeps its state",
    ),
    (
        "CannotPullContainerError: shop:1 could not be pulled: the credential helper docker-credential-pass: denied",
        "credsStore",
    ),
    (
        "CannotStartContainerError: /home/ann/.docker/config.json is no configuration of docker's",
        "Mend that file",
    ),
    *[
        (f"CannotPullContainerError: shop.example/web:1 could not be pulled: {said}", step)
        for said, step in (
            ('Get "https://shop.example/v2/": http: server gave HTTP response to HTTPS client', "plain HTTP"),
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                "that of the authority",
            ),
            (
                'Get "https://shop.example/v2/": context deadline exceeded',
                "cannot be reached from the container engine",
            ),
            ('Get "https://shop.example/v2/": EOF', "cannot be reached from the container engine"),
            (
                "dial tcp: lookup shop.example: Temporary failure in name resolution",
                "from the container engine",
            ),
            (
                "reading manifest 1: toomanyrequests: You have reached your unauthenticated pull rate",
                "limits downloads",
            ),
        )
    ],
    (
        "CannotStartContainerError: creating container storage: no space left on device",
        "engine's disk is full",
    ),
    (
        "CannotStartContainerError: crun: clone: Resource temporarily unavailable: OCI runtime error",
        "fewer tasks",
    ),
    ("CannotPullContainerError: toomanyrequests: You have reached your pull rate limit", "limits downloads"),
    ("CannotPullContainerError: write /layer: no space left on device", "ephemeral_storage_gb"),
    (
        "ResourceInitializationError: execution resource retrieval failed: unable to retrieve secret from asm",
        "secret",
    ),
    (
        "ResourceInitializationError: failed to create Cloudwatch log stream: The specified log group does not exist.",
        "log group",
    ),
    (
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes",
        "mount targets",
    ),
    ("ResourceInitializationError: failed to configure ENI", "tries for longer"),
    ("Timeout waiting for network interface provisioning to complete.", "tries for longer"),
    ("Timeout waiting for EphemeralStorage provisioning to complete.", "tries for longer"),
    (
        "Unexpected EC2 error while attempting to Create ...: InsufficientFreeAddressesInSubnet",
        "free addresses",
    ),
    ("AGENT", "queue_timeout"),
    ("RESOURCE:CPU", "queue_timeout"),
    ("InternalError: the network interface", "run it again"),
    ("CannotStartContainerError: network shop_default not found", "docker compose up --no-start SERVICE"),
    (
        "CannotStartContainerError: container create: unable to find network with name or ID x: network not found",
        "name another one: .*networks=NAME",
    ),
    (
        "CannotStartContainerError: there is no folder /srv/data on this machine, which mounts= names",
        "make it, or name another one",
    ),
    (
        "CannotStartContainerError: /run of mounts= is or holds the socket of an engine or of tapit-local ...",
        "folder below it",
    ),
    *[
        (f"CannotStartContainerError: {said}", "over a file of the image")
        for said in (
            "preparing container 0d8fd1bcfe7d: crun: mount `/x` to `bin`: Not a directory: OCI runtime error",
            "preparing container 0d8fd1bcfe7d for attach: unable to find user 0: read /x: is a directory",
            'error mounting "/x" to rootfs at "/bin": mount src=/x, dst=/bin: not a directory: are you trying to ...',
        )
    ],
    (
        'CannotStartContainerError: workdir "/etc/passwd" exists, but is not a directory',
        "give the app another one",
    ),
    ("CannotStartContainerError: workdir /srv/app does not exist", "Make that directory"),
    (
        "AWS refused: Fargate requires task definition to have execution role ARN to support log driver awslogs.",
        "execution_role=",
    ),
    (
        "AWS refused: ECS was unable to assume the role 'arn:aws:iam::1:role/x' that was provided (ClientException)",
        "trust policy",
    ),
    (
        "AWS refused: User: x is not authorized to perform: iam:PassRole on resource: y (AccessDeniedException)",
        "PassableRoles",
    ),
    (
        "AWS refused: User: x is not authorized to perform: ecs:RunTask on resource: y (AccessDeniedException)",
        "Clusters",
    ),
    (
        "AWS has no room now: You've reached the limit on the number of vCPUs you can run concurrently",
        "Service Quotas",
    ),
    (
        "AWS has no room now: Capacity is unavailable at this time. Please try again later",
        "availability zones",
    ),
    ("AWS has no room now: RESOURCE:MEMORY", "queue_timeout"),
    ("AWS has no room now: RESOURCE:ENI", "free addresses"),
    ("Your Spot Task was interrupted.", "capacity=FARGATE"),
    ("ECS is performing maintenance on the underlying infrastructure hosting the task.", "machine under it"),
    ("AWS refused: Cluster not found. (ClusterNotFoundException)", "no such cluster"),
    ("AWS refused: The subnet ID 'subnet-1' does not exist (InvalidParameterException)", "subnets="),
    *[
        (
            f"AWS is busy: Error retrieving {what} information: {said} (InvalidParameterException)",
            "turned requests away",
        )
        for what in ("subnet", "security group")
        for said in (
            "Rate exceeded (ErrorCode: Throttling)",
            "Request limit exceeded. (ErrorCode: RequestLimitExceeded)",
            "An internal error has occurred (ErrorCode: InternalError)",
        )
    ],
    ("AWS did not answer: Read timeout on endpoint URL", "health dashboard"),
    ("the app shop names no cluster", "cluster=CLUSTER"),
    ("the app shop has no subnets, and no service to take them from", "subnets=subnet"),
    ("there is no service web in the cluster prod", "service="),
    ("the service web has several essential containers (a, b)", "container=NAME"),
    ("there is no cluster prod in this account and Region", "no such cluster"),
    ("the service web has no container x, but web", "container=NAME"),
    ("a sidecar cannot be named main, as the container of the command is", "sidecars=NAME"),
    ("the service web runs on Windows (WINDOWS_SERVER_2022_CORE), and tasks run on Linux alone", "Linux"),
    ("the volume data is configured at launch, and the service web does not say how", "volumeConfigurations"),
    (
        "CannotStartContainerError: dependency graph: failed to resolve container ordering dependency [init] ...",
        "sidecars=NAME",
    ),
    ("the app shop has neither an image nor a service to take one from", "image=IMAGE"),
    ("CannotStartContainerError: exec: /bin/sh: no such file or directory", "keep_entrypoint"),
    ("tapit: it did not start in time", "fifteen minutes"),
    ("the command with its variables is too long: ECS takes 8192 characters", "script in the image"),
]


@pytest.mark.parametrize(("said", "step"), SAID, ids=[step for _, step in SAID])
def test_a_reason_has_its_next_step(said: str, step: str) -> None:

    assert re.search(step, next_step(said) or ""), next_step(said)


@pytest.mark.parametrize("said", [None, "something new"])
def test_a_reason_that_nobody_knows_has_none(said: str | None) -> None:
    assert next_step(said) is None


@pytest.mark.parametrize("ended_by", [EndedBy.START_FAILURE, EndedBy.INFRASTRUCTURE])
def test_a_diagnosis_keeps_the_words_and_adds_the_step(ended_by: EndedBy) -> None:
    said = "Your Spot Task was interrupted."

    diagnosis = diagnose(ended_by, exit_code=None, reason=said, memory=1, max_hours=1, by=None)

    assert diagnosis is not None
    assert said in diagnosis.what
    assert "capacity=FARGATE" in diagnosis.next
