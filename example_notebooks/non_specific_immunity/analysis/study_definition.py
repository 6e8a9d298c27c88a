"""The extract: one row per adult registered on 1 February 2020, with the first record of COVID-19 from each source.

Dates are of the first record on or after the index date, empty when there is none. The shares in `return_expectations`
shape the synthetic data only.
"""
from cohortextractor import StudyDefinition, codelist_from_csv, patients

INDEX_DATE = "2020-02-01"
END_OF_STUDY = "2020-11-30"
REGIONS = {
    "North East": 0.06,
    "North West": 0.13,
    "Yorkshire and The Humber": 0.1,
    "East Midlands": 0.1,
    "West Midlands": 0.11,
    "East": 0.12,
    "London": 0.15,
    "South East": 0.13,
    "South West": 0.1,
}


def codelist(name):
    """One of this study's lists of codes."""
    return codelist_from_csv(f"codelists/{name}.csv", system="ctv3", column="code")


def first_recorded(name, share):
    """The day a code of a list was first recorded during the study."""
    return patients.with_these_clinical_events(
        codelist(name),
        between=["index_date", END_OF_STUDY],
        find_first_match_in_period=True,
        returning="date",
        date_format="YYYY-MM-DD",
        return_expectations={
            "incidence": share,
            "date": {"earliest": INDEX_DATE, "latest": END_OF_STUDY},
        },
    )


study = StudyDefinition(
    index_date=INDEX_DATE,
    default_expectations={
        "date": {"earliest": INDEX_DATE, "latest": END_OF_STUDY},
        "rate": "uniform",
        "incidence": 0.1,
    },
    population=patients.satisfying(
        "registered AND age >= 18 AND age <= 110",
        registered=patients.registered_with_one_practice_between(
            "index_date - 1 year", "index_date"
        ),
    ),
    # Who the patients are
    age=patients.age_as_of(
        "index_date",
        return_expectations={"rate": "universal", "int": {"distribution": "population_ages"}},
    ),
    sex=patients.sex(
        return_expectations={"rate": "universal", "category": {"ratios": {"F": 0.51, "M": 0.49}}},
    ),
    region=patients.registered_practice_as_of(
        "index_date",
        returning="nuts1_region_name",
        return_expectations={"rate": "universal", "category": {"ratios": REGIONS}},
    ),
    died_date=patients.died_from_any_cause(
        between=["index_date", END_OF_STUDY],
        returning="date_of_death",
        date_format="YYYY-MM-DD",
        return_expectations={"incidence": 0.02},
    ),
    # What may have primed their immunity in the winter before
    flu_vaccine_date=patients.with_tpp_vaccination_record(
        target_disease_matches="INFLUENZA",
        between=["2019-09-01", "index_date"],
        find_last_match_in_period=True,
        returning="date",
        date_format="YYYY-MM-DD",
        return_expectations={
            "incidence": 0.35,
            "date": {"earliest": "2019-09-01", "latest": INDEX_DATE},
        },
    ),
    respiratory_infection_date=patients.with_these_clinical_events(
        codelist("respiratory_infection"),
        between=["2019-09-01", "index_date"],
        find_last_match_in_period=True,
        returning="date",
        date_format="YYYY-MM-DD",
        return_expectations={
            "incidence": 0.2,
            "date": {"earliest": "2019-09-01", "latest": INDEX_DATE},
        },
    ),
    # COVID-19 as the practice recorded it, in three kinds, and as laboratories reported it
    tpp_positive_test_date=first_recorded("covid_positive_test", 0.05),
    tpp_clinical_date=first_recorded("covid_clinical_diagnosis", 0.03),
    tpp_suspected_date=first_recorded("covid_suspected", 0.08),
    sgss_positive_date=patients.with_test_result_in_sgss(
        pathogen="SARS-CoV-2",
        test_result="positive",
        between=["index_date", END_OF_STUDY],
        find_first_match_in_period=True,
        returning="date",
        date_format="YYYY-MM-DD",
        return_expectations={"incidence": 0.06},
    ),
)
