"""What bench_model.py measures of the model: its speed, its agreement, its memory, its growth."""
