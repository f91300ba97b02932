"""A host made up for the page: the API of src/site over the streams of world.py, in this process, so that a
test can say what happens next."""
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from world import rfc3339

SITE = Path(__file__).resolve().parents[2] / "src" / "site"


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # Browsers leave when they like; what else goes wrong here, a test is to see.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Host:
    """Serves from the moment it is made; `stop` and `start` are a restart."""

    def __init__(self, streams, token=None, reads_need_token=False, port=0):
        self.streams = {stream.id: stream for stream in streams}
        self.token, self.reads_need_token = token, reads_need_token
        self.page, self.policy = ((SITE / name).read_text().strip() for name in ("page.html", "page.csp"))
        self.changed = threading.Condition()
        self.requests, self.events, self.started, self.port = [], [], time.time(), port
        self.start()

    def start(self):
        self.started, self.events = time.time(), []
        self.down, self.alive = False, True
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.host = self
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        with self.changed:
            self.down = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    url = property(lambda self: f"http://127.0.0.1:{self.port}/")

    # --- What happens.

    def die(self):
        """The engine, and not the host around it."""
        with self.changed:
            self.alive = False
            self.changed.notify_all()

    def tell(self, kind, **fields):
        with self.changed:
            seq = len(self.events) + 1
            event = {"seq": seq, "event": kind, "unix_ns": time.time_ns(), **fields}
            self.events.append((kind, json.dumps(event)))
            self.changed.notify_all()

    def switch(self, stream, to, reason, detail=None):
        was = self.streams[stream].active
        made = self.streams[stream].switch(to, reason, time.time(), detail)
        if to < 0:
            return self.tell("exhausted", stream=stream, reason=reason)
        self.tell("switched", stream=stream, priority=to, **{"from": was}, reason=reason, detail=made["detail"],
                  switch_number=made["number"])

    # --- What is answered.

    def list(self, query):
        now = time.time()
        search = query.get("search", "").lower()
        rows = [stream.row(now) for stream in list(self.streams.values()) if search in stream.id.lower()]
        rows.sort(key=lambda row: row["stream"])
        if query.get("sort", "trouble") == "trouble":
            rows.sort(key=lambda row: row["state_since"], reverse=True)
            rows.sort(key=lambda row: -row["trouble"])
        offset, limit = int(query.get("offset", 0)), min(1000, int(query.get("limit", 100)))
        about = {"version": "0.0.0", "now": rfc3339(now), "started_at": rfc3339(self.started),
                 "streams": len(self.streams), "alive": self.alive, "late_ms": 0, "writable": self.token is not None}
        troubles = [sum(row["trouble"] == level for row in rows) for level in range(5)]
        return {"engine": about, "total": len(rows), "troubles": troubles, "offset": offset,
                "streams": rows[offset:offset + limit]}

    def act(self, stream, action, body):
        """None, or an error."""
        now, priority = time.time(), body.get("input", -1)
        if action == "switch":
            if stream.status[priority] in ("degraded", "stopped"):
                return 409, "the input is degraded"
            stream.chosen_by_hand = priority
            if priority != stream.active:
                self.switch(stream.id, priority, "manual")
        elif action == "clear":
            stream.chosen_by_hand = None
        elif action == "failback":
            self.switch(stream.id, 0, "failback")
        elif action == "enable":
            stream.set(priority, "idle", now)
        elif action == "disable":
            stream.set(priority, "stopped", now)
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    host = property(lambda self: self.server.host)

    def answer(self, status, body, kind="application/json", **more):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(data), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def error(self, status, message):
        self.answer(status, {"error": "refused", "message": message})

    def may(self, needed):
        sent = self.headers.get("Authorization")
        if sent is None and not needed or sent == f"Bearer {self.host.token}":
            return True
        self.error(401, "the token is wrong" if sent else "send the token")
        return False

    def do_GET(self):
        if self.host.down:
            # A connection of before.
            self.close_connection = True
            return None
        self.host.requests.append(("GET", self.path, self.headers.get("Authorization")))
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        parts = [unquote(part) for part in url.path.split("/")[1:]]
        if parts == [""]:
            return self.answer(200, self.host.page, "text/html; charset=utf-8",
                               **{"Content-Security-Policy": self.host.policy})
        if not self.may(self.host.reads_need_token):
            return None
        if parts == ["api", "streams"]:
            return self.answer(200, self.host.list(query))
        if parts == ["api", "events"] and not self.host.alive:
            return self.error(503, "the engine's monitor has died")
        if parts == ["api", "events"]:
            return self.follow(int(self.headers.get("Last-Event-ID", len(self.host.events))))
        if parts[:2] == ["api", "streams"] and len(parts) == 3 and parts[2] in self.host.streams:
            return self.answer(200, self.host.streams[parts[2]].details(time.time()))
        return self.error(404, "there is no such thing")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.host.requests.append(("POST", self.path, self.headers.get("Authorization")))
        parts = [unquote(part) for part in self.path.split("/")[1:]]
        if not self.may(True):
            return None
        wrong = self.host.act(self.host.streams[parts[2]], parts[3], json.loads(body or "{}"))
        if wrong:
            return self.error(*wrong)
        return self.answer(200, self.host.streams[parts[2]].row(time.time()))

    def follow(self, seen):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        host, events = self.host, self.host.events
        try:
            self.wfile.write(b": hello\n\n")
            while True:
                with host.changed:
                    host.changed.wait_for(lambda: host.down or not host.alive or len(events) > seen)
                    if host.down or not host.alive:
                        return
                    new = events[seen:]
                for kind, data in new:
                    seen += 1
                    self.wfile.write(f"id: {seen}\nevent: {kind}\ndata: {data}\n\n".encode())
        except OSError:
            # The page has gone.
            return


if __name__ == "__main__":
    import world

    total = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    host = Host(world.three() if total == 3 else world.many(total), token="open-sesame-please",
                port=int(sys.argv[2]) if len(sys.argv) > 2 else 23000)
    print(host.url, "token open-sesame-please", flush=True)
    threading.Event().wait()
