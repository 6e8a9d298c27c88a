"""The steps that work out something new: joining, co-prescription, composites, and what is mended in synthetic data."""
import pandas as pd
import pytest

import synthetic
from calculate_numerators import indicators_e_and_f, issued_together
from composite_indicators import any_hazard
from indicators import INDICATORS
from join_ethnicity_region import ETHNICITIES, complete, in_words
from summary_statistics import rate_statistics

A = INDICATORS[0]


def days(*texts):
    """A column of dates; None where there is none."""
    return pd.Series(pd.to_datetime(list(texts)))


def test_drugs_are_together_up_to_28_days_apart_in_either_order():
    first = days("2020-01-01", "2020-01-29", "2020-01-01", "2020-01-01")
    second = days("2020-01-29", "2020-01-01", "2020-01-30", None)
    assert issued_together(first, second).tolist() == [True, True, False, False]


def test_gastroprotection_takes_a_patient_out_of_both_date_indicators():
    extract = pd.DataFrame(
        {
            "patient_id": [1, 2],
            "gastroprotection": [False, True],
            "anticoagulant_date": days("2020-01-01", "2020-01-01"),
            "antiplatelet_date": days("2020-01-01", "2020-01-01"),
            "aspirin_date": days(None, "2020-01-01"),
        }
    )
    indicators = indicators_e_and_f(extract).set_index("patient_id")
    assert indicators.loc[1].tolist() == [True, True, False, False]
    assert not indicators.loc[2].any()


def test_a_patient_with_two_hazards_counts_once():
    patients = pd.DataFrame(
        {
            column: [True, True, False]
            for each in INDICATORS[:2]
            for column in (each.denominator, each.numerator)
        }
    )
    assert any_hazard(patients, INDICATORS[:2]) == {"numerator": 2, "denominator": 2}


def test_codes_without_a_name_are_not_known():
    assert in_words(pd.Series(["1", "9", None]), ETHNICITIES).tolist() == ["White", "Not known", "Not known"]


def test_completing_keeps_patients_whose_characteristics_were_not_extracted():
    extract = pd.DataFrame({"patient_id": [1, 2], "age": [40, 80], "sex": ["F", "M"], "imd": ["1", "0"]})
    characteristics = pd.DataFrame({"patient_id": [2], "ethnicity": ["Asian"], "region": ["London"]})
    completed = complete(extract, characteristics)
    assert completed["patient_id"].tolist() == [1, 2]
    assert completed["region"].tolist() == ["Not known", "London"]
    assert completed["age_band"].tolist() == ["40-49", "80+"]
    assert completed["imd"].tolist() == ["Fifth 1, most deprived", "Not known"]


@pytest.mark.parametrize("backend, expected", [("tpp", False), ("expectations", True)])
def test_only_synthetic_data_are_mended(monkeypatch, backend, expected):
    monkeypatch.setenv("OPENSAFELY_BACKEND", backend)
    assert synthetic.is_synthetic() is expected


def test_mending_leaves_nobody_with_a_hazard_who_is_not_at_risk():
    flags = {
        column: [True, True, True]
        for each in INDICATORS
        if not each.from_dates
        for column in (each.denominator, each.numerator)
    }
    extract = pd.DataFrame({"age": [40, 64, 65], **flags})
    synthetic.make_consistent(extract)
    assert extract[A.denominator].tolist() == [False, False, True]
    assert extract[A.numerator].tolist() == [False, False, True]


@pytest.mark.parametrize(
    "month, strength", [("2020-03-01", 0), ("2020-04-01", 1), ("2020-08-01", 1), ("2020-12-01", 0.5), ("2021-09-01", 0)]
)
def test_the_planted_effect_comes_and_goes(month, strength):
    assert synthetic.lockdown_strength(month) == strength


def test_rates_are_summarised_before_in_and_after_the_first_wave():
    rates = pd.DataFrame(
        {
            "date": days("2020-03-01", "2020-04-01", "2020-09-01", "2020-10-01"),
            "numerator": [10, 30, 20, None],
            "denominator": [100, 100, 100, 100],
            "rate": [0.1, 0.3, 0.2, None],
        }
    )
    statistics = rate_statistics(rates)
    assert (statistics["before"], statistics["first_wave"], statistics["after"]) == (0.1, 0.3, 0.2)
    assert statistics["last"] == {"month": "2020-10", "numerator": None, "denominator": 100, "rate": None}
