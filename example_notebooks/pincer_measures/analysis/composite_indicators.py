"""Count patients with at least one hazard, in each domain and over all fourteen indicators.

Writes `output/*_composite_measure.csv`: `date`, `numerator`, `denominator`, `rate`, with small numbers left out.
"""
import pandas as pd

from indicators import DOMAINS, INDICATORS, in_domain
from utilities import flags, monthly_extracts, publishable, read_month, write_csv

COMPOSITES = {**{domain: in_domain(domain) for domain in DOMAINS}, "all": INDICATORS}


def main():
    """Count every composite in every month."""
    rows = {name: [] for name in COMPOSITES}
    for month in monthly_extracts():
        patients = read_month(month, flags(INDICATORS))
        for name, indicators in COMPOSITES.items():
            rows[name].append({"date": month, **any_hazard(patients, indicators)})
    for name, months in rows.items():
        write_csv(publishable(pd.DataFrame(months)), f"{name}_composite_measure.csv")
        print(f"{name}: {len(months)} months")


def any_hazard(patients, indicators):
    """Exact counts of the patients at risk on any of some indicators, and of those with any of the hazards."""
    at_risk = patients[[indicator.denominator for indicator in indicators]].any(axis=1)
    hazard = patients[[indicator.numerator for indicator in indicators]].any(axis=1)
    return {"numerator": hazard.sum(), "denominator": at_risk.sum()}


if __name__ == "__main__":
    main()
