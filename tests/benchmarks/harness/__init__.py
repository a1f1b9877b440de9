"""What every benchmark needs: processes that take turns, rows and tables, the machine."""
