"""Speed, measured by hand and never asserted; docs/performance.md says how."""
