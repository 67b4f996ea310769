"""How the memory of this process is managed while models run."""

import ctypes

MALLOC_OPTIONS = {-1: -1, -2: 2**26, -4: 0}  # M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX


def keep_what_is_freed() -> None:
    """Make glibc keep freed memory instead of returning it to the kernel.

    Each layer allocates and frees tensors of some megabytes. Getting this memory from the kernel,
    which clears it each time, took a sixth of the time.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "gnu_get_libc_version"):
        for option, value in MALLOC_OPTIONS.items():
            libc.mallopt(option, value)
