"""The output: full, late, slow, impossible."""

import signal
import socket
import subprocess
import time

from bench import test, expect, expect_clean_end, expect_good_recording, longest_pause, packets
from live import wait_for
from ts import switch_number, ts_packets


@test
def a_full_disk_is_told_and_the_inputs_go_on(bench):
    ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", "/dev/full")
    failed = ingest.wait(10, "output_failed")
    expect("No space left" in failed["text"], failed)
    before = packets(ingest, 0)
    wait_for(lambda: packets(ingest, 0) > before + 50, 10, "packets after the disk is full")
    expect(not ingest.all("degraded"), "an input was blamed")
    expect_clean_end(ingest)
    expect(len(ingest.all("output_failed")) == 1, "told again and again")


@test
def an_output_that_comes_later_is_used_then(bench):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))  # not listening: refused
        port = server.getsockname()[1]
        ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", f"tcp://127.0.0.1:{port}")
        ingest.wait(10, "output_failed")
        server.listen(1)
        server.settimeout(10)
        connection, _ = server.accept()
        with connection:
            opened = ingest.wait(10, "output_opened")
            expect(opened["lost"] > 0, "nothing was said of what is missing")
            expect(connection.recv(1)[0] == 0x47, "that is no MPEG-TS")
        ingest.wait(10, "output_failed", count=2)
        server.accept()[0].close()
        expect_clean_end(ingest)


@test
def an_output_that_blocks_holds_nothing_up(bench):
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        port = server.getsockname()[1]
        ingest = bench.ingest("-i", bench.file("twenty.flv"), "-i", bench.file("twenty.ts"), "-o",
                              f"tcp://127.0.0.1:{port}?send_buffer_size=4096", "--packet-timeout", "1s")
        connection = server.accept()[0]
        with connection:
            ingest.wait(10, "picture")
            wait_for(lambda: packets(ingest, 0) > 250 and packets(ingest, 1) > 250, 20, "packets of both inputs")
            expect(not ingest.all("degraded"), "an input was blamed for the output")
            began = time.monotonic()
            expect_clean_end(ingest)
            expect(time.monotonic() - began < 6, "the end took too long")


@test
def an_impossible_output_ends_it(bench):
    for output, message in (("/nowhere/at/all.ts", "No such file"), ("nonsense://x", "Protocol not found"), ("/", "Is a directory")):
        ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", output)
        expect(ingest.process.wait(10) == 1, f"{output}: exit status {ingest.process.returncode}")
        expect(message in ingest.log() and output in ingest.log(), ingest.log())


@test
def udp_out_is_what_a_player_expects(bench):
    """Without sanitizers: whole TS packets in each datagram, and a clean end on SIGTERM."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", f"udp://127.0.0.1:{receiver.getsockname()[1]}",
                              program="ffmpeg-ingest")
        for _ in range(50):
            datagram = receiver.recv(65536)
            expect(len(datagram) % 188 == 0 and all(datagram[i] == 0x47 for i in range(0, len(datagram), 188)), "torn TS packets")
        expect(ingest.end(number=signal.SIGTERM) == 0, ingest.log())


@test
def whoever_drops_smaller_numbers_drops_one_that_was_replaced(bench):
    """Two write to one receiver, and the first one is not told that it was replaced. It switches, even."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(10)
        output = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
        told, newest, dropped, taken = {}, 0, set(), []

        def receive():
            nonlocal newest
            datagram, sender = receiver.recvfrom(65536)
            numbers = [number for number in map(switch_number, ts_packets(datagram)) if number is not None]
            told.setdefault(sender, []).extend(numbers)
            newest = max([newest, *numbers])
            if told[sender] and told[sender][-1] == newest:
                taken.append(sender)
            elif told[sender]:
                dropped.add((sender, told[sender][-1]))

        def receive_until(condition, what):
            end = time.monotonic() + 30
            while not condition():
                expect(time.monotonic() < end, f"not in time: {what}: {told}")
                receive()

        firsts = (7 << 20, 2 ** 57)
        ingests = []
        for count, first in enumerate(firsts, 1):
            ingests.append(bench.ingest("-i", bench.file("twenty.flv"), "-i", bench.file("twenty.ts"), "--commit", "at-once", "-o", output,
                                        "--first-switch", str(first), "--ts-switch"))
            receive_until(lambda: len(told) == count and newest == first, f"the number {first}")
        before = next(sender for sender, numbers in told.items() if numbers[0] == firsts[0])
        ingests[0].type("switch 1")
        receive_until(lambda: told[before][-1] > firsts[0], "it goes on, and switches")
        receive_until(lambda: told[before].count(told[before][-1]) > 1, "and says so again")
        expect(told[before] == sorted(told[before]), told)
        expect(all(sender == before and number < firsts[1] for sender, number in dropped) and len(dropped) >= 2, dropped)
        expect(taken[-1] != before and taken == sorted(taken, key=lambda sender: sender != before), "both were taken, in turns")
        for ingest in ingests:
            expect_clean_end(ingest)


@test
def an_input_that_comes_back_within_its_group_begins_with_its_key_frame(bench):
    clips = [str(bench.directory / name) for name in ("first.ts", "second.ts")]
    for clip, pattern in zip(clips, ("testsrc2", "smptebars")):
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", f"{pattern}=size=160x90:rate=25", "-f", "lavfi", "-i",
                        "sine=sample_rate=48000", "-t", "16", "-c:v", "libx264", "-preset", "ultrafast", "-g", "250", "-bf", "2", "-c:a", "aac",
                        clip], check=True)
    ingest = bench.ingest("-i", clips[0], "-i", clips[1], "-o", bench.directory / "out.ts", "--switch-cooldown", "1ms", "--commit", "at-once",
                          "--catch-up", "10s")
    for priority in (0, 1):
        wait_for(lambda: packets(ingest, priority) > 50, 10, f"input {priority}")
    for _ in range(3):
        for priority in (1, 0):
            count = len(ingest.all("picture", priority=priority)) + 1
            ingest.type(f"switch {priority}")
            ingest.wait(5, "picture", count=count, priority=priority)
    before = packets(ingest, 0)
    wait_for(lambda: packets(ingest, 0) > before + 50, 10, "what comes after it")
    expect_clean_end(ingest)
    expect(all(picture["key"] for picture in ingest.all("picture")), "it began without a key frame")
    recording = expect_good_recording(bench.directory / "out.ts")
    expect(longest_pause(recording.audio) < 0.5, f"a hole of {longest_pause(recording.audio):.2f} s in the sound")
