"""What is to be seen in a comment: a question is a file, a score has its reasons, and nothing here decides."""

import os

# Read by numpy's OpenBLAS when it is loaded.  Our products are small: its threads would wait for each other, spinning.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
