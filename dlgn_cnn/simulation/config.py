"""Config of a simulated session: size, name, seed, and where the light acts."""

from dataclasses import dataclass

from dlgn_cnn.data.recording import SIMULATED_PREFIX, SessionKey
from dlgn_cnn.errors import ConfigError
from dlgn_cnn.values import choice, number, whole

MOVIE = "hmovTrain_v3"
MOVIE_RATE_HZ = 30.0
FRAME_RATE_HZ = 60.0
GRID_PX = (33, 53)
DEG_PER_PX = 2.02
OPTO_EFFECTS = ("additive", "none", "gain", "temporal", "surround")


@dataclass(frozen=True)
class SimulationConfig:
    """One in-silico session.

    Scenes are numbered from 0, training scenes first, and shown in random order. A scene's file holds as many frames at
    30 Hz as fill its presentation (150 for 4.993 s).

    Parameters
    ----------
    units : int, default 40
        Number of units.
    train_scenes, test_scenes : int, default 56 and 14
        Number of scenes; training scenes are shown once.
    test_repeats : int, default 1
        Presentations of each test scene.
    seed : int, default 0
        Seed of everything that is drawn.
    mouse : str, default "Simulated_2026_0001"
        Name that begins with "Simulated", so that every table and plot says what it is.
    series, experiment : int, default 1
        Numbers that complete the session's name.
    scene_duration_s : float, default 4.993
        Duration of a presentation on the session's clock.
    width_px, height_px : int, default 424 and 264
        Size of the scene files, in even numbers.
    gap_s : float, default 0.5
        Gray screen between presentations.
    undriven_share : float, default 0.1
        Share of the units that ignore the movie.
    opto_effect : {"additive", "none", "gain", "temporal", "surround"}, default "additive"
        Where the light acts, always through a unit's causal kernel: it adds in Hz to the movie's drive, as published;
        scales that drive; or changes the temporal kernel or the strength of the surround.
    opto_strength : float, default 1
        Size of the effect, in multiples of the published one.
    opto_share_of_units : float, default 1
        Share of the units that the light changes.
    nonlinear_share : float, default 0
        Share of the units that see the movie through what no linear field describes; their light adds or does nothing.

    Raises
    ------
    ConfigError
        If an option has a value that it cannot have.
    """

    units: int = 40
    train_scenes: int = 56
    test_scenes: int = 14
    test_repeats: int = 1
    seed: int = 0
    mouse: str = "Simulated_2026_0001"
    series: int = 1
    experiment: int = 1
    scene_duration_s: float = 4.993
    width_px: int = 424
    height_px: int = 264
    gap_s: float = 0.5
    undriven_share: float = 0.1
    opto_effect: str = "additive"
    opto_strength: float = 1.0
    opto_share_of_units: float = 1.0
    nonlinear_share: float = 0.0

    def __post_init__(self) -> None:
        for name in ("units", "train_scenes", "test_scenes", "test_repeats"):
            whole(name, getattr(self, name), 1)
        if not self.session.simulated:
            raise ConfigError(f"mouse {self.mouse!r}: a simulated mouse's name must begin with {SIMULATED_PREFIX!r}")
        number("scene_duration_s", self.scene_duration_s, 2 / MOVIE_RATE_HZ)
        for name in ("gap_s", "opto_strength"):
            number(name, getattr(self, name), 0)
        for name in ("undriven_share", "opto_share_of_units", "nonlinear_share"):
            number(name, getattr(self, name), 0, 1)
        if min(self.width_px, self.height_px) < 16 or self.width_px % 2 or self.height_px % 2:
            raise ConfigError(f"movies of {self.width_px}x{self.height_px} px: expected even numbers of 16 or more")
        choice("opto_effect", self.opto_effect, OPTO_EFFECTS)
        if self.nonlinear_share and self.opto_effect not in ("additive", "none"):
            raise ConfigError(
                f"opto_effect {self.opto_effect!r} changes a linear field, which nonlinear units do not have: set "
                "nonlinear_share to 0, or opto_effect to additive or none"
            )

    @property
    def session(self) -> SessionKey:
        """The session's key."""
        return SessionKey(self.mouse, self.series, self.experiment)

    @property
    def scenes(self) -> int:
        """Scene files of both tiers."""
        return self.train_scenes + self.test_scenes

    @property
    def movie_frames(self) -> int:
        """Frames of a scene file, at 30 Hz."""
        return round(self.scene_duration_s * MOVIE_RATE_HZ)

    def tier(self, scene: int) -> str:
        """``train`` or ``test``."""
        return "train" if scene < self.train_scenes else "test"

    def scene_file(self, scene: int) -> str:
        """A scene file's name, in the lab's form."""
        return f"{MOVIE}_{self.width_px}x{self.height_px}_scene-{scene + 1:03d}.avi"
