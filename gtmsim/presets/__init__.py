"""Channels with the field's own numbers, each saying what is evidence and what is illustrative.

Confidence of evidence: A peer-reviewed or primary source; B vendor or trade-press report of a large
primary data set; C secondary blog or glossary; D derived here from public data. Every other number
is illustrative: a judgement.

A program's multiple is incremental gross profit per 1 spent, undiscounted. ``mean`` is a mean over
24 months in the sources; it is taken for a campaign's whole life, which is cautious where carryover
is long. The scale is solved so that hit rate times mean capped multiple is ``mean``. Illustrative
in all programs: the cap (the market's size) and the luck that campaigns share (log-returns of two
hits correlate at 0.1). Ranges of ``mean`` are wide because methods disagree: field experiments find
most average returns below 1. The low end of a range is the conservative variant.

Illustrative in all sales teams: the split of spread into skill and luck, a hiring cost of 15 % of
on-target earnings, a margin of 78 %, annual contracts with 12 % churn, and returns to scale of
0.97, because later reps get thinner territories. No seat is backfilled unless ``backfill_months``
says so. The sales cycle is part of the ramp.
"""

from gtmsim.presets.catalogue import example_plan, get, names
from gtmsim.presets.earned import content_seo, events, influencer_partner, pr_viral
from gtmsim.presets.paid import brand, display, paid_search_generic, paid_social
from gtmsim.presets.references import essay_extreme, venture_reference
from gtmsim.presets.sales import enterprise_ae, midmarket_ae, sdr, smb_ae

__all__ = [
    "brand",
    "content_seo",
    "display",
    "enterprise_ae",
    "essay_extreme",
    "events",
    "example_plan",
    "get",
    "influencer_partner",
    "midmarket_ae",
    "names",
    "paid_search_generic",
    "paid_social",
    "pr_viral",
    "sdr",
    "smb_ae",
    "venture_reference",
]


def __dir__() -> list[str]:
    return __all__
