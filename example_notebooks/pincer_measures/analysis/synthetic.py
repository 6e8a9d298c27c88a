"""What is done to synthetic data, and to nothing else.

The extractor draws every synthetic column, and every month, on its own. So there are children in a cohort of adults,
patients who have a hazard without being at risk of it, and patients who change age and sex from month to month. Real
records have none of these faults. This module mends them, and plants two effects so that there is something to find.
"""
import os

import numpy as np
import pandas as pd

from indicators import INDICATORS, in_domain
from utilities import ADULT_AGE

WHO = ["age", "sex", "practice", "imd"]

LOCKDOWN = ("2020-04-01", "2020-08-01")
RECOVERY_MONTHS = 8
MISSED_IN_LOCKDOWN = 0.18
MOST_DEPRIVED = "1"
EXTRA_IF_DEPRIVED = 0.06


def is_synthetic():
    """Whether this run uses synthetic data. A real backend always gives its name to the jobs that it runs."""
    return os.environ.get("OPENSAFELY_BACKEND", "expectations") == "expectations"


def people_in(extract, characteristics):
    """Who a synthetic patient may be: the adults of one month, each with the characteristics on the same row."""
    adults = extract.loc[extract["age"] >= ADULT_AGE, WHO].reset_index(drop=True)
    return pd.concat([adults, characteristics.drop(columns="patient_id")], axis=1, join="inner")


def lend(people, patient_ids):
    """Somebody to be for each patient, always the same person for the same patient."""
    lent = people.iloc[patient_ids.values % len(people)].reset_index(drop=True)
    return lent.assign(patient_id=patient_ids.values)


def mend(extract, month, people):
    """One synthetic month with steady adults, consistent indicators and planted effects, and their characteristics."""
    who = lend(people, extract["patient_id"])
    extract = extract.assign(**{name: who[name].values for name in WHO})
    plant_missed_tests(extract, month)
    plant_deprivation_gradient(extract)
    make_consistent(extract)
    return extract, who.drop(columns=WHO)


def make_consistent(extract):
    """Keep only patients of the right age at risk, and only patients at risk with the hazard. Changes the table."""
    for indicator in INDICATORS:
        if not indicator.from_dates:
            extract[indicator.denominator] &= extract["age"] >= indicator.minimum_age
            extract[indicator.numerator] &= extract[indicator.denominator]


def plant_missed_tests(extract, month):
    """More missed blood tests in the lockdown of 2020, fading away over the following months. Changes the table."""
    missed = MISSED_IN_LOCKDOWN * lockdown_strength(month) > share_of(extract["patient_id"])
    for indicator in in_domain("monitoring"):
        extract[indicator.numerator] |= missed


def plant_deprivation_gradient(extract):
    """More of the bleeding hazards (but those from dates) in the most deprived areas. Changes the table."""
    affected = (extract["imd"] == MOST_DEPRIVED) & (share_of(extract["patient_id"]) > 1 - EXTRA_IF_DEPRIVED)
    for indicator in in_domain("gi_bleed"):
        if not indicator.from_dates:
            extract[indicator.numerator] |= affected


def lockdown_strength(month):
    """The strength of the planted effect in a month: none before, full in lockdown, then down in equal steps."""
    start, end = (np.datetime64(day, "M") for day in LOCKDOWN)
    month = np.datetime64(month, "M")
    if month < start:
        return 0.0
    months_after = max(0, int((month - end).astype(int)))
    return max(0.0, 1 - months_after / RECOVERY_MONTHS)


def share_of(patient_ids):
    """A number from 0 to 1 for each patient, always the same for the same patient, to pick a share of them with."""
    return (patient_ids * 7919 % 997) / 997
