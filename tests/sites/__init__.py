"""What tests of several folders stand on: a real database, a bench, a real server."""
