"""The picture of the demo: frames of the recording around each switch, checked for what they show, on one canvas."""

import subprocess

from live import ffmpeg_has, find_font

TILE = (272, 153)
COLUMNS = 5
MARGIN, GUTTER, GAP_WIDTH = 24, 8, 150
WIDTH = 2 * MARGIN + COLUMNS * TILE[0] + (COLUMNS - 1) * GUTTER + GAP_WIDTH
HEAD, ROW_HEAD, ROW_FOOT = 178, 44, 50
BACKGROUND, PANEL, INK, FAINT, SILENCE = 0x14171C, 0x242A33, 0xFFFFFF, 0x9AA4B2, 0xC62828


class Frame:
    """One picture of the recording."""

    def __init__(self, row, column, at, source, caption):
        self.row, self.column, self.at, self.source, self.caption = row, column, at, source, caption
        self.pixels = b""

    def shows_its_source(self):
        """The band at the foot of the picture has the source's colour."""
        if not self.pixels:
            return False
        x, y = TILE[0] // 50, TILE[1] * 7 // 8
        at = (y * TILE[0] + x) * 3
        meant = self.source.color.to_bytes(3, "big")
        return all(abs(a - b) < 40 for a, b in zip(self.pixels[at:at + 3], meant))


def look_at_frames(recording, spans):
    """Five frames for each switch: two before it, three from it on. Decodes them out of the recording."""
    first = recording.video[0]
    times = sorted(pts - first for pts in recording.video)

    def nearest(at):
        return min(range(len(times)), key=lambda i: abs(times[i] - at))

    frames = []
    for row, ((_, end, before), (begin, _, after)) in enumerate(zip(spans, spans[1:])):
        frames += [
            Frame(row, 0, end - 1.0, before, "1 s before"),
            Frame(row, 1, end, before, f"last picture of {before.name}"),
            Frame(row, 2, begin, after, f"first picture of {after.name}"),
            Frame(row, 3, begin + 1.0, after, "1 s later"),
            Frame(row, 4, begin + 2.0, after, "2 s later"),
        ]
    wanted = sorted({nearest(frame.at) for frame in frames})
    select = "+".join(f"eq(n\\,{n})" for n in wanted)
    raw = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", recording.path, "-an", "-vf",
         f"select='{select}',setpts=N/25/TB,scale={TILE[0]}:{TILE[1]}:flags=area", "-r", "25", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
        capture_output=True).stdout
    size = TILE[0] * TILE[1] * 3
    for frame in frames:
        place = wanted.index(nearest(frame.at))
        frame.at = times[wanted[place]]
        frame.pixels = raw[place * size:(place + 1) * size]
    return frames


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
    canvas.text(MARGIN, 62, f"one output, recorded while its inputs were killed, revived and stalled; {rule}", 17, FAINT)
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
    for number, ((_, end, _), (begin, _, _)) in enumerate(zip(spans, spans[1:]), 1):
        x = x0 + (end + begin) / 2 / length * width
        canvas.box(x - 9, y - 9, 18, 18, INK)
        canvas.text(x, y, str(number), 14, BACKGROUND, center=True)


def draw_row(canvas, row, frames, caption, gap_ms, y):
    height = ROW_HEAD + TILE[1] + ROW_FOOT
    canvas.box(MARGIN - 8, y, canvas.width - 2 * MARGIN + 16, height - 10, PANEL)
    canvas.box(MARGIN, y + 12, 20, 20, INK)
    canvas.text(MARGIN + 10, y + 22, str(row + 1), 15, BACKGROUND, center=True)
    canvas.text(MARGIN + 32, y + 22, caption, 21)
    last, first = frames[1], frames[2]
    for frame in frames:
        x = MARGIN + frame.column * (TILE[0] + GUTTER) + (GAP_WIDTH if frame.column > 1 else 0)
        canvas.box(x - 2, y + ROW_HEAD - 2, TILE[0] + 4, TILE[1] + 4, frame.source.color)
        canvas.image(x, y + ROW_HEAD, TILE, frame.pixels)
        canvas.text(x + TILE[0] / 2, y + ROW_HEAD + TILE[1] + 18, f"{frame.at:.2f} s   {frame.caption}", 14, center=True)
    middle = MARGIN + 2 * (TILE[0] + GUTTER) + (GAP_WIDTH - GUTTER) / 2
    top = y + ROW_HEAD
    canvas.box(middle - 58, top + 70, 116, 4, SILENCE)
    canvas.text(middle, top + 24, "gap", 15, FAINT, center=True)
    canvas.text(middle, top + 50, f"{gap_ms:.0f} ms", 26, center=True)
    canvas.text(middle, top + 94, "packet to packet", 13, FAINT, center=True)
    canvas.text(middle, top + 122, f"{(first.at - last.at) * 1000:.0f} ms", 17, center=True)
    canvas.text(middle, top + 142, "in the recording", 13, FAINT, center=True)


def draw_timeline(path, frames, spans, captions, rule):
    """A row for each switch, and above them the whole recording as a bar."""
    height = HEAD + len(captions) * (ROW_HEAD + TILE[1] + ROW_FOOT) + 6
    canvas = Canvas(WIDTH, height)
    draw_head(canvas, spans, rule)
    for row, (caption, gap_ms) in enumerate(captions):
        draw_row(canvas, row, [frame for frame in frames if frame.row == row], caption, gap_ms,
                 HEAD + row * (ROW_HEAD + TILE[1] + ROW_FOOT))
    canvas.save(path)
