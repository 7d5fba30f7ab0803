"""What tables share: hashed configs, arrays, inserted rows and the registry of stores."""
