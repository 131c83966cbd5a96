"""The platforms on loopback: X and Facebook as their own clients see them, with faults on request."""
