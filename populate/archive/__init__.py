"""Archives: a part of the tables as files for others, and such files into any database."""
