"""The monthly extract: one row for each adult registered on the first of the month, and its measures.

A time window is written from `index_date`, the first day of the month being extracted. A prescription counts as
current if it was issued in the three months before it. Indicators e and f need the dates of two drugs compared, which
the extract language does not do: only the dates are extracted here (see calculate_numerators.py).

The shares in `return_expectations` shape the synthetic data only. They are far higher than in real records, so that
1,000 synthetic patients are enough to fill a table.
"""
from cohortextractor import Measure, StudyDefinition, codelist_from_csv, patients

from indicators import INDICATORS

RECENTLY = ["index_date - 3 months", "index_date"]


def codelist(name):
    """One of this study's lists of codes."""
    return codelist_from_csv(f"codelists/{name}.csv", system="snomed", column="code")


def prescribed(name, share):
    """Whether any drug of a list was issued in the last three months."""
    return patients.with_these_medications(
        codelist(name),
        between=RECENTLY,
        returning="binary_flag",
        return_expectations={"incidence": share},
    )


def last_issued(name, share):
    """The day a drug of a list was last issued in the last three months."""
    return patients.with_these_medications(
        codelist(name),
        between=RECENTLY,
        find_last_match_in_period=True,
        returning="date",
        date_format="YYYY-MM-DD",
        return_expectations={
            "incidence": share,
            "date": {"earliest": "index_date - 3 months", "latest": "index_date"},
        },
    )


def prescribed_long_term(name, share):
    """Whether a drug of a list was issued in each of the last two half-years."""
    return patients.satisfying(
        f"{name}_last_half_year AND {name}_half_year_before",
        return_expectations={"incidence": share},
        **{
            f"{name}_last_half_year": patients.with_these_medications(
                codelist(name), between=["index_date - 6 months", "index_date"]
            ),
            f"{name}_half_year_before": patients.with_these_medications(
                codelist(name), between=["index_date - 12 months", "index_date - 6 months"]
            ),
        },
    )


def diagnosed(name, share):
    """Whether a diagnosis was ever recorded."""
    return patients.with_these_clinical_events(
        codelist(name),
        on_or_before="index_date",
        returning="binary_flag",
        return_expectations={"incidence": share},
    )


def tested(name, months, share):
    """Whether a test was recorded in the last `months` months."""
    return patients.with_these_clinical_events(
        codelist(name),
        between=[f"index_date - {months} months", "index_date"],
        returning="binary_flag",
        return_expectations={"incidence": share},
    )


def those(expression, share):
    """The patients for whom an expression over other columns is true."""
    return patients.satisfying(expression, return_expectations={"incidence": share})


study = StudyDefinition(
    index_date="2019-09-01",
    default_expectations={
        "date": {"earliest": "1950-01-01", "latest": "index_date"},
        "rate": "uniform",
        "incidence": 0.5,
    },
    population=patients.satisfying(
        "registered AND NOT died AND age >= 18 AND age <= 120",
        registered=patients.registered_as_of("index_date"),
        died=patients.died_from_any_cause(on_or_before="index_date"),
    ),
    # Who the patients are
    age=patients.age_as_of(
        "index_date",
        return_expectations={"rate": "universal", "int": {"distribution": "population_ages"}},
    ),
    sex=patients.sex(
        return_expectations={"rate": "universal", "category": {"ratios": {"F": 0.51, "M": 0.49}}},
    ),
    practice=patients.registered_practice_as_of(
        "index_date",
        returning="pseudo_id",
        return_expectations={
            "rate": "universal",
            "int": {"distribution": "normal", "mean": 20, "stddev": 4},
        },
    ),
    imd=patients.categorised_as(
        {
            "0": "DEFAULT",
            "1": "deprivation >= 0 AND deprivation < 32844*1/5",
            "2": "deprivation >= 32844*1/5 AND deprivation < 32844*2/5",
            "3": "deprivation >= 32844*2/5 AND deprivation < 32844*3/5",
            "4": "deprivation >= 32844*3/5 AND deprivation < 32844*4/5",
            "5": "deprivation >= 32844*4/5",
        },
        deprivation=patients.address_as_of(
            "index_date", returning="index_of_multiple_deprivation", round_to_nearest=100
        ),
        return_expectations={
            "rate": "universal",
            "category": {"ratios": {"0": 0.05, "1": 0.19, "2": 0.19, "3": 0.19, "4": 0.19, "5": 0.19}},
        },
    ),
    # What they are prescribed
    nsaid=prescribed("nsaid", 0.15),
    gastroprotection=prescribed("gastroprotection", 0.3),
    antiplatelet=prescribed("antiplatelet", 0.15),
    anticoagulant=prescribed("anticoagulant", 0.15),
    beta_blocker=prescribed("beta_blocker", 0.1),
    anticoagulant_date=last_issued("anticoagulant", 0.4),
    antiplatelet_date=last_issued("antiplatelet", 0.3),
    aspirin_date=last_issued("aspirin", 0.4),
    ace_inhibitor_or_loop_diuretic=prescribed_long_term("ace_inhibitor_or_loop_diuretic", 0.3),
    methotrexate=prescribed_long_term("methotrexate", 0.1),
    lithium=prescribed_long_term("lithium", 0.1),
    amiodarone=prescribed_long_term("amiodarone", 0.1),
    # What they have
    peptic_ulcer=diagnosed("peptic_ulcer", 0.2),
    asthma=diagnosed("asthma", 0.2),
    heart_failure=diagnosed("heart_failure", 0.2),
    egfr=patients.with_these_clinical_events(
        codelist("egfr"),
        on_or_before="index_date",
        find_last_match_in_period=True,
        returning="numeric_value",
        return_expectations={"incidence": 0.6, "float": {"distribution": "normal", "mean": 75, "stddev": 20}},
    ),
    # What has been checked
    renal_function_test=tested("renal_function_test", 15, 0.8),
    full_blood_count=tested("full_blood_count", 3, 0.7),
    liver_function_test=tested("liver_function_test", 3, 0.7),
    lithium_level=tested("lithium_level", 3, 0.7),
    thyroid_function_test=tested("thyroid_function_test", 6, 0.7),
    # Risk of gastrointestinal bleeding
    indicator_a_denominator=those("age >= 65 AND NOT gastroprotection", 0.9),
    indicator_a_numerator=those("indicator_a_denominator AND nsaid", 0.16),
    indicator_b_denominator=those("peptic_ulcer AND NOT gastroprotection", 0.35),
    indicator_b_numerator=those("indicator_b_denominator AND nsaid", 0.14),
    indicator_c_denominator=those("peptic_ulcer AND NOT gastroprotection", 0.35),
    indicator_c_numerator=those("indicator_c_denominator AND antiplatelet", 0.22),
    indicator_d_denominator=those("anticoagulant", 0.4),
    indicator_d_numerator=those("indicator_d_denominator AND nsaid", 0.1),
    # Hazards in heart, lung and kidney disease
    indicator_g_denominator=those("asthma", 0.4),
    indicator_g_numerator=those("indicator_g_denominator AND beta_blocker", 0.11),
    indicator_i_denominator=those("heart_failure", 0.3),
    indicator_i_numerator=those("indicator_i_denominator AND nsaid", 0.15),
    indicator_k_denominator=those("egfr > 0 AND egfr < 45", 0.35),
    indicator_k_numerator=those("indicator_k_denominator AND nsaid", 0.18),
    # Missed blood tests
    indicator_ac_denominator=those("age >= 75 AND ace_inhibitor_or_loop_diuretic", 0.9),
    indicator_ac_numerator=those("indicator_ac_denominator AND NOT renal_function_test", 0.28),
    indicator_me_no_fbc_denominator=those("methotrexate", 0.3),
    indicator_me_no_fbc_numerator=those("indicator_me_no_fbc_denominator AND NOT full_blood_count", 0.22),
    indicator_me_no_lft_denominator=those("methotrexate", 0.3),
    indicator_me_no_lft_numerator=those("indicator_me_no_lft_denominator AND NOT liver_function_test", 0.25),
    indicator_li_denominator=those("lithium", 0.25),
    indicator_li_numerator=those("indicator_li_denominator AND NOT lithium_level", 0.32),
    indicator_am_denominator=those("amiodarone", 0.25),
    indicator_am_numerator=those("indicator_am_denominator AND NOT thyroid_function_test", 0.18),
)

measures = [
    Measure(
        id=f"indicator_{indicator.key}_rate",
        numerator=indicator.numerator,
        denominator=indicator.denominator,
        group_by="population",
        small_number_suppression=True,
    )
    for indicator in INDICATORS
    if not indicator.from_dates
]
