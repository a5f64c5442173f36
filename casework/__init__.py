"""What people and runs decide: loads, sweeps, decisions, pending links, clients, vault and audit."""
