"""Movies, their scenes and when each was on the screen."""

import datajoint as dj

from schemas import session

schema = dj.Schema()


@schema
class Movie(dj.Manual):
    """A movie, cut into scenes."""

    definition = """
    # movie
    movie : varchar(96)
    """


@schema
class Scene(dj.Manual):
    """One clip of a movie as a file on disk, known by its bytes."""

    definition = """
    # clip of a movie
    -> Movie
    scene : int32  # from 0, as the lab's scene_id
    ---
    scene_path : varchar(512)
    scene_part="" : varchar(128)  # where in that file; empty for a video file of its own
    scene_sha256 : char(64)
    scene_frames : int32
    scene_rate_hz : float64
    width_px : int32
    height_px : int32
    """


@schema
class Presentation(dj.Manual):
    """One presentation of a scene, on the session's clock."""

    definition = """
    # presentation of a scene
    -> session.Session
    trial : int32  # from 0, in order of onset
    ---
    -> Scene
    onset_s : float64
    offset_s : float64
    designated_tier : enum('train', 'test')  # what the lab meant it for
    """


@schema
class FrameOnsets(dj.Manual):
    """When each frame of a presentation appeared, where that was measured."""

    definition = """
    # measured onsets of frames
    -> Presentation
    ---
    frame_onsets_s : <array@main>  # NaN for a frame that the screen dropped
    """
