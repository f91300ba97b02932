"""The picture of the demo: frames of the recording around the switches of each act, checked for what they show, on one canvas."""

import re
import subprocess

from live import ffmpeg_has, find_font

TILE = (272, 153)
COLUMNS = 5
MARGIN, GUTTER, GAP_WIDTH = 24, 8, 136
WIDTH = 2 * MARGIN + COLUMNS * TILE[0] + (COLUMNS - 1) * GUTTER + 2 * GAP_WIDTH
HEAD, ROW_HEAD, ROW_FOOT = 178, 44, 50
BACKGROUND, PANEL, INK, FAINT, SILENCE = 0x14171C, 0x242A33, 0xFFFFFF, 0x9AA4B2, 0xC62828


class Frame:
    """One picture of the recording."""

    def __init__(self, row, column, at, source, caption, damaged=False):
        self.row, self.column, self.at, self.source, self.caption, self.damaged = row, column, at, source, caption, damaged
        self.pixels = b""

    def shows_its_source(self):
        """The band at the foot of the picture has the source's colour."""
        if not self.pixels:
            return False
        x, y = TILE[0] // 50, TILE[1] * 7 // 8
        at = (y * TILE[0] + x) * 3
        meant = self.source.color.to_bytes(3, "big")
        return all(abs(a - b) < 40 for a, b in zip(self.pixels[at:at + 3], meant))


TICK = 0.00002  # two pictures around a switch are at least that far apart


def look_at_frames(recording, spans, acts):
    """Five frames for each act: two of the input that is left, two of the one that took its place, one after the return. Decodes
    them out of the recording."""
    first = recording.video[0]
    times = sorted(pts - first for pts in recording.video)

    def from_on(at):
        return min(times, key=lambda t: abs(t - at))

    def until(at):
        return max(t for t in times if t < at - TICK)

    frames = []
    for row, act in enumerate(acts):
        (_, _, before), (begin, _, meanwhile), (back, _, after) = spans[2 * row:2 * row + 3]
        frames += [
            Frame(row, 0, until(begin) - 0.5, before, "0.5 s before", act.damages),
            Frame(row, 1, until(begin), before, f"last picture of {before.name}", act.damages),
            Frame(row, 2, from_on(begin), meanwhile, f"first picture of {meanwhile.name}"),
            Frame(row, 3, until(back), meanwhile, f"last picture of {meanwhile.name}"),
            Frame(row, 4, from_on(back), after, f"{after.name} is back"),
        ]
    shown = decode_pictures(recording, [frame.at for frame in frames])
    for frame in frames:
        frame.at, frame.pixels = max((picture for picture in shown if picture[0] < frame.at + TICK), default=(frame.at, b""))
    return frames


def decode_pictures(recording, wanted):
    """Pictures that are shown then, and in the second before: one that was damaged may not decode. A list of (seconds, pixels)."""
    select = "+".join(f"between(t,{at - 1:.3f},{at + 0.001:.3f})" for at in wanted)
    run = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "info", "-threads", "1",  # with more, what was damaged spoils pictures that are not
         "-i", recording.path, "-an", "-vf",
         f"select='{select}',showinfo,setpts=N/25/TB,scale={TILE[0]}:{TILE[1]}:flags=area", "-r", "25", "-f", "rawvideo", "-pix_fmt",
         "rgb24", "-"], capture_output=True)
    size = TILE[0] * TILE[1] * 3
    times = re.findall(r" n: *\d+ pts: *(\d+)", run.stderr.decode(errors="replace"))
    return [(int(at) / 90000, run.stdout[i * size:(i + 1) * size]) for i, at in enumerate(times)]


class Canvas:
    """Pixels drawn here, captions drawn by ffmpeg."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.rows = [bytearray(BACKGROUND.to_bytes(3, "big") * width) for _ in range(height)]
        self.captions = []

    def box(self, x, y, width, height, color):
        x, width = int(x), max(int(width), 1)
        for row in self.rows[int(y):int(y + height)]:
            row[x * 3:(x + width) * 3] = color.to_bytes(3, "big") * width

    def image(self, x, y, size, pixels):
        stride = size[0] * 3
        for i in range(len(pixels) // stride):
            self.rows[y + i][x * 3:x * 3 + stride] = pixels[i * stride:(i + 1) * stride]

    def text(self, x, y, text, size, color=INK, center=False):
        clean = text.translate(str.maketrans({"\\": "", "'": "", ":": "\\:"}))
        where = f"{int(x)}-tw/2" if center else str(int(x))
        self.captions.append(f"text='{clean}':expansion=none:x={where}:y={int(y)}-th/2:fontsize={size}:fontcolor=0x{color:06x}")

    def save(self, path):
        font = find_font()
        filters = "null"
        if font and ffmpeg_has("filters", "drawtext"):
            filters = ",".join(f"drawtext=fontfile={font}:{caption}" for caption in self.captions)
        subprocess.run(["ffmpeg", "-v", "error", "-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", f"{self.width}x{self.height}",
                        "-i", "-", "-vf", filters, "-frames:v", "1", "-pix_fmt", "rgb24", "-y", str(path)],
                       input=b"".join(self.rows), check=True)


def draw_head(canvas, spans, rule):
    canvas.text(MARGIN, 30, "changeover demo", 30)
    canvas.text(MARGIN, 62, f"one output, recorded while its better input was treated badly; an input is {rule}", 17, FAINT)
    length = spans[-1][1]
    x0, y, width, height = MARGIN, 96, canvas.width - 2 * MARGIN, 38
    canvas.box(x0, y, width, height, SILENCE)
    for begin, end, source in spans:
        left, right = x0 + begin / length * width, x0 + end / length * width
        canvas.box(left, y, right - left, height, source.color)
        if right - left > 90:
            canvas.text((left + right) / 2, y + height / 2, source.name, 18, center=True)
    for second in range(0, int(length) + 1, 5):
        x = x0 + second / length * width
        canvas.box(x, y + height, 1, 6, FAINT)
        canvas.text(min(x, x0 + width - 24), y + height + 18, f"{second} s", 14, FAINT)
    for number, ((_, end, _), (begin, _, _)) in enumerate(zip(spans[::2], spans[1::2]), 1):
        x = x0 + (end + begin) / 2 / length * width
        canvas.box(x - 9, y - 9, 18, 18, INK)
        canvas.text(x, y, str(number), 14, BACKGROUND, center=True)


def column_x(column):
    """A gap is drawn before the third tile, and before the fifth."""
    return MARGIN + column * (TILE[0] + GUTTER) + GAP_WIDTH * ((column > 1) + (column > 3))


def draw_gap(canvas, before, after, gap_ms, top):
    middle = (column_x(before.column) + TILE[0] + column_x(after.column)) / 2
    canvas.box(middle - 48, top + 70, 96, 4, SILENCE)
    canvas.text(middle, top + 24, "gap", 15, FAINT, center=True)
    canvas.text(middle, top + 50, f"{gap_ms:.0f} ms", 24, center=True)
    canvas.text(middle, top + 94, "packet to packet", 13, FAINT, center=True)
    canvas.text(middle, top + 122, f"{(after.at - before.at) * 1000:.0f} ms", 17, center=True)
    canvas.text(middle, top + 142, "in the recording", 13, FAINT, center=True)


def draw_row(canvas, row, frames, caption, y):
    text, gap_ms, return_gap_ms = caption
    height = ROW_HEAD + TILE[1] + ROW_FOOT
    canvas.box(MARGIN - 8, y, canvas.width - 2 * MARGIN + 16, height - 10, PANEL)
    canvas.box(MARGIN, y + 12, 20, 20, INK)
    canvas.text(MARGIN + 10, y + 22, str(row + 1), 15, BACKGROUND, center=True)
    canvas.text(MARGIN + 32, y + 22, text, 21)
    for frame in frames:
        x = column_x(frame.column)
        canvas.box(x - 2, y + ROW_HEAD - 2, TILE[0] + 4, TILE[1] + 4, frame.source.color)
        canvas.image(x, y + ROW_HEAD, TILE, frame.pixels)
        canvas.text(x + TILE[0] / 2, y + ROW_HEAD + TILE[1] + 18, f"{frame.at:.2f} s   {frame.caption}", 14, center=True)
    draw_gap(canvas, frames[1], frames[2], gap_ms, y + ROW_HEAD)
    draw_gap(canvas, frames[3], frames[4], return_gap_ms, y + ROW_HEAD)


def draw_timeline(path, frames, spans, captions, rule):
    """A row for each act, and above them the whole recording as a bar."""
    height = HEAD + len(captions) * (ROW_HEAD + TILE[1] + ROW_FOOT) + 6
    canvas = Canvas(WIDTH, height)
    draw_head(canvas, spans, rule)
    for row, caption in enumerate(captions):
        draw_row(canvas, row, [frame for frame in frames if frame.row == row], caption, HEAD + row * (ROW_HEAD + TILE[1] + ROW_FOOT))
    canvas.save(path)
