"""Break the indicators down by who the patients are, and by practice.

Writes, with small numbers left out and the rest rounded:
  output/measure_indicator_{e,f}_rate.csv      monthly totals of the two indicators the extractor cannot measure
  output/indicator_measure_*.csv               monthly counts by age, sex, region, ethnicity and deprivation
  output/indicator_measure_*_practices.csv     monthly quartiles of the rate over practices
  output/demographics_summary_*.csv            patients ever at risk, and ever with the hazard, by group
"""
import pandas as pd

from indicators import INDICATORS
from utilities import (
    CHARACTERISTICS,
    counts_by,
    flags,
    monthly_extracts,
    practice_quartiles,
    publishable,
    read_month,
    write_csv,
)

COLUMNS = ["patient_id", "practice", *CHARACTERISTICS, *flags(INDICATORS)]


def main():
    """Count month by month, so that only one month is in memory, then write the files."""
    counts, quartiles, ever = [], [], None
    for month in monthly_extracts():
        patients = read_month(month, COLUMNS)
        counts.append(counts_in(patients).assign(date=month))
        quartiles.append(quartiles_in(patients).assign(date=month))
        ever = remember(ever, patients.drop(columns="practice"))
        print(f"{month}: {len(patients)} patients")
    counts = pd.concat(counts, ignore_index=True)
    write_indicators(counts, pd.concat(quartiles, ignore_index=True))
    write_totals(counts)
    write_summaries(ever)


def counts_in(patients):
    """Exact counts in one month: `indicator`, `characteristic`, `level`, `numerator`, `denominator`."""
    return pd.concat(
        [counts_by(patients, name, INDICATORS).assign(characteristic=name) for name in CHARACTERISTICS]
    )


def quartiles_in(patients):
    """Quartiles over practices in one month, one row for each indicator."""
    by_practice = counts_by(patients, "practice", INDICATORS).groupby("indicator")
    return pd.DataFrame(
        [{"indicator": key, **practice_quartiles(counts)} for key, counts in by_practice]
    )


def remember(ever, patients):
    """What was ever true of each patient, one more month included; of who they are, what was true last.

    Counting patients rather than patient-months keeps the rule on small numbers honest: one patient who is at risk for
    two years is still one patient.
    """
    by_patient = pd.concat([ever, patients]).groupby("patient_id")
    last = by_patient[list(CHARACTERISTICS)].last()
    return last.join(by_patient[flags(INDICATORS)].any()).reset_index()


def write_indicators(counts, quartiles):
    """Write the monthly breakdown and the practice quartiles of each indicator."""
    columns = ["date", "characteristic", "level", "numerator", "denominator"]
    for key, of_indicator in counts.groupby("indicator"):
        table = of_indicator.sort_values(columns[:3])[columns]
        write_csv(publishable(table), f"indicator_measure_{key}.csv")
    for key, of_indicator in quartiles.groupby("indicator"):
        table = of_indicator[["date", "lower_quartile", "median", "upper_quartile"]]
        write_csv(table, f"indicator_measure_{key}_practices.csv")


def write_totals(counts):
    """Write the monthly totals of the indicators that were worked out from dates."""
    by_one_characteristic = counts[counts["characteristic"] == CHARACTERISTICS[0]]
    for indicator in INDICATORS:
        if indicator.from_dates:
            rows = by_one_characteristic[by_one_characteristic["indicator"] == indicator.key]
            totals = rows.groupby("date")[["numerator", "denominator"]].sum().reset_index()
            write_csv(publishable(totals), f"measure_indicator_{indicator.key}_rate.csv")


def write_summaries(ever):
    """Write one table for each characteristic: the patients in each group, then each indicator in each group."""
    for name in CHARACTERISTICS:
        table = pd.concat([population_by(ever, name), counts_by(ever, name, INDICATORS)])
        table = publishable(table.assign(characteristic=name))
        columns = ["characteristic", "level", "indicator", "numerator", "denominator", "rate"]
        write_csv(table[columns], f"demographics_summary_{name}.csv")


def population_by(patients, characteristic):
    """How many patients are in each group, of all; in the shape of `counts_by`, as the indicator "population"."""
    sizes = patients[characteristic].value_counts().sort_index()
    return pd.DataFrame(
        {
            "indicator": "population",
            "level": sizes.index,
            "numerator": sizes.values,
            "denominator": len(patients),
        }
    )


if __name__ == "__main__":
    main()
