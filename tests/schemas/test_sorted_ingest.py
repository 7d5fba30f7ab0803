"""A sorter's folder, a table of presentations and two movies become rows by the command."""

import logging

import numpy as np
from typer.testing import CliRunner

from tests.factories import write_scene
from tests.layouts import save


def test_a_folder_of_phy_is_ingested_and_known_again(database, tmp_path, caplog):
    from populate.cli.command import app
    from schemas import optogenetics, recording, session, stimulus

    folder = tmp_path / "kilosort4"
    for name, level in (("deer", 60), ("owl", 200)):
        write_scene(folder / "movies" / f"{name}.avi", np.full((30, 16, 32), level, np.uint8), 30)
    samples = np.array([35_000, 36_000, 95_000, 160_000])
    save(folder / "spike_times.npy", samples.astype(np.uint64)[:, None])
    save(folder / "spike_clusters.npy", np.array([3, 8, 3, 3], np.int32))
    (folder / "params.py").write_text("sample_rate = 30000.\nraise SystemExit('it ran')\n")
    (folder / "cluster_group.tsv").write_text("cluster_id\tgroup\n3\tgood\n8\tnoise\n")
    (folder / "sync.csv").write_text("sample,session_s\n0,10.0\n300000,20.001\n")
    rows = "owl,11,12,1\ndeer,13,14,0\nowl,15,16,0\n"
    (folder / "shown.csv").write_text(f"movie_file,onset_s,offset_s,laser\n{rows}")
    options = ("mouse=Ntsr1Cre_2026_0001", "presentations=shown.csv", "clock=sync.csv")
    call = ["ingest", str(folder), *(word for option in options for word in ("-o", option))]
    with caplog.at_level(logging.INFO, logger="dlgn"):
        done = CliRunner().invoke(app, call)
        assert done.exit_code == 0, done.output
        (folder / ".phy").mkdir()
        (folder / ".phy" / "state.json").write_text("{}")
        assert CliRunner().invoke(app, call).exit_code == 0
    said = [record.getMessage() for record in caplog.records]
    assert "ingested session Ntsr1Cre_2026_0001_s01_e01" in said
    printed = " ".join(done.stdout.split())
    assert "1 of 2 clusters (1 good, 1 noise) are left out" in printed
    assert "the spikes' clock is 100.0 ppm slow" in printed
    assert any(one.startswith("nothing new in") for one in said)
    assert session.Unit().to_arrays("unit").tolist() == [3]
    times = recording.Recording.Spikes().fetch1("spike_times_s").load()
    np.testing.assert_allclose(times, 10 + samples[[0, 2, 3]] / 30_000 * 1.0001)
    assert stimulus.Presentation().to_arrays("movie", order_by="trial").tolist() == ["owl", "deer", "owl"]
    assert stimulus.Presentation().to_arrays("designated_tier", order_by="trial").tolist() == ["test", "train", "test"]
    assert optogenetics.OptoEpoch().to_arrays("on_s", "off_s")[1].tolist() == [12.0]
