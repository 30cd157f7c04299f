"""Images of what this machine has, made without any registry."""

import hashlib
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
BUSYBOX = "localhost/tapit-tests/busybox:1"
SHELLS = "localhost/tapit-tests/shells:1"
OTHER_ARCHITECTURE = "s390x"
# Linked to one file: the applets that lines of tests use.
APPLETS = """
    ash base64 cat chmod cp cut date dd df echo env false find grep head hostname id kill ln ls mkdir mount nc nslookup
    od printf ps pwd rm sed seq setsid sleep sort stat stty tail test touch tr true tty uname wc wget whoami yes
"""
PATH = "/usr/local/bin:/usr/bin:/bin"
FOLDERS = ("bin", "dev", "etc", "proc", "root", "sys", "tmp", "usr/bin", "work")
PEOPLE = "root:x:0:0:root:/root:/bin/sh\nann:x:1234:1234:ann:/tmp:/bin/sh\n"
GROUPS = "root:x:0:\nann:x:1234:\n"
EPOCH = 1_600_000_000

Fill = Callable[[tarfile.TarFile], None]


def image(name: str, fill: Fill, architecture: str = ARCHITECTURE, **config: Any) -> bytes:
    """Return an image of one layer, as `docker load` takes it. `config` is as in an image's: Cmd, Entrypoint, User."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as files:
        fill(files)
    described = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Env": [f"PATH={PATH}"], **config},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{_digest(layer.getvalue())}"]},
            "history": [{"created_by": "tests"}],  # without it no engine builds on the image
        }
    ).encode()
    manifest = [{"Config": f"{_digest(described)}.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        _add(archive, "layer.tar", layer.getvalue())
        _add(archive, f"{_digest(described)}.json", described)
        _add(archive, "manifest.json", json.dumps(manifest).encode())
    return whole.getvalue()


def busybox(files: tarfile.TarFile, shell: str = "busybox") -> None:
    """2 MB: a shell, what goes with it, and ann, who is nobody special. `shell` is what `sh` is."""
    _add_folders(files)
    _add(files, "bin/busybox", Path(_found("busybox")).read_bytes(), 0o755)
    for applet in APPLETS.split():
        _link(files, f"bin/{applet}", "busybox")
    _link(files, "bin/sh", shell)


def shells(files: tarfile.TarFile) -> None:
    """Add bash, a Python and dash, which is `sh` then, to busybox, with what they are linked to."""
    busybox(files, "dash")
    python = os.path.realpath(sys.executable)
    programs = {"bin/bash": _found("bash"), "bin/dash": _found("dash"), python.lstrip("/"): python}
    for name, program in programs.items():
        _add(files, name, Path(program).read_bytes(), 0o755)
    _link(files, "bin/python3", python)
    for path in {*_libraries(programs.values()), *_modules(python)}:
        _add(files, str(path).lstrip("/"), path.read_bytes(), 0o755)


def without_shell(files: tarfile.TarFile) -> None:
    """One program alone, /bin/echo, as an image from scratch has it."""
    _add(files, "bin/echo", Path(_found("busybox")).read_bytes(), 0o755)


def with_megabytes(number: int) -> Fill:
    """Add a file to busybox that nothing makes smaller."""

    def fill(files: tarfile.TarFile) -> None:
        busybox(files)
        _add(files, "large", os.urandom(number * 1_000_000))

    return fill


def for_another_machine(files: tarfile.TarFile) -> None:
    """Busybox as this machine cannot run it: its header names another processor."""
    _add_folders(files)
    program = bytearray(Path(_found("busybox")).read_bytes())
    program[18:20] = (22).to_bytes(2, sys.byteorder)
    _add(files, "bin/busybox", bytes(program), 0o755)
    _link(files, "bin/sh", "busybox")


def _add_folders(files: tarfile.TarFile) -> None:
    for name in FOLDERS:
        folder = tarfile.TarInfo(name)
        folder.type, folder.mode, folder.mtime = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755, EPOCH
        files.addfile(folder)
    _add(files, "etc/passwd", PEOPLE.encode())
    _add(files, "etc/group", GROUPS.encode())


def _add(files: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = len(content), mode, EPOCH
    files.addfile(entry, io.BytesIO(content))


def _link(files: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mtime = tarfile.SYMTYPE, target, EPOCH
    files.addfile(entry)


def _found(program: str) -> str:
    path = shutil.which(program)
    assert path is not None, f"there is no {program} on this machine"
    return path


def _libraries(programs: Iterable[str]) -> set[Path]:
    """Return the files that they are linked to, under the names by which they are looked for."""
    said = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=True).stdout
    return {
        Path(word)
        for line in said.splitlines()
        for word in line.split()
        if word.startswith("/") and ":" not in word
    }


def _modules(python: str) -> set[Path]:
    """Return the files of a Python that has begun, and of what tests import there."""
    ask = (
        "import sys, signal, time, pathlib, os, json, socket;"
        "print(*[m.__file__ for m in sys.modules.values() if getattr(m, '__file__', None)], sep='\\n')"
    )
    said = subprocess.run([python, "-I", "-S", "-c", ask], capture_output=True, text=True, check=True).stdout
    return {Path(path) for path in said.split()}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
