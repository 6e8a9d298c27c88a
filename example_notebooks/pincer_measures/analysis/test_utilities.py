"""The rules of disclosure control, and the groups and files that every step relies on."""
import numpy as np
import pandas as pd
import pytest

from indicators import Indicator
from utilities import (
    age_band,
    counts_by,
    is_small,
    month_of,
    monthly_extracts,
    practice_quartiles,
    publishable,
    publishable_number,
    read_rates,
    rounded,
)

INDICATOR = Indicator("x", "gi_bleed", "Title", "at risk", "with a hazard")


@pytest.mark.parametrize("count, nearest", [(8, 10), (12, 10), (12.5, 15), (13, 15), (100, 100)])
def test_counts_are_rounded_to_the_nearest_five(count, nearest):
    assert rounded(count) == nearest


@pytest.mark.parametrize("count, small", [(0, True), (7, True), (8, False)])
def test_seven_is_the_largest_small_number(count, small):
    assert is_small(count) == small


def test_a_small_number_is_not_published():
    assert publishable_number(7) is None
    assert publishable_number(1234) == 1235


def published(numerator, denominator):
    """One row of counts, published."""
    return publishable(pd.DataFrame({"numerator": [numerator], "denominator": [denominator]})).iloc[0]


def test_a_rate_comes_from_the_rounded_counts():
    row = published(13, 101)
    assert (row["numerator"], row["denominator"], row["rate"]) == (15, 100, 0.15)


def test_a_small_numerator_hides_the_rate_but_not_the_denominator():
    row = published(3, 200)
    assert pd.isnull(row["numerator"]) and pd.isnull(row["rate"])
    assert row["denominator"] == 200


def test_a_small_denominator_hides_everything():
    assert published(5, 6).isnull().all()


def test_few_patients_without_the_hazard_hide_the_numerator():
    assert pd.isnull(published(198, 200)["numerator"])


def test_publishing_keeps_the_other_columns_and_leaves_its_input_alone():
    counts = pd.DataFrame({"level": ["F"], "numerator": [13], "denominator": [101]})
    assert publishable(counts)["level"].tolist() == ["F"]
    assert counts["numerator"].tolist() == [13]


def test_a_month_is_read_from_the_name_of_an_extract():
    assert month_of("output/input_2020-04-01.feather") == "2020-04-01"
    assert month_of("output/input_ethnicity.feather") is None


def test_extracts_are_found_in_order_of_time(tmp_path):
    for name in ("input_2020-02-01.feather", "input_2019-12-01.feather", "input_ethnicity.feather"):
        (tmp_path / name).touch()
    assert list(monthly_extracts(tmp_path)) == ["2019-12-01", "2020-02-01"]


def test_age_bands_begin_at_their_first_year():
    bands = age_band(pd.Series([17, 18, 29, 30, 79, 80, 104]))
    assert bands.astype(object).tolist()[1:] == ["18-29", "18-29", "30-39", "70-79", "80+", "80+"]
    assert pd.isnull(bands[0])


def test_patients_are_counted_in_each_group():
    patients = pd.DataFrame(
        {
            "sex": ["F", "F", "M"],
            INDICATOR.denominator: [True, True, True],
            INDICATOR.numerator: [True, False, False],
        }
    )
    counts = counts_by(patients, "sex", [INDICATOR]).set_index("level")
    assert counts.loc["F", ["numerator", "denominator"]].tolist() == [1, 2]
    assert counts.loc["M", ["numerator", "denominator"]].tolist() == [0, 1]


def test_quartiles_leave_out_practices_with_few_patients():
    counts = pd.DataFrame({"numerator": [1, 2, 3, 4, 5, 7], "denominator": [10, 10, 10, 10, 10, 7]})
    quartiles = practice_quartiles(counts)
    assert quartiles == {"lower_quartile": 0.2, "median": 0.3, "upper_quartile": 0.4}


def test_there_are_no_quartiles_of_few_practices():
    counts = pd.DataFrame({"numerator": [1, 2, 3, 4], "denominator": [10, 10, 10, 10]})
    assert np.isnan(list(practice_quartiles(counts).values())).all()


def test_totals_of_the_extractor_are_made_publishable(tmp_path):
    (tmp_path / "measure_indicator_x_rate.csv").write_text(
        "indicator_x_numerator,indicator_x_denominator,population,value,date\n"
        ",50.0,700,,2020-02-01\n"
        "13.0,101.0,700,0.129,2020-01-01\n"
    )
    rates = read_rates(INDICATOR, tmp_path)
    assert rates["rate"].tolist()[0] == 0.15
    assert pd.isnull(rates["rate"].tolist()[1])
