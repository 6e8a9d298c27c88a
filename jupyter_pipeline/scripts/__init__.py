"""What code says of itself without being run: the files that it reads and writes, the modules that it imports."""
