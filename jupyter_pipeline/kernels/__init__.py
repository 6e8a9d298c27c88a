"""Kernels for writing notebooks in the runtime of an action: their kernelspecs, and one session of such a kernel."""
