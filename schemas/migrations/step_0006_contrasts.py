"""MEIs may be of several fits, are shown at several contrasts, and say how far they are off their constraint."""

from schemas.migrations.tables import Tables

VIOLATION = (
    "violation=null : float64  # departure from the constraint, as a share of norm or range; above 1e-5 is refused"
)
CONTRAST_RESPONSE = """
    -> Stimulus
    level : int32  # place among the config's contrasts, from 0
    ---
    contrast : float64  # share of the stimulus's own contrast; 0 is the mean grey
    intact_hz : float64  # mean rate over the scored window that the members predict, light off
    suppressed_hz : float64  # the same, light on
    judged_intact_hz=null : float64  # mean of the judges
    judged_suppressed_hz=null : float64
    """
MEMBER = """
    -> master
    -> TrainedModel.proj(member_seed='seed')
    """
KEY = "dataset_hash, model_hash, trainer_hash, seed, mei_hash"
CONTROL, CONTRAST = "mei_control.__m_e_i_control", "mei_contrast.__m_e_i_contrast"
DISTANCE = (
    "view : varchar(16)  # clip, spatial, temporal, spectral, extent or response",
    "null_kind : varchar(16)  # shuffled, members or starts: what p refers to",
    "distance : float64  # mean over pairs of an intact and a suppressed MEI; for members, of two fits",
)


def upgrade(tables: Tables) -> None:
    """MEIs that are there are of their own fit alone, and were compared with one null, which was the strongest."""
    refers_to = {"master": "mei.__m_e_i", "TrainedModel": "training.__trained_model"}
    tables.create_table("mei.__m_e_i__member", MEMBER, refers_to)
    member, meis = tables.full_name("mei.__m_e_i__member"), tables.full_name("mei.__m_e_i")
    if not len(tables.free("mei.__m_e_i__member")):
        tables.run(f"INSERT INTO {member} ({KEY}, member_seed) SELECT {KEY}, seed FROM {meis}")
    light_off = "intact_hz : float64  # mean rate over the scored window that the members predict, light off"
    tables.describe(f"{CONTROL}__stimulus", light_off)
    for name in ("mei.__m_e_i__stimulus", f"{CONTROL}__stimulus"):
        tables.add_column(name, VIOLATION)
    tables.create_table(f"{CONTROL}__contrast_response", CONTRAST_RESPONSE, {"Stimulus": f"{CONTROL}__stimulus"})
    tables.add_column(CONTRAST, "members=1 : int32  # fits that differ by nothing but their seed, this one among them")
    tables.drop_default(CONTRAST, "members")
    distance = f"{CONTRAST}__distance"
    tables.extend_key(distance, "null_kind")
    tables.add_column(distance, "strongest=1 : bool  # whether no stronger null is there: the rows to report")
    tables.drop_default(distance, "strongest")
    for line in DISTANCE:
        tables.describe(distance, line)
