"""From the network to signals, scores, rings and evidence: columns in, columns out."""
