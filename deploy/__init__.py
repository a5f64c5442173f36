"""What it takes to run Ringsight with its neighbours: a real Neo4j without Docker, and the image files."""
