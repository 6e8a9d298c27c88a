"""What several tests use: studies, servers, containers, processes. No tests."""
