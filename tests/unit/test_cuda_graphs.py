"""Replayed passes give what the plain loop gives, whatever the caller does between them.

On a CPU a stand-in captures: it computes into the same memory from the same memory every time, as a CUDA graph does.
"""

import copy
import gc
import pickle
import weakref

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from dlgn_cnn.models.recurrent.conv_gru import ConvGru, OptoDrive
from dlgn_cnn.models.recurrent.cuda_graphs import CAPTURES, CudaGraphs, Gpu

SWITCHES = [["candidate.input", "candidate.state"], ["candidate.input"], ["candidate.state"], []]
DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="captures need a CUDA GPU")),
]


class StandIn(Gpu):
    """Captures on a CPU."""

    def __init__(self, room=True):
        self.captured, self.launched, self.room = 0, 0, room

    def serves(self, inputs):
        return True

    def state(self, device):
        return ()

    def has_room(self, device, size_bytes):
        return self.room

    def capture(self, device, compute):
        self.captured += 1
        found = compute()

        def launch():
            self.launched += 1
            for maps, now in zip(found, compute(), strict=True):
                for place, one in zip(maps, now, strict=True):
                    place.copy_(one)

        return found, launch


class CountingGpu(Gpu):
    """The GPU's own way, counted."""

    def __init__(self):
        self.captured, self.launched = 0, 0

    def capture(self, device, compute):
        self.captured += 1
        found, replay = super().capture(device, compute)

        def launch():
            self.launched += 1
            replay()

        return found, launch


@pytest.fixture(autouse=True)
def exact():
    """The same kernels every time, on a GPU too."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def pair(device, opto=SWITCHES[0]):
    """A unit whose light does something, replayed and plain, and the machine that counts."""
    torch.manual_seed(0)
    built = ConvGru(3, 4, kernel_input=3, kernel_state=5, opto=opto).to(device)
    for module in built.modules():
        if isinstance(module, OptoDrive):
            torch.nn.init.normal_(module.gain)
            torch.nn.init.normal_(module.shift)
    plain = copy.deepcopy(built)
    machine = CountingGpu() if device == "cuda" else StandIn()
    built.cuda_graphs, plain.cuda_graphs = CudaGraphs(machine), CudaGraphs(StandIn(room=False))
    return built, plain, machine


def clip(device, seed=0, time=5, batch=2):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(time, batch, 3, 7, 8, generator=generator).to(device).requires_grad_()
    return features, torch.rand(time, batch, generator=generator).to(device)


def loss(unit, features, opto):
    return (unit(features, opto)[0].float() ** 2).sum()


def gradients(unit, features):
    """What a backward pass left in the clip and the parameters, taken away."""
    found = [part.grad for part in (features, *unit.parameters())]
    for part in (features, *unit.parameters()):
        part.grad = None
    return found


def assert_same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        assert (one is None) == (other is None)
        assert one is None or torch.equal(one, other)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize("opto", SWITCHES, ids=["both", "input", "state", "none"])
def test_steps_of_a_fit_are_those_of_the_plain_loop(device, opto, bfloat16):
    *units, machine = pair(device, opto)
    optimizers = [torch.optim.SGD(one.parameters(), lr=1e-3) for one in units]
    for step in range(4):
        found = []
        for one, optimizer in zip(units, optimizers, strict=True):
            features, opto = clip(device, step)
            with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
                value = loss(one, features, opto)
            value.backward()
            optimizer.step()
            found.append([value.detach(), *gradients(one, features)])
        assert_same(*found)
    assert (machine.captured, machine.launched) == (2, 4)


def warmed(device):
    replayed, plain, machine = pair(device)
    for _ in range(2):
        features, opto = clip(device)
        loss(replayed, features, opto).backward()
        gradients(replayed, features)
    assert (machine.captured, machine.launched) == (2, 0)
    return replayed, plain, machine


@pytest.mark.parametrize("device", DEVICES)
def test_passes_may_come_in_any_order_and_any_number_of_times(device):
    *units, machine = warmed(device)
    found = []
    for one in units:
        clips = [clip(device, seed) for seed in range(3)]
        losses = [loss(one, *each) for each in clips]
        with torch.no_grad():
            one(*clips[2])  # between a forward pass and its backward pass
        losses[1].backward(retain_graph=True)
        losses[0].backward()
        losses[1].backward()
        found.append([part for features, _ in clips for part in gradients(one, features)])
    assert_same(*found)
    assert machine.launched == 6


@pytest.mark.parametrize("device", DEVICES)
def test_a_module_may_be_used_twice_in_one_graph_and_a_clip_in_pieces(device):
    *units, machine = pair(device)
    for seed in range(3):
        found = []
        for one in units:
            features, opto = clip(device, seed, time=10)
            first, state = one(features[:5], opto[:5])
            second, _ = one(features[5:], opto[5:], state)
            (first.sum() + (second**2).sum()).backward()
            found.append([first.detach(), second.detach(), *gradients(one, features)])
        assert_same(*found)
    assert machine.captured == machine.launched == 4


@pytest.mark.parametrize("device", DEVICES)
def test_only_forms_that_come_again_are_captured_and_no_more_than_the_bound(device):
    replayed, plain, machine = pair(device)
    for batch in range(1, CAPTURES + 4):
        replayed(*clip(device, batch=batch))
    assert machine.captured == 0
    for _ in range(2):
        for batch in range(1, CAPTURES + 4):
            given = clip(device, batch, time=5, batch=batch)
            assert torch.equal(replayed(*given)[0], plain(*given)[0])
    assert machine.captured == machine.launched == CAPTURES


def test_nothing_is_captured_without_room():
    replayed, _, _ = pair("cpu")
    replayed.cuda_graphs = CudaGraphs(machine := StandIn(room=False))
    for _ in range(3):
        replayed(*clip("cpu"))
    assert (machine.captured, machine.launched) == (0, 0)


def test_an_error_of_a_capture_is_raised():
    class Broken(StandIn):
        def capture(self, device, compute):
            raise RuntimeError("operation not permitted when stream is capturing")

    replayed, _, _ = pair("cpu")
    replayed.cuda_graphs = CudaGraphs(Broken())
    replayed(*clip("cpu"))
    with pytest.raises(RuntimeError, match="not permitted"):
        replayed(*clip("cpu"))


@pytest.mark.parametrize("device", DEVICES)
def test_captures_go_with_their_module_and_stay_out_of_its_copies(device):
    replayed, *_ = warmed(device)
    for other in (copy.deepcopy(replayed), pickle.loads(pickle.dumps(replayed))):
        assert torch.equal(other(*clip(device))[0], replayed(*clip(device))[0])
    held = [weakref.ref(capture) for capture in replayed.cuda_graphs._captures.values()]
    assert len(held) == 2
    gc.disable()  # no cycle holds them
    try:
        del replayed
        assert not any(one() for one in held)
    finally:
        gc.enable()


def test_tensors_without_memory_are_never_captured():
    with FakeTensorMode():
        assert not Gpu().serves([torch.empty(2, device="cuda")])
    assert not Gpu().serves([torch.empty(2), None])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="captures need a CUDA GPU")
def test_memory_of_captures_comes_back():
    replayed, _, machine = pair("cuda")
    held = []
    for step in range(4):
        features, opto = clip("cuda", step)
        loss(replayed, features, opto).backward()
        gradients(replayed, features)
        del features, opto
        held.append(torch.cuda.memory_allocated())
    assert machine.captured == 2
    assert held[0] < held[1] == held[2] == held[3]
    replayed.cuda_graphs = CudaGraphs()
    assert torch.cuda.memory_allocated() == held[0]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="captures need a CUDA GPU")
def test_settings_and_streams_have_captures_of_their_own():
    replayed, plain, machine = pair("cuda")
    given, random = clip("cuda"), torch.cuda.get_rng_state()
    for allowed in (True, False, True, False, True, False):
        with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=allowed), torch.no_grad():
            assert torch.equal(replayed(*given)[0], plain(*given)[0])
    assert (machine.captured, machine.launched) == (2, 2)
    torch.cuda.synchronize()
    with torch.cuda.stream(torch.cuda.Stream()), torch.inference_mode():
        for _ in range(3):
            assert torch.equal(replayed(*given)[0], plain(*given)[0])
    torch.cuda.synchronize()
    assert (machine.captured, machine.launched) == (3, 3)
    assert torch.equal(torch.cuda.get_rng_state(), random)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="captures need a CUDA GPU")
def test_inside_a_capture_of_the_callers_own_the_loop_is_captured():
    replayed, plain, machine = pair("cuda", opto=[])
    given = clip("cuda")
    with torch.no_grad():
        for _ in range(3):
            replayed(*given)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            found = replayed(*given)[0]
        graph.replay()
        assert torch.equal(found, plain(*given)[0])
    assert (machine.captured, machine.launched) == (1, 1)
