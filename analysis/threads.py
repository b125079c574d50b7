"""One BLAS thread where matrices are small."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np  # noqa: F401 - its BLAS must be loaded before it is looked for
import scipy.linalg  # noqa: F401 - and scipy's own
from threadpoolctl import ThreadpoolController


@cache
def _controller() -> ThreadpoolController:
    """The process's BLAS libraries, looked for once: the search takes 2 ms, a small model 4 ms."""
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep numpy's and scipy's linear algebra on the calling thread.

    A scale's matrices have tens of rows. Splitting a product of that size over threads costs more
    than it saves, and where other processes want the same cores the threads wait for each other:
    measured on two busy cores, a whole validation took 40 s with two threads and 1.9 s with one.
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield
