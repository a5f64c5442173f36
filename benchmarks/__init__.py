"""Speed and detection figures as commands: each prints one JSON object and keeps it under benchmarks/results."""
