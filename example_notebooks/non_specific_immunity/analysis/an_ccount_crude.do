* Crude case counts by week: primary care against laboratories, by kind of record, and records no laboratory report backs.
* Reads analysis/cr_analysis_dataset.dta; writes three figures to output/ and logs/an_ccount_crude.log.

version 16.1
clear all
set more off

capture mkdir logs
capture mkdir output
log using "logs/an_ccount_crude.log", text replace
run analysis/disclosure.do
set scheme s1color

capture program drop add_week
program define add_week
    * Add the week, by its first day, of a daily date.
    args date
    quietly generate week = `date' - dow(`date')
    format week %tdd_Mon_CCYY
end

* Figure 1: primary care against laboratories
tempfile laboratory
use "analysis/cr_analysis_dataset.dta", clear
quietly keep if !missing(sgss_positive)
add_week sgss_positive
quietly contract week, freq(sgss)
quietly save `laboratory'

use "analysis/cr_analysis_dataset.dta", clear
quietly keep if !missing(tpp_case)
add_week tpp_case
quietly contract week, freq(tpp)
quietly merge 1:1 week using `laboratory', nogenerate
sort week
quietly publishable tpp sgss
list week tpp sgss, noobs
twoway (line tpp week) (line sgss week), ///
    legend(order(1 "Primary care" 2 "Laboratories")) ///
    xtitle("Week of first record") ytitle("Patients")
graph export "output/tpp_sgss_counts.svg", as(svg) replace

* Figure 2: primary care, by kind of record
use "analysis/cr_analysis_dataset.dta", clear
quietly keep if !missing(tpp_case)
add_week tpp_case
quietly contract week tpp_type, freq(cases)
quietly publishable cases
twoway (line cases week if tpp_type == 1) (line cases week if tpp_type == 2) ///
    (line cases week if tpp_type == 3), ///
    legend(order(1 "Positive test" 2 "Clinical diagnosis" 3 "Suspected")) ///
    xtitle("Week of first record") ytitle("Patients")
graph export "output/tpp_type_counts.svg", as(svg) replace

* Figure 3: the share of primary care records, of those that say a test was positive, that no laboratory report backs
use "analysis/cr_analysis_dataset.dta", clear
quietly keep if tpp_type == 1
add_week tpp_case
quietly generate byte not_backed = !backed_by_sgss
quietly collapse (count) cases = tpp_case (sum) not_backed, by(week)
quietly publishable cases not_backed
quietly generate percent = 100 * not_backed / cases
list week cases not_backed percent, noobs
twoway line percent week, ///
    xtitle("Week of first record") ytitle("Without a laboratory report (%)") ylabel(0(20)100)
graph export "output/tpp_fp.svg", as(svg) replace

* Cases by what may have primed immunity: crude, for orientation only
use "analysis/cr_analysis_dataset.dta", clear
quietly generate byte case = !missing(sgss_positive)
quietly collapse (count) adults = case (sum) cases = case, by(flu_vaccinated recent_infection)
quietly publishable adults cases
quietly generate percent = 100 * cases / adults
list, noobs

log close
