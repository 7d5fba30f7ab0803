"""Arrays are files named by their bytes, stored before a row refers to them; those that are there stay as they are."""

from schemas.migrations.tables import Tables

MOVIE = "# (time, height, width), in standard deviations of the training movies' grey level"
COLUMNS = (
    ("stimulus.frame_onsets", "frame_onsets_s : <array@main>  # NaN for a frame that the screen dropped"),
    ("recording._recording__spikes", "spike_times_s : <array@main>"),
    ("recording._recording__bins", "bins_s : <array@main>  # (bin, start and stop)"),
    ("recording._recording__binned", "responses : <array@main>"),
    ("recording._recording__signal", "signal_times_s : <array@main>"),
    ("recording._recording__signal", "signal_values : <array@main>  # NaN where missing"),
    ("evaluation.__receptive_field__unit", "field : <array@main>  # (lag, height, width)"),
    ("mei.__m_e_i__stimulus", f"stimulus : <array@main>  {MOVIE}"),
    ("mei_control.__m_e_i_control__stimulus", f"stimulus : <array@main>  {MOVIE}"),
)


def upgrade(tables: Tables) -> None:
    """Note the columns' new type, which reads what DataJoint's own wrote before."""
    # Its name is known once it is imported.
    import schemas.base.array_codec

    for name, line in COLUMNS:
        tables.describe(name, line)
