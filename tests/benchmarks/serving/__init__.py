"""What `bench_serve.py` is made of."""
