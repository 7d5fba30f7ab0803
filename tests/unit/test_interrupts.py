"""A signal is raised in computations and at checks, nowhere else, and is never lost."""

import os
import signal

import pytest

from dlgn_cnn.runtime import interrupts

KINDS = [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(("number", "kind"), KINDS)
def test_a_signal_waits_for_the_next_check(number, kind):
    reached = False
    with interrupts.deferred():
        send(number)
        reached = True
        with pytest.raises(kind):
            interrupts.check()
    assert reached


@pytest.mark.parametrize(("number", "kind"), KINDS)
def test_a_computation_is_interrupted_where_it_stands(number, kind):
    reached = []

    @interrupts.allowed()
    def compute():
        send(number)
        reached.append("too far")

    with interrupts.deferred():
        with pytest.raises(kind):
            compute()
        assert not reached
        with pytest.raises(kind):  # code that swallows it meets it again
            interrupts.check()


def test_a_computation_does_not_begin_once_somebody_asked_to_stop():
    begun = []
    with interrupts.deferred():
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt), interrupts.allowed():
            begun.append("begun")
    assert not begun


@pytest.mark.parametrize(("number", "kind"), KINDS)
def test_a_computation_that_asks_itself_is_not_interrupted_where_it_stands(number, kind):
    reached = []

    @interrupts.allowed()
    def compute():
        with interrupts.postponed():
            assert interrupts.asked() is None
            send(number)
            interrupts.check()
            reached.append("the end of the step")
            raise interrupts.asked()

    with interrupts.deferred():
        with pytest.raises(kind):
            compute()
        with pytest.raises(kind):
            interrupts.check()
    assert reached
    assert interrupts.asked() is None


def test_what_was_postponed_is_raised_at_the_end_of_the_block():
    def compute():
        with interrupts.postponed():
            send(signal.SIGTERM)
        raise AssertionError("too far")

    with interrupts.deferred(), pytest.raises(SystemExit), interrupts.allowed():
        compute()


def test_a_second_signal_is_raised_anywhere():
    with interrupts.deferred():
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            send(signal.SIGINT)


def test_an_ignored_interrupt_is_heard_and_the_handlers_are_restored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.deferred():
            send(signal.SIGINT)
            with pytest.raises(KeyboardInterrupt):
                interrupts.check()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_that_another_library_put_in_between_is_set_aside_while_computing():
    def other(number, frame):
        raise AssertionError("not ours")

    with interrupts.deferred():
        signal.signal(signal.SIGTERM, other)
        with pytest.raises(SystemExit), interrupts.allowed():
            send(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is other


def test_an_error_in_the_place_of_an_interruption_is_known_as_one():
    def stopped_while_asking():
        try:
            raise KeyboardInterrupt
        finally:
            raise OSError("lost connection")

    with pytest.raises(OSError, match="lost connection") as caught:
        stopped_while_asking()
    assert isinstance(interrupts.behind(caught.value), KeyboardInterrupt)
    assert interrupts.behind(OSError("lost connection")) is None


def test_without_a_worker_nothing_changes():
    before = signal.getsignal(signal.SIGINT)
    with interrupts.allowed():
        assert signal.getsignal(signal.SIGINT) == before
    interrupts.check()
