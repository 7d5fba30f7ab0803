"""Inputs of text: configs given to the registries, experiments and studies in YAML, and settings."""

import contextlib
import os
import random
from typing import Any

import yaml

from dlgn_cnn.errors import DlgnError
from dlgn_cnn.registry import allowed_packages
from hostile.damage import damaged, edited, odd, texts
from hostile.watch import Read, Watch

DATASET = {"sessions": ["Simulated_2026_0900_s01_e01"], "size_px": [13, 17], "rate_hz": 60, "window_frames": 20}
MODELS: list[dict[str, Any]] = [
    {"core": {"name": "stacked_2d", "channels": [4, 5], "kernels": [5, 3]}, "readout": {"name": "gaussian"}},
    {
        "core": {"name": "factorized_3d", "channels": [2], "kernels": [3], "kernels_time": [3]},
        "recurrent": {"name": "conv_gru", "channels": 3, "opto": ["update.input"]},
        "readout": {"name": "gaussian", "feature_weight": 0.01},
        "output": {"name": "softplus", "sharpness": 10.0},
    },
    {
        "core": {"name": "conv_3d", "channels": [2], "kernels": [3], "kernels_time": [3]},
        "modulators": [{"name": "behavior"}],
        "readout": {"name": "factorized"},
    },
]
TRAINER = {"fit": {"max_epochs": 2, "learning_rate": 0.01, "schedule": "cosine"}, "loss": "poisson"}
MEI = {
    "fit": {"frames": 20, "objective": {"name": "mean_rate"}, "preconditioner": {"name": "none"}},
    "contrasts": [0.5, 1.0],
}
EXPERIMENT = {
    "experiment": "hostile",
    "comment": "words",
    "datasets": [{"fn": "stored_sessions", "config": {**DATASET, "transforms": [{"name": "normalize"}]}}],
    "models": [{"fn": "encoder", "config": one} for one in MODELS[:2]],
    "trainers": [{"fn": "standard", "config": TRAINER}],
    "seeds": [0, 1],
    "ensembles": True,
    "meis": [{"fn": "gradient_ascent", "config": MEI}],
}
STUDY = {
    "study": "hostile",
    "dataset": {"fn": "stored_sessions", "config": DATASET},
    "model": {"fn": "encoder", "config": MODELS[0] | {"opto_channel": {"choices": [True, False]}}},
    "trainer": {"fn": "standard", "config": {"fit": {"learning_rate": {"low": 0.001, "high": 0.01, "log": True}}}},
    "trials": 3,
    "seed": 0,
    "strategy": {"startup_trials": 2},
}


class Configs:
    """Configs of datasets, models, trainers and MEIs, with values, names and places exchanged."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def __call__(self, draw: random.Random) -> Read:
        from dlgn_cnn.training.checks import check_dataset, check_model, check_trainer
        from schemas.base.mei_options import check_mei

        kinds = (("stored_sessions", DATASET), ("encoder", draw.choice(MODELS)), ("standard", TRAINER))
        fn, config = draw.choice((*kinds, kinds[1], ("gradient_ascent", MEI)))
        checks = {
            "stored_sessions": check_dataset,
            "standard": check_trainer,
            "gradient_ascent": lambda call: check_mei(*call),
        }
        foreseen = check_dataset(("stored_sessions", DATASET))
        check = checks.get(fn, lambda call: check_model(call, foreseen))
        changed = config if draw.random() < 0.03 else edited(config, draw, self.watch)
        name = draw.choice(texts(self.watch)) if draw.random() < 0.1 else fn

        def read() -> None:
            before = allowed_packages()
            try:
                check((name, changed))
            except DlgnError:
                assert changed is not config or name != fn, "a sound config is refused"
                raise
            finally:
                assert allowed_packages() == before, "packages were allowed"

        return read


class Definitions:
    """Experiments and studies in YAML: damaged, edited, with tags of Python, aliases, depths and odd numbers."""

    def __init__(self, watch: Watch) -> None:
        from hostile.served import open_tables

        open_tables()
        self.watch, self.path = watch, watch.inside / "experiment.yaml"

    def __call__(self, draw: random.Random) -> Read:
        from populate.define import define
        from populate.search import study

        sound, read = draw.choice(((EXPERIMENT, define.plans), (STUDY, study.read_study)))
        whole = draw.random() < 0.03
        tree = sound if whole or draw.random() < 0.4 else edited(sound, draw, self.watch)
        text = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
        if not whole and draw.random() < 0.5:
            at = draw.randrange(len(text))
            text = text[:at] + draw.choice(self.tricks(draw)) + text[at:]
        content = text.encode(errors="surrogatepass")
        self.path.write_bytes(
            content if whole or draw.random() < 0.7 else damaged(content, draw, (b"fn:", b"config:", b": "))
        )

        def plan() -> None:
            try:
                found = read(self.path)
            except DlgnError:
                assert not whole, "a sound definition is refused"
                raise
            if read is study.read_study:
                study.check(found[0])
            else:
                for one in found:
                    define._plan_table(one)
                    define.fixed_precision(one.name, one.entries)

        return plan

    def tricks(self, draw: random.Random) -> list[str]:
        """Pieces of YAML that other readers of it obey, or that grow."""
        laughs = "\na0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 30))
        return [
            f"!!python/object/apply:os.system ['touch {self.watch.ran}']", "!!python/name:os.system ",
            "!!python/module:canary ", f"!!python/object/new:subprocess.Popen [['touch', '{self.watch.ran}']]",
            f"!include {self.watch.outside}/secret.txt", laughs, "\nmodels: &m [*m]\n", "\n<<: &x {<<: *x}\n",
            "\n<<: *nothing\n", "[" * draw.choice((50, 2000)), "{a: " * 300, "? " * 200, "\n---\n", "\n...\n", "\t",
            "%YAML 9.9\n---\n", "&a *a", "!!binary aGk=", "!!set {a, b}", "!!timestamp 9999-99-99", "!!float x",
            "!!int 0x", "0o7", "1_0", "1:60:60", ".inf", ".nan", "-.inf", "~", "on", "=", "2001-02-30", "\ufeff",
            "\u2028", "'", '"', "|\n", ">\n", "\nseeds: [0, 0, 0]\n", f"\nseeds: {list(range(3000))}\n",
            "\nexperiment: 3\n", f"\ncomment: {'x' * 5000}\n", "{low: 0, high: 1.0e+999}", "{choices: []}",
            "{choices: [1, 2, 3, 4, 5, 6, 7, 8, 9]}", "{low: 5, high: 1}", "{low: -1, high: 1, log: true}",
            repr(odd(draw, self.watch))[:5000],
        ]  # fmt: skip


class SettingsFiles:
    """Settings of a folder, of a person and of the environment."""

    def __init__(self, watch: Watch) -> None:
        from schemas.connection.settings_file import personal_file

        self.watch, self.folder = watch, watch.inside / "project"
        self.folder.mkdir()
        os.environ["XDG_CONFIG_HOME"] = str(watch.inside / "config")
        os.chdir(self.folder)
        self.personal = personal_file(self.folder)
        self.personal.parent.mkdir(parents=True)
        self.plain = {name: one for name, one in os.environ.items() if not name.startswith("DLGN_")}

    def line(self, draw: random.Random) -> str:
        """One setting, with a value of any kind."""
        from schemas.connection.settings_file import MEANING

        own = [
            "AWS_SECRET_ACCESS_KEY",
            "PYTHONPATH",
            "LD_PRELOAD",
            "DLGN_ALLOW_PACKAGES",
            "DLGN_DATABASE_PASSWORD",
            "DLGN_BOUNDS",
            "X",
            "",
        ]
        urls = [
            f"mysql://a:b@{self.watch.address}",
            "postgresql://[::1",
            "mysql://a@h:99999999",
            "s3://",
            "s3:///x",
            f"s3://x@{self.watch.address}/y",
            "://",
        ]
        paths = ["/a=/b", "/a=/b,/a=/c", "a=b", "=", ",,,", "/=/", f"/x={self.watch.outside}", "~nobody/x=/y"]
        plain = [
            "0",
            "1",
            "true",
            "cuda",
            "cuda:99999999999",
            "SIGKILL",
            "KILL",
            "USR1",
            "verify",
            "auto",
            "60",
            "lab_",
            "csv,x",
        ]
        name = draw.choice((*MEANING, *MEANING, *own))
        value = draw.choice((*urls, *paths, *plain, *plain, *texts(self.watch), draw.choice(texts(self.watch))))
        form = draw.choice(
            ("{0}={1}", "{0}={1}", "{0}={1}", "export {0}={1}", "{0} = '{1}'", "{0}", "={1}", "# {0}={1}", '{0}="{1}')
        )
        return form.format(name, value)

    def __call__(self, draw: random.Random) -> Read:
        from schemas.connection.settings_file import MEANING, PERSONAL

        files = {}
        for path in (self.folder / "dlgn.env", self.personal):
            lines = "\n".join(self.line(draw) for _ in range(draw.choice((0, 1, 1, 2, 3))))
            files[path] = lines.encode(errors="surrogatepass")
            path.write_bytes(damaged(files[path], draw) if lines and draw.random() < 0.2 else files[path])
        environment = {}
        for _ in range(draw.choice((0, 0, 1, 2))):
            name, _, value = self.line(draw).partition("=")
            if name in MEANING and "\0" not in value:
                with contextlib.suppress(UnicodeEncodeError):
                    environment[name] = os.fsdecode(value.encode(errors="surrogateescape"))

        def read() -> None:
            from schemas import Settings

            os.environ.clear()
            os.environ.update(self.plain | environment)
            sound = Settings.from_environment({})
            found = Settings.from_environment()
            repr(found)
            assert "DLGN_ALLOW_PACKAGES" in environment or found.allowed_packages == sound.allowed_packages
            if not (self.personal.read_bytes() or set(environment) & PERSONAL):
                kept = ("home", "store", "database", "datasets_url", "store_url", "paths", "loggers", "tls")
                assert all(getattr(found, one) == getattr(sound, one) for one in kept), "a folder's file connects"

        return read
