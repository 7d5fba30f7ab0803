"""Models written as their equations, with the weights of the real ones: a GRU, a 2D and a factorized 3D core."""

import torch
import torch.nn.functional as functional

from dlgn_cnn.models.recurrent.conv_gru import OptoDrive


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
            drives.append((lit(gru.opto_input, gate, x, light), lit(gru.opto_state, gate, s, light)))
        update, reset = (torch.sigmoid(x + s) for x, s in drives[:2])
        candidate = torch.tanh(drives[2][0] + reset * drives[2][1])
        return update * state + (1 - update) * candidate

    def regularizer(self) -> torch.Tensor:
        return self.gru.regularizer()


def lit(drive: OptoDrive, gate: int, maps: torch.Tensor, light: torch.Tensor) -> torch.Tensor:
    gain, shift = (part[gate][None, :, None, None] for part in (drive.gain, drive.shift))
    return (1 + gain * light[:, None, None, None]) * maps + shift * light[:, None, None, None]


class PlainCore(torch.nn.Module):
    """``stacked_2d`` or ``factorized_3d`` on contiguous maps."""

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
