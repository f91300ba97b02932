"""Inputs: failover, files, protocols, clocks."""

import json
import signal
import socket
import subprocess
import threading
import time

from bench import test, remux, expect, expect_clean_end, expect_good_recording, expect_no_holes, packets
from live import Live, Recording, Source, free_udp_ports, received, wait_for
from ts import program_clock, step_clock, ts_packets


@test
def live_failover_beside_inputs_that_cannot_be_read(bench):
    """UDP, hot: kill, failback, stall; with a bad URL, a missing file, garbage, and an empty file as further inputs."""
    ports = free_udp_ports(2)
    log = bench.directory / "sources.log"
    first = Source("FIRST", "testsrc2", "null", 0x1F5FBF, 440, ports[0], log, size=(320, 180))
    second = Source("SECOND", "smptehdbars", "null", 0xE07B00, 880, ports[1], log, size=(320, 180))
    recording = bench.directory / "out.ts"
    first.start()
    second.start()
    try:
        ingest = bench.ingest("-i", first.url, "-i", second.url, "-i", "nonsense://here", "-i", "/nowhere/at/all.ts", "-i",
                              bench.file("garbage.ts"), "-i", bench.file("empty.ts"), "-o", recording, "--packet-timeout", "1s",
                              "--failback-stable", "500ms", "--switch-cooldown", "500ms", "--probe-cooldown", "1s", "--status-every", "200ms")
        ingest.wait(10, "picture", switch_number=1)
        ingest.wait(10, "source_opened", priority=1)
        for bad in (2, 3, 4, 5):
            ingest.wait(10, "degraded", priority=bad, reason="error")
            expect(ingest.wait(10, "source_failed", priority=bad)["text"], "no reason given")
        wait_for(lambda: packets(ingest, 0) > 200, 10, "two seconds of the first input")
        first.kill()
        ingest.wait(20, "switched", priority=1, reason="timeout")
        forwarded = ingest.wait(10, "forwarded", switch_number=2)
        expect(forwarded["gap_ns"] >= 990e6, f"left too soon: {forwarded}")  # how late, a busy machine decides
        ingest.wait(10, "picture", switch_number=2)
        first.start()
        ingest.wait(20, "switched", priority=0, reason="failback")
        ingest.wait(10, "picture", switch_number=3)
        first.signal(signal.SIGSTOP)
        ingest.wait(20, "switched", count=2, priority=1, reason="timeout")
        ingest.wait(10, "picture", switch_number=4)
        expect_clean_end(ingest)
    finally:
        first.kill()
        second.kill()
    expect([e["reason"] for e in ingest.all("switched")] == ["initial", "timeout", "failback", "timeout"], "other switches than these")
    expect(all(e["priority"] <= 1 for e in ingest.all("switched")), "an unreadable input was on air")
    statuses = ingest.statuses()
    expect(len(statuses) > 5, "few statuses")
    expect({s["active_input_priority"] for s in statuses} >= {0, 1}, "the statuses do not show the switch")
    expect([i["input_priority"] for i in statuses[-1]["inputs"]] == [0, 1, 2, 3, 4, 5], "the inputs of the status")
    expect(statuses[-1]["inputs"][2]["status"] == "degraded" and statuses[-1]["inputs"][2]["last_error"], "the error in the status")
    sound = expect_good_recording(recording, 3)
    expect(abs(sound.tone(0.2, 0.5) - 440) < 10, "the sound of the first input at the beginning")


@test
def cold_inputs_are_started_when_needed(bench):
    """A file that ends: the next one is started, and the first, probed and found good, comes back."""
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("--cold", "-i", bench.file("three.mp4"), "-i", bench.file("twenty.flv"), "-o", recording, "--probe-cooldown",
                          "500ms", "--failback-stable", "500ms", "--switch-cooldown", "1s")
    ingest.wait(10, "picture", switch_number=1)
    expect(not ingest.all("start", priority=1), "the second input was started before it was needed")
    switched = ingest.wait(10, "switched", priority=1, reason="error")
    expect("End of file" in json.dumps(ingest.all("degraded", priority=0)), "the reason is not told")
    ingest.wait(5, "stop", priority=0)
    ingest.wait(5, "picture", switch_number=switched["switch_number"])
    ingest.wait(10, "probe", priority=0)
    ingest.wait(10, "recovered", priority=0)
    back = ingest.wait(10, "switched", priority=0, reason="failback")
    ingest.wait(10, "picture", switch_number=back["switch_number"])
    expect_clean_end(ingest)
    expect_good_recording(recording, 4)


@test
def a_file_as_the_last_input_is_played_again_without_a_seam(bench):
    """MP4 with B-frames, FLV, and MPEG-TS: three laps of each, and not a word of it."""
    short = bench.directory / "short.ts"
    short.write_bytes(remux(bench.file("thirty.flv"), "-ss", "0", "-t", "3"))
    flv = bench.directory / "short.flv"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", bench.file("thirty.flv"), "-t", "3", "-c", "copy", flv], check=True)
    runs = []
    for name in (bench.file("three.mp4"), flv, short):
        recording = bench.directory / f"out{len(runs)}.ts"
        runs.append((bench.ingest("-i", name, "-o", recording), recording))
    for ingest, recording in runs:
        ingest.wait(10, "picture")
        wait_for(lambda: packets(ingest, 0) > 560, 20, "more than two laps")
        expect_clean_end(ingest)
        for word in ("exhausted", "degraded", "source_failed", "output_warning", "source_tracks"):
            expect(not ingest.all(word), f"a word of it: {word}\n{ingest.log()}")
        expect_no_holes(recording, 6.5)


@test
def a_file_that_is_to_be_read_once_ends(bench):
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-O", "repeat=0", "-i", bench.file("three.mp4"), "-o", recording, "--probe-cooldown", "500ms")
    ingest.wait(10, "exhausted")
    ingest.wait(10, "restored")
    ingest.wait(5, "picture", count=2)
    ingest.wait(10, "exhausted", count=2)
    expect_clean_end(ingest)
    kinds = [e["event"] for e in ingest.events if e["event"] in ("exhausted", "restored")]
    expect(all(a != b for a, b in zip(kinds, kinds[1:])), f"not by turns: {kinds}")
    expect_good_recording(recording, 5)


def live_segments(bench, kind, *options, segment=1, hiccup=False):
    """A live playlist with short segments, read for several of them; with a hiccup, its maker stops until all is used up."""
    live = Live(kind, bench.directory / kind, segment, bench.file("thirty.flv"))
    try:
        wait_for(lambda: live.segments() >= 3, 15, "the first segments")
        recording = bench.directory / "out.ts"
        ingest = bench.ingest(*options, "-i", live.url, "-o", recording)
        opened = ingest.wait(10, "source_opened")
        expect(segment * 1_000_000_000 <= opened["segment_ns"] <= (segment + 1) * 1_000_000_000, opened)
        wait_for(lambda: "its packet timeout is" in ingest.log(), 5, "the word about its limit")
        if hiccup:
            live.process.send_signal(signal.SIGSTOP)
            seen = [(packets(ingest, 0), time.monotonic())]

            def used_up():
                now = packets(ingest, 0)
                if now != seen[0][0]:
                    seen[0] = (now, time.monotonic())
                return time.monotonic() - seen[0][1] > 0.5
            wait_for(used_up, 20, "the end of what was fetched in advance")
            live.process.send_signal(signal.SIGCONT)
        before = packets(ingest, 0)
        wait_for(lambda: packets(ingest, 0) > before + 300, 20, "four seconds of packets")  # 25 + 47 packets a second
        expect_clean_end(ingest)
    finally:
        live.close()
    expect(not ingest.all("degraded"), "a live source was given up in the wait for its next segment")
    expect(not ingest.all("source_failed"), "a live source was lost in the wait for its next segment")
    recorded = expect_good_recording(recording, 4)
    expect(recorded.apart < 1.3, f"a track came {recorded.apart:.2f} s after the other")  # MPEG-TS sends sound 0.7 s in advance
    times = sorted(recorded.video)
    expect(max(b - a for a, b in zip(times, times[1:])) < 0.1, "pictures are missing")  # late is not lost


@test
def hls_goes_on_from_segment_to_segment(bench):
    live_segments(bench, "hls")


@test
def hls_of_mp4_has_its_sound_in_time(bench):
    """A fragment has all its pictures, and then all its sound."""
    live_segments(bench, "hls-mp4", segment=3)


@test
def hls_waits_for_a_late_segment(bench):
    live_segments(bench, "hls", "-O", "live_start_index=-1", hiccup=True)


@test
def dash_goes_on_from_segment_to_segment(bench):
    live_segments(bench, "dash")


@test
def steps_of_a_clock_are_no_holes(bench):
    """One source without any pause; its clock steps forward and back, by a second, by five, and less."""
    data = step_clock(remux(bench.file("thirty.flv"), "-ss", "0"), [(2, 5), (4, 0), (5, -1), (6, -6), (7, -5.4)])
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(data).url, "-o", recording)
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 570, 20, "eight seconds of packets")
    expect_clean_end(ingest)
    expect_no_holes(recording, 7)


@test
def discontinuities_of_a_playlist_are_no_holes(bench):
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2"]
    for i, offset in enumerate((0, 5, 5.6, 60)):
        (bench.directory / f"{i}.ts").write_bytes(
            remux(bench.file("thirty.flv"), "-ss", str(2 * i), "-t", "2", "-output_ts_offset", str(2 * i + offset)))
        lines += [*["#EXT-X-DISCONTINUITY"] * bool(i), "#EXTINF:2.0,", f"{i}.ts"]
    (bench.directory / "list.m3u8").write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.directory / "list.m3u8", "-o", recording)
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 500, 20, "seven seconds of packets")
    expect_clean_end(ingest)
    expect_no_holes(recording, 6)


@test
def silent_servers_are_left_at_once(bench):
    """An input that accepts and says nothing: opening it is interrupted; it reconnects by itself."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(10)
        port = server.getsockname()[1]
        ingest = bench.ingest("-i", f"tcp://127.0.0.1:{port}", "-i", bench.file("twenty.flv"), "-o", bench.directory / "out.ts",
                              "--connect-timeout", "1s", "--read-timeout", "1500ms", "--probe-cooldown", "30s")
        ingest.wait(10, "switched", priority=1)
        ingest.wait(10, "source_failed", priority=0)
        server.settimeout(10)
        for _ in range(2):
            server.accept()[0].close()
        began = time.monotonic()
        expect_clean_end(ingest)
        expect(time.monotonic() - began < 5, "the end took too long")


@test
def rtp_that_begins_anew_is_opened_again(bench):
    """An encoder starts again, and its sequence numbers are lower: libavformat drops all that comes as old."""
    port, data, over = free_udp_ports(1)[0], remux(bench.file("thirty.flv"), "-ss", "0"), threading.Event()

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for begin in (30000, 10000):
                began, base, number, waiting = time.monotonic(), None, begin, b""
                for packet in ts_packets(data):
                    clock = program_clock(packet)
                    if clock is not None:
                        base = clock if base is None else base
                        if (begin == 30000 and clock - base > 4) or over.wait(max(0, began + clock - base - time.monotonic())):
                            break
                    waiting += packet
                    if len(waiting) == 1316:
                        out.sendto(b"\x80\x21" + number.to_bytes(2, "big") + int(90000 * time.monotonic() % 2**32).to_bytes(4, "big") + b"from" +
                                   waiting, ("127.0.0.1", port))
                        number, waiting = number + 1, b""

    ingest = bench.ingest("-i", f"rtp://127.0.0.1:{port}", "-o", bench.directory / "out.ts", "--read-timeout", "60s")
    wait_for(lambda: received(port), 10, "the socket")
    sender = threading.Thread(target=send)
    sender.start()
    try:
        ingest.wait(10, "picture")
        expect("begin anew" in ingest.wait(20, "source_failed")["text"], ingest.log())
        ingest.wait(10, "picture", count=2)
    finally:
        over.set()
        sender.join()
    expect_clean_end(ingest)


def listening(port):
    """Does anybody listen on this TCP port?"""
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in table][1:]
    return any(int(row[1].split(":")[1], 16) == port and row[3] == "0A" for row in rows)


@test
def protocols_with_real_peers(bench):
    """Each with ffmpeg as the other side, which goes away and comes back: the input is lost, and on air again."""
    clip = bench.file("thirty.flv")
    udp, rtp, srt_listener, srt_caller, http, rtsp, rtmp = free_udp_ports(7)
    ts = ["-f", "mpegts"]
    cases = {  # what we read, with which options; what the other side writes
        "udp": (f"udp://127.0.0.1:{udp}", [], [*ts, f"udp://127.0.0.1:{udp}?pkt_size=1316"]),
        "rtp": (f"rtp://127.0.0.1:{rtp}", [], ["-f", "rtp_mpegts", f"rtp://127.0.0.1:{rtp}"]),
        "srt, listening": (f"srt://127.0.0.1:{srt_listener}?mode=listener", [], [*ts, f"srt://127.0.0.1:{srt_listener}"]),
        "srt, calling": (f"srt://127.0.0.1:{srt_caller}", [], [*ts, f"srt://127.0.0.1:{srt_caller}?mode=listener"]),
        "http": (f"http://127.0.0.1:{http}", [], [*ts, "-listen", "1", f"http://127.0.0.1:{http}"]),
        "rtmp, calling": (f"rtmp://127.0.0.1:{rtmp}/live/x", [], ["-f", "flv", "-listen", "1", f"rtmp://127.0.0.1:{rtmp}/live/x"]),
        "rtsp, listening": (f"rtsp://127.0.0.1:{rtsp}/x", ["-O", "rtsp_flags=listen"],
                            ["-f", "rtsp", "-rtsp_transport", "tcp", f"rtsp://127.0.0.1:{rtsp}/x"]),
    }
    available = subprocess.run(["ffmpeg", "-hide_banner", "-protocols"], capture_output=True, text=True).stdout.split()
    cases = {name: case for name, case in cases.items() if not name.startswith("srt") or "srt" in available}
    peers = {}

    def start_peers():
        for name, (_, _, arguments) in cases.items():
            peers[name] = subprocess.Popen(["ffmpeg", "-nostdin", "-v", "quiet", "-re", "-i", clip, "-c", "copy", *arguments])

    def start_ended_peers(names):
        for name in names:
            if peers[name].poll() is not None:
                peers[name] = subprocess.Popen(peers[name].args)

    def end_peers():
        for peer in peers.values():
            peer.kill()
            peer.wait()

    ingests = {name: bench.ingest(*options, "-i", url, "-o", bench.directory / f"{name.replace(', ', '-')}.ts", "--packet-timeout", "1s",
                                  "--probe-cooldown", "1s", "--failback-stable", "500ms", program="ffmpeg-ingest")
               for name, (url, options, _) in cases.items()}
    try:
        # Who calls is refused until the other side listens: some need another attempt.
        def all_are(word, count):
            start_ended_peers(name for name, ingest in ingests.items() if len(ingest.all(word)) < count[name])
            return all(len(ingest.all(word)) >= count[name] for name, ingest in ingests.items())

        def has_another_second(name):
            start_ended_peers([name])  # on a busy machine a connection may break
            return packets(ingests[name], 0) > counts[name] + 70
        start_peers()
        wait_for(lambda: all_are("picture", dict.fromkeys(cases, 1)), 20, "all of them on air", step=0.3)
        before = {name: (len(ingest.all("exhausted")), len(ingest.all("restored"))) for name, ingest in ingests.items()}
        end_peers()
        for name, ingest in ingests.items():
            ingest.wait(10, "exhausted", count=before[name][0] + 1)
        start_peers()
        wait_for(lambda: all_are("restored", {name: counts[1] + 1 for name, counts in before.items()}), 20, "all on air again", step=0.3)
        counts = {name: packets(ingest, 0) for name, ingest in ingests.items()}
        for name in ingests:
            wait_for(lambda: has_another_second(name), 20, f"a second of {name}")
    finally:
        end_peers()
    for name, ingest in ingests.items():
        expect_clean_end(ingest)
        recording = Recording(bench.directory / f"{name.replace(', ', '-')}.ts")
        expect(recording.video and recording.audio, f"{name}: {len(recording.video)} pictures, {len(recording.audio)} sounds")
        expect(not recording.steps_back, f"{name}: timestamps go back: {recording.steps_back[:3]}")


@test
def a_listener_keeps_its_port_open(bench):
    """RTMP publish: nobody comes for much longer than the read timeout; then a mute one; then an encoder, twice."""
    with socket.socket() as finder:
        finder.bind(("127.0.0.1", 0))
        port = finder.getsockname()[1]
    url = f"rtmp://127.0.0.1:{port}/live/x"
    ingest = bench.ingest("-O", "listen=1", "-i", url, "-o", bench.directory / "out.ts", "--connect-timeout", "500ms", "--packet-timeout",
                          "500ms", "--read-timeout", "1s", "--probe-cooldown", "500ms")
    wait_for(lambda: listening(port), 10, "the port")
    until = time.monotonic() + 3.5
    while time.monotonic() < until:
        expect(listening(port), "the port was closed")
        time.sleep(0.005)
    expect(not ingest.all("source_failed"), "an error, where only nobody came")
    with socket.create_connection(("127.0.0.1", port)):
        wait_for(lambda: not listening(port), 5, "the connection of a mute one")
        wait_for(lambda: listening(port), 5, "the port, free of the mute one again")
    for count in (1, 2):
        encoder = subprocess.Popen(["ffmpeg", "-nostdin", "-v", "quiet", "-re", "-i", bench.file("thirty.flv"), "-c", "copy", "-f", "flv", url])
        try:
            ingest.wait(15, "picture", count=count)
            expect(not listening(port), "nothing is left to be lost")
        finally:
            encoder.kill()
            encoder.wait()
        wait_for(lambda: listening(port), 5, "the port after the encoder left")
    expect(len(ingest.all("start")) == 1, "the engine closed the port to try again")
    expect_clean_end(ingest)
