"""Processes that are measured: started on so many cores, asked by a line, answering with a line of JSON."""

import json
import os
import signal
import subprocess
from pathlib import Path
from time import perf_counter


class Failed(Exception):
    """A process that ended before it answered."""


class Process:
    """A process on `threads` cores that waits while it is not asked, so that others can be measured."""

    def __init__(self, name: str, command: list, threads: int, logs: Path, environment: dict | None = None):
        self.name, self.started = name, perf_counter()
        self.log = logs / f"{name.replace(' ', '-')}.log"
        cores = sorted(os.sched_getaffinity(0))[:threads]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                env=os.environ | (environment or {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                preexec_fn=lambda: os.sched_setaffinity(0, cores),
            )

    def ask(self, line: str = "") -> dict:
        """Sends a line and waits for the answer."""
        try:
            self.process.stdin.write(f"{line}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # What it had to say, and its log, tell more.
        return self.answer()

    def answer(self) -> dict:
        """Waits for a line of JSON; passes over others."""
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        code = self.process.wait()
        tail = "\n".join(self.log.read_text().splitlines()[-12:])
        raise Failed(f"{self.name} ended with exit code {code} before it answered; {self.log} ends:\n{tail}")

    def finish(self, kill: bool = False) -> float:
        """Lets it end, or ends it; the most memory it held, in bytes."""
        if kill:
            self.process.send_signal(signal.SIGKILL)
        self.process.stdin.close()
        _, _, usage = os.wait4(self.process.pid, 0)
        # Popen must not wait for a process that has been waited for.
        self.process.returncode = 0
        self.process.stdout.close()
        return usage.ru_maxrss * 1024.0


class Worker(Process):
    """A process that answers requests; `threads` goes with each of them."""

    def __init__(self, name: str, command: list, threads: int, logs: Path, environment: dict | None = None):
        super().__init__(name, command, threads, logs, environment)
        self.threads = threads

    def request(self, task: str, **settings) -> dict:
        return self.ask(json.dumps({"task": task, "threads": self.threads} | settings))
