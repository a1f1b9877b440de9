"""Parts of `bench_bulk.py`."""
