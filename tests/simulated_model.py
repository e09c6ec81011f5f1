"""A simulated model: an OpenAI-compatible server on loopback that says what a test wants said."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[list[dict[str, str]]], str]

MODEL = "simulated-coder"


class SimulatedModel:
    """Answers chat completions, streamed in small pieces, and keeps what it was asked."""

    def __init__(self, answer: Answer, pause_s: float = 0.0, pieces: int = 40) -> None:
        """`answer` maps the messages of a request to the whole answer; `pause_s` passes before each piece."""
        self.asked: list[list[dict[str, str]]] = []
        self.answer = answer
        self.pause_s = pause_s
        self.pieces = pieces
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                messages = json.loads(body)["messages"]
                model.asked.append(messages)
                text = model.answer(messages)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                # The client may be killed, or not want the rest.
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.stream(text)
                self.close_connection = True

            def stream(self, text: str) -> None:
                length = max(1, len(text) // model.pieces)
                for start in range(0, len(text), length):
                    time.sleep(model.pause_s)
                    self.say(choices=[{"delta": {"content": text[start : start + length]}}])
                self.say(choices=[{"delta": {}, "finish_reason": "stop"}])
                usage = {"prompt_tokens": 100, "completion_tokens": len(text) // 4}
                self.say(choices=[], usage=usage)
                self.wfile.write(b"data: [DONE]\n\n")

            def say(self, **event: Any) -> None:
                self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
                self.wfile.flush()

            def log_message(self, *_: object) -> None:
                """Says nothing: pytest shows what failed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"


@contextmanager
def simulated_model(answer: Answer, pause_s: float = 0.0, pieces: int = 40) -> Iterator[SimulatedModel]:
    """Runs a simulated model for as long as the block lasts."""
    model = SimulatedModel(answer, pause_s, pieces)
    thread = threading.Thread(target=model.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.server.shutdown()
        model.server.server_close()
        thread.join()


def wants_analysis(messages: list[dict[str, str]]) -> bool:
    """Whether the request asks why an attempt failed."""
    return "ROOT CAUSE:" in messages[-1]["content"]


def attempts_before(messages: list[dict[str, str]]) -> int:
    """How many answers the conversation holds already."""
    return sum(message["role"] == "assistant" for message in messages)
