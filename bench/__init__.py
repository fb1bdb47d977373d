"""What Patina costs, as ratios: each module here declares one `BENCH`, and `python -m bench` runs them in pairs."""
