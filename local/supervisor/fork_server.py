"""The fork server: a process that has everything imported which a supervisor needs, and forks one for every task.

A Python of its own costs each supervisor ten times what a fork of this one does. The server holds the other end of the
socket on standard input and sends through it, for every task, one end of another socket: a supervisor is told its task
on that, and answers there. When the server's end closes, this process ends; its supervisors do not notice.
"""

import gc
import os
import socket
import struct

from local.supervisor import startup
from local.supervisor.driven_task import MakeDrivenTask
from local.supervisor.signals import ignore_children

_DESCRIPTOR = struct.Struct("i")


def serve(make_task: MakeDrivenTask) -> None:
    """Return once the server is gone; and in each fork, once its task is over."""
    line = socket.socket(fileno=0)
    ignore_children()  # so that none of them becomes a zombie
    gc.freeze()  # what the forks share stays shared
    while (request := _next_request(line)) is not None:
        try:
            child = os.fork()
        except OSError as error:
            startup.answer(request, startup.FAILED + (error.errno or 0))
        else:
            if child == 0:
                _leave_fork_server(request)
                startup.main(make_task)
                return
        os.close(request)


def _next_request(line: socket.socket) -> int | None:
    _, sent, _, _ = line.recvmsg(1, socket.CMSG_LEN(_DESCRIPTOR.size))
    return int(_DESCRIPTOR.unpack(sent[0][2])[0]) if sent else None


def _leave_fork_server(request: int) -> None:
    """Be told on standard input what to do, complain there too, and be in no session that could be killed with us."""
    os.setsid()
    os.dup2(request, 0)
    os.dup2(request, 2)
    os.close(request)
