"""The register of cases."""

CASES: list = []


def case(function):
    """Add a case; its docstring is its name in the report."""
    CASES.append(function)
    return function
