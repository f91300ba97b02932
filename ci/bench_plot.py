"""Line plots as SVG, with nothing but the standard library."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 74, 190, 46, 54
COLOURS = ["#1b6ca8", "#d1495b", "#2e933c", "#8f5fbf", "#c77d0a"]


class Plot:
    """Curves over one x axis; `nines`: x is the number of nines of a share."""

    def __init__(self, title, x_label, y_label, log_x=False, log_y=False, nines=False):
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self.log_x, self.log_y, self.nines = log_x, log_y, nines
        self.curves = []

    def add(self, name, points):
        floor = 1e-3 if self.log_y else 0.0
        self.curves.append((name, [(x, max(y, floor)) for x, y in points]))

    def svg(self):
        points = [point for _, curve in self.curves for point in curve]
        self.x_axis = Axis([x for x, _ in points], self.log_x)
        self.y_axis = Axis([y for _, y in points] + ([] if self.log_y else [0]), self.log_y)
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            'font-family="sans-serif" font-size="12" fill="#222">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            f'<text x="{LEFT}" y="24" font-size="15" font-weight="bold">{escape(self.title)}</text>',
            *self.grid(),
            *(part for index, curve in enumerate(self.curves) for part in self.line(index, *curve)),
            "</svg>",
        ]
        return "\n".join(parts) + "\n"

    def x(self, value):
        return LEFT + self.x_axis.part(value) * (WIDTH - LEFT - RIGHT)

    def y(self, value):
        return HEIGHT - BOTTOM - self.y_axis.part(value) * (HEIGHT - TOP - BOTTOM)

    def grid(self):
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        for value in self.x_axis.ticks():
            x = self.x(value)
            yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{bottom}" stroke="#e4e4e4"/>'
            yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{self.x_text(value)}</text>'
        for value in self.y_axis.ticks():
            y = self.y(value)
            yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#e4e4e4"/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{short(value)}</text>'
        yield f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="#666"/>'
        yield f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{escape(self.x_label)}</text>'
        middle = (TOP + bottom) / 2
        yield (f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">'
               f"{escape(self.y_label)}</text>")

    def line(self, index, name, points):
        colour = COLOURS[index % len(COLOURS)]
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        if len(points) <= 12:
            for x, y in points:
                yield f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="3" fill="{colour}"/>'
        y = TOP + 12 + 20 * index
        x = WIDTH - RIGHT + 14
        yield f'<line x1="{x}" y1="{y - 4}" x2="{x + 18}" y2="{y - 4}" stroke="{colour}" stroke-width="2"/>'
        yield f'<text x="{x + 24}" y="{y}">{escape(name)}</text>'

    def x_text(self, value):
        if not self.nines:
            return short(value)
        return "min" if value == 0 else f"{100 - 10 ** (2 - value):.6g} %"


class Axis:
    def __init__(self, values, log):
        self.log = log
        low, high = min(values), max(values)
        if log:
            self.low, self.high = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
        else:
            self.low, self.high = low, high
        if self.low == self.high:
            self.high = self.low + 1

    def part(self, value):
        value = math.log10(value) if self.log else value
        return (value - self.low) / (self.high - self.low)

    def ticks(self):
        if self.log:
            return [10.0 ** power for power in range(int(self.low), int(self.high) + 1)]
        step = 10 ** math.floor(math.log10(self.high - self.low))
        while (self.high - self.low) / step < 3 and step > 1:
            step /= 2
        first = math.ceil(self.low / step)
        return [n * step for n in range(first, math.floor(self.high / step) + 1)]


def short(value):
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{letter}"
    return f"{value:g}"
