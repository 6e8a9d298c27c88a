"""Draws the share of people who were measured, by region."""

import matplotlib

matplotlib.use("Agg")
import pandas as pd

counts = pd.read_csv("output/counts.csv").groupby("region")[["people", "measured"]].sum()
share = counts["measured"] / counts["people"] * 100
axes = share.plot.barh(color="#2d5f8b", figsize=(6, 2.6))
axes.set_xlabel("measured in the last year, %")
axes.set_ylabel("")
axes.figure.savefig("output/chart.png", dpi=100, bbox_inches="tight")
