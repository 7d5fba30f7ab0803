"""The light-switched readout: with and without feedback, units read the same features in two ways."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from dlgn_cnn.models.readouts import READOUTS


@READOUTS.register("light_switched")
class LightSwitchedReadout(nn.Module):
    """Two readouts of one kind, between which the light selects: (1 - light) * intact + light * suppressed.

    The hypothesis that feedback changes what a unit reads, where it looks or its baseline, and no feature that it
    reads. ``readout`` is the config of either, with its name. Both start with the same weights and draw the same noise,
    so that the light does nothing before a fit, and with light 0 this is the plain readout, in training too.
    ``difference_weight`` weighs the squared difference of their weights, which is what the light may change.
    """

    def __init__(
        self,
        in_shape: tuple[int, int, int],
        units: int,
        centres: torch.Tensor,
        bias: torch.Tensor,
        generator: torch.Generator,
        readout: Mapping[str, Any],
        difference_weight: float = 0.0,
        allowed_packages: Collection[str] = (),
    ) -> None:
        super().__init__()

        def build() -> Any:
            return READOUTS.build(
                readout,
                at="readout",
                allowed_packages=allowed_packages,
                in_shape=in_shape,
                units=units,
                centres=centres,
                bias=bias,
                generator=generator,
            )

        with _rewound(generator):
            self.suppressed = build()
        self.intact = build()
        self.suppressed.load_state_dict(self.intact.state_dict())
        self.generator = generator
        self.difference_weight = difference_weight

    @property
    def bias(self) -> torch.Tensor:
        """The drive (unit,) of no features, with feedback intact."""
        bias: torch.Tensor = self.intact.bias
        return bias

    def forward(self, features: torch.Tensor, shift: torch.Tensor | None, opto: torch.Tensor) -> torch.Tensor:
        """Features (time, batch, feature, height, width) and opto (time, batch) to drive (time, batch, unit)."""
        with _rewound(self.generator):
            suppressed = self.suppressed(features, shift, opto)
        intact: torch.Tensor = self.intact(features, shift, opto)
        light = opto[..., None]
        return (1 - light) * intact + light * suppressed

    def alternatives(self) -> tuple[Any, Any]:
        """The two readouts."""
        return self.intact, self.suppressed

    def places_px(self, units: torch.Tensor, shift: torch.Tensor | None) -> torch.Tensor:
        """Where units look in either light, (time or 1, place, clip, 2): see ``dlgn_cnn.models.reach.ReadsPlaces``."""
        return torch.cat([readout.places_px(units, shift) for readout in self.alternatives()], 1)

    def read_each(
        self,
        features: torch.Tensor,
        units: torch.Tensor,
        corners: torch.Tensor,
        shift: torch.Tensor | None,
        opto: torch.Tensor,
    ) -> torch.Tensor:
        """Drive (time, clip) of one unit a clip: see ``dlgn_cnn.models.reach.ReadsPlaces``."""
        both = [readout.read_each(features, units, corners, shift, opto) for readout in self.alternatives()]
        return (1 - opto) * both[0] + opto * both[1]

    def regularizer(self) -> torch.Tensor:
        """The penalties of both readouts, and the weighted squared difference of their weights."""
        pairs = zip(self.intact.parameters(), self.suppressed.parameters(), strict=True)
        difference = torch.stack([(one - other).square().sum() for one, other in pairs]).sum()
        penalty: torch.Tensor = self.intact.regularizer() + self.suppressed.regularizer()
        return penalty + self.difference_weight * difference


@contextmanager
def _rewound(generator: torch.Generator) -> Iterator[None]:
    """What is drawn inside is drawn again after it."""
    state = generator.get_state()
    yield
    generator.set_state(state)
