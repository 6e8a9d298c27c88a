* Make the analysis data set: one row per adult, with dates as dates and each case classified.
* Reads output/input.csv; writes analysis/cr_analysis_dataset.dta and logs/cr_analysis_dataset.log.

version 16.1
clear all
set more off

capture mkdir logs
log using "logs/cr_analysis_dataset.log", text replace
run analysis/disclosure.do

quietly import delimited "output/input.csv", varnames(1) stringcols(_all) clear
quietly destring age patient_id, replace
quietly keep if age >= 18

* Dates as dates
foreach event in died flu_vaccine respiratory_infection ///
    tpp_positive_test tpp_clinical tpp_suspected sgss_positive {
    quietly generate `event' = date(`event'_date, "YMD")
    format `event' %td
    drop `event'_date
}

* Who the patients are
quietly generate byte female = sex == "F"
quietly egen agegroup = cut(age), at(18, 40, 60, 80, 120) icodes
label define agegroup 0 "18-39" 1 "40-59" 2 "60-79" 3 "80+"
label values agegroup agegroup
label variable agegroup "Age group in years"

* What may have primed immunity
quietly generate byte flu_vaccinated = !missing(flu_vaccine)
quietly generate byte recent_infection = !missing(respiratory_infection)

* The first record in primary care, and what kind it was: a test outranks a diagnosis of the same day, and that a suspicion
quietly egen tpp_case = rowmin(tpp_positive_test tpp_clinical tpp_suspected)
format tpp_case %td
quietly generate byte tpp_type = .
quietly replace tpp_type = 3 if !missing(tpp_case) & tpp_suspected == tpp_case
quietly replace tpp_type = 2 if !missing(tpp_case) & tpp_clinical == tpp_case
quietly replace tpp_type = 1 if !missing(tpp_case) & tpp_positive_test == tpp_case
label define tpp_type 1 "Positive test" 2 "Clinical diagnosis" 3 "Suspected"
label values tpp_type tpp_type

* Whether a laboratory report backs the primary care record: a positive test within 14 days either side
quietly generate byte backed_by_sgss = abs(tpp_case - sgss_positive) <= 14 if !missing(tpp_case)

label data "Non-specific immunity: one row per adult"
quietly compress
quietly save "analysis/cr_analysis_dataset.dta", replace

quietly count
show_count "Adults" `r(N)'
quietly count if !missing(tpp_case)
show_count "Cases in primary care" `r(N)'
quietly count if !missing(sgss_positive)
show_count "Cases reported by laboratories" `r(N)'
quietly count if backed_by_sgss == 1
show_count "Cases in primary care backed by a laboratory report" `r(N)'

log close
