"""What `bench_ui.py` is made of."""
