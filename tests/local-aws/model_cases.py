"""The machine of a model, executed on the local AWS: `python model_cases.py ENDPOINT KEYS_JSON`, after tests/fixtures/valid/models.

Ends with `N passed, 0 failed`. Nothing is predicted; that the machine does what it says under our rules of AWS is what this shows.
"""

import sys

from machine_cases import Local, expect, main

SCIENCE = "333333333333"
MACHINE = "small-model-science-churn"


def copies_and_predicts(local: Local) -> None:
    """The input is copied by its columns, then the transform runs; nobody is told."""
    ran = local.run(SCIENCE, MACHINE)
    expect(ran["status"] == "SUCCEEDED", ran)
    names = [step["integration"] for step in ran["steps"]]
    expect("athena:startQueryExecution" in names[0] and "sagemaker:createTransformJob" in names[1], names)
    expect(not any("sns:publish" in name for name in names), names)


def a_second_run_has_a_place_of_its_own(local: Local) -> None:
    """UNLOAD wants an empty place."""
    expect(local.run(SCIENCE, MACHINE)["status"] == "SUCCEEDED", "the second run")


def a_failed_transform_is_told(local: Local) -> None:
    """The owner hears of it by the topic, and the execution fails."""
    local.faults({"sagemaker:createTransformJob": [{"error": "States.TaskFailed", "times": 1}]})
    ran = local.run(SCIENCE, MACHINE)
    expect(ran["status"] == "FAILED", ran)
    expect("sns:publish" in ran["steps"][-1]["integration"], ran["steps"])


if __name__ == "__main__":
    sys.exit(main([copies_and_predicts, a_second_run_has_a_place_of_its_own, a_failed_transform_is_told]))
