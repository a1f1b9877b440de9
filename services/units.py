"""Figures as people read them."""


def duration(seconds: float) -> str:
    """`40 ms`, `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`."""
    whole = round(seconds)
    if seconds < 0.095:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60:02} min"


def size(count: float) -> str:
    """Bytes in powers of ten: `812 B`, `3.4 MB`, `1.2 GB`."""
    for unit, power in (("TB", 12), ("GB", 9), ("MB", 6), ("kB", 3)):
        if count >= 10**power:
            return f"{count / 10**power:.3g} {unit}"
    return f"{count:.0f} B"
