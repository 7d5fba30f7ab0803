"""From nnfabrik's tables (sinzlab, version 0.2.1, on DataJoint 0.14) into these; the source is only ever read."""
