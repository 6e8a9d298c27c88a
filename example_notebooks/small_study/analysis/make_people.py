"""Draws made-up people at random, always the same ones."""

import csv
import random

REGIONS = {"North": 0.52, "Midlands": 0.61, "South": 0.66, "London": 0.57}
AGES = {"18-39": -0.22, "40-64": 0.05, "65 and over": 0.18}

random.seed(2021)
with open("output/people.csv", "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["patient_id", "region", "age", "measured"])
    for number in range(1, 5001):
        region, age = random.choice(list(REGIONS)), random.choice(list(AGES))
        measured = random.random() < REGIONS[region] + AGES[age]
        writer.writerow([number, region, age, int(measured)])
print("5000 people")
