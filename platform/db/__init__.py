"""Tables, queries and the database itself."""
