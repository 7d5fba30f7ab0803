"""How long is a training step, beside the same model written plainly?

A step is all that a fit does with a batch: forward, loss and penalty, backward, clipped gradient, AdamW. Batch: video
(4, 1, 60, 33, 53), random, 122 units read by the Gaussian readout; cores of 3 x 32 channels of 7x7 px. Each way has the
same weights, and gives the same rates and gradients before it is timed.

2D + GRU       stacked_2d, then conv_gru of 32 channels, 7x7 for input and state, light into all gates and paths
factorised 3D  factorised_3d: 7x7 px, then 7 frames, in each layer

plain          written as the equations are: contiguous float32 maps; the GRU takes one frame ``x[:, :, t]`` after the
               other and convolves it and the state for one gate after the other; the 2D core's layers take all frames
               at once (so that batch normalisation is the same), the 3D core's are ``conv3d``
float32, bf16  the model as a fit runs it, in these precisions

All ways run in turn in every round; a figure is the ratio of medians over rounds, beside it the smallest and largest
ratio within a round. The share is of the rate (operations a second) at which the same machine multiplies two large
bfloat16 matrices. Without --quick, small simulated sessions are also fitted in both precisions, from equal seeds.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# One thread a core. Not bound to it: another process there would halt every parallel loop.
os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))

import numpy as np
import torch
import torch.nn.functional as functional
from torch.utils.flop_counter import FlopCounterMode

from dlgn_cnn.evaluation.predict import autocast
from dlgn_cnn.interface import Batch, DataInfo
from dlgn_cnn.models.build import encoder
from dlgn_cnn.models.encoder import Encoder
from dlgn_cnn.models.recurrent.light import LightDrive
from dlgn_cnn.training.losses import LOSSES

CLIPS, TIME, HEIGHT, WIDTH, UNITS, BURN_IN = 4, 60, 33, 53, 122, 15
LAYERS = {"channels": [32] * 3, "kernels": [7] * 3}
MODELS = {
    "2D + GRU": {
        "core": {"name": "stacked_2d", "laplace_weight": 0.1, **LAYERS},
        "recurrent": {"name": "conv_gru", "channels": 32, "kernel_input": 7, "kernel_state": 7},
    },
    "factorised 3D": {"core": {"name": "factorised_3d", "kernels_time": [7] * 3, **LAYERS}},
}
CPU_TARGETS = {("2D + GRU", "float32"): 1.3, ("2D + GRU", "bf16"): 2.5, ("factorised 3D", "bf16"): 2.5}
GPU_TARGETS = {("2D + GRU", "bf16"): 4.0}
WORSE = 0.005
Step = Callable[[], float]


class PlainGru(torch.nn.Module):
    """``conv_gru`` one frame and one gate at a time."""

    def __init__(self, gru: torch.nn.Module) -> None:
        super().__init__()
        self.gru = gru

    def forward(self, features: torch.Tensor, opto: torch.Tensor) -> tuple[torch.Tensor, None]:
        maps = features.permute(1, 2, 0, 3, 4).contiguous()
        state = maps.new_zeros(len(maps), self.gru.out_channels, *maps.shape[-2:])
        states = []
        for t in range(maps.shape[2]):
            state = self.step(maps[:, :, t], state, opto[t])
            states.append(state)
        return torch.stack(states), None

    def step(self, frame: torch.Tensor, state: torch.Tensor, light: torch.Tensor) -> torch.Tensor:
        gru, channels, drives = self.gru, self.gru.out_channels, []
        for gate in range(3):
            rows = slice(gate * channels, (gate + 1) * channels)
            x = functional.conv2d(frame, gru.from_input.weight[rows], gru.from_input.bias[rows], padding=3)
            s = functional.conv2d(state, gru.from_state.weight[rows], padding=3)
            drives.append((lit(gru.light_input, gate, x, light), lit(gru.light_state, gate, s, light)))
        update, reset = (torch.sigmoid(x + s) for x, s in drives[:2])
        candidate = torch.tanh(drives[2][0] + reset * drives[2][1])
        return update * state + (1 - update) * candidate

    def regularizer(self) -> torch.Tensor:
        return self.gru.regularizer()


def lit(drive: LightDrive, gate: int, maps: torch.Tensor, light: torch.Tensor) -> torch.Tensor:
    gain, shift = (part[gate][None, :, None, None] for part in (drive.gain, drive.shift))
    return (1 + gain * light[:, None, None, None]) * maps + shift * light[:, None, None, None]


class PlainCore(torch.nn.Module):
    """``stacked_2d`` or ``factorised_3d`` on contiguous maps."""

    def __init__(self, core: torch.nn.Module) -> None:
        super().__init__()
        self.core, self.frames_lost, self.regularizer = core, core.frames_lost, core.regularizer

    def forward(self, videos: torch.Tensor) -> torch.Tensor:
        if self.frames_lost:
            return self.over_space_and_time(videos).permute(2, 0, 1, 3, 4)
        frames = videos.transpose(1, 2).flatten(0, 1).contiguous()
        return self.core.layers(frames).unflatten(0, (len(videos), -1)).transpose(0, 1)

    def over_space_and_time(self, videos: torch.Tensor) -> torch.Tensor:
        for layer in self.core.layers:
            videos = functional.conv3d(videos, layer.spatial.weight[:, :, None], padding=(0, 3, 3))
            videos = functional.conv3d(videos, layer.temporal.weight[..., None])
            norm = layer.norm
            normed = functional.batch_norm(
                videos, norm.running_mean, norm.running_var, norm.weight, norm.bias, norm.training
            )
            videos = functional.elu(normed)
        return videos


def made_up(device: torch.device) -> tuple[DataInfo, Batch]:
    generator = torch.Generator().manual_seed(0)
    centres = tuple((x, y) for x, y in (1.6 * torch.rand(UNITS, 2, generator=generator) - 0.8).tolist())
    info = DataInfo(tuple(range(UNITS)), (1, HEIGHT, WIDTH), 60.0, (0.1,) * UNITS, 0.0, 1.0, centres)
    videos = torch.randn(CLIPS, 1, TIME, HEIGHT, WIDTH, generator=generator)
    counts = torch.poisson(torch.full((CLIPS, UNITS, TIME), 0.1), generator=generator)
    opto = (torch.rand(CLIPS, TIME, generator=generator) > 0.5).float()
    nothing = torch.full((CLIPS, 2, TIME), torch.nan)
    return info, Batch(videos, counts, opto, nothing, nothing).to(device)


def built(name: str, info: DataInfo, device: torch.device, plain: bool) -> Encoder:
    model = encoder({"one": info}, 0, readout={"name": "gaussian", "feature_weight": 1e-5}, **MODELS[name])
    light = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, LightDrive):
            for part in module.parameters():
                part.data = 0.1 * torch.randn(part.shape, generator=light)
    if plain:
        model.core = PlainCore(model.core)
        model.recurrent = model.recurrent and PlainGru(model.recurrent)
    return model.to(device).train()


def backward(model: Encoder, batch: Batch, precision: str) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss, and the rates from which it comes; gradients are in the parameters."""
    with autocast(batch.videos.device, precision):
        rate = model(batch.videos, batch.opto, data_key="one")
    scored = TIME - BURN_IN - model.frames_lost
    total = LOSSES.get("poisson")(rate[..., -scored:].float(), batch.responses[..., -scored:]) + model.regularizer("one")
    total.backward()
    return total, rate.detach()


def step_of(model: Encoder, batch: Batch, precision: str) -> Step:
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)

    def step() -> float:
        started = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        total, _ = backward(model, batch, precision)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total.item()  # waits for the device
        return time.perf_counter() - started

    return step


def check_agreement(name: str, info: DataInfo, batch: Batch) -> str:
    """Rates and gradients of the three ways in a step from equal weights; raises SystemExit where they differ."""
    found = []
    for plain, precision in ((True, "float32"), (False, "float32"), (False, "bfloat16")):
        model = built(name, info, batch.videos.device, plain)
        _, rate = backward(model, batch, precision)
        found.append((rate, torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])))
    (rate, gradient), *ours = found
    off = [(other - rate).abs().max().item() / rate.std().item() for other, _ in ours]
    cosine = [functional.cosine_similarity(other, gradient, 0).item() for _, other in ours]
    if off[0] > 1e-2 or cosine[0] < 0.9999 or cosine[1] < 0.99:
        raise SystemExit(f"{name}: rates off by {off} of their deviation, gradients' cosines {cosine}")
    return f"rates within {off[0]:.0e} and {off[1]:.0e} of their deviation, gradients' cosines {cosine[0]:.6f} and {cosine[1]:.4f}"
