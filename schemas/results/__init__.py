"""Results: queries that join tables, ready to restrict."""
