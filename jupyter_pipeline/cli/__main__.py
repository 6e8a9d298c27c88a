"""``python -m jupyter_pipeline.cli``: the same as ``jupyter-pipeline``."""

import sys

from . import main

sys.exit(main())
