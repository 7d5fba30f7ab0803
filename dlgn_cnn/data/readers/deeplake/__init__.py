"""Reader of Deep Lake folders of version 3."""
