"""Measures the language server beside Ruff's: start, keystroke to diagnostics, memory.

Both servers run at once and take turns, edit by edit, so that what else the machine does meets both alike.
The client is the standard library alone: it writes an edit and blocks on the pipe until the diagnostics of
that version are there. A time is what an editor sees: from before the write to after the last byte.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Message = dict[str, Any]

TITLE = '"""Fused Kernels: bias, gelu and scale"""\n'

PYTHON = '''
import torch


def bias_gelu_scale_torch(x, bias, scale):
    """Adds a bias, applies gelu and scales the result."""
    y = x + bias
    y = torch.nn.functional.gelu(y, approximate="tanh")
    return y * scale
'''

TRITON = """
import torch
import triton
import triton.language as tl


@triton.jit
def bias_gelu_scale_kernel(x_ptr, bias_ptr, out_ptr, scale, columns, total, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < total
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    bias = tl.load(bias_ptr + offsets % columns, mask=mask, other=0.0)
    y = x + bias
    inner = 0.7978845608028654 * (y + 0.044715 * y * y * y)
    y = 0.5 * y * (1.0 + 2.0 * tl.sigmoid(2.0 * inner) - 1.0)
    tl.store(out_ptr + offsets, y * scale, mask=mask)


def bias_gelu_scale_triton(x, bias, scale):
    x = x.contiguous()
    out = torch.empty_like(x)
    grid = (triton.cdiv(x.numel(), 1024),)
    bias_gelu_scale_kernel[grid](x, bias, out, scale, x.shape[-1], x.numel(), BLOCK=1024)
    return out
"""

TEST = """
import torch


def get_test_inputs():
    x = torch.randn(4096, 1024, device="cuda")
    bias = torch.randn(1024, device="cuda")
    return x, bias, 0.5
"""

FILLER = '''

def step_{n}(x, weights, bias=None, *, scale=1.0):
    """Step {n} of a long reference."""
    total = x * weights[{n}] + scale
    for index in range(4):
        total = total + x[..., index : index + 1] * {n}
        if bias is not None:
            total = total - bias
    return {{"total": total, "scale": scale, "name": f"step {n} of {{total.shape}}"}}["total"]
'''


def pair(lines: int) -> str:
    """A pair file without a fault that has at least `lines` lines."""
    filler: list[str] = []
    text = ""
    while text.count("\n") < lines:
        # A pair has its weight in PYTHON and TRITON alike.
        python = PYTHON + "".join(filler[::2])
        triton = TRITON + "".join(filler[1::2])
        text = f"{TITLE}\n# <PYTHON>{python}\n\n# <TRITON>{triton}\n\n# <TEST>{TEST}"
        missing = lines - text.count("\n")
        first = len(filler)
        filler += [FILLER.format(n=first + n) for n in range(max(1, missing // 11))]
    return text


class Server:
    """A language server under measurement."""

    def __init__(self, name: str, command: list[str], folder: Path) -> None:
        """Starts `command` and says nothing to it."""
        self.name = name
        self.started = time.perf_counter_ns()
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
        )
        self.next_id = 0
        self.rest = b""

    def send(self, message: Message) -> None:
        """Writes one message."""
        assert self.process.stdin is not None
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        os.write(self.process.stdin.fileno(), b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def read(self) -> bytes:
        """Reads the body of one message."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        while True:
            head, separator, rest = self.rest.partition(b"\r\n\r\n")
            if separator:
                fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n"))
                length = int(fields[b"Content-Length"])
                while len(rest) < length:
                    rest += os.read(descriptor, 1 << 20)
                self.rest = rest[length:]
                return rest[:length]
            more = os.read(descriptor, 1 << 20)
            if not more:
                raise SystemExit(f"{self.name} closed its output")
            self.rest += more

    def request(self, method: str, params: Any) -> Message:
        """Sends a request and waits for its result; answers what the server asks meanwhile."""
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params})
        while True:
            message = json.loads(self.read())
            if message.get("id") == self.next_id and "method" not in message:
                return message
            self.reply(message)

    def reply(self, message: Message) -> None:
        """Answers a request of the server's with nothing."""
        if "method" in message and "id" in message:
            self.send({"id": message["id"], "result": None})

    def notify(self, method: str, params: Any) -> None:
        """Sends a notification."""
        self.send({"method": method, "params": params})

    def published(self, uri: str, version: int) -> int:
        """Waits for a document's diagnostics at a version and returns the time when they were there."""
        while True:
            body = self.read()
            now = time.perf_counter_ns()
            message = json.loads(body)
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                if params["uri"] == uri and params.get("version") == version:
                    return now
            else:
                self.reply(message)

    def memory(self) -> float:
        """The memory that it holds, in MiB; what is shared counts."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        kib = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
        return int(kib) / 1024

    def stop(self) -> None:
        """Ends it as an editor does."""
        self.request("shutdown", None)
        self.notify("exit", None)
        self.process.wait(timeout=30)


def initialize(server: Server, folder: Path) -> int:
    """Shakes hands and returns the time from the start to the answer, in nanoseconds."""
    capabilities = {
        "general": {"positionEncodings": ["utf-16"]},
        "textDocument": {"publishDiagnostics": {"relatedInformation": True, "versionSupport": True}},
    }
    folders = [{"uri": folder.as_uri(), "name": "bench"}]
    server.request(
        "initialize",
        {
            "processId": os.getpid(),
            "rootUri": folder.as_uri(),
            "workspaceFolders": folders,
            "capabilities": capabilities,
        },
    )
    took = time.perf_counter_ns() - server.started
    server.notify("initialized", {})
    return took


@dataclass
class Times:
    """Times in nanoseconds."""

    values: list[int]

    def median(self) -> float:
        """The median, in milliseconds."""
        return statistics.median(self.values) / 1e6

    def p99(self) -> float:
        """The 99th percentile, in milliseconds."""
        return sorted(self.values)[min(len(self.values) - 1, len(self.values) * 99 // 100)] / 1e6


def measure_start(commands: dict[str, list[str]], folder: Path, rounds: int) -> dict[str, Times]:
    """Start to `initialize` answered, in turns."""
    times: dict[str, Times] = {name: Times([]) for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            server = Server(name, command, folder)
            times[name].values.append(initialize(server, folder))
            server.stop()
    return times


def measure_edits(
    commands: dict[str, list[str]], folder: Path, lines: int, rounds: int
) -> tuple[dict[str, Times], dict[str, float]]:
    """One-character edit to published diagnostics, in turns; and the memory afterwards."""
    text = pair(lines)
    file = folder / f"pair_{lines}.py"
    file.write_text(text)
    uri = file.as_uri()
    servers = [Server(name, command, folder) for name, command in commands.items()]
    for server in servers:
        initialize(server, folder)
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        server.notify("textDocument/didOpen", {"textDocument": document})
        server.published(uri, 1)
    # A letter typed into, and taken out of, the name of a variable in the middle of the kernel.
    line = text.split("\n").index("    y = x + bias", text[: text.index("# <TRITON>")].count("\n"))
    there = {"line": line, "character": 5}
    after = {"line": line, "character": 6}
    times: dict[str, Times] = {server.name: Times([]) for server in servers}
    warm_up = max(20, rounds // 10)
    for number in range(rounds + warm_up):
        if number % 2 == 0:
            change = {"range": {"start": there, "end": there}, "text": "y"}
        else:
            change = {"range": {"start": there, "end": after}, "text": ""}
        params = {"textDocument": {"uri": uri, "version": number + 2}, "contentChanges": [change]}
        # Who goes first changes with every edit, since the second one finds warmer caches.
        for server in servers if number % 2 == 0 else servers[::-1]:
            begun = time.perf_counter_ns()
            server.notify("textDocument/didChange", params)
            ended = server.published(uri, number + 2)
            if number >= warm_up:
                times[server.name].values.append(ended - begun)
    memory = {server.name: server.memory() for server in servers}
    for server in servers:
        server.stop()
    return times, memory


def main() -> int:
    """Measures, prints the table, and returns 1 if a target is missed and `--check` was given."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fusewright", type=Path, required=True, help="the release binary")
    parser.add_argument("--ruff", type=Path, required=True, help="Ruff's binary")
    parser.add_argument("--rounds", type=int, default=1000, help="edits of the short file")
    parser.add_argument("--check", action="store_true", help="fail where a target is missed")
    args = parser.parse_args()
    commands = {
        "fusewright": [str(args.fusewright.resolve()), "server"],
        "ruff": [str(args.ruff.resolve()), "server"],
    }
    version = subprocess.run([commands["ruff"][0], "--version"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start = measure_start(commands, folder, 40)
        short, memory = measure_edits(commands, folder, 60, args.rounds)
        long, _ = measure_edits(commands, folder, 5000, max(100, args.rounds // 5))
    rows = []
    for label, times, limit in [
        ("edit to diagnostics, 60 lines", short, 1.0),
        ("edit to diagnostics, 5,000 lines", long, 1.0),
    ]:
        ratio = times["fusewright"].median() / times["ruff"].median()
        rows.append((label, times, f"{ratio:.2f} x ruff (at most {limit} x)", ratio <= limit))
    answered = start["fusewright"].median()
    rows.insert(0, ("start to initialize answered", start, "at most 5 ms", answered <= 5.0))

    print(f"fusewright beside {version.stdout.strip()}, milliseconds: median (99th percentile)\n")
    print(f"{'':34}{'fusewright':>18}{'ruff':>18}   target")
    for label, times, target, met in rows:
        cells = [f"{times[name].median():.3f} ({times[name].p99():.3f})" for name in ("fusewright", "ruff")]
        print(f"{label:34}{cells[0]:>18}{cells[1]:>18}   {target}: {'met' if met else 'MISSED'}")
    fits = memory["fusewright"] <= 20
    cells = [f"{memory[name]:.1f} MiB" for name in ("fusewright", "ruff")]
    verdict = "met" if fits else "MISSED"
    print(f"{'memory with one file open':34}{cells[0]:>18}{cells[1]:>18}   at most 20 MiB: {verdict}")
    missed = not fits or any(not met for *_, met in rows)
    return 1 if missed and args.check else 0


if __name__ == "__main__":
    sys.exit(main())
