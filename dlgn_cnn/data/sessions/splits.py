"""Tiers by scene, never by trial: what is tested was never on the screen in training, nor anything much like it."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from dlgn_cnn.data.recording import SceneKey
from dlgn_cnn.errors import ConfigError


def split_scenes(
    designated: Mapping[SceneKey, str],
    opto_share: Mapping[SceneKey, float],
    validation_share: float,
    seed: int,
    alike: Mapping[SceneKey, Collection[SceneKey]] | None = None,
) -> dict[SceneKey, str]:
    """Assign each scene to a tier.

    Of the training scenes a share goes to validation, stratified by the light, so that both tiers see it alike: scenes
    are sorted by it and one is drawn from each run of 1 / share neighbors. The same arguments give the same split.

    Parameters
    ----------
    designated : mapping of SceneKey to str
        The lab's own tier of each scene, which is kept for test.
    opto_share : mapping of SceneKey to float
        Share of each scene's time that was lit.
    validation_share : float
        Share of the training scenes that goes to validation.
    seed : int
        Seed of the draw.
    alike : mapping of SceneKey to collection of SceneKey, optional
        Near-duplicates of each scene. One of a test scene is left out of training and validation, one of a validation
        scene out of training.

    Returns
    -------
    dict of SceneKey to str
        ``train``, ``validation``, ``test`` or ``left_out``.

    Raises
    ------
    ConfigError
        If a tier would be empty.
    """
    test = {scene for scene, tier in designated.items() if tier == "test"}
    train = sorted(set(designated) - test - _like(test, alike))
    count = round(len(train) * validation_share)
    if count < 1 or count >= len(train) or not test:
        raise ConfigError(
            f"{len(train)} training scenes ({len(designated) - len(test) - len(train)} more are near-duplicates of "
            f"test scenes) and {len(test)} test scenes with validation_share {validation_share}: every tier needs "
            "a scene; change the share or record more scenes"
        )
    generator = np.random.default_rng(seed)
    order: Sequence[SceneKey] = sorted(train, key=lambda scene: (opto_share[scene], scene))
    strata = np.array_split(np.arange(len(order)), count)
    validation = {order[generator.choice(stratum)] for stratum in strata}
    fitted = set(train) - validation - _like(validation, alike)
    if not fitted:
        raise ConfigError("every training scene is a near-duplicate of a validation scene: record other scenes")
    named = {"test": test, "validation": validation, "train": fitted}
    return {
        scene: next((tier for tier, scenes in named.items() if scene in scenes), "left_out") for scene in designated
    }


def _like(scenes: Collection[SceneKey], alike: Mapping[SceneKey, Collection[SceneKey]] | None) -> set[SceneKey]:
    return {other for scene in scenes for other in (alike or {}).get(scene, ())}
