"""Parametrisations: the numbers that are ascended, and the clip that they stand for."""

from typing import Protocol

import torch

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.mei.components.spectra import natural_amplitude
from dlgn_cnn.mei.components.values import number, whole
from dlgn_cnn.registry import Registry

PARAMETRISATIONS = Registry("parametrisation", "dlgn_cnn.mei")


class Parametrisation(Protocol):
    """Parameters (target, ...) of clips (target, time, height, width), and back.

    ``isotropic``: a step of the parameters is the same step of the clip.
    """

    isotropic: bool

    def start(self, noise: torch.Tensor) -> torch.Tensor:
        """The parameters of a random start, from white noise of the clips' shape."""
        ...

    def clip(self, parameters: torch.Tensor, shape: torch.Size) -> torch.Tensor:
        """The clips of ``shape``: differentiable, before the constraint."""
        ...

    def settle(self, parameters: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        """The parameters once the constraint has made ``allowed`` of their clips: the two must not drift apart."""
        ...


@PARAMETRISATIONS.register("pixel")
class Pixel:
    """The pixels themselves, frame by frame."""

    isotropic = True

    def start(self, noise: torch.Tensor) -> torch.Tensor:
        """The noise itself."""
        return noise

    def clip(self, parameters: torch.Tensor, shape: torch.Size) -> torch.Tensor:
        """The parameters themselves."""
        return parameters

    def settle(self, parameters: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        """The allowed clip."""
        return allowed


@PARAMETRISATIONS.register("fourier")
class Fourier:
    """Amplitude and phase at each frequency, weighed by the spectrum of natural movies (Olah et al. 2017).

    Steps of one size at every weighed frequency are large ones at low frequencies: the stimulus comes out with a
    natural spectrum unless the unit insists. ``space_exponent`` and ``time_exponent`` say how amplitude falls with
    frequency (``natural_amplitude``); 0 and 0 weigh all alike. With ``phase_only`` the amplitude is the natural one and
    only the phase is ascended (Fel et al. 2023), whatever the constraint then clips.
    """

    isotropic = False

    def __init__(self, space_exponent: float = 1.0, time_exponent: float = 1.0, phase_only: bool = False) -> None:
        self.space_exponent = number("parametrisation.space_exponent", space_exponent, 0)
        self.time_exponent = number("parametrisation.time_exponent", time_exponent, 0)
        self.phase_only = phase_only

    def start(self, noise: torch.Tensor) -> torch.Tensor:
        """Phases of the noise, or its real and imaginary parts at natural amplitudes."""
        spectrum = torch.fft.rfftn(noise, dim=(1, 2, 3))
        return spectrum.angle() if self.phase_only else torch.view_as_real(spectrum).clone()

    def clip(self, parameters: torch.Tensor, shape: torch.Size) -> torch.Tensor:
        """The clips (target, time, height, width) of a weighed spectrum."""
        weights = self._weights(shape, parameters)
        if self.phase_only:
            spectrum = torch.polar(weights.expand_as(parameters), parameters)
        else:
            spectrum = torch.view_as_complex(parameters) * weights
        return torch.fft.irfftn(spectrum, s=shape[1:], dim=(1, 2, 3))

    def settle(self, parameters: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        """The allowed clip's spectrum over the weights; phases as they are."""
        if self.phase_only:
            return parameters
        spectrum = torch.fft.rfftn(allowed, dim=(1, 2, 3)) / self._weights(allowed.shape, allowed)
        return torch.view_as_real(spectrum)

    def _weights(self, shape: torch.Size, like: torch.Tensor) -> torch.Tensor:
        time, height, width = shape[1:]
        return natural_amplitude((time, height, width), self.space_exponent, self.time_exponent).to(like)


@PARAMETRISATIONS.register("separable")
class Separable:
    """A sum of ``rank`` products of a time course and an image: space-time separable where it is 1.

    What a stimulus loses by being separable says how far the unit's own preference is from it. Values that the
    constraint's range clips are the only ones that depart from the product.
    """

    isotropic = False

    def __init__(self, rank: int = 1) -> None:
        self.rank = whole("parametrisation.rank", rank, 1)

    def start(self, noise: torch.Tensor) -> torch.Tensor:
        """The noise's first frames as time courses and images: (target, rank, time + height * width).

        Raises ConfigError for a rank that no clip has.
        """
        time = noise.shape[1]
        if self.rank > time:
            raise ConfigError(f"parametrisation.rank is {self.rank}, but a clip of {time} frames has at most {time}")
        flat = noise.flatten(2)
        courses = flat[:, :, : self.rank].transpose(1, 2) / time**0.5
        return torch.cat([courses, flat[:, : self.rank] / flat.shape[2] ** 0.5], 2)

    def clip(self, parameters: torch.Tensor, shape: torch.Size) -> torch.Tensor:
        """The products, summed over rank: (target, time, height, width)."""
        courses, images = parameters[..., : shape[1]], parameters[..., shape[1] :]
        return torch.einsum("nrt,nrp->ntp", courses, images).view(shape)

    def settle(self, parameters: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
        """Both factors scaled alike, so that the product has the allowed clip's norm; each factor's share is half."""
        time = allowed.shape[1]
        courses, images = parameters[..., :time], parameters[..., time:]
        lengths = [factor.norm(dim=2, keepdim=True).clamp_min(1e-30) for factor in (courses, images)]
        even = (lengths[0] * lengths[1]).sqrt()
        balanced = torch.cat([courses * (even / lengths[0]), images * (even / lengths[1])], 2)
        norm = self.clip(balanced, allowed.shape).flatten(1).norm(dim=1)
        scale = (allowed.flatten(1).norm(dim=1) / norm.clamp_min(1e-30)).sqrt()
        return balanced * scale[:, None, None]
