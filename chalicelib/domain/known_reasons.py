"""What to do about the reasons that ECS gives in prose; the first that fits says it.

What they mean: docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
"""

import re

# Something else may answer there: a web server that is no registry.
_NOT_HERE = (
    r"(is not on this machine|could not be pulled: .*(no such host|dial tcp|unreachable|time(d )?out|not found|"
    r"manifest unknown|does not exist|http response|http status|x509))"
)
_NEXT: tuple[tuple[str, str], ...] = (
    (
        r"tapit itself failed|no launch of it came to an end",
        (
            "That is a fault of tapit's, or an answer that it does not know: the log of what launches tasks says more "
            "(on AWS /aws/lambda/tapit-STAGE-launch). Please report it."
        ),
    ),
    (
        r"^it waited too long for lock ",
        "Run it again when that one is over, give the app a longer queue_timeout=, or use if_locked=replace.",
    ),
    (
        r"CannotPullContainerError: \S+ could not be pulled: the credential helper (docker-credential-\S+)",
        (
            "Docker's config.json has that helper asked for logins (credsStore, credHelpers): mend it, try it by hand "
            "(echo REGISTRY | docker-credential-NAME get), or take it out there and log in anew: docker login REGISTRY."
        ),
    ),
    (
        r"Cannot(Start|Pull)ContainerError.* is no configuration of docker",
        "Mend that file, or put it aside and log in to registries anew: docker login REGISTRY.",
    ),
    (
        r"CannotPullContainerError: localhost/\S+ could not be pulled: .*pull=always",
        "No registry has what is called localhost/: leave out pull=always, and what is on this machine is taken.",
    ),
    (
        rf"CannotPullContainerError: localhost/tapit/\S+ {_NOT_HERE}",
        (
            "There is no such image on this machine: docker_tag= takes what build= has built (docker image ls, podman "
            "image ls), and tapit set app name=APP build=FOLDER builds a new one."
        ),
    ),
    (
        rf"CannotPullContainerError: localhost/\S+ {_NOT_HERE}",
        (
            "There is no such image on this machine, and localhost/ is no registry: build it by that name (docker "
            "build -t IMAGE FOLDER), or name one that is here (docker image ls, podman image ls)."
        ),
    ),
    (
        r"CannotPullContainerError: \S+ could not be pulled: .*HTTP response to HTTPS client",
        (
            "Its registry speaks plain HTTP, which the engine has to be told to bear: insecure-registries in docker's "
            "daemon.json, insecure = true in podman's registries.conf."
        ),
    ),
    (
        r"CannotPullContainerError: \S+ could not be pulled: .*(x509|verify certificate)",
        (
            "The engine does not trust its registry's certificate: give it that of the authority "
            "(/etc/docker/certs.d/REGISTRY/ca.crt, /etc/containers/certs.d/REGISTRY/ca.crt)."
        ),
    ),
    (
        (
            r"CannotPullContainerError: \S+ could not be pulled: .*(no such host|dial tcp|unreachable|time(d )?out|"
            r"deadline exceeded|reset by peer|misbehaving|name resolution|\bEOF\b)"
        ),
        (
            "Its registry cannot be reached from the container engine: check the name before the image's first /, the "
            "engine's network, and a proxy that it may need."
        ),
    ),
    (
        r"CannotPullContainerError: \S+ could not be pulled: .*(denied|authoriz|forbidden|credentials|authentication)",
        (
            "If it is private, log in to its registry as whoever started tapit-local (docker login REGISTRY, podman "
            "login REGISTRY); else check its name, for registries say the same of what is not there."
        ),
    ),
    (
        r"CannotPullContainerError: \S+ could not be pulled: .*(no space|disk quota)",
        "The engine's disk is full: make room there (docker system prune, podman system prune).",
    ),
    (
        r"CannotPullContainerError: \S+ is not on this machine, and pull=never",
        "Build or pull it, or leave out pull=never.",
    ),
    (
        r"CannotPullContainerError.*(not found|manifest unknown|does not exist|no such)",
        "That image or tag does not exist: check image= or docker_tag=, and that the build pushed it.",
    ),
    (
        r"CannotPullContainerError.*(no matching manifest|for architecture|platform|exec format)",
        "The image was built for another processor: build it for the one that the app's tasks run on.",
    ),
    (
        r"CannotPullContainerError.*(denied|authoriz|forbidden|credentials|403)",
        (
            "The execution role may not pull that image: give it AmazonECSTaskExecutionRolePolicy, and a "
            "policy of the repository's that lets it in."
        ),
    ),
    (
        r"CannotPullContainerError.*(toomanyrequests|rate limit)",
        "The registry limits downloads: try again later.",
    ),
    (
        r"CannotPullContainerError.*(no space|disk quota)",
        "The image does not fit on the disk: run it again with a larger ephemeral_storage_gb=.",
    ),
    (
        r"CannotPullContainerError: \S+ could not be pulled",
        "Pull it by hand, to see more: docker pull IMAGE, podman pull IMAGE.",
    ),
    (
        r"CannotPullContainerError",
        (
            "The image cannot be reached: check its name, and that the subnets have a way to the registry "
            "(a NAT gateway, VPC endpoints, or assign_public_ip=true)."
        ),
    ),
    (
        r"(rate|request ?limit|rate limit) ?exceeded|throttl|internal ?error|concurrent attempts|AWS is busy",
        (
            "AWS turned requests away or failed inside, as it does at times, above all with many at once: run it "
            "again, start fewer at once, or raise queue_timeout=."
        ),
    ),
    (
        r"ResourceInitializationError.*(secret|ssm|parameter)",
        (
            "A secret cannot be read: check that its ARN exists, that the execution role may read it (and "
            "its KMS key), and that the subnets have a way to Secrets Manager or Systems Manager."
        ),
    ),
    (
        r"ResourceInitializationError.*(log group|log stream|awslogs|cloudwatch|log driver)",
        (
            "The log group cannot be written: check that log_group= exists, that the execution role may "
            "write to it, and that the subnets have a way to CloudWatch Logs."
        ),
    ),
    (
        r"ResourceInitializationError.*(ecr|registry)",
        (
            "The registry cannot be reached: the subnets need a NAT gateway, VPC endpoints for ECR and S3, "
            "or assign_public_ip=true."
        ),
    ),
    (
        r"ResourceInitializationError.*(efs|mount|volume)",
        (
            "A file system cannot be mounted: check its mount targets, its security group (port 2049) and "
            "the task role."
        ),
    ),
    (
        r"(network interface|EphemeralStorage) provision|(preparing|attach) network interface|(configure|regular) ENI",
        (
            "AWS was too slow to give it a network or a disk, which happens: run it again, or raise queue_timeout= so "
            "that tapit tries for longer."
        ),
    ),
    (
        r"ResourceInitializationError",
        "The network gets in the way: check subnets=, security_groups= and assign_public_ip=.",
    ),
    (
        r"Cannot(Start|Create)ContainerError.*/bin/sh.*(no such file|not found)",
        (
            "The image has no /bin/sh: use one that has, as tapit run needs anyhow, or give the program and its "
            "arguments to the image's own entry point: tapit set app name=APP keep_entrypoint=true."
        ),
    ),
    (
        r"Cannot(Start|Create)ContainerError: there is no room in the state folder",
        "Free some space on the disk that tapit-local keeps its state on, and run it again.",
    ),
    (
        r"Cannot(Start|Create)ContainerError: (exec format error|.*exec format error)",
        "The image was built for another processor: build or pull it for the one that the engine runs on.",
    ),
    (
        r"Cannot(Start|Create)ContainerError.*(mount\b.*not a directory|: is a directory)",
        "A folder cannot be mounted over a file of the image, nor a file over a folder: check mounts= of the app.",
    ),
    (
        r"Cannot(Start|Create)ContainerError.*(find user|no matching entries in (passwd|group))",
        "The image has no such user or group: name one that it has, or a number: user=1000.",
    ),
    (
        r"Cannot(Start|Create)ContainerError.*(bind source path|statfs|mount source|there is no folder)",
        (
            "A folder of mounts= is not there on the machine of the engine: make it, or name another one: "
            "tapit set app name=APP mounts=FOLDER:/PATH."
        ),
    ),
    (
        r"CannotStartContainerError.*holds the socket of an engine",
        "Name the folder below it that the task needs: tapit set app name=APP mounts=FOLDER:/PATH.",
    ),
    (
        r"Cannot(Start|Create)ContainerError.*network.*not found",
        (
            "There is no such network, or not yet: docker compose up --no-start SERVICE makes all those that a service "
            "of a compose project is in, also where others of it are up; docker network create NAME any other. Or name "
            "another one: tapit set app name=APP networks=NAME."
        ),
    ),
    (
        r"Cannot(Start|Create)ContainerError.*(no space|disk quota)",
        "The engine's disk is full: make room there (docker system prune, podman system prune).",
    ),
    (
        r"Cannot(Start|Create)ContainerError.*(cannot allocate|resource temporarily unavailable|too many open files)",
        "The machine has no room for another one: run fewer tasks at a time, or free memory and processes there.",
    ),
    (
        r"Cannot(Start|Create)ContainerError.*(address pool|free (subnet|network))",
        "The engine has no addresses left for another network: remove some that nobody uses (docker network prune).",
    ),
    (
        r"Cannot(Start|Create)ContainerError.*container-init binary",
        "Podman lacks its init program: install it on its machine (Debian: apt install catatonit).",
    ),
    (
        r"Cannot(Start|Create)ContainerError.*cgroup controller",
        (
            "The engine may not bound what it runs: let systemd delegate it the controllers cpu and memory, or use "
            "one that runs as root."
        ),
    ),
    (
        r"Cannot(Start|Create)ContainerError: the container engine",
        "Start the container engine again, and run the task again.",
    ),
    (
        r"dependency graph",
        (
            "A sidecar did not come up, so the command never ran; the reason names it. Look at that container's own "
            "output, or leave it out: tapit set app name=APP sidecars=NAME,NAME."
        ),
    ),
    (
        r"workdir \S.* (does not exist|is not a directory|is not accessible|cannot be entered)",
        "Make that directory, or give the app another one: tapit set app name=... workdir=...",
    ),
    (
        r"CannotStartContainerError|CannotCreateContainerError",
        (
            "The container itself cannot start: check that the image has what the app asks for (a shell "
            "unless keep_entrypoint=true, the workdir, the user)."
        ),
    ),
    (
        r"did not start in time",
        (
            "It was given fifteen minutes: look whether its image is very large, and whether there is a way to its "
            "registry (on AWS from its subnets). On one machine pull it by hand, and run it again: docker pull IMAGE."
        ),
    ),
    (
        r"PassRole|roles? (is|are) not.*pass",
        "tapit may not hand on that role: deploy with PassableRoles naming it.",
    ),
    (
        r"valid taskRoleArn is not|taskRoleArn should not be empty|sessions need a task role",
        (
            "ECS lets nobody into a task without a role: deploy again, which makes one for sessions, or set the "
            "app's: tapit set app name=APP task_role=ARN."
        ),
    ),
    (
        r"sessions need a writable root",
        (
            "Leave out readonlyRootFilesystem in the service's definition, or mount volumes at /var/lib/amazon and "
            "/var/log/amazon, where the agent of ECS Exec writes."
        ),
    ),
    (
        r"keeps its image's entry point",
        "Let it have a shell again: tapit set app name=APP keep_entrypoint=false.",
    ),
    (
        r"unable to assume the role|assume role|invalid.*role|role is (not valid|invalid)",
        ("ECS cannot use the role: check its ARN, and that its trust policy names ecs-tasks.amazonaws.com."),
    ),
    (
        r"execution role",
        (
            "The task has no execution role: an admin sets it with: tapit set app name=APP "
            "execution_role=ARN (task_role=ARN)."
        ),
    ),
    (
        r"limit on the number of|vcpu limit|concurrent task limit|quota",
        (
            "An AWS quota is used up: wait for other tasks to end, or ask for more in Service Quotas "
            "(Fargate On-Demand vCPU resource count, or Fargate Spot's)."
        ),
    ),
    (
        r"addresses to satisfy|FreeAddresses|public IP assignment|ENI limit|NetworkInterfaceLimit|RESOURCE:ENI",
        "The subnets have no free addresses: name larger or more subnets.",
    ),
    (
        r"Capacity is unavailable|insufficient capacity|no room now|(?-i:\bAGENT\b|RESOURCE:[A-Z])",
        (
            "AWS had no room for it all that time: try again later, name subnets in more availability "
            "zones, ask for less, or raise queue_timeout=."
        ),
    ),
    (
        r"No Container Instances were|\bATTRIBUTE\b",
        "No instance of the cluster can take it: add instances, ask for less, or use capacity=FARGATE.",
    ),
    (
        r"\bspot\b|SpotInterruption",
        (
            "AWS took back the Spot capacity: run it again, with capacity=FARGATE if it must not be "
            "interrupted."
        ),
    ),
    (
        r"maintenance|retirement|host (is|was) |underlying (host|infrastructure)|health check",
        (
            "AWS had to replace the machine under it: run it again; one that runs for weeks should be able "
            "to go on where it was."
        ),
    ),
    (
        r"ClusterNotFound|Cluster not found|there is no cluster",
        "There is no such cluster: check cluster= of the app, and the Region.",
    ),
    (
        r"names no cluster",
        "Name one: tapit set app name=APP cluster=CLUSTER.",
    ),
    (
        r"there is no service|ServiceNotFound",
        "Check service= and cluster= of the app, and that it is not deleted.",
    ),
    (
        r"several essential containers",
        "Name the one to run with container=NAME (tapit set app); sidecars=NAME,NAME keeps others beside it.",
    ),
    (
        r"has no container|no essential container|is none beside it|cannot be named|there to route logs",
        "Name others of the service's containers: container=NAME runs the command, sidecars=NAME,NAME stay beside it.",
    ),
    (
        r"runs on Windows",
        "Name a service that runs on Linux, or give image=, subnets= and roles in place of service=.",
    ),
    (
        r"is configured at launch",
        "Deploy the service anew with volumeConfigurations, or leave the volume out of the container's mount points.",
    ),
    (
        r"neither an image",
        "Name one: tapit set app name=APP image=IMAGE, or service=SERVICE to take it from.",
    ),
    (
        r"no subnets",
        (
            "Name them: tapit set app name=APP subnets=subnet-...,subnet-...; or service=SERVICE to take "
            "them from."
        ),
    ),
    (
        r"AccessDenied|not authorized",
        (
            "tapit's role may not do that: deploy with Clusters, PassableRoles and LogGroups naming what "
            "the app uses."
        ),
    ),
    (
        r"subnet",
        "A subnet is wrong: check that subnets= exist, and are in the VPC of security_groups=.",
    ),
    (
        r"security ?group",
        "A security group is wrong: check that security_groups= are in the VPC of subnets=.",
    ),
    (
        r"capacity ?provider",
        (
            "The cluster does not have that capacity provider: check capacity= of the app, or add it to the "
            "cluster."
        ),
    ),
    (
        r"the command (with its variables )?is too long",
        "Put it in a script in the image, and give the variables to the app.",
    ),
    (
        r"did not answer|whether it was started",
        "AWS did not answer all that time: check its health dashboard, and run it again.",
    ),
)


def next_step(reason: str | None) -> str | None:
    """Return what to do about a reason; None for one that nobody has met yet."""
    if reason is None:
        return None
    return next((step for sign, step in _NEXT if re.search(sign, reason, re.IGNORECASE | re.DOTALL)), None)
