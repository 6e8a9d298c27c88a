"""Complete the monthly extracts: age band, deprivation, and each patient's ethnicity and region.

Reads and rewrites `output/input_*.feather`, one month at a time.
"""
import pandas as pd

import synthetic
from utilities import OUTPUT, UNKNOWN, age_band, monthly_extracts

ETHNICITIES = {"1": "White", "2": "Mixed", "3": "Asian", "4": "Black", "5": "Chinese or other"}
DEPRIVATION = {
    "1": "Fifth 1, most deprived",
    "2": "Fifth 2",
    "3": "Fifth 3",
    "4": "Fifth 4",
    "5": "Fifth 5, least deprived",
}


def main():
    """Complete every month that was extracted."""
    extracts = monthly_extracts()
    characteristics = read_characteristics(OUTPUT / "input_ethnicity.feather")
    people = None
    if synthetic.is_synthetic():
        people = synthetic.people_in(pd.read_feather(min(extracts.values())), characteristics)
    for month, path in extracts.items():
        extract = pd.read_feather(path)
        if people is not None:
            extract, characteristics = synthetic.mend(extract, month, people)
        completed = complete(extract, characteristics)
        completed.to_feather(path)
        print(f"{month}: {len(completed)} patients")


def read_characteristics(path):
    """Ethnicity in words and region for each patient: `patient_id`, `ethnicity`, `region`."""
    table = pd.read_feather(path)
    table["ethnicity"] = in_words(table["ethnicity"], ETHNICITIES)
    table["region"] = table["region"].astype(object).replace("", UNKNOWN).fillna(UNKNOWN)
    return table[["patient_id", "ethnicity", "region"]]


def in_words(codes, names):
    """Coded levels by name; a code without a name, or none at all, is not known."""
    return codes.astype(object).map(names).fillna(UNKNOWN)


def complete(extract, characteristics):
    """An extract with `age_band`, `imd` in words, `ethnicity` and `region`; no patient is lost or gained."""
    extract = extract.assign(
        age_band=age_band(extract["age"]).astype(str),
        sex=extract["sex"].astype(str),
        imd=in_words(extract["imd"], DEPRIVATION),
    )
    joined = extract.merge(characteristics, on="patient_id", how="left", validate="one_to_one")
    return joined.fillna({"ethnicity": UNKNOWN, "region": UNKNOWN})


if __name__ == "__main__":
    main()
