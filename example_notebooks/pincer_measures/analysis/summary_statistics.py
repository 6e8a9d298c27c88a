"""Summarise the study in a few numbers, one file of each kind for each domain.

Writes, with small numbers left out and the rest rounded:
  output/patient_count_*.json                   patients ever at risk, and ever with the hazard
  output/practice_count_*.json                  practices with any patient at risk, and with any hazard
  output/indicator_summary_statistics_*.json    the rate at the start and end, and around the first wave of 2020
"""
from collections import defaultdict

import pandas as pd

from indicators import DOMAINS, INDICATORS, in_domain
from utilities import (
    flags,
    monthly_extracts,
    publishable_number,
    read_month,
    read_rates,
    write_json,
)

FIRST_WAVE = ("2020-04-01", "2020-08-01")
UNITS = {"patient": "patient_id", "practice": "practice"}


def main():
    """Read each month once and write all summaries."""
    seen = everyone_seen()
    for domain in DOMAINS:
        for unit in UNITS:
            write_json(counts_of(seen[unit], in_domain(domain)), f"{unit}_count_{domain}.json")
        statistics = {each.key: rate_statistics(read_rates(each)) for each in in_domain(domain)}
        write_json(statistics, f"indicator_summary_statistics_{domain}.json")
        print(f"{domain}: {len(statistics)} indicators")


def everyone_seen():
    """The patients and practices ever seen in each indicator's columns: {unit: {column: set of identifiers}}."""
    columns = flags(INDICATORS)
    seen = {unit: defaultdict(set) for unit in UNITS}
    for month in monthly_extracts():
        patients = read_month(month, [*UNITS.values(), *columns])
        for unit, identifier in UNITS.items():
            seen[unit]["everyone"].update(patients[identifier])
            for column in columns:
                seen[unit][column].update(patients.loc[patients[column], identifier])
    return seen


def counts_of(seen, indicators):
    """How many were seen, rounded: in all, and for each indicator at risk and with the hazard."""
    counts = {"everyone": publishable_number(len(seen["everyone"]))}
    for indicator in indicators:
        counts[indicator.key] = {
            "at_risk": publishable_number(len(seen[indicator.denominator])),
            "with_hazard": publishable_number(len(seen[indicator.numerator])),
        }
    return counts


def rate_statistics(rates):
    """A series of monthly rates in a few numbers. Rates are proportions; one that may not be shown is None."""
    start, end = FIRST_WAVE
    before, after = rates["date"] < start, rates["date"] > end
    return {
        "months": len(rates),
        "first": one_month(rates.iloc[0]),
        "last": one_month(rates.iloc[-1]),
        "before": pooled_rate(rates[before]),
        "first_wave": pooled_rate(rates[~before & ~after]),
        "after": pooled_rate(rates[after]),
    }


def one_month(row):
    """The counts and the rate of one month."""
    counts = {name: none_if_missing(row[name]) for name in ("numerator", "denominator")}
    return {"month": f"{row['date']:%Y-%m}", **counts, "rate": none_if_missing(row["rate"], float)}


def pooled_rate(rates):
    """The rate over several months together, from the months that may be shown."""
    shown = rates[rates["rate"].notnull()]
    if shown.empty:
        return None
    return round(float(shown["numerator"].sum() / shown["denominator"].sum()), 3)


def none_if_missing(value, kind=int):
    """A plain number for JSON, or None."""
    return None if pd.isnull(value) else kind(value)


if __name__ == "__main__":
    main()
