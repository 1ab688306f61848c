"""A year of spend and sales, so that regression has something to find.

Monthly sales follow the spend on ads and events with noise on top; the true weights stand below,
and an analysis that works should come close to them.
"""

from datetime import date
from decimal import Decimal
from random import Random

from crm.models import Channel, Company, Product, Purchase, Spend

CURRENCY = "EUR"
MONTHS = 14
SALES_WITHOUT_SPEND = 60_000.0
SALES_PER_UNIT_OF_SPEND = {"Online ads": 3.2, "Offline events": 2.1}
NOISE_SD = 6_000.0
# Channel: kind, least and most spend in a month.
CHANNELS = {
    "Online ads": (Channel.Kind.ADS, 8_000, 24_000),
    "Social media": (Channel.Kind.SOCIAL, 3_000, 9_000),
    "Newsletter": (Channel.Kind.MAIL, 500, 1_500),
    "Trade forums": (Channel.Kind.FORUM, 400, 1_200),
    "Offline events": (Channel.Kind.EVENT, 5_000, 20_000),
    "Partners": (Channel.Kind.PARTNER, 1_000, 4_000),
}
PRODUCTS = (
    ("LM-POCKET", "Lumen Pocket", 2_400),
    ("LM-CART", "Lumen Cart", 18_500),
    ("LM-PROBE", "Linear probe", 1_150),
    ("LM-CARE", "Service plan, one year", 690),
)


def list_months(today: date, count: int = MONTHS) -> list[date]:
    """The first days of the last `count` complete months, oldest first."""
    index = today.year * 12 + today.month - 1
    return [date(n // 12, n % 12 + 1, 1) for n in range(index - count, index)]


def create_money(random: Random, today: date, companies: list[Company]) -> None:
    """Channels, products, monthly spend, and purchases that add up to each month's sales."""
    channels = {
        name: Channel.objects.create(name=name, kind=kind)
        for name, (kind, _, _) in CHANNELS.items()
    }
    products = [
        (Product.objects.create(code=code, name=name), price) for code, name, price in PRODUCTS
    ]
    spends, purchases = [], []
    for month in list_months(today):
        amounts = {
            name: random.randrange(low, high, 100) for name, (_, low, high) in CHANNELS.items()
        }
        spends += [
            Spend(channel=channels[name], month=month, amount=Decimal(amount), currency=CURRENCY)
            for name, amount in amounts.items()
        ]
        sales = SALES_WITHOUT_SPEND + random.gauss(0, NOISE_SD)
        sales += sum(rate * amounts[name] for name, rate in SALES_PER_UNIT_OF_SPEND.items())
        purchases += _make_purchases(random, month, sales, products, companies)
    Spend.objects.bulk_create(spends)
    Purchase.objects.bulk_create(purchases)


def _make_purchases(
    random: Random,
    month: date,
    sales: float,
    products: list[tuple[Product, int]],
    companies: list[Company],
) -> list[Purchase]:
    purchases: list[Purchase] = []
    left = Decimal(round(sales))
    while left > 0:
        product, price = random.choice(products)
        quantity = random.randrange(1, 5)
        amount = min(left, Decimal(price * quantity))
        purchases.append(
            Purchase(
                company=random.choice(companies),
                product=product,
                purchased_on=month.replace(day=random.randrange(1, 29)),
                quantity=quantity,
                amount=amount,
                currency=CURRENCY,
                source="demo",
                source_key=f"demo:{month:%Y-%m}:{len(purchases)}",
            )
        )
        left -= amount
    return purchases
