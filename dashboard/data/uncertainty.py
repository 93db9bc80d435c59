"""Is the stated confidence honest: bins and errors as the run recorded them, before and after its temperature."""

from __future__ import annotations

from common.artifacts.schema import Run
from common.artifacts.values import mapping, number
from common.metrics.calibration import Bin, expected_calibration_error, from_json

NOT_RECORDED = "Not recorded for this run."


def stated(run: Run) -> list[Bin]:
    """Return the test slices by the confidence that the model states; empty where none are recorded."""
    return from_json(run.metrics.get("calibration"))


def calibrated(run: Run) -> list[Bin]:
    """Return the same with the run's temperature; empty where there is none."""
    recorded = mapping(run.metrics.get("calibration")).get("calibrated_bins")
    return from_json({"bins": recorded}) if temperature(run) else []


def temperature(run: Run) -> float | None:
    """Return what the predictor divides the scores by; None where none was fitted or recorded."""
    found = number(run.meta.get("temperature"))
    return found if found and found > 0 else None


def sentence(run: Run) -> str:
    """Say how far stated confidence is from the share correct, and what the temperature makes of it."""
    error = expected_calibration_error(stated(run))
    if error is None:
        return NOT_RECORDED
    plain = f"Expected calibration error {error * 100:.1f} points"
    heat, after = temperature(run), expected_calibration_error(calibrated(run))
    if heat is not None:
        rest = "not recorded" if after is None else f"{after * 100:.1f}"
        return f"{plain}; {rest} with the scores divided by {heat:.2f}, the temperature that Predict applies."
    if "temperature" in run.meta:
        return f"{plain}. No temperature was fitted: the probabilities are not calibrated."
    return f"{plain}. Whether a temperature was fitted is not recorded."
