* Is the study feasible? How many patients there are, how many may have primed immunity, and how many cases.
* Reads output/input.csv; writes logs/00_Test_runs_and_feasibility.log.

version 16.1
clear all
set more off

capture mkdir logs
log using "logs/00_Test_runs_and_feasibility.log", text replace
run analysis/disclosure.do

quietly import delimited "output/input.csv", varnames(1) stringcols(_all) clear
quietly destring age, replace
quietly keep if age >= 18

* The cohort
quietly count
show_count "Adults registered for a year" `r(N)'
quietly count if age >= 65
show_count "  of whom aged 65 or over" `r(N)'

* What may have primed immunity in the winter before
quietly count if flu_vaccine_date != ""
show_count "Vaccinated against influenza" `r(N)'
quietly count if respiratory_infection_date != ""
show_count "Seen for a respiratory infection" `r(N)'
quietly count if flu_vaccine_date != "" & respiratory_infection_date != ""
show_count "Both" `r(N)'

* Cases, by source
foreach source in tpp_positive_test tpp_clinical tpp_suspected sgss_positive {
    quietly count if `source'_date != ""
    show_count "First record, `source'" `r(N)'
}

* Dates that cannot be right
foreach source in tpp_positive_test tpp_clinical tpp_suspected sgss_positive {
    quietly count if `source'_date != "" & died_date != "" & ///
        date(`source'_date, "YMD") > date(died_date, "YMD")
    show_count "Recorded after death, `source'" `r(N)'
}

log close
