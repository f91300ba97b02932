"""What comes out, with the time at which the kernel received it."""

import socket
import struct
import threading

SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
BUFFER = 4 << 20
TIMESPEC = struct.Struct("qq")


def dropped(port):
    """How many datagrams the kernel has dropped at this UDP port, because nobody read them in time."""
    with open("/proc/net/udp") as table:
        rows = [line.split() for line in list(table)[1:]]
    return sum(int(row[-1]) for row in rows if int(row[1].split(":")[1], 16) == port)


class Receiver:
    """Collects datagrams of a UDP port in a thread: [(ns of CLOCK_REALTIME, bytes)]."""

    def __init__(self, port=0):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        except PermissionError:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)  # as much as the system allows
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind(("127.0.0.1", port))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.datagrams = []
        self.stop = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stop:
            try:
                data, ancillary, _, _ = self.socket.recvmsg(65536, 128)
            except TimeoutError:
                continue
            seconds, nanoseconds = TIMESPEC.unpack(ancillary[0][2][:TIMESPEC.size])
            self.datagrams.append((seconds * 1_000_000_000 + nanoseconds, data))

    def close(self):
        self.stop = True
        self.thread.join()
        self.socket.close()
        return self.datagrams
