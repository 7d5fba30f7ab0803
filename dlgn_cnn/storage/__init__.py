"""Files and object stores: how bytes are written, found again and fetched."""
