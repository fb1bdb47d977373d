"""What Patina costs, as ratios: modules here declare `BENCHES`, and `python -m bench` runs them in pairs."""
