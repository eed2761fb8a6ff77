"""Where sandbox children are born: a process that has imported the parsers, never reads a byte to judge, and forks once per request.

Importing the parsers takes a second; forking takes a millisecond. The script is started by ``sandbox`` with one end of a socket pair. A
request is ``new`` with three file descriptors (standard input, output and error of the child), answered by the child's process number;
or ``end`` with such a number, answered by its exit status once it is dead. The nursery ends when the socket is closed.
"""

from __future__ import annotations

import gc
import importlib
import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

NEW, END = b"n", b"e"
NUMBER = 8


def main(descriptor: int) -> None:
    """Serve requests from the socket ``descriptor`` until it is closed."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
    cell = importlib.import_module("licensing.documents.cell")
    for module in sorted({task.partition(":")[0] for task in cell.TASKS}):
        importlib.import_module(module)
    gc.freeze()
    with socket.socket(fileno=descriptor) as door:
        while True:
            request, descriptors, _, _ = socket.recv_fds(door, 1 + NUMBER, 3)
            if not request:
                return
            if request[:1] == NEW:
                number = _give_birth(door, descriptors)
            else:
                number = os.waitstatus_to_exitcode(os.waitpid(int.from_bytes(request[1:], "big"), 0)[1])
            door.sendall(number.to_bytes(NUMBER, "big", signed=True))


def _give_birth(door: socket.socket, descriptors: list[int]) -> int:
    number = os.fork()
    if number == 0:
        _live(door, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    return number


def _live(door: socket.socket, descriptors: list[int]) -> NoReturn:
    from licensing.documents.cell import main as live

    door.close()
    os.setsid()
    for standard, descriptor in enumerate(descriptors):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    live()


if __name__ == "__main__":
    main(int(sys.argv[1]))
