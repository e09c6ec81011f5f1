"""Every case of the modules ``cases_*.py``, run in the process it needs."""

import pytest


def test_interpreted(interpreted_case: str | None) -> None:
    if interpreted_case is not None:
        pytest.fail(interpreted_case, pytrace=False)


def test_compiled(compiled_case: str | None) -> None:
    if compiled_case is not None:
        pytest.fail(compiled_case, pytrace=False)
