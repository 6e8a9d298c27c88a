"""What the steps of this study share: months, files, groups of patients, and disclosure control.

Everything written to a `moderately_sensitive` file goes through `publishable`, so the rule is in one place: a count of
seven or fewer is left out, as is one that leaves seven or fewer patients on the other side; the rest is rounded to the
nearest five, and rates are worked out from the rounded counts.
"""
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

OUTPUT = Path("output")

SMALL_NUMBER = 7
ROUNDING = 5
FEWEST_PRACTICES = 5

ADULT_AGE = 18
AGE_BANDS = ("18-29", "30-39", "40-49", "50-59", "60-69", "70-79", "80+")
AGE_BAND_STARTS = (18, 30, 40, 50, 60, 70, 80)

CHARACTERISTICS = ("age_band", "sex", "region", "ethnicity", "imd")
UNKNOWN = "Not known"

MONTHLY_EXTRACT = re.compile(r"input_(\d{4}-\d{2}-\d{2})\.feather$")


def month_of(path):
    """The month of an extract as text such as "2019-09-01", or None for any other file."""
    match = MONTHLY_EXTRACT.search(Path(path).name)
    return match.group(1) if match else None


def monthly_extracts(folder=OUTPUT):
    """The monthly extracts found in a folder: {month: path}, in order of time."""
    paths = sorted(Path(folder).glob("input_*.feather"))
    return {month_of(path): path for path in paths if month_of(path)}


def read_month(month, columns, folder=OUTPUT):
    """One month with all fourteen indicators: the extract, joined to the two that were worked out from dates."""
    extract = pd.read_feather(Path(folder) / f"input_{month}.feather")
    from_dates = pd.read_feather(Path(folder) / f"indicator_e_f_{month}.feather")
    return extract.merge(from_dates, on="patient_id", validate="one_to_one")[list(columns)]


def age_band(ages):
    """The age band of each adult age in years; below eighteen there is none."""
    edges = [*AGE_BAND_STARTS, np.inf]
    return pd.cut(ages, bins=edges, labels=AGE_BANDS, right=False)


def flags(indicators):
    """The columns that hold some indicators: each one's denominator and numerator."""
    return [column for each in indicators for column in (each.denominator, each.numerator)]


def is_small(count):
    """Whether a count (number or series) is too small to show. Zero counts as small."""
    return count <= SMALL_NUMBER


def rounded(count):
    """A count (number or series) to the nearest five, halves upwards."""
    return np.floor(count / ROUNDING + 0.5) * ROUNDING


def publishable(counts):
    """A table with safe `numerator`, `denominator` and `rate` columns in place of exact counts.

    Takes any table with exact `numerator` and `denominator` columns; the other columns are kept. A cell that may not
    be shown is empty. The rate is a proportion between 0 and 1, from the rounded counts, to three decimals.
    """
    numerator, denominator = counts["numerator"], counts["denominator"]
    hide_denominator = is_small(denominator)
    hide_numerator = hide_denominator | is_small(numerator) | is_small(denominator - numerator)
    table = counts.copy()
    table["numerator"] = rounded(numerator.mask(hide_numerator)).astype("Int64")
    table["denominator"] = rounded(denominator.mask(hide_denominator)).astype("Int64")
    table["rate"] = (rounded(numerator) / rounded(denominator)).mask(hide_numerator).round(3)
    return table


def publishable_number(count):
    """One exact count as it may be shown: to the nearest five, or None when it is too small."""
    return None if is_small(count) else int(rounded(count))


def counts_by(patients, group, indicators):
    """Exact counts for each indicator and each level of a grouping column.

    Gives `indicator`, `level`, `numerator` and `denominator`, one row for each pair of indicator and level.
    """
    sums = patients.groupby(group)[flags(indicators)].sum().astype("int64")
    tables = [
        pd.DataFrame(
            {
                "indicator": indicator.key,
                "level": sums.index,
                "numerator": sums[indicator.numerator].values,
                "denominator": sums[indicator.denominator].values,
            }
        )
        for indicator in indicators
    ]
    return pd.concat(tables, ignore_index=True)


def practice_quartiles(counts):
    """How a rate varies between practices: its quartiles over the practices that have enough patients at risk.

    Takes exact counts of one indicator, one row for each practice. A practice counts when it has more than seven patients at risk, and quartiles are given when at least five practices
    count, so that none can be recognised. Otherwise the values are missing.
    """
    counts = counts[~is_small(counts["denominator"])]
    names = ["lower_quartile", "median", "upper_quartile"]
    if len(counts) < FEWEST_PRACTICES:
        return dict.fromkeys(names, np.nan)
    rates = counts["numerator"] / counts["denominator"]
    return dict(zip(names, rates.quantile([0.25, 0.5, 0.75]).round(2)))


def read_rates(indicator, folder=OUTPUT):
    """The monthly totals of one indicator, safe to show: `date`, `numerator`, `denominator`, `rate`.

    The extractor writes exact totals (one to five left out), so they are made publishable here. Totals that this
    study's own code wrote are so already.
    """
    table = pd.read_csv(Path(folder) / f"measure_indicator_{indicator.key}_rate.csv", parse_dates=["date"])
    if indicator.from_dates:
        return table
    table = table.rename(columns={indicator.numerator: "numerator", indicator.denominator: "denominator"})
    return publishable(table[["date", "numerator", "denominator"]].fillna(0)).sort_values("date")


def write_csv(table, name, folder=OUTPUT):
    """Write a table for people to read, with three decimals."""
    table.to_csv(Path(folder) / name, index=False, float_format="%.3f")


def write_json(content, name, folder=OUTPUT):
    """Write a mapping for people to read."""
    (Path(folder) / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
