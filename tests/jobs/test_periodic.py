"""A task that is repeated is repeated whatever happens, and the log stays readable."""

from __future__ import annotations

import logging

import pytest

from surveyapp.periodic import Failures, repeat


def rests(count: int):
    """Rests at once, ``count`` times; what was asked for."""
    asked: list[float] = []

    def rest(seconds: float) -> bool:
        asked.append(seconds)
        return len(asked) > count

    return asked, rest


def test_a_task_with_more_to_do_is_done_again_soon_and_one_without_at_its_time():
    asked, rest = rests(4)
    more = iter([5, 1, 0, 0])
    repeat(lambda: next(more), rest, name="t", seconds=30.0, pause=0.5)
    assert asked == [0.0, 0.5, 0.5, 30.0, 30.0]


@pytest.mark.parametrize("error", [OSError("disk"), MemoryError(), RecursionError(), KeyError("x")])
def test_whatever_a_task_raises_it_is_tried_again_ever_more_slowly(error: Exception):
    asked, rest = rests(9)

    def fail() -> None:
        raise error

    repeat(fail, rest, name="t", seconds=5.0, failures=Failures())
    assert asked == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_a_success_ends_the_slowness():
    asked, rest = rests(4)
    outcomes = iter([OSError(), OSError(), None, OSError()])

    def task() -> None:
        outcome = next(outcomes)
        if outcome:
            raise outcome

    repeat(task, rest, name="t", seconds=5.0, failures=Failures())
    assert asked == [0.0, 1.0, 2.0, 5.0, 1.0]


def test_many_tasks_that_fail_alike_are_one_line_a_minute(caplog: pytest.LogCaptureFixture):
    now = 0.0
    failures = Failures(lambda: now)
    with caplog.at_level(logging.ERROR, logger="surveyapp"):
        for second in range(300):
            now = float(second)
            for name in ("send", "decide", "sweep"):
                failures.failed(name, OSError("no database"))
        failures.failed("send", ValueError("another kind is told at once"))
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 6
    assert "no database (179 more like it untold)" in lines[1]
    assert [bool(record.exc_info) for record in caplog.records] == [True, *4 * [False], True]
