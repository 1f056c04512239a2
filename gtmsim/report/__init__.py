"""The report: one HTML file that answers what a reader of a plan asks, and shows its evidence.

It needs no network, runs no script, and is the same text for the same result.
"""

from gtmsim.report.build import report_html, write_report

__all__ = ["report_html", "write_report"]
