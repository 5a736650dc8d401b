"""Gas in pipes: density, compressibility, friction, the pressure that a flow takes, the power that raises it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import FloatArray, SolverInputError

__all__ = [
    "AVERAGES",
    "COMPRESSIBILITIES",
    "FRICTIONS",
    "Gas",
    "average_z",
    "friction_factor",
    "mean_pressure",
    "pipe_terms",
    "power_mw",
]

GAS_CONSTANT = 8314.4626  # J/(kmol K), CODATA 2018
GRAVITY = 9.80665  # m/s2
STANDARD_PA, NORMAL_K = 101_325.0, 273.15
COMPRESSIBILITIES = ("ideal", "constant", "papay", "aga", "linear")
AVERAGES = ("exact", "mean_pressure")
FRICTIONS = ("given", "nikuradse", "colebrook", "hofer", "weymouth")
_LAMINAR = 2300.0
_GAUSS = np.polynomial.legendre.leggauss(8)
_FLAT = 1e-9  # of the exponent of height, below which it is none


@dataclass(frozen=True)
class Gas:
    """One gas at one temperature.

    Attributes
    ----------
    molar_mass_kg_per_kmol : float
    temperature_k : float
        Of the flowing gas.
    critical_pressure_bar, critical_temperature_k : float
        Pseudo-critical values, for compressibility.
    viscosity_pa_s : float
        Dynamic.
    heat_ratio : float
        Isentropic exponent, for compressors.
    compressibility : str
        ``ideal`` (1), ``constant`` (`z`), ``papay``, ``aga`` or ``linear``; see `Gas.z_at`.
    z : float
        Used if constant.
    inverse_z : tuple of float
        Used if linear: 1 / z is the first plus the second times the pressure in Pa.
    """

    molar_mass_kg_per_kmol: float = 17.4
    temperature_k: float = 288.15
    critical_pressure_bar: float = 46.0
    critical_temperature_k: float = 200.0
    viscosity_pa_s: float = 1.1e-5
    heat_ratio: float = 1.3
    compressibility: str = "papay"
    z: float = 0.9
    inverse_z: tuple[float, float] = (1.0, 0.0)

    def __post_init__(self) -> None:
        """Check that the law is known and figures are possible."""
        if self.compressibility not in COMPRESSIBILITIES:
            known = ", ".join(COMPRESSIBILITIES)
            raise SolverInputError(f"gas: compressibility {self.compressibility!r}, expected one of {known}")
        for name in ("molar_mass_kg_per_kmol", "temperature_k", "critical_pressure_bar", "viscosity_pa_s", "z"):
            if not getattr(self, name) > 0:
                raise SolverInputError(f"gas: {name} is {getattr(self, name)!r}, expected a number above 0")

    @property
    def constant(self) -> float:
        """Specific gas constant, J/(kg K)."""
        return GAS_CONSTANT / self.molar_mass_kg_per_kmol

    def density(self, pressure_pa: Any) -> Any:
        """Return the density, kg/m3, at a pressure and the temperature of the gas.

        Parameters
        ----------
        pressure_pa : float or ndarray
            Absolute pressure, Pa.
        """
        return pressure_pa / (self.z_at(pressure_pa) * self.constant * self.temperature_k)

    def density_at(self, temperature_c: float, pressure_pa: float = STANDARD_PA) -> float:
        """Return the density, kg/m3, in a reference state near the atmosphere, as an ideal gas.

        Parameters
        ----------
        temperature_c : float
            Degrees Celsius.
        pressure_pa : float
            Absolute pressure, Pa; one atmosphere by default.
        """
        return pressure_pa / (self.constant * (NORMAL_K + temperature_c))

    def z_at(self, pressure_pa: Any) -> Any:
        """Return the compressibility factor at a pressure.

        Parameters
        ----------
        pressure_pa : float or ndarray
            Absolute pressure, Pa.

        Notes
        -----
        Papay (1968): :math:`1 - 3.52 p_r e^{-2.26 T_r} + 0.274 p_r^2 e^{-1.878 T_r}`. AGA, for up to 70 bar:
        :math:`1 + 0.257 p_r - 0.533 p_r / T_r`. Both as in T. Koch, B. Hiller, M. E. Pfetsch, L. Schewe (eds.),
        "Evaluating Gas Network Capacities", SIAM 2015, section 2.3. Linear in the pressure, :math:`z = 1 / (b_1 + b_2
        p)`: the form of the California Natural Gas Association (E. S. Menon, "Gas Pipeline Hydraulics", 2005, ch. 1).
        """
        if self.compressibility == "ideal":
            return pressure_pa * 0.0 + 1.0
        if self.compressibility == "constant":
            return pressure_pa * 0.0 + self.z
        if self.compressibility == "linear":
            return 1.0 / (self.inverse_z[0] + self.inverse_z[1] * pressure_pa)
        reduced = pressure_pa / (self.critical_pressure_bar * 1e5)
        warm = self.temperature_k / self.critical_temperature_k
        if self.compressibility == "aga":
            return 1.0 + 0.257 * reduced - 0.533 * reduced / warm
        return 1.0 - 3.52 * reduced * np.exp(-2.26 * warm) + 0.274 * reduced**2 * np.exp(-1.878 * warm)


def friction_factor(law: str, reynolds: FloatArray, diameter_m: FloatArray, roughness_m: FloatArray) -> FloatArray:
    r"""Return Darcy's friction factor.

    Parameters
    ----------
    law : str
        ``nikuradse`` (fully rough), ``colebrook`` (solved), ``hofer`` (explicit, close to it), ``weymouth`` (by
        diameter alone).
    reynolds, diameter_m, roughness_m : ndarray, shape (pipes,)

    Notes
    -----
    Nikuradse: :math:`(2 \log_{10}(3.71 D / k))^{-2}`; Hofer: :math:`(2 \log_{10}(4.518 / Re \log_{10}(Re / 7) + k /
    (3.71 D)))^{-2}`; laminar flow: 64 / Re (Koch et al., section 2.3). Weymouth: :math:`0.009407 / D^{1/3}`, D in m.
    """
    if law == "weymouth":
        return np.asarray(0.009407 / np.cbrt(diameter_m))
    rough = roughness_m / (3.71 * diameter_m)
    if law == "nikuradse":
        return np.asarray((2.0 * np.log10(rough)) ** -2)
    turbulent = np.maximum(reynolds, _LAMINAR)
    found = (2.0 * np.log10(4.518 / turbulent * np.log10(turbulent / 7.0) + rough)) ** -2
    if law == "colebrook":
        for _ in range(12):  # a contraction: digits double within a few rounds
            found = (2.0 * np.log10(2.51 / (turbulent * np.sqrt(found)) + rough)) ** -2
    return np.where(reynolds < _LAMINAR, 64.0 / np.maximum(reynolds, 1.0), found)


def mean_pressure(start: FloatArray, stop: FloatArray) -> FloatArray:
    """Return the mean pressure along a pipe, from those at its ends: 2/3 (p + q - p q / (p + q))."""
    total = np.maximum(start + stop, 1e-9)
    return np.asarray(2.0 / 3.0 * (total - start * stop / total))


def average_z(gas: Gas, start: FloatArray, stop: FloatArray, average: str) -> FloatArray:
    """Return the compressibility that stands for a pipe, from the squares of the pressures at its ends, Pa2.

    ``exact``: with it the equation of a level pipe is the integral of p / z over the pressure, whatever the law; the
    inverse of the mean of 1 / z over squared pressures, by Gauss-Legendre points. ``mean_pressure``: z there.
    """
    low, high = np.maximum(start, 1.0), np.maximum(stop, 1.0)
    if average == "mean_pressure":
        return np.asarray(gas.z_at(mean_pressure(np.sqrt(low), np.sqrt(high))))
    points, weights = _GAUSS
    between = low + (high - low) * (points[:, None] + 1.0) / 2.0
    return np.asarray(2.0 / (weights @ (1.0 / gas.z_at(np.sqrt(between)))))


def pipe_terms(
    gas: Gas, length_m: FloatArray, diameter_m: FloatArray, rise_m: FloatArray, friction: FloatArray, z: FloatArray
) -> tuple[FloatArray, FloatArray]:
    r"""Return weight and resistance of pipes: :math:`p_1^2 = E p_2^2 + R q |q|`, in Pa and kg/s.

    Notes
    -----
    Momentum at one temperature without inertia, :math:`dp/dx = -\lambda q |q| / (2 D A^2 \rho) - \rho g \, dh/dx`, with
    the compressibility of the mean pressure: :math:`E = e^S`, :math:`S = 2 g \Delta h / (z R_s T)`, :math:`R = \lambda
    L z R_s T / (D A^2) \cdot (e^S - 1) / S` (Koch et al., section 2.3; Darcy-Weisbach).
    """
    area = np.pi / 4.0 * diameter_m**2
    warmth = z * gas.constant * gas.temperature_k
    exponent = 2.0 * GRAVITY * rise_m / warmth
    flat = np.abs(exponent) < _FLAT
    stretch = np.where(flat, 1.0, np.expm1(exponent) / np.where(flat, 1.0, exponent))
    return np.exp(exponent), friction * length_m * warmth / (diameter_m * area**2) * stretch


def power_mw(gas: Gas, kg_per_s: Any, inlet_pa: Any, outlet_pa: Any, efficiency: Any = 0.8) -> Any:
    r"""Return the power, MW, that raises the pressure of a flow: adiabatic head over an efficiency.

    :math:`q / \eta \cdot \kappa / (\kappa - 1) \cdot z R_s T ((p_2 / p_1)^{(\kappa - 1) / \kappa} - 1)`, with z at the
    inlet (Koch et al., section 2.3).
    """
    share = (gas.heat_ratio - 1.0) / gas.heat_ratio
    head = gas.z_at(inlet_pa) * gas.constant * gas.temperature_k / share * ((outlet_pa / inlet_pa) ** share - 1.0)
    return kg_per_s * head / efficiency / 1e6
