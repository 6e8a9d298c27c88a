"""Draw the figures of the report, and gather the demographic summaries into one table.

Everything drawn was made publishable before, so no figure holds a number that its table leaves out. Writes:
  output/figures/plot_*.jpeg             one indicator: the rate of all patients, and its spread over practices
  output/figures/combined_plot_*.png     the indicators of one domain together; and the composites
  output/demographic_aggregates.csv      how many patients were ever at risk and ever had the hazard, by group
"""
from datetime import date
from textwrap import fill

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.dates import DateFormatter, MonthLocator, date2num
from matplotlib.ticker import MaxNLocator, PercentFormatter

from indicators import DOMAINS, INDICATORS, in_domain
from utilities import CHARACTERISTICS, OUTPUT, read_rates, write_csv

FIGURES = OUTPUT / "figures"
COLOURS = ("#1f5f8b", "#d1495b", "#3a9278", "#c98a1b", "#7a5195", "#6c757d")
COLUMNS = 3
WHOLE_STEPS = (1, 2, 5, 10)
INK, FAINT = "#2b3440", "#d9dee4"
FIRST_WAVE = (date(2020, 4, 1), date(2020, 8, 31))
STYLE = {
    "figure.dpi": 110,
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}


def main():
    """Draw all figures and write the table."""
    plt.rcParams.update(STYLE)
    FIGURES.mkdir(parents=True, exist_ok=True)
    rates = {each.key: read_rates(each) for each in INDICATORS}
    for indicator in INDICATORS:
        plot_indicator(indicator, rates[indicator.key])
    for domain, title in DOMAINS.items():
        series = {each.title: rates[each.key] for each in in_domain(domain)}
        plot_side_by_side(series, f"combined_plot_{domain}.png")
    plot_together(read_composites(), "combined_plot_composites.png")
    write_csv(demographic_aggregates(), "demographic_aggregates.csv")
    print(f"{len(list(FIGURES.iterdir()))} figures")


def read_composites():
    """The monthly rate of patients with any hazard: {title: table}, overall first."""
    titles = {"all": "Any of the fourteen", **DOMAINS}
    return {
        title: pd.read_csv(OUTPUT / f"{name}_composite_measure.csv", parse_dates=["date"])
        for name, title in titles.items()
    }


def plot_indicator(indicator, rates):
    """One indicator over time: the overall rate, and the middle half of practices as a band behind it."""
    practices = pd.read_csv(
        OUTPUT / f"indicator_measure_{indicator.key}_practices.csv", parse_dates=["date"]
    )
    figure, axes = plt.subplots(figsize=(5, 2.9))
    mark_first_wave(axes)
    axes.fill_between(
        practices["date"], practices["lower_quartile"], practices["upper_quartile"],
        color=COLOURS[0], alpha=0.18, linewidth=0, label="Middle half of practices",
    )
    axes.plot(practices["date"], practices["median"], "--", color=COLOURS[0], linewidth=1, label="Median practice")
    axes.plot(rates["date"], rates["rate"], color=COLOURS[1], linewidth=2, label="All patients")
    axes.set_title(indicator.title, loc="left")
    label_axes(axes)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncol=3, fontsize=8)
    save(figure, f"plot_{indicator.key}.jpeg")


def plot_side_by_side(series, name):
    """Several monthly rates, each in its own panel with the others faint behind it: {title: table}."""
    rows = -(-len(series) // COLUMNS)
    figure, panels = plt.subplots(rows, COLUMNS, figsize=(9.6, 2.5 * rows), sharey=True, squeeze=False)
    for axes, title in zip(panels.flat, series):
        mark_first_wave(axes)
        for other in series.values():
            axes.plot(other["date"], other["rate"], color="#b6bec8", linewidth=0.7)
        axes.plot(series[title]["date"], series[title]["rate"], color=COLOURS[0], linewidth=2)
        axes.set_title(fill(title, 28), loc="left", fontsize=9)
        label_axes(axes)
    for axes in panels.flat[len(series):]:
        axes.set_visible(False)
    for axes in panels[:, 1:].flat:
        axes.set_ylabel("")
    figure.tight_layout()
    save(figure, name)


def plot_together(series, name):
    """Several monthly rates in one panel: {label: table with `date` and `rate`}."""
    figure, axes = plt.subplots(figsize=(8.4, 3.4))
    mark_first_wave(axes)
    for (label, rates), colour in zip(series.items(), COLOURS):
        axes.plot(rates["date"], rates["rate"], color=colour, linewidth=2, label=label)
    label_axes(axes)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    save(figure, name)


def mark_first_wave(axes):
    """Shade the months of the first wave, so that figures can be compared at a glance."""
    axes.axvspan(*date2num(FIRST_WAVE), color=FAINT, alpha=0.5, linewidth=0)


def label_axes(axes):
    """Months below, patients at risk in percent on the left, from nothing upwards."""
    axes.set_ylim(bottom=0)
    axes.set_ylabel("Share of patients at risk")
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=WHOLE_STEPS))
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.xaxis.set_major_locator(MonthLocator(bymonth=(3, 9)))
    axes.xaxis.set_major_formatter(DateFormatter("%b %y"))
    axes.tick_params(length=0)


def save(figure, name):
    """Write a figure and let go of it."""
    figure.savefig(FIGURES / name, dpi=STYLE["figure.dpi"], bbox_inches="tight", facecolor="white")
    plt.close(figure)


def demographic_aggregates():
    """The summaries of all characteristics in one table, in the order of CHARACTERISTICS."""
    whole_numbers = {"numerator": "Int64", "denominator": "Int64"}
    return pd.concat(
        [
            pd.read_csv(OUTPUT / f"demographics_summary_{name}.csv", dtype=whole_numbers)
            for name in CHARACTERISTICS
        ]
    )


if __name__ == "__main__":
    main()
