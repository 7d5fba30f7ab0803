"""Movies and scenes: decoding, encoding, and which scenes look alike."""
