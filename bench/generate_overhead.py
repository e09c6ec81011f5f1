"""How long after a model's last token the harness is asked for the verdict: what Fusewright adds to a loop.

    python bench/generate_overhead.py --fusewright BINARY [--runs 20]

A simulated model on loopback streams a kernel and notes when it sent the last token; a simulated harness,
which runs nothing, notes when the request to judge the kernel came. Between the two lie the end of the
stream, finding the code, putting it into the file and writing that, and taking the pair apart. The target
is a median of at most 20 ms.
"""

from __future__ import annotations

import argparse
import http.server
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TARGET_MS = 20.0
_PAIR = Path(__file__).parents[1] / "examples/demo/bias_gelu_scale.py"
# Python starts while the model writes, as it would for any answer that takes a second.
_WRITING_S = 1.5
_HARNESS = """
import json, sys, time
sys.stdin.readline()
print(json.dumps({"event": "ready"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if request["verb"] == "verify":
        open(sys.argv[1], "w").write(str(time.monotonic_ns()))
        verdict = {"status": "SUCCESS", "correct": True, "verdict": "pass", "reason": None, "device": None,
                   "speedup": None, "speedup_ci": None, "python_ms": None, "triton_ms": None, "host_ms": None,
                   "torch_compile_ms": None, "speedup_vs_compile": None, "roofline": None, "error": None}
        print(json.dumps({"id": request["id"], "event": "verdict", "verdict": verdict}), flush=True)
"""


class Model(http.server.BaseHTTPRequestHandler):
    """Streams ``answer`` as OpenAI's protocol does."""

    answer = ""
    last_token_ns = 0
    # Small packets go out at once, as real servers send them.
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Says nothing: standard error belongs to the measurement."""

    def do_POST(self) -> None:
        """Answers a request for a completion."""
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        lines = self.answer.splitlines(keepends=True)
        for line in lines:
            self._send({"choices": [{"delta": {"content": line}}]})
            time.sleep(_WRITING_S / len(lines))
        self._send({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        Model.last_token_ns = time.monotonic_ns()
        self.wfile.write(b"data: [DONE]\n\n")
        self.wfile.flush()

    def _send(self, event: dict[str, object]) -> None:
        self.wfile.write(b"data: " + json.dumps(event).encode() + b"\n\n")
        self.wfile.flush()


def measure(binary: str, runs: int) -> list[float]:
    """The milliseconds of each run."""
    text = _PAIR.read_text()
    start, end = text.index("# <TRITON>"), text.index("# <TEST>")
    Model.answer = f"```python\n{text[start:end].removeprefix('# <TRITON>').strip()}\n```\n"
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    taken = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "harness.py").write_text(_HARNESS)
        asked = folder / "asked"
        command = json.dumps([sys.executable, str(folder / "harness.py"), str(asked)])
        (folder / "fusewright.toml").write_text(f"[python]\ncommand = {command}\n")
        surroundings = {**os.environ, "FUSEWRIGHT_HOME": str(folder / "home"), "OPENAI_API_KEY": "none"}
        surroundings.pop("FUSEWRIGHT_HARNESS", None)
        run = {"cwd": folder, "env": surroundings, "check": True, "stdout": subprocess.DEVNULL}
        subprocess.run([binary, "trust"], **run, stderr=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{server.server_address[1]}/v1"
        flags = ["--provider", "openai", "--model", "simulated", "--base-url", address, "--verify"]
        for _ in range(runs):
            (folder / "pair.py").write_text(text[:start] + text[end:])
            subprocess.run([binary, "generate", "pair.py", *flags], **run, stderr=subprocess.DEVNULL)
            taken.append((int(asked.read_text()) - Model.last_token_ns) / 1e6)
    server.shutdown()
    return taken


def main() -> int:
    """Measures, prints the line, and tells by the status whether the target was met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fusewright", required=True)
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    taken = sorted(measure(str(Path(arguments.fusewright).absolute()), arguments.runs))
    median = statistics.median(taken)
    met = "met" if median <= TARGET_MS else "missed"
    print(
        f"last token to the request to judge: median {median:.1f} ms, longest {taken[-1]:.1f} ms "
        f"of {len(taken)} runs (target {TARGET_MS:.0f} ms: {met})"
    )
    return 0 if median <= TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
