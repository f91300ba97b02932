"""The command line, what people type, and what is printed."""

import fcntl
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
import urllib.error
import urllib.request

from bench import SANITIZED, test, expect, expect_clean_end, expect_good_recording, packets
from live import HERE, free_udp_ports, received, wait_for


@test
def parts_by_themselves(bench):
    """The unit tests in C."""
    programs = sorted(source.with_suffix("") for source in HERE.glob("*_test.c"))
    expect(len(programs) > 1, "no unit tests")
    for program in programs:
        expect(subprocess.run([program], timeout=60).returncode == 0, f"{program.name} failed")


@test
def wrong_command_lines_are_explained(bench):
    cases = [
        ([], "no input"),
        (["-i", "a"], "no output"),
        (["-o", "a"], "no input"),
        (["-i"], "needs a value"),
        (["--nonsense"], "no option --nonsense"),
        (["-i", "a", "-o", "b", "c"], '"c"'),
        (["-i", "a", "-o", "b", "-o", "c"], "only one -o"),
        (["-i", "a", "-o", "b", "--packet-timeout", "fast"], "no duration"),
        (["-i", "a", "-o", "b", "--packet-timeout", "0"], "--packet-timeout: must be a duration"),
        (["-i", "a", "-o", "b", "--packet-timeout", "-1s"], "no duration"),
        (["-i", "a", "-o", "b", "--failback", "maybe"], "neither auto nor manual"),
        (["-i", "a", "-o", "b", "--max-loss", "101"], "no whole number from 0 to 100"),
        (["-i", "a", "-o", "b", "--min-fps", "-1"], "no whole number"),
        (["-i", "a", "-o", "b", "--measure-window", "10ms"], "--measure-window: must be a duration from 100 ms"),
        (["-i", "a", "-o", "b", "--silence", "gold"], "neither adaptive nor fixed"),
        (["-i", "a", "-o", "b", "--commit", "later"], "neither key-frame nor at-once"),
        (["-i", "a", "-o", "b", "--detect", "black,ugly"], 'not "ugly"'),
        (["-i", "a", "-o", "b", "--detect", ""], "black, frozen and silent"),
        (["-i", "a", "-o", "b", "--fill", "c", "--fill", "d"], "only one --fill"),
        (["-i", "a", "-O", "x=y", "-o", "b"], "before the -i"),
        (["-i", "a", "--program", "1", "-o", "b"], "before the -i"),
        (["--program", "first", "-i", "a", "-o", "b"], "no whole number from 0 to 65535"),
        (["-O", "novalue", "-i", "a", "-o", "b"], "KEY=VALUE"),
        (["-i", "a", "-o", "b", "--stream", ""], "--stream"),
        (["-i", "a", "-o", "b", "--http-token-file", "c"], "without --http"),
        (["-i", "a", "-o", "b", "--http-totals"], "need --http"),
        (["-i", "a", "-o", "b", "--http", "127.0.0.1:0", "--http-name", "c"], "needs --http-token-file"),
        (["-i", "a", "-o", bench.file("twenty.ts")], "exists"),
        (["-y", "-i", bench.file("twenty.ts"), "-o", "file:" + bench.file("twenty.ts")], "input and output"),
    ]
    for arguments, message in cases:
        run = subprocess.run([HERE / SANITIZED, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        expect(run.returncode == 2, f"{arguments}: exit status {run.returncode}\n{run.stderr}")
        expect(message in run.stderr, f"{arguments}: no \"{message}\" in: {run.stderr}")
    for arguments in (["--help"], ["--version"]):
        run = subprocess.run([HERE / SANITIZED, *arguments], capture_output=True, text=True)
        expect(run.returncode == 0 and run.stdout and not run.stderr, f"{arguments}: {run}")


def ask(address, target, token=None, body=None, host=None):
    """The answer's status, and what it says."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if host:
        headers["Host"] = host
    request = urllib.request.Request(address + target, body and json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


@test
def a_page_is_served(bench):
    token = bench.directory / "token"
    token.write_text("correct-horse-battery\n")
    ingest = bench.ingest("-i", bench.file("twenty.flv"), "-i", bench.file("twenty.ts"), "-o", bench.directory / "out.ts",
                          "--http", "127.0.0.1:0", "--http-token-file", token, "--stream", "news/1")
    address = wait_for(lambda: re.search(r"http://\S+/", ingest.log()), 10, "the page's address")[0]
    ingest.wait(10, "picture")
    expect("<title>changeover" in ask(address, "")[1], "no page")
    expect('changeover_input_on_air{input="0",stream="news/1"} 1' in ask(address, "metrics")[1].replace(
        'stream="news/1",input="0"', 'input="0",stream="news/1"'), "no metrics")
    switch = "api/streams/news%2F1/switch"
    expect(ask(address, switch, None, {"input": 1})[0] == 401, "switched without the token")
    expect(ask(address, switch, "correct-horse-battery", {"input": 1})[0] == 200, "not switched")
    ingest.wait(10, "switched", priority=1, reason="manual")
    status, stream = ask(address, "api/streams/news%2F1")
    expect(status == 200 and json.loads(stream)["row"]["override"] == 1, stream)
    ingest.type("quit")
    expect_clean_end(ingest)


@test
def a_page_behind_a_proxy_is_for_who_has_the_token(bench):
    token = bench.directory / "token"
    token.write_text("correct-horse-battery\n")
    ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", bench.directory / "out.ts", "--http", "127.0.0.1:0",
                          "--http-token-file", token, "--http-name", "ops.example", "--http-totals")
    address = wait_for(lambda: re.search(r"http://\S+/", ingest.log()), 10, "the page's address")[0]
    expect(ask(address, "metrics")[0] == 401, "read without the token")
    status, metrics = ask(address, "metrics", "correct-horse-battery", host="ops.example")
    expect(status == 200 and "changeover_engine_info" in metrics and "input=" not in metrics, metrics)
    expect(ask(address, "metrics", "correct-horse-battery", host="evil.example")[0] == 403, "read by another name")
    ingest.type("quit")
    expect_clean_end(ingest)


@test
def a_page_that_cannot_be_served_is_explained(bench):
    short = bench.directory / "short"
    short.write_text("short\n")
    for arguments, message in [(["--http", "nowhere"], "can't be listened on"),
                               (["--http", "0.0.0.0:0"], "needs a token"),
                               (["--http", "127.0.0.1:0", "--http-token-file", bench.directory / "none"], "No such file"),
                               (["--http", "127.0.0.1:0", "--http-token-file", short], "16 to 255")]:
        run = subprocess.run([HERE / SANITIZED, "-i", "a", "-o", "b", *arguments], capture_output=True, text=True,
                             stdin=subprocess.DEVNULL, timeout=30)
        expect(run.returncode == 1 and message in run.stderr, f"{arguments}: {run}")


@test
def people_can_choose(bench):
    ingest = bench.ingest("-i", bench.file("twenty.flv"), "-i", bench.file("twenty.ts"), "-o", bench.directory / "out.ts",
                          "--switch-cooldown", "500ms", "--failback-stable", "500ms")
    ingest.wait(10, "source_opened", priority=1)
    ingest.wait(10, "picture")
    ingest.type("switch 1")
    ingest.wait(5, "switched", priority=1, reason="manual")
    ingest.type("switch 7")
    ingest.type("make coffee")
    wait_for(lambda: "switch 7:" in ingest.log() and "make coffee" in ingest.log(), 5, "answers to what was typed")
    ingest.process.send_signal(signal.SIGUSR1)
    status = wait_for(lambda: ingest.statuses(), 5, "the status on SIGUSR1")[-1]
    expect(status["active_input_priority"] == 1 and status["override_input_priority"] == 1, status)
    ingest.type("auto")
    ingest.wait(10, "switched", priority=0, reason="failback")
    ingest.type("disable 0")
    ingest.wait(10, "switched", priority=1, reason="disabled")
    ingest.type("switch 0")
    wait_for(lambda: "switch 0:" in ingest.log(), 5, "that it is disabled")
    ingest.type("enable 0")
    ingest.wait(10, "switched", priority=0, reason="input_added")
    ingest.type("force 1")
    ingest.wait(10, "switched", count=2, priority=1, reason="manual")
    ingest.type("back")
    ingest.wait(10, "switched", count=2, priority=0, reason="failback")
    ingest.type("switch 1x")
    wait_for(lambda: '"switch 1x"?' in ingest.log(), 5, "the word that this is no command")
    ingest.type("quit")
    expect(ingest.process.wait(10) == 0, f"exit status {ingest.process.returncode}:\n{ingest.log()}")


def full_pipe():
    """A pipe of which nobody reads, already full: its two ends."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.write(writing, b"x" * 4096)
    return reading, writing


def stalled_reader(bench, name, *arguments):
    """Nobody reads stdout, or stderr: a cold failover all the same, and SIGTERM ends it."""
    reading, writing = full_pipe()
    try:
        ingest = bench.ingest("--cold", "-i", bench.file("three.mp4"), "-i", bench.file("twenty.flv"), "-v", "--status-every", "1ms",
                              *arguments, **{name: writing})
        ingest.wait(15, "switched", priority=1, reason="error")
        ingest.wait(5, "forwarded", priority=1)
        began = time.monotonic()
        status = ingest.end(10, signal.SIGTERM)
        expect(status == 0, f"exit status {status}\n{ingest.log()}")
        expect(time.monotonic() - began < 8, "the end took too long")
    finally:
        os.close(reading)
        os.close(writing)


@test
def nobody_reads_the_log(bench):
    stalled_reader(bench, "stderr", "-o", bench.directory / "out.ts")
    expect_good_recording(bench.directory / "out.ts", 3)


@test
def nobody_reads_the_status(bench):
    stalled_reader(bench, "stdout", "-o", bench.directory / "out.ts")
    expect_good_recording(bench.directory / "out.ts", 3)


@test
def nobody_reads_the_output(bench):
    stalled_reader(bench, "stdout", "-o", "pipe:1")


@test
def what_libsrt_prints_is_a_line_of_the_log(bench):
    """It would write to stderr by itself, and wait for whoever reads there."""
    available = subprocess.run(["ffmpeg", "-hide_banner", "-protocols"], capture_output=True, text=True).stdout.split()
    if "srt" not in available:
        return
    port = free_udp_ports(1)[0]
    ingest = bench.ingest("-i", f"srt://127.0.0.1:{port}?mode=listener&passphrase=the+right+one", "-o", bench.directory / "out.ts")
    wait_for(lambda: received(port), 10, "the listener")
    caller = subprocess.run(["ffmpeg", "-nostdin", "-v", "quiet", "-re", "-i", bench.file("twenty.ts"), "-c", "copy", "-f", "mpegts",
                             f"srt://127.0.0.1:{port}?passphrase=another+secret"], stderr=subprocess.DEVNULL, timeout=60)
    expect(caller.returncode != 0, "it was let in")
    wait_for(lambda: "  srt  " in ingest.log(), 10, "the word about the wrong passphrase")
    for line in ingest.log().splitlines():
        expect(re.match(r"\d\d:\d\d:\d\d\.\d{3}  ", line), f"no line of the log: {line}")
    expect_clean_end(ingest)


@test
def media_on_stdin_are_no_commands(bench):
    ingest = bench.ingest("-i", "pipe:0", "-o", bench.directory / "out.ts")
    clip = Path(bench.file("twenty.ts")).read_bytes()
    quit_ = b"\x47\x1f\xff\x10\nquit\n" + b"\xff" * 178  # in a packet without content
    for k in range(0, len(clip) // 2, 1880):
        ingest.process.stdin.write(clip[k:k + 1880] + quit_)
    ingest.process.stdin.flush()
    ingest.wait(10, "picture")
    expect(not ingest.all("stop") and "typed" not in ingest.log(), f"it was read as commands: {ingest.log()}")
    ingest.process.stdin.close()
    ingest.wait(10, "source_failed")
    expect_clean_end(ingest)


@test
def standard_streams_may_be_closed(bench):
    """No file, and no socket, gets their numbers: what is printed there would be written into it."""
    events = bench.directory / "events.jsonl"
    program = subprocess.Popen(["sh", "-c", 'exec "$0" "$@" <&- >&- 2>&-', HERE / SANITIZED, "-v", "--status-every", "10ms", "--events-json",
                                events, "-i", bench.file("twenty.flv"), "-o", bench.directory / "out.ts"])
    try:
        wait_for(lambda: events.exists() and '"picture"' in events.read_text(), 10, "the picture")
        for number in range(3):
            expect(os.readlink(f"/proc/{program.pid}/fd/{number}") == "/dev/null", f"descriptor {number} is another's")
        program.send_signal(signal.SIGTERM)
        expect(program.wait(10) == 0, f"exit status {program.returncode}")
    finally:
        program.kill()
        program.wait()
    for line in events.read_text().splitlines():
        json.loads(line)
    expect_good_recording(bench.directory / "out.ts", 0)


@test
def events_that_cannot_be_written_are_told(bench):
    ingest = bench.ingest("-i", bench.file("twenty.flv"), "-o", bench.directory / "out.ts", "--events-json", "/dev/full")
    wait_for(lambda: "events      cannot be written: No space left" in ingest.log(), 10, "the word that events are lost")
    before = packets(ingest, 0)
    wait_for(lambda: packets(ingest, 0) > before + 50, 10, "packets after that")
    expect_clean_end(ingest)
    expect(ingest.log().count("cannot be written") == 1, "told again and again")


@test
def what_others_wrote_stays_on_its_line_and_secrets_stay_out(bench):
    """Names and URLs with line breaks, terminal codes and secrets, in the log, libavformat's lines included, and in the JSON."""
    # Nobody listens on port 9 (discard).
    url = "http://user:secret@127.0.0.1:9/live/secret.m3u8?token=secret\n99:99:99.999  forged\x1b[31m\u202e"
    ingest = bench.ingest("-v", "--stream", "news\n99:99:99.999  forged\x1b[31m", "-i", url, "-i", bench.file("twenty.ts"), "-o",
                          bench.directory / "out.ts", "--status-every", "200ms")
    ingest.wait(10, "source_failed", priority=0)
    ingest.wait(10, "picture")
    wait_for(ingest.statuses, 5, "a status")
    expect_clean_end(ingest)
    told = [ingest.log(), ingest.events_path.read_text(), ingest.status_path.read_text()]
    for text in told:
        expect("secret" not in text, f"a secret is told: {text}")
        expect("\x1b" not in text and "\u202e" not in text, f"what turns a terminal is told: {text}")
        expect("http://***@127.0.0.1:9/live/***" in text, f"the URL is not told: {text}")
    for line in told[0].splitlines():
        expect(not line.startswith("99:"), f"a forged line: {line}")
