"""The fourteen prescribing safety indicators, as data.

The wording of each indicator is in one place so that the study definition, the tables, the figures and the reports
cannot disagree. How an indicator is found in the records is in study_definition.py (or, for the two that compare
dates, in calculate_numerators.py).
"""
from dataclasses import dataclass

DOMAINS = {
    "gi_bleed": "Gastrointestinal bleeding",
    "prescribing": "Heart, lung and kidney",
    "monitoring": "Blood-test monitoring",
}


@dataclass(frozen=True)
class Indicator:
    """One indicator: among patients `at_risk`, those with the `hazard`. Both complete "among patients ..., those ..."."""

    key: str
    domain: str
    title: str
    at_risk: str
    hazard: str
    minimum_age: int = 18
    from_dates: bool = False

    @property
    def denominator(self):
        """Column that marks the patients at risk."""
        return f"indicator_{self.key}_denominator"

    @property
    def numerator(self):
        """Column that marks the patients with the hazard."""
        return f"indicator_{self.key}_numerator"


INDICATORS = (
    Indicator(
        "a", "gi_bleed", "NSAID at 65 or over",
        "aged 65 or over without gastroprotection", "prescribed an NSAID", minimum_age=65,
    ),
    Indicator(
        "b", "gi_bleed", "NSAID after peptic ulcer",
        "with a past peptic ulcer and no gastroprotection", "prescribed an NSAID",
    ),
    Indicator(
        "c", "gi_bleed", "Antiplatelet after peptic ulcer",
        "with a past peptic ulcer and no gastroprotection", "prescribed an antiplatelet drug",
    ),
    Indicator(
        "d", "gi_bleed", "Anticoagulant with NSAID",
        "prescribed an oral anticoagulant", "also prescribed an NSAID",
    ),
    Indicator(
        "e", "gi_bleed", "Anticoagulant with antiplatelet",
        "prescribed an oral anticoagulant without gastroprotection",
        "issued an antiplatelet drug within 28 days of it", from_dates=True,
    ),
    Indicator(
        "f", "gi_bleed", "Aspirin with other antiplatelet",
        "prescribed aspirin without gastroprotection",
        "issued another antiplatelet drug within 28 days of it", from_dates=True,
    ),
    Indicator(
        "g", "prescribing", "Beta-blocker in asthma",
        "with asthma", "prescribed a non-selective beta-blocker",
    ),
    Indicator(
        "i", "prescribing", "NSAID in heart failure",
        "with heart failure", "prescribed an NSAID",
    ),
    Indicator(
        "k", "prescribing", "NSAID in reduced kidney function",
        "whose last eGFR was below 45", "prescribed an NSAID",
    ),
    Indicator(
        "ac", "monitoring", "ACE inhibitor or loop diuretic, no kidney test",
        "aged 75 or over and on an ACE inhibitor or loop diuretic",
        "with no kidney function test in 15 months", minimum_age=75,
    ),
    Indicator(
        "me_no_fbc", "monitoring", "Methotrexate, no blood count",
        "on methotrexate", "with no full blood count in 3 months",
    ),
    Indicator(
        "me_no_lft", "monitoring", "Methotrexate, no liver test",
        "on methotrexate", "with no liver function test in 3 months",
    ),
    Indicator(
        "li", "monitoring", "Lithium, no level",
        "on lithium", "with no lithium level in 3 months",
    ),
    Indicator(
        "am", "monitoring", "Amiodarone, no thyroid test",
        "on amiodarone", "with no thyroid function test in 6 months",
    ),
)


def in_domain(domain):
    """The indicators of one domain, in their usual order."""
    return [indicator for indicator in INDICATORS if indicator.domain == domain]
