* Disclosure control for every step: counts of seven or fewer are left out, others are rounded to the nearest five.

capture program drop show_count
program define show_count
    * Print one count with a label, as it may be shown.
    args label count
    if `count' <= 7 {
        display as text "`label': 7 or fewer"
    }
    else {
        display as text "`label': " as result %9.0fc round(`count', 5)
    }
end

capture program drop publishable
program define publishable
    * Make variables that hold counts fit to be shown: missing when small, otherwise rounded.
    syntax varlist(numeric)
    foreach count of local varlist {
        quietly replace `count' = . if `count' <= 7
        quietly replace `count' = round(`count', 5)
    }
end
