"""Counts people by region and age, rounded to the nearest five so that no count tells of one person."""

import pandas as pd

people = pd.read_csv("output/people.csv")
groups = people.groupby(["region", "age"]).agg({"patient_id": "count", "measured": "sum"})
counts = groups.rename(columns={"patient_id": "people"}).apply(lambda column: (column / 5).round().astype(int) * 5)
counts.reset_index().to_csv("output/counts.csv", index=False)
print(len(counts), "groups")
