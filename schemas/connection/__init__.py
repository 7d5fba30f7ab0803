"""Connection to a server: settings, clients, the embedded server and background writes."""
