"""Two texts, notebooks, tables or trees of code side by side, in a bounded number of steps. Makes no HTML."""
