"""Linear algebra stays on the calling thread inside, and is left as it was after."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_info

from analysis.threads import one_blas_thread


def blas() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_one_thread_inside_and_as_many_as_before_outside():
    np.eye(2) @ np.eye(2)
    before = blas()
    with one_blas_thread():
        assert set(blas()) == {1}
    assert blas() == before
