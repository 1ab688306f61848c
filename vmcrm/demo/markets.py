"""Regions, customer groups, markets with figures, and competitors."""

from datetime import date
from decimal import Decimal
from random import Random

from crm.models import Competitor, CustomerGroup, Market, MarketFigure, Region
from vmcrm.demo.names import COMPANIES

SOURCE = "Fictional figure"
CURRENCY = "EUR"
GROUPS = {
    "Regions": (("APAC", "Asia-Pacific", None), ("EUROPE", "Europe", None)),
    "Countries": (
        ("CN", "China", "APAC"),
        ("DE", "Germany", "EUROPE"),
        ("FR", "France", "EUROPE"),
        ("NL", "Netherlands", "EUROPE"),
        ("CZ", "Czechia", "EUROPE"),
    ),
    "Parts": (
        ("CN-SH", "上海", "CN"),
        ("CN-GD", "广东", "CN"),
        ("CN-BJ", "北京", "CN"),
        ("CN-ZJ", "浙江", "CN"),
        ("CN-JS", "江苏", "CN"),
        ("DE-BE", "Berlin", "DE"),
        ("DE-HH", "Hamburg", "DE"),
        ("DE-BY", "Bayern", "DE"),
    ),
}
COMPETITORS = ("Sonora Imaging", "远景超声", "Claravue")
YEARS = 3


def create_markets(random: Random, today: date) -> dict[tuple[str, str], Market]:
    """Markets by (country code, customer group), each with three years of figures."""
    regions: dict[str, Region] = {}
    for level in GROUPS.values():
        for code, name, parent in level:
            regions[code] = Region.objects.create(
                code=code, name=name, parent=regions[parent] if parent else None
            )
    groups = {
        name: CustomerGroup.objects.create(name=name)
        for name in sorted({group for *_, group in COMPANIES})
    }
    wanted = sorted({(code.partition("-")[0], group) for _, _, code, group in COMPANIES})
    markets = {
        (code, group): Market.objects.create(
            region=regions[code],
            customer_group=groups[group],
            status=Market.Status.TARGET if random.random() < 0.7 else Market.Status.CANDIDATE,
            status_reason="Chosen at the yearly review" if random.random() < 0.5 else "",
            status_on=date(today.year, 1, 15),
        )
        for code, group in wanted
    }
    _create_figures(random, today, list(markets.values()))
    for name in COMPETITORS:
        competitor = Competitor.objects.create(name=name, notes="Fictional competitor")
        competitor.markets.set(random.sample(list(markets.values()), k=4))
    return markets


def _create_figures(random: Random, today: date, markets: list[Market]) -> None:
    figures = []
    for market in markets:
        size = Decimal(random.randrange(2_000, 30_000)) * 1000
        for years_ago in range(YEARS, 0, -1):
            year = today.year - years_ago
            values = {
                MarketFigure.Metric.SIZE: size,
                MarketFigure.Metric.COMPETITOR_SALES: size * random.randrange(30, 60) / 100,
            }
            figures += [
                MarketFigure(
                    market=market,
                    period_start=date(year, 1, 1),
                    period_end=date(year, 12, 31),
                    metric=metric,
                    value=value,
                    currency=CURRENCY,
                    source=SOURCE,
                )
                for metric, value in values.items()
            ]
            size = size * random.randrange(96, 118) / 100
    MarketFigure.objects.bulk_create(figures)
