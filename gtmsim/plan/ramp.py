"""How a new rep becomes productive."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, ValidationInfo, field_validator

from gtmsim.errors import ArgumentError
from gtmsim.model import Model
from gtmsim.plan.fields import FactorShare, Share, broken

_NEARLY = 0.99
"""Productivity that the curved shapes have reached when the ramp's months are over."""

# Rates that take a curve through 1/2 at half of the ramp and through 0.99 at its end.
_LOGISTIC_RATE = 2.0 * math.log(_NEARLY / (1.0 - _NEARLY))
_GOMPERTZ_RATE = 2.0 * math.log(math.log(0.5) / math.log(_NEARLY))
_GOMPERTZ_DELAY = math.log(2.0) * math.exp(0.5 * _GOMPERTZ_RATE)


class Ramp(Model):
    """Productivity of a new rep in each month of tenure, as a share of a ramped rep's.

    Attributes
    ----------
    months : float, default 0
        Months until a rep is fully productive; 0 is from the first day.
    shape : {"linear", "logistic", "gompertz"}, default "linear"
        How productivity rises; needs ``months``.
    start : float, default 0
        Productivity on the first day, between 0 and 1; needs ``months``.
    curve : tuple of float, optional
        Productivity in months 0, 1, 2, ... of tenure, each between 0 and 1; the last one stays.
        Given instead of the other three.

    Notes
    -----
    Tenure month k counts with its middle, x = (k + 1/2) / months. The productivity is
    start + (1 - start) g(x), where

    - linear: g(x) = min(x, 1),
    - logistic: g(x) = 1 / (1 + exp(-c (x - 1/2))), c = 2 ln 99,
    - gompertz: g(x) = exp(-b exp(-c x)), with b and c such that g(1/2) = 1/2, g(1) = 0.99.

    Both curved shapes are 1/2 at half of the ramp and 0.99 at its end.

    References
    ----------
    C. P. Winsor, "The Gompertz curve as a growth curve", PNAS 18 (1932), 1-8, equation 1.

    Examples
    --------
    >>> Ramp(months=2).productivity([0, 1, 2]).tolist()
    [0.25, 0.75, 1.0]
    >>> Ramp(curve=[0.0, 0.5, 1.0]).productivity([0, 1, 2, 3]).tolist()
    [0.0, 0.5, 1.0, 1.0]
    """

    months: float = Field(default=0.0, ge=0.0, le=600.0, description="months to full productivity")
    shape: Literal["linear", "logistic", "gompertz"] = Field(
        default="linear", description="how productivity rises"
    )
    start: Share = Field(default=0.0, description="productivity on the first day, 0 to 1")
    curve: tuple[FactorShare, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=600,
        description="productivity in each month of tenure, instead of the other three",
    )

    @field_validator("shape", "start")
    @classmethod
    def _check_months(cls, value: Any, info: ValidationInfo) -> Any:
        if value not in ("linear", 0.0) and info.data.get("months") == 0.0:
            default = "'linear'" if info.field_name == "shape" else "0"
            raise broken(f"must be {default} while months is 0", value, "set months")
        return value

    @field_validator("curve")
    @classmethod
    def _check_alone(
        cls, value: tuple[float, ...] | None, info: ValidationInfo
    ) -> tuple[float, ...] | None:
        others = [k for k in info.data if info.data[k] != cls.model_fields[k].default]
        if value is not None and others:
            raise broken("must stand alone", value, f"leave out {' and '.join(others)}")
        return value

    def productivity(self, tenure: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the productivity in the given months of tenure.

        Parameters
        ----------
        tenure : array_like (month,) of int
            Whole months since the rep started, 0 in the first.

        Returns
        -------
        array (month,)
            Share of a ramped rep's productivity.

        Raises
        ------
        ArgumentError
            If a tenure is negative or not a whole number.

        Examples
        --------
        >>> Ramp(months=6, shape="logistic").productivity([0, 3, 6]).round(2).tolist()
        [0.02, 0.68, 1.0]
        """
        given = np.asarray(tenure)
        if given.dtype.kind not in "iu":
            raise ArgumentError("tenure", "must be whole months", tenure)
        month = given.astype(np.int64)
        if np.any(month < 0):
            raise ArgumentError("tenure", "must be at least 0", int(month.min()))
        if self.curve is not None:
            return np.asarray(self.curve)[np.minimum(month, len(self.curve) - 1)]
        if self.months == 0.0:
            return np.ones(month.shape)
        x = np.asarray((month + 0.5) / self.months, dtype=np.float64)
        return np.asarray(self.start + (1.0 - self.start) * _SHAPES[self.shape](x))


def _linear(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.minimum(x, 1.0)


def _logistic(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(1.0 / (1.0 + np.exp(-_LOGISTIC_RATE * (x - 0.5))))


def _gompertz(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.exp(-_GOMPERTZ_DELAY * np.exp(-_GOMPERTZ_RATE * x)))


_SHAPES = {"linear": _linear, "logistic": _logistic, "gompertz": _gompertz}
