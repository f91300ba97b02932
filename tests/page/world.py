"""Streams as a host has them, made up: the same each time, but for the time of day."""
import random
import time
from datetime import datetime, timezone

MINUTE = 60.0
REASONS = {
    "timeout": "no packet for 1000.4 ms, limit 1000.0 ms",
    "low_bitrate": "212 of 1000 kbit/s over 1000 ms",
    "frozen": "the picture stands still",
    "manual": "asked for",
    "failback": "healthy for 3 s",
}
NAMES = "news sport opera weather parliament studio ob-van arena harbour chess".split()
PLACES = "north south east west lisbon porto madrid oslo bergen turin".split()


def rfc3339(at):
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


class Stream:
    """One stream: its state, and how it came to be."""

    def __init__(self, name, number, inputs, now):
        self.id, self.registration = name, number + 1
        self.random = random.Random(number)
        self.registered = now - self.random.uniform(3600, 90000)
        self.active, self.chosen_by_hand, self.exhausted = 0, None, False
        self.status = ["active"] + ["idle"] * (inputs - 1)
        self.conditions = [[] for _ in range(inputs)]
        self.reason = [""] * inputs
        self.texts = [""] * inputs
        self.held_until = [None] * inputs
        self.kbps = [round(self.random.uniform(2500, 9000), 1) for _ in range(inputs)]
        self.url = [f"srt://encoder-{number}-{priority}.example:9000?passphrase=…" for priority in range(inputs)]
        self.air = [(now - 15 * MINUTE, 0)]
        self.lanes = [[(now - 15 * MINUTE, *self._lane(i))] for i in range(inputs)]
        self.switches = []
        self.shadow = []
        self.since = self.registered
        self.number = 1

    def _lane(self, priority):
        return self.status[priority], tuple(self.conditions[priority]), self.reason[priority], self.texts[priority]

    def set(self, priority, status, at, reason="", text="", conditions=()):
        self.status[priority], self.conditions[priority] = status, list(conditions)
        self.reason[priority], self.texts[priority] = reason, text
        self.lanes[priority].append((at, *self._lane(priority)))

    def severity(self, priority):
        if self.status[priority] == "degraded":
            return "failed"
        return "impaired" if self.conditions[priority] else None

    def switch(self, to, reason, at, detail=None, times=(1000, 0, 9), passed_over=""):
        fault = reason not in ("manual", "failback")
        switch = {"at": rfc3339(at), "from": self.active, "to": to, "number": self.number + 1, "reason": reason,
                  "detail": REASONS.get(reason, "") if detail is None else detail, "passed_over": passed_over}
        if fault:
            switch |= {"detection_ms": times[0], "decision_ms": times[1], "commit_ms": times[2]}
            if self.active >= 0:
                impaired = reason not in ("timeout", "error")
                self.set(self.active, "idle" if impaired else "degraded", at, reason, switch["detail"],
                         [reason] if impaired else [])
        elif self.active >= 0:
            self.set(self.active, "idle", at)
        if to >= 0:
            self.set(to, "active", at)
        self.active, self.number, self.since = to, self.number + 1, at
        self.exhausted = to < 0
        self.air.append((at, to))
        if to >= 0:
            self.switches.append(switch)
        return switch

    # --- As the API says it.

    def trouble(self, now):
        recent = [s for s in self.switches if now - datetime.fromisoformat(s["at"]).timestamp() < 30]
        if self.exhausted or self.active < 0:
            return 4, "no input is usable"
        if recent:
            ago = int(now - self.since)
            return 3, f"switched to input {self.active} {ago} s ago: {recent[-1]['reason']}"
        if self.conditions[self.active]:
            return 2, f"input {self.active}, on air: {', '.join(self.conditions[self.active])}"
        if self.active > 0:
            why = ", by hand" if self.chosen_by_hand == self.active else ": input 0 has to prove itself" if self.held_until[0] else ""
            return 2, f"on input {self.active}, not its best{why}"
        for priority, status in enumerate(self.status):
            if priority != self.active and status == "degraded":
                return 1, f"input {priority}, a standby, was given up: {self.reason[priority]}"
            if priority != self.active and self.conditions[priority]:
                return 1, f"input {priority}, a standby: {', '.join(self.conditions[priority])}"
        return 0, ""

    def rate(self, priority):
        return 0.0 if self.status[priority] in ("degraded", "stopped") else self.kbps[priority]

    def row(self, now):
        trouble, why = self.trouble(now)
        left = [None if until is None or until <= now else int(1000 * (until - now)) for until in self.held_until]
        return {
            "stream": self.id, "registration": self.registration, "trouble": trouble, "why": why,
            "active": self.active, "status": "none" if self.active < 0 else self.status[self.active],
            "exhausted": self.exhausted, "override": self.chosen_by_hand,
            "held_ms": min((ms for ms in left if ms is not None), default=None),
            "switch_number": self.number, "state_since": rfc3339(self.since),
            "inputs": [{
                "priority": priority, "status": self.status[priority], "receiving": self.rate(priority) > 0,
                "on_air": priority == self.active, "bitrate_kbps": self.rate(priority),
                "fps": 25.0 if self.rate(priority) else 0.0, "conditions": self.conditions[priority],
                "held_ms": left[priority],
            } for priority in range(len(self.status))],
        }

    def details(self, now):
        begin = now - 15 * MINUTE
        return {"status": self._status(now), "row": self.row(now), "timeline": {
            "from": rfc3339(max(begin, self.registered)), "complete": True,
            "on_air": [{"at": rfc3339(at), "input": priority} for at, priority in sorted(self.air)],
            "inputs": {str(priority): [
                {"at": rfc3339(at), "status": "impaired" if conditions else status, "conditions": list(conditions),
                 "reason": reason, "text": text} | ({"silent_ms": 1000} if reason == "timeout" else {})
                for at, status, conditions, reason, text in sorted(lane)
            ] for priority, lane in enumerate(self.lanes)},
            "switches": self.switches, **({"shadow": self.shadow} if self.shadow else {}),
        }, "spark": self._spark(now)}

    def _status(self, now):
        def one(priority):
            bad = self.status[priority] == "degraded"
            error = {"at": rfc3339(self.since), "reason": self.reason[priority], "text": self.texts[priority]}
            made = {
                "input_priority": priority, "url": self.url[priority], "bitrate_kbps": self.rate(priority),
                "packet_loss": 0.0, "status": "degraded" if self.severity(priority) else self.status[priority],
                "severity": self.severity(priority), "disabled": self.status[priority] == "stopped",
                "fps": 25.0 if self.rate(priority) else 0.0, "packets": 1, "bytes": 1,
                "receiving": self.rate(priority) > 0, "errors": [error] if bad else [], "attempts": [],
                "probes": 0, "probes_ok": 0, "probes_failed": 0, "untested": False, "listening": False,
                "silence_limit_ms": 1000, "silence_returns": 0, "state_since": rfc3339(self.since),
                "conditions": [{"condition": name, "since": rfc3339(now - 20), "text": REASONS.get(name, name)}
                               for name in self.conditions[priority]],
            }
            if self.held_until[priority]:
                made["held_until"] = rfc3339(self.held_until[priority])
            return made

        status = {
            "stream": self.id, "registration": self.registration, "registered_at": rfc3339(self.registered),
            "uptime_ms": int(1000 * (now - self.registered)), "switch_number": self.number,
            "active_input_priority": self.active, "on_air_input_priority": None if self.active < 0 else self.active,
            "exhausted": self.exhausted, "state_since": rfc3339(self.since),
            "inputs": [one(priority) for priority in range(len(self.status))], "switches": self.switches[-20:],
        }
        if self.chosen_by_hand is not None:
            status["override_input_priority"] = self.chosen_by_hand
        return status

    def _spark(self, now):
        until = now - now % 5
        lists = {}
        for priority, lane in enumerate(self.lanes):
            noise, samples = random.Random(self.registration * 64 + priority), []
            for i in range(180):
                at = until - (179 - i) * 5
                status = [entry[1] for entry in sorted(lane) if entry[0] <= at][-1:] or ["idle"]
                level = 0 if status[0] == "degraded" else self.kbps[priority] * noise.uniform(0.93, 1.05)
                samples.append(None if status[0] == "stopped" else int(level))
            lists[str(priority)] = samples
        return {"step_ms": 5000, "until": rfc3339(until), "inputs": lists}


def three(now=None):
    """A stream that has failed over and holds its best input, one without any input, one that is well."""
    now = now or time.time()
    streams = [Stream("news", 0, 2, now), Stream("sport/main", 1, 3, now), Stream("opera", 2, 2, now)]
    news, sport, _ = streams
    news.switch(1, "timeout", now - 520)
    news.switch(0, "failback", now - 430)
    news.switch(1, "timeout", now - 70, times=(1000, 0, 12), passed_over="")
    news.set(0, "idle", now - 40)
    news.held_until[0] = now + 95
    sport.switch(1, "frozen", now - 400, detail="the picture stands still", times=(2000, 0, 31))
    sport.set(2, "degraded", now - 200, "timeout", REASONS["timeout"])
    sport.set(1, "degraded", now - 90, "timeout", REASONS["timeout"])
    sport.switch(-1, "timeout", now - 90)
    return streams


def many(total, now=None):
    """Most are well; of each hundred a few are not."""
    now = now or time.time()
    streams = []
    for number in range(total):
        name = f"{NAMES[number % 10]}-{PLACES[number // 10 % 10]}-{number:05d}"
        stream = Stream(name, number, 2 + number % 3, now)
        streams.append(stream)
        dice = stream.random.random()
        if dice < 0.0005:
            stream.switch(1, "timeout", now - 300)
            stream.switch(-1, "timeout", now - stream.random.uniform(20, 200))
        elif dice < 0.004:
            stream.switch(1, "timeout", now - stream.random.uniform(1, 25), times=(1000, 0, stream.random.randrange(40)))
        elif dice < 0.02:
            stream.switch(1, stream.random.choice(["timeout", "low_bitrate", "frozen"]), now - stream.random.uniform(40, 700))
            stream.held_until[0] = now + stream.random.uniform(20, 200) if dice < 0.01 else None
        elif dice < 0.03:
            stream.set(1, "degraded", now - stream.random.uniform(10, 800), "timeout", REASONS["timeout"])
        elif dice < 0.033:
            stream.set(0, "active", now - 50, conditions=["low_bitrate"])
        elif dice < 0.2:
            away = stream.random.uniform(300, 800)
            stream.switch(1, "timeout", now - away)
            stream.switch(0, "failback", now - away + 45)
    return streams
