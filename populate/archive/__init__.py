"""Out to others and in from them: a restriction of the tables as an archive, and an archive into any database."""
