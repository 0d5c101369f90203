"""Judges many networks in processes of their own: one that crashes or hangs ends alone."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait

from randomnets.trial import CRASH, HANG, INTERNAL, Report, judge_seed


@dataclass
class _Worker:
    process: multiprocessing.process.BaseProcess
    pipe: Connection
    seed: int | None = None
    since: float = 0.0


def judge_seeds(
    seeds: Iterable[int], precision: str, jobs: int, seconds: float
) -> Iterator[Report]:
    """What becomes of the networks of seeds, as they are done.

    Args:
        seeds: of the networks.
        precision: to compile them in.
        jobs: processes.
        seconds: that one network may take.
    """
    return run_seeds(seeds, partial(judge_seed, precision=precision), jobs, seconds)


def run_seeds(
    seeds: Iterable[int], judge: Callable[[int], Report], jobs: int, seconds: float
) -> Iterator[Report]:
    """What a function returns for each seed, as it is done, or how its process ended.

    Args:
        seeds: to call it with.
        judge: the function.
        jobs: processes.
        seconds: that one call may take.
    """
    left = iter(seeds)
    workers: list[_Worker] = []
    try:
        for seed in left:
            workers.append(_start(judge))
            _give(workers[-1], seed)
            if len(workers) == jobs:
                break
        while workers:
            ready = wait([worker.pipe for worker in workers], timeout=0.5)
            for place, worker in enumerate(list(workers)):
                report = _report(worker, worker.pipe in ready, seconds)
                if report is None:
                    continue
                if report.kind in (CRASH, HANG):
                    _stop(worker)
                    worker = workers[place] = _start(judge)
                worker.seed = None
                yield report
            for worker in list(workers):
                if worker.seed is None:
                    seed = next(left, None)
                    if seed is None:
                        workers.remove(worker)
                        _stop(worker)
                    else:
                        _give(worker, seed)
    finally:
        for worker in workers:
            _stop(worker)


def _start(judge: Callable[[int], Report]) -> _Worker:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, judge), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _stop(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.pipe.close()


def _give(worker: _Worker, seed: int) -> None:
    worker.seed, worker.since = seed, time.monotonic()
    worker.pipe.send(seed)


def _report(worker: _Worker, ready: bool, seconds: float) -> Report | None:
    """What a worker says, or has become of it; None while it works."""
    took = time.monotonic() - worker.since
    if ready:
        try:
            return worker.pipe.recv()
        except EOFError:
            worker.process.join()
            code = worker.process.exitcode or 0
            name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            return Report(worker.seed, CRASH, f"the process ended with {name}", [], took)
    if took > seconds:
        return Report(worker.seed, HANG, f"takes more than {seconds:.0f} s", [], took)
    return None


def _serve(pipe: Connection, judge: Callable[[int], Report]) -> None:
    faulthandler.disable()
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    while True:
        seed = pipe.recv()
        try:
            report = judge(seed)
        except Exception as error:
            # A fault of the generator or of the reference, not of the compiler.
            report = Report(seed, INTERNAL, f"generator: {type(error).__name__}: {error}")
        pipe.send(report)
