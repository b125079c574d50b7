"""Control limits of individual values."""

import pytest

from analysis.control_limits import control_limits
from analysis.errors import DataError

# Flow rates of NIST/SEMATECH e-Handbook of Statistical Methods, section 6.3.2.2.
FLOW = (49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1)


def test_limits_are_those_of_the_handbook():
    found = control_limits(FLOW)
    assert found.centre == pytest.approx(50.81, abs=0.005)
    assert found.upper == pytest.approx(55.8041, abs=0.001)
    assert found.lower == pytest.approx(45.8159, abs=0.001)
    assert [found.breached(value) for value in (45.8, 45.82, 55.8, 55.81)] == [-1, 0, 0, 1]


def test_too_few_earlier_values_have_no_limits():
    with pytest.raises(DataError, match="at least 8"):
        control_limits(FLOW[:7])
