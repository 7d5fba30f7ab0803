"""Functions of nnfabrik's contract, as labs that use nnfabrik write them: named tuples, numpy scores, keyword soup.

Nothing here knows of this project. ``tests/data/nnfabrik`` holds rows whose configs name these functions.
"""

from collections import OrderedDict, namedtuple
from functools import partial
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

CALLS = []


class Trials(Dataset):
    def __init__(self, images, responses):
        self.images, self.responses = images, responses
        self.point = namedtuple("DefaultDataPoint", ["images", "responses"])
        self.neurons = SimpleNamespace(unit_ids=np.arange(responses.shape[1]))

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.point(self.images[index], self.responses[index])


def static_loaders(sessions, batch_size=8, n_images=24, size=(6, 8), normalize=True, seed=None, return_data_info=False):
    """``{tier: {data_key: loader}}``, or with ``return_data_info`` what is known of each session."""
    loaders, info = {"train": {}, "validation": {}, "test": {}}, {}
    for number, (data_key, neurons) in enumerate(sessions.items()):
        rng = np.random.default_rng([seed or 0, number])
        images = rng.normal(size=(n_images, 1, *size)).astype(np.float32)
        if normalize:
            images = (images - images.mean()) / images.std()
        fields = rng.normal(size=(neurons, images[0].size)).astype(np.float32) / np.sqrt(images[0].size)
        responses = np.log1p(np.exp(images.reshape(n_images, -1) @ fields.T))
        thirds = np.array_split(np.arange(n_images), 3)
        for tier, chosen in zip(loaders, thirds, strict=True):
            trials = Trials(torch.from_numpy(images[chosen]), torch.from_numpy(responses[chosen]))
            loaders[tier][data_key] = DataLoader(trials, batch_size=batch_size, shuffle=False)
        info[data_key] = dict(
            input_dimensions=torch.Size([batch_size, 1, *size]), input_channels=1, output_dimension=neurons,
            img_mean=np.float32(images.mean()), img_std=np.float32(images.std()),
        )  # fmt: skip
    return info if return_data_info else loaders


class Encoder(nn.Module):
    def __init__(self, core, readout, elu_offset):
        super().__init__()
        self.core, self.readout, self.offset = core, readout, elu_offset

    def forward(self, *args, data_key=None, **kwargs):
        features = self.core(args[0])
        return nn.functional.elu(self.readout[data_key](features.flatten(1)) + self.offset) + 1


# Of one rate: 3 x 3 pixels, then 3 features at 6 x 8 places.
PRODUCTS = 3 * 3 + 3 * 6 * 8


def stacked_core_model(
    dataloaders, seed, hidden_channels=3, input_kern=3, elu_offset=0.0, batch_norm=True, data_info=None
):
    """Of ``data_info`` where it is given, of a first batch otherwise; the loaders come as the first argument."""
    if data_info is not None:
        n_neurons = {k: v["output_dimension"] for k, v in data_info.items()}
        in_shapes = {k: v["input_dimensions"] for k, v in data_info.items()}
        input_channels = [v["input_channels"] for v in data_info.values()]
    else:
        if "train" in dataloaders:
            dataloaders = dataloaders["train"]
        in_name, out_name = next(iter(next(iter(dataloaders.values()))))._fields[:2]
        batches = {k: next(iter(v))._asdict() for k, v in dataloaders.items()}
        n_neurons = {k: batch[out_name].shape[1] for k, batch in batches.items()}
        in_shapes = {k: batch[in_name].shape for k, batch in batches.items()}
        input_channels = [shape[1] for shape in in_shapes.values()]
    torch.manual_seed(seed)
    layers = OrderedDict(conv=nn.Conv2d(input_channels[0], hidden_channels, input_kern, padding=input_kern // 2))
    if batch_norm:
        layers["norm"] = nn.BatchNorm2d(hidden_channels)
    layers["nonlin"] = nn.ELU()
    readout = nn.ModuleDict(
        {k: nn.Linear(hidden_channels * in_shapes[k][2] * in_shapes[k][3], n) for k, n in n_neurons.items()}
    )
    return Encoder(nn.Sequential(layers), readout, elu_offset)


def linear_model(loaders, seed, **config):
    """One that names its loaders in its own way, and swallows its config."""
    torch.manual_seed(seed)
    shapes = {k: next(iter(v))._asdict() for k, v in loaders["train"].items()}
    readout = {k: nn.Linear(batch["images"][0].numel(), batch["responses"].shape[1]) for k, batch in shapes.items()}
    return Encoder(nn.Identity(), nn.ModuleDict(readout), config.get("elu_offset", 0))


def standard_trainer(
    model, dataloaders, seed, lr_init=0.01, max_iter=2, patience=5, device="cpu", cb=None, track_training=False,
    **kwargs,
):  # fmt: skip
    """Calls back at each epoch without a word, as sensorium's does."""
    model.to(device)
    model.train()
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=lr_init)
    validate = partial(_loss, model, dataloaders["validation"])
    log = {"loss": [], "patience": (patience, None)}
    for _ in range(max_iter):
        if cb is not None:
            cb()
        for data_key, loader in dataloaders["train"].items():
            for data in loader:
                optimizer.zero_grad()
                loss = nn.functional.poisson_nll_loss(
                    model(data.images.to(device), data_key=data_key), data.responses.to(device), log_input=False
                )
                loss.backward()
                optimizer.step()
        log["loss"].append(validate())
    model.eval()
    output = {k: np.array(v) if k == "loss" else v for k, v in log.items()} if track_training else {}
    output["validation_corr"] = np.float32(-validate())
    return -np.mean(validate()), output, model.state_dict()


def checkpointing_trainer(model, dataloaders, seed, uid, cb, max_iter=2, keep_best_n=1):
    """Calls back with words, as nnfabrik's checkpointing trainers do, and returns a tuple for its output."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    accs = []
    for epoch in range(max_iter):
        accs.append(float(epoch))
        state = {"action": "save", "score": accs[-1], "maximize_score": True, "optimizer": optimizer}
        CALLS.append((dict(uid), epoch))
        cb(uid=uid, epoch=epoch, model=model, state=state)
    return accs[-1], (accs, max_iter), model.state_dict()


def _loss(model, loaders):
    with torch.no_grad():
        losses = [
            nn.functional.poisson_nll_loss(model(data.images, data_key=key), data.responses, log_input=False)
            for key, loader in loaders.items()
            for data in loader
        ]
    return float(torch.stack(losses).mean())
