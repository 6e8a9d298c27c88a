"""What changes slowly, extracted once: each patient's ethnicity and region.

Extracting these every month would repeat the same answers twenty-five times; join_ethnicity_region.py adds them to the
monthly extracts instead.
"""
from cohortextractor import StudyDefinition, codelist_from_csv, patients

END_OF_STUDY = "2021-09-30"

ethnicity_codes = codelist_from_csv(
    "codelists/ethnicity.csv", system="snomed", column="code", category_column="group"
)

study = StudyDefinition(
    index_date=END_OF_STUDY,
    default_expectations={
        "date": {"earliest": "1950-01-01", "latest": END_OF_STUDY},
        "rate": "uniform",
        "incidence": 0.9,
    },
    population=patients.satisfying(
        "age >= 18 AND age <= 120", age=patients.age_as_of("index_date")
    ),
    ethnicity=patients.with_these_clinical_events(
        ethnicity_codes,
        on_or_before="index_date",
        find_last_match_in_period=True,
        returning="category",
        return_expectations={
            "incidence": 0.92,
            "category": {"ratios": {"1": 0.7, "2": 0.06, "3": 0.12, "4": 0.07, "5": 0.05}},
        },
    ),
    region=patients.registered_practice_as_of(
        "index_date",
        returning="nuts1_region_name",
        return_expectations={
            "incidence": 0.98,
            "category": {
                "ratios": {
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
            },
        },
    ),
)
