"""Which devices multiply bfloat16, and what a precision is resolved to."""

import itertools
import logging

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dlgn_cnn.errors import ConfigError
from dlgn_cnn.runtime import device as runtime
from dlgn_cnn.runtime.device import autocast, cpu_flags, cpu_is_native, gpu_is_native, native, resolve

CPU = torch.device("cpu")
AVX512, AMX = "avx512_bf16", "amx_bf16"
# oneDNN's own order of what ONEDNN_MAX_CPU_ISA allows, from its documentation, and the flags that each leaves in use.
LEFT = {
    "SSE41": set(), "AVX": set(), "AVX2": set(), "AVX2_VNNI": set(), "AVX2_VNNI_2": set(), "AVX512_CORE": set(),
    "AVX512_CORE_VNNI": set(), "AVX512_CORE_BF16": {AVX512}, "AVX512_CORE_FP16": {AVX512}, "AVX10_1_512": {AVX512},
    "AVX512_CORE_AMX": {AVX512, AMX}, "AVX10_1_512_AMX": {AVX512, AMX}, "AVX512_CORE_AMX_FP16": {AVX512, AMX},
    "DEFAULT": {AVX512, AMX}, "no such word": {AVX512, AMX}, "": {AVX512, AMX},
}  # fmt: skip
FLAGS = st.frozensets(st.sampled_from([AVX512, AMX]))


@pytest.mark.parametrize("cap", LEFT)
@pytest.mark.parametrize("flags", [set(), {AVX512}, {AMX}, {AVX512, AMX}], ids=str)
@pytest.mark.parametrize("name", ["ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"])
@pytest.mark.parametrize("spelled", [str.upper, str.lower])
def test_a_cpu_has_what_its_cap_leaves_it(cap, flags, name, spelled):
    assert cpu_is_native(frozenset(flags), {name: spelled(cap)}) == bool(flags & LEFT[cap])


def test_torchs_own_cap_leaves_onednn_alone():
    assert cpu_is_native(frozenset({AVX512}), {"ATEN_CPU_CAPABILITY": "avx2"})


def test_onednns_new_name_comes_before_its_old_one():
    both = {"ONEDNN_MAX_CPU_ISA": "AVX512_CORE_BF16", "DNNL_MAX_CPU_ISA": "AVX2"}
    assert cpu_is_native(frozenset({AVX512}), both)
    assert not cpu_is_native(frozenset({AVX512}), both | {"ONEDNN_MAX_CPU_ISA": ""})


@given(
    flags=FLAGS, more=FLAGS, onednn=st.sampled_from([*LEFT]), torchs=st.sampled_from(["avx2", "avx512", "default", ""])
)
def test_more_instructions_never_take_bfloat16_away_and_a_cap_never_gives_it(flags, more, onednn, torchs):
    capped = {"ONEDNN_MAX_CPU_ISA": onednn, "ATEN_CPU_CAPABILITY": torchs}
    assert cpu_is_native(flags, capped) <= cpu_is_native(flags | more, capped)
    assert cpu_is_native(flags, capped) <= cpu_is_native(flags, {}) == bool(flags)


@given(st.tuples(st.integers(3, 12), st.integers(0, 9)))
def test_gpus_have_it_from_ampere_on(capability):
    assert gpu_is_native(capability) == (capability[0] >= 8)


def test_the_flags_are_those_of_the_operating_system():
    """On Linux, the kernel tells of the CPU too."""
    try:
        with open("/proc/cpuinfo") as file:
            told = {word for line in file if line.startswith("flags") for word in line.split()}
    except OSError:
        pytest.skip("this system has no /proc/cpuinfo")
    assert cpu_flags() == {AVX512, AMX} & told


def test_a_torch_that_cannot_tell_has_no_flag(monkeypatch):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"architecture": "aarch64", AVX512: None})
    assert cpu_flags() == frozenset()
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert cpu_flags() == frozenset()


@pytest.mark.parametrize("kind", ["mps", "meta", "xpu"])
def test_other_devices_have_none(kind):
    assert not native(torch.device(kind))
    assert resolve("auto", torch.device(kind)) == "float32"


@pytest.mark.parametrize("has", [True, False])
def test_auto_is_what_was_fixed_or_else_what_the_device_has(monkeypatch, has):
    monkeypatch.setattr(runtime, "native", lambda device: has)
    fast = "bfloat16" if has else "float32"
    for stated, fixed in itertools.product(runtime.PRECISIONS, repeat=2):
        expected = fast if (stated, fixed) == ("auto", "auto") else fixed if stated == "auto" else stated
        assert resolve(stated, CPU, fixed) == expected


@pytest.mark.parametrize("wrong", ["half", "float16", "", None, 16])
def test_another_precision_is_refused(wrong):
    for given_ in ((wrong, CPU), ("auto", CPU, wrong)):
        with pytest.raises(ConfigError, match="choose auto, float32 or bfloat16"):
            resolve(*given_)


def test_an_emulated_bfloat16_is_warned_of_once_a_device(monkeypatch, caplog):
    monkeypatch.setattr(runtime, "native", lambda device: False)
    monkeypatch.setattr(runtime, "_warned", set())
    with caplog.at_level(logging.WARNING, "dlgn"):
        for device, stated in itertools.product((CPU, CPU, torch.device("mps")), runtime.PRECISIONS):
            resolve(stated, device)
    said = [record.getMessage() for record in caplog.records]
    assert [one.split(":")[0] for one in said] == ["bfloat16 is emulated on cpu", "bfloat16 is emulated on mps"]
    assert all("4 to 10 times slower" in one for one in said)
    monkeypatch.setattr(runtime, "native", lambda device: True)
    monkeypatch.setattr(runtime, "_warned", set())
    caplog.clear()
    assert resolve("bfloat16", CPU) == "bfloat16"
    assert not caplog.records


@pytest.mark.parametrize(("stated", "expected"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_autocast_computes_products_in_it(stated, expected):
    ones = torch.ones(2, 2)
    with autocast(CPU, stated):
        assert (ones @ ones).dtype == expected
