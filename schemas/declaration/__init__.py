"""Declaration of all tables: the database is opened here."""
