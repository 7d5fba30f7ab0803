"""Tiers by scene, never by trial: what is tested was never on the screen in training."""

from collections.abc import Mapping, Sequence

import numpy as np

from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.errors import ConfigError


def split_scenes(
    designated: Mapping[SceneKey, str],
    lit_share: Mapping[SceneKey, float],
    validation_share: float,
    seed: int,
) -> dict[SceneKey, str]:
    """The tier (train, validation, test) of each scene.

    ``designated`` is the lab's own tier of each scene and is kept for test; of the training scenes a share goes to
    validation, stratified by ``lit_share`` (the share of the scene's time that was lit), so that both tiers see the
    light alike: scenes are sorted by it and one is drawn from each run of 1 / share neighbours. The same arguments
    give the same split. Raises ConfigError where a tier would be empty.
    """
    train = sorted(scene for scene, tier in designated.items() if tier == "train")
    count = round(len(train) * validation_share)
    if count < 1 or count >= len(train) or len(train) == len(designated):
        raise ConfigError(
            f"{len(train)} training and {len(designated) - len(train)} test scenes with validation_share "
            f"{validation_share}: every tier needs a scene; change the share or record more scenes"
        )
    generator = np.random.default_rng(seed)
    order: Sequence[SceneKey] = sorted(train, key=lambda scene: (lit_share[scene], scene))
    strata = np.array_split(np.arange(len(order)), count)
    validation = {order[generator.choice(stratum)] for stratum in strata}
    return {
        scene: "test" if tier == "test" else "validation" if scene in validation else "train"
        for scene, tier in designated.items()
    }
