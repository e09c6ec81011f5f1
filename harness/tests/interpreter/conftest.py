"""The two processes that the cases run in: one in which triton interprets, one in which it compiles."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
MODULES = {
    "interpreted_case": sorted(path.stem for path in HERE.glob("cases_*.py") if path.stem != "cases_compile"),
    "compiled_case": ["cases_compile"],
}


class Worker:
    def __init__(self, fixture: str, cache: pathlib.Path | None = None) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        environment.pop("TRITON_INTERPRET", None)
        if fixture == "interpreted_case":
            environment["TRITON_INTERPRET"] = "1"
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "case_worker.py"), *MODULES[fixture]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        self.names: list[str] = json.loads(self._answer())
        if not isinstance(self.names, list):
            raise RuntimeError(self.names)

    def _answer(self) -> str:
        line = self.process.stdout.readline()
        return line or json.dumps(f"the case worker ended with status {self.process.wait()}")

    def run(self, name: str) -> str | None:
        """The traceback of the case ``name``, or None where it passed."""
        try:
            print(json.dumps(name), file=self.process.stdin, flush=True)
        except BrokenPipeError:
            return "the case worker has ended"
        return json.loads(self._answer())

    def close(self) -> None:
        # Pytest takes a broken pipe for its own and ends without a report.
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.wait()


_workers: dict[str, Worker] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for fixture in MODULES:
        if fixture in metafunc.fixturenames:
            if fixture not in _workers:
                _workers[fixture] = Worker(fixture)
            metafunc.parametrize(fixture, _workers[fixture].names, indirect=True)


def pytest_sessionfinish() -> None:
    for worker in _workers.values():
        worker.close()


def _run(request: pytest.FixtureRequest) -> str | None:
    return _workers[request.fixturename].run(request.param)


@pytest.fixture
def interpreted_case(request: pytest.FixtureRequest) -> str | None:
    return _run(request)


@pytest.fixture
def compiled_case(request: pytest.FixtureRequest) -> str | None:
    return _run(request)
