"""Work out the two indicators that compare the dates of two drugs.

Both ask whether two drugs that thin the blood were issued close together to a patient without gastroprotection.
Reads `output/input_*.feather`; writes `output/indicator_e_f_*.feather`.
"""
import pandas as pd

from utilities import OUTPUT, monthly_extracts

DAYS_APART = 28
COLUMNS = ["patient_id", "gastroprotection", "anticoagulant_date", "antiplatelet_date", "aspirin_date"]


def main():
    """Work out both indicators in every month."""
    for month, path in monthly_extracts().items():
        indicators = indicators_e_and_f(pd.read_feather(path, columns=COLUMNS))
        indicators.to_feather(OUTPUT / f"indicator_e_f_{month}.feather")
        print(f"{month}: {indicators.drop(columns='patient_id').sum().to_dict()}")


def indicators_e_and_f(extract):
    """The two indicators for each patient, as columns that are true or false."""
    unprotected = ~extract["gastroprotection"]
    e_at_risk = unprotected & extract["anticoagulant_date"].notnull()
    f_at_risk = unprotected & extract["aspirin_date"].notnull()
    return pd.DataFrame(
        {
            "patient_id": extract["patient_id"],
            "indicator_e_denominator": e_at_risk,
            "indicator_e_numerator": e_at_risk
            & issued_together(extract["anticoagulant_date"], extract["antiplatelet_date"]),
            "indicator_f_denominator": f_at_risk,
            "indicator_f_numerator": f_at_risk
            & issued_together(extract["aspirin_date"], extract["antiplatelet_date"]),
        }
    )


def issued_together(first, second):
    """Whether two drugs were both issued, at most 28 days apart."""
    return (first - second).abs() <= pd.Timedelta(days=DAYS_APART)


if __name__ == "__main__":
    main()
