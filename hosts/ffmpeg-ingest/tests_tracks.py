"""Tracks that join, move, change, and what identifies them."""

import json
import subprocess
from collections import Counter
from pathlib import Path

from bench import test, remux, expect, expect_clean_end, longest_pause, expect_good_recording, packets
from live import Recording, wait_for
from ts import (AAC_RATES, program_clock, payload_of, pid_of, ts_packets, section_checksum, seal, sections, elementary_streams, pes,
                add_stream)


@test
def other_codecs_get_a_program_table_of_their_own(bench):
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.file("three.mp4"), "-i", bench.file("twenty.ts"), "-o", recording, "--failback", "manual")
    ingest.wait(10, "switched", priority=1)
    ingest.wait(5, "picture", priority=1)
    ingest.wait(5, "output_warning")
    before = packets(ingest, 1)
    wait_for(lambda: packets(ingest, 1) > before + 100, 10, "packets of the second input")
    expect_clean_end(ingest)
    expect_good_recording(recording, 4)
    shown = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0", "-probesize", "100M",
                            "-analyzeduration", "100M", recording], capture_output=True, text=True).stdout
    expect({"h264", "aac", "mpeg2video", "mp2"} <= set(shown.replace(",", " ").split()), f"tracks: {shown}")


@test
def a_picture_that_becomes_another_codec(bench):
    """On the same PID, by a new program table: libavformat takes no notice, so the source is opened again."""
    clip = bench.file("thirty.flv")
    after = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ss", "3", "-i", clip, "-t", "8", "-output_ts_offset", "3", "-tables_version",
                            "1", "-c:v", "mpeg2video", "-g", "12", "-c:a", "copy", "-f", "mpegts", "-"], check=True, capture_output=True).stdout
    ingest = bench.ingest("-i", bench.sender(remux(clip, "-ss", "0", "-t", "3") + after).url, "-o", bench.directory / "out.ts")
    ingest.wait(10, "degraded", reason="error")
    expect("mpeg2video" in ingest.wait(10, "source_opened", count=2)["text"], ingest.log())
    ingest.wait(5, "picture", count=2)
    expect_clean_end(ingest)


@test
def a_sound_that_becomes_another_codec(bench):
    """The same with the sound: nothing comes of it any more, while the picture goes on."""
    clip = bench.file("thirty.flv")
    after = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ss", "3", "-i", clip, "-t", "9", "-output_ts_offset", "3", "-tables_version",
                            "1", "-c:v", "copy", "-c:a", "ac3", "-f", "mpegts", "-"], check=True, capture_output=True).stdout
    ingest = bench.ingest("-i", bench.sender(remux(clip, "-ss", "0", "-t", "3") + after).url, "-o", bench.directory / "out.ts")
    expect("ac3" in ingest.wait(12, "source_opened", count=2)["text"], ingest.log())
    ingest.wait(5, "picture", count=2)
    expect_clean_end(ingest)


@test
def the_largest_of_several_pictures_is_taken(bench):
    """Whatever came first, or more of it: else a source that is opened again would be another picture."""
    sources, maps = [], []
    for number, look in enumerate(("testsrc=size=320x180", "testsrc2=size=160x90", "smptebars=size=160x90")):
        sources += ["-f", "lavfi", "-i", f"{look}:rate={25 + 25 * (number > 0)}"]
        maps += ["-map", f"{number}:v"]
    data = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", *sources, *maps, "-t", "8", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset",
                           "ultrafast", "-tune", "zerolatency", "-g", "25", "-f", "mpegts", "-"], check=True, capture_output=True).stdout
    ingest = bench.ingest("-i", bench.sender(data).url, "-o", bench.directory / "out.ts")
    expect(ingest.wait(10, "source_opened")["text"] == "h264 320x180", ingest.log())
    expect(ingest.log().count("one picture is enough") == 2, ingest.log())
    ingest.wait(5, "picture")
    expect_clean_end(ingest)


def sounds(recording):
    """{PID: rates that its ADTS headers say} of a recording's sounds, straight from its packets."""
    pids = {}
    for packet in ts_packets(Path(recording).read_bytes()):
        payload = payload_of(packet)
        if packet[1] & 0x40 and payload[:4] == b"\0\0\1\xc0":
            frame = payload[9 + payload[8]:]
            pids.setdefault(pid_of(packet), set()).add(AAC_RATES[frame[2] >> 2 & 15])
    return pids


@test
def a_slate_with_a_sound_of_another_rate(bench):
    """The source dies and the slate, a short file, stays on air for several laps; the sound's other rate has its own PID."""
    other = bench.directory / "other.ts"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", bench.file("thirty.flv"), "-t", "3", "-c:v", "copy", "-c:a", "aac", "-ar", "44100", other],
                   check=True)
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(other.read_bytes()).url, "-i", bench.file("three.mp4"), "-o", recording, "--packet-timeout",
                          "500ms")
    ingest.wait(10, "switched", priority=1, reason="timeout")
    switched = ingest.wait(10, "picture", priority=1)
    before = packets(ingest, 1)
    wait_for(lambda: packets(ingest, 1) > before + 470, 15, "six seconds of the slate")
    expect_clean_end(ingest)
    expect(not ingest.all("exhausted"), "the stream was exhausted by a lap of the slate")
    expect(not ingest.all("degraded", priority=1) and not ingest.all("source_failed", priority=1), "a lap was told as an error")
    pids = sounds(recording)
    expect(sorted(map(sorted, pids.values())) == [[44100], [48000]], f"PIDs and rates: {pids}")
    pictures = expect_good_recording(recording, 6).video
    # Of the last ones, those shown before others that are decoded first are missing.
    after = [t for t in pictures if min(pictures) + switched["media_after_s"] <= t < max(pictures) - 0.2]
    expect(longest_pause(after) < 0.1, f"a hole of {longest_pause(after):.2f} s in the slate")


@test
def a_source_that_changes_its_rate_under_way(bench):
    """Another encoder sends to the same port, without a pause: its sound is announced anew, on a PID of its own."""
    other = bench.directory / "other.ts"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-ss", "3", "-i", bench.file("thirty.flv"), "-t", "10", "-c:v", "copy", "-c:a", "aac", "-ar", "44100",
                    "-output_ts_offset", "3", other], check=True)
    data = remux(bench.file("thirty.flv"), "-ss", "0", "-t", "3") + other.read_bytes()
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(data).url, "-o", recording)
    expect("44100" in ingest.wait(15, "source_tracks")["text"], ingest.log())
    before = packets(ingest, 0)
    wait_for(lambda: packets(ingest, 0) > before + 150, 10, "two seconds of it")
    expect_clean_end(ingest)
    pids = sounds(recording)
    expect(sorted(map(sorted, pids.values())) == [[44100], [48000]], f"PIDs and rates: {pids}")
    expect_good_recording(recording, 4)


@test
def a_track_that_is_announced_and_comes_later(bench):
    """The program table names a sound; its first packet comes after four seconds. The picture does not wait, nor the output."""
    data = remux(bench.file("thirty.flv"), "-ss", "0")
    begin, clock, kept = None, 0, []
    for packet in ts_packets(data):
        clock = program_clock(packet) or clock
        begin = begin or clock
        if pid_of(packet) != 0x101 or clock - begin > 4:
            kept.append(packet)
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(b"".join(kept)).url, "-o", recording)
    ingest.wait(10, "output_opened")
    expect("aac" not in ingest.wait(5, "source_opened")["text"], "a track of which nothing is known was announced")
    expect("nothing is known of it" in ingest.wait(5, "source_warning")["text"], "not told")
    expect("aac 48000 Hz" in ingest.wait(10, "source_tracks")["text"], "the sound was not taken up")
    before = packets(ingest, 0)
    wait_for(lambda: packets(ingest, 0) > before + 100, 10, "sound and picture")
    expect_clean_end(ingest)
    expect(not ingest.all("output_failed") and not ingest.all("degraded"), "the output was closed, or the input blamed")
    recording = expect_good_recording(recording, 3)
    expect(len(recording.audio) > 40, "the sound is missing")
    expect(longest_pause(recording.video) < 0.2, "the picture stopped for the sound")


@test
def parameters_that_the_probe_did_not_find(bench):
    """The look at the source was cut off: h264 0x0, aac 0 Hz. It is written as soon as its packets tell."""
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-O", "analyzeduration=1", "-O", "probesize=32", "-i", bench.sender(remux(bench.file("thirty.flv"), "-ss", "0")).url,
                          "-o", recording)
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 150, 10, "sound and picture")
    expect_clean_end(ingest)
    expect(not ingest.all("output_failed") and not ingest.all("degraded"), "the output was closed, or the input blamed")
    expect(ingest.all("source_tracks"), "all was known at once: this tests nothing")
    expect(expect_good_recording(recording, 1).audio, "the sound is missing")


@test
def tracks_that_join_and_move(bench):
    """One MPEG-TS: the sound joins after two seconds, the picture moves to another PID, then all moves."""
    clip = bench.file("thirty.flv")
    parts = [("-an",), ("-streamid", "0:0x100", "-streamid", "1:0x101"), ("-streamid", "0:0x150", "-streamid", "1:0x101"),
             ("-streamid", "0:0x160", "-streamid", "1:0x161")]
    data = b"".join(remux(clip, "-ss", str(2 * i), "-t", "2", "-output_ts_offset", str(2 * i), "-tables_version", str(i), *part)
                    for i, part in enumerate(parts))
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", bench.sender(data).url, "-o", recording, "--packet-timeout", "1s")
    ingest.wait(15, "degraded", reason="timeout")  # the end of it
    expect_clean_end(ingest)
    expect(not ingest.all("source_failed"), "reconnected")
    expect([t["text"] for t in ingest.all("source_tracks")][0] == "h264 160x90, aac 48000 Hz", ingest.log())
    shown = expect_good_recording(recording, 7)
    expect(longest_pause(shown.video) < 0.3, f"the picture stopped for {longest_pause(shown.video):.2f} s")
    expect(max(shown.audio) - min(shown.audio) > 5, f"the sound is missing: {min(shown.audio)} to {max(shown.audio)}")
    expect(longest_pause(shown.audio) < 0.3, f"the sound stopped for {longest_pause(shown.audio):.2f} s")
    expect(len({pid_of(p) for p in ts_packets(recording.read_bytes())} - {0, 0x11, 0x1000, 0x1FFF}) == 2, "PIDs of the output moved too")


def shown_streams(path):
    """What ffprobe says of a recording's streams, and of its program."""
    run = subprocess.run(["ffprobe", "-v", "error", *Recording.WHOLE, "-show_entries",
                          "stream=id,codec_name,codec_type:stream_tags=language:program_tags=service_name,service_provider:program=program_num",
                          "-of", "json", path], capture_output=True, text=True, check=True)
    answer = json.loads(run.stdout)
    streams = {int(stream["id"], 16): (stream["codec_name"], stream.get("tags", {}).get("language")) for stream in answer["streams"]
               if "codec_name" in stream}
    return streams, answer["programs"][0]


def moved_by(source, recording):
    """By how much the pictures of this MPEG-TS were moved in the recording, in ticks of 90 kHz: matched by what is in them."""
    def pictures(path):
        run = subprocess.run(["ffprobe", "-v", "error", *Recording.WHOLE, "-select_streams", "v:0", "-show_data_hash", "crc32", "-show_entries",
                              "packet=pts,data_hash", "-of", "json", path], capture_output=True, text=True, check=True)
        return [(p["data_hash"], p["pts"]) for p in json.loads(run.stdout)["packets"]]
    sent = pictures(source)
    repeated = {picture for picture, times in Counter(picture for picture, _ in sent).items() if times > 1}
    known = {picture: shown for picture, shown in sent if picture not in repeated}
    moves = {shown - known[picture] for picture, shown in pictures(recording) if picture in known}
    expect(len(moves) == 1, f"the pictures were moved by {moves}")
    return moves.pop()


def two_sounds(bench, first, second, *arguments):
    """A picture with two sounds in these languages, as an MPEG-TS."""
    clip = bench.file("thirty.flv")
    return subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", clip, "-i", bench.file("twenty.flv"), "-t", "12", "-map", "0:v", "-map",
                           "0:a", "-map", "1:a", "-c", "copy", "-metadata:s:a:0", f"language={first}", "-metadata:s:a:1", f"language={second}",
                           *arguments, "-f", "mpegts", "-"], check=True, capture_output=True).stdout


@test
def languages_pids_and_the_service_are_kept(bench):
    """Two inputs with the same languages in another order: each sound stays on its PID."""
    names = ["-metadata", "service_name=Kanal 1", "-metadata", "service_provider=Funk", "-mpegts_service_id", "77", "-mpegts_pmt_start_pid",
             "0x30", "-streamid", "0:0x210", "-streamid", "1:0x211", "-streamid", "2:0x212"]
    first, second = bench.sender(two_sounds(bench, "deu", "eng", *names)), bench.sender(two_sounds(bench, "eng", "deu"))
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("-i", first.url, "-i", second.url, "-o", recording, "--packet-timeout", "500ms")
    ingest.wait(10, "picture")
    ingest.wait(10, "source_opened", priority=1)
    wait_for(lambda: packets(ingest, 0) > 250, 10, "two seconds of the first input")
    first.close()
    ingest.wait(10, "picture", priority=1)
    before = packets(ingest, 1)
    wait_for(lambda: packets(ingest, 1) > before + 250, 10, "two seconds of the second input")
    expect_clean_end(ingest)
    expect(not ingest.all("output_warning"), "the program changed")
    streams, program = shown_streams(recording)
    expect(streams == {0x210: ("h264", None), 0x211: ("aac", "deu"), 0x212: ("aac", "eng")}, streams)
    expect(program["program_num"] == 77 and program["tags"] == {"service_name": "Kanal 1", "service_provider": "Funk"}, program)
    # The German of the second input is what was its second sound: the tone of 880 Hz.
    shown = expect_good_recording(recording, 3)
    length = max(shown.video) - min(shown.video)
    expect(abs(shown.tone(0.3) - 440) < 10, "German at the beginning")
    expect(abs(shown.tone(length - 1) - 880) < 10, f"{shown.tone(length - 1):.0f} Hz: not German at the end")


@test
def data_beside_the_picture_goes_with_it(bench):
    """SCTE-35 with its times moved along, teletext, KLV; what cannot be carried is told."""
    clip = remux(bench.file("thirty.flv"), "-ss", "0")
    splice_at = 6 * 90000
    cue = seal(bytes([0xFC, 0x30, 0, 0, 0, 0, 0, 0, 7, 0, 0xFF, 0xF0, 15, 5, 0, 0, 0, 9, 0x7F, 0xCF, 0xFE]) + splice_at.to_bytes(4, "big")
               + bytes([0, 1, 0, 0, 0, 0]))
    times = [2.5 + 0.5 * i for i in range(8)]
    data = add_stream(clip, 0x1F0, 0x86, b"", [(t, b"\0" + cue) for t in times], b"\x05\x04CUEI")
    data = add_stream(data, 0x1F1, 6, b"\x56\x05deu\x09\0", [(t, pes(b"\x10" + bytes(90), None)) for t in times])
    data = add_stream(data, 0x1F2, 6, b"\x05\x04KLVA", [(t, pes(b"\x06\x0e\x2b\x34" + bytes(20), t + 0.7)) for t in times])
    data = add_stream(data, 0x1F3, 5, b"", [])
    source, recording = bench.directory / "source.ts", bench.directory / "out.ts"
    source.write_bytes(data)
    ingest = bench.ingest("-i", bench.sender(data).url, "-o", recording)
    expect("data" in ingest.wait(10, "source_warning")["text"], "what is left out is not told")
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 500, 15, "six seconds of packets")
    expect_clean_end(ingest)
    expect_good_recording(recording, 5)
    written = recording.read_bytes()
    tables = list(sections(written, 0x1000))
    expect(tables and all(not section_checksum(table) for table in tables), "program tables with wrong checksums")
    streams, program = elementary_streams(tables[-1])
    expect(streams[0x1F0][0] == 0x86 and b"\x05\x04CUEI" in program, (streams, program))
    expect(b"deu" in streams[0x1F1][1] and b"KLVA" in streams[0x1F2][1], streams)
    cues = list(sections(written, 0x1F0))
    expect(len(cues) >= 5, f"{len(cues)} cues of {len(times)}")
    moved = moved_by(source, recording)
    for written_cue in cues:
        expect(not section_checksum(written_cue), "a cue with a wrong checksum")
        adjustment = (written_cue[4] & 1) << 32 | int.from_bytes(written_cue[5:9], "big")
        expect(adjustment == (7 + moved) % 2**33, f"a cue for another moment: by {adjustment}, the pictures by {moved}")
        expect(written_cue[9:-4] == cue[9:-4], "another cue")
    for pid in (0x1F1, 0x1F2):
        count = sum(pid_of(p) == pid and p[1] & 0x40 > 0 for p in ts_packets(written))
        expect(count >= 5, f"{count} packets of {len(times)} on PID {pid:#x}")


@test
def a_program_of_several_can_be_chosen(bench):
    data = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", bench.file("thirty.flv"), "-i", bench.file("twenty.flv"), "-t", "12",
                           "-map", "0", "-map", "1", "-c", "copy", "-program", "program_num=1:st=0:st=1", "-program",
                           "program_num=2:st=2:st=3", "-f", "mpegts", "-"], check=True, capture_output=True).stdout
    recording = bench.directory / "out.ts"
    ingest = bench.ingest("--program", "2", "-i", bench.sender(data).url, "-o", recording)
    wrong = bench.ingest("--program", "3", "-i", bench.sender(data).url, "-o", bench.directory / "none.ts")
    expect("no program 3 in it; there are: 1" in wrong.wait(20, "source_failed")["text"], wrong.log())
    ingest.wait(10, "picture")
    wait_for(lambda: packets(ingest, 0) > 200, 10, "two seconds of packets")
    expect_clean_end(ingest)
    shown = expect_good_recording(recording, 1)
    expect(abs(shown.tone(0.3) - 880) < 10, f"{shown.tone(0.3):.0f} Hz: not the second program")
