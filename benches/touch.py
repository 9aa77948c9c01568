"""Touches memory and gives it back: `touch.py BYTES`. In pages of the kind that a quick allocator asks for, so that it gets these."""

import mmap
import sys

length = int(sys.argv[1])
memory = mmap.mmap(-1, length)
if hasattr(mmap, "MADV_HUGEPAGE"):
    memory.madvise(mmap.MADV_HUGEPAGE)
for at in range(0, length, mmap.PAGESIZE):
    memory[at] = 1
memory.close()
