"""The tests: a folder for each folder of the package, and helpers/ for what several of them use."""
