"""A port that a test is given is its own until a server asks for it."""

import platform
import re
import socket
import struct

import pytest

from tests.servers.processes import HELD, free_port

IP_LOCAL_PORT_RANGE = 51  # Linux 6.3; the module ``socket`` does not name it
KERNEL = tuple(int(part) for part in re.findall(r"\d+", platform.release())[:2])


@pytest.mark.needs(
    KERNEL >= (6, 3) and platform.system() == "Linux",
    "a Linux kernel from 6.3 on, which can be asked for a free port out of one",
)
def test_a_free_port_is_given_to_nobody_else_and_to_the_server_that_names_it() -> None:
    port = free_port()
    with socket.socket() as other:
        only = struct.pack("I", port << 16 | port)
        other.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, only)
        with pytest.raises(OSError, match="Address already in use"):
            other.bind(("127.0.0.1", 0))
    with (
        socket.create_server(("127.0.0.1", port)) as server,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_no_more_ports_are_held_than_a_process_can_spare() -> None:
    ports = {free_port() for _ in range(3 * (HELD.maxlen or 0))}
    assert len(HELD) == HELD.maxlen
    assert {holder.getsockname()[1] for holder in HELD} < ports
