"""What tests of workers share: tables whose computations do as they are told."""

import pytest

from tests import toy


@pytest.fixture(scope="session")
def toy_tables(served):
    """The tables of ``tests.toy``, declared once a run, as DataJoint declares a class's table once a process."""
    toy.activate()
    yield served
    toy.schema.drop(prompt=False)


@pytest.fixture
def tables(database, toy_tables):
    """The same, with neither rows nor jobs, workers, leases or orders; the settings in force."""
    from schemas import fleet

    classes = (toy.Squared.Half, toy.Squared, toy.Cubed, toy.Item)
    classes += (fleet.Lease, fleet.Lack, fleet.Worker, fleet.Retry, fleet.StopFlag)
    for table in (*(one() for one in classes[:2]), toy.Squared.jobs, *(one() for one in classes[2:])):
        table.delete_quick()
    toy.DURING.clear()
    toy.COMPUTED.clear()
    return toy_tables
